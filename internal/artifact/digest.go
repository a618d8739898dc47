package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// SumFile is the sha256 and the size of a regular file's bytes. Anything else
// (a directory, a device, a pipe) and files larger than MaxSize are refused.
// While the file's identity (path, inode, size, times of modification and of
// change) stays, its bytes are read once a process.
func SumFile(path string) (digest string, size int64, err error) {
	digest, size, err = sums.file(context.Background(), path, MaxSize)
	if err != nil {
		return "", 0, &UnavailableError{Location: path, Err: withoutPath(err)}
	}
	return digest, size, nil
}

// sums is shared by the process: an identity says the same to everyone.
var sums = &memo{known: map[memoKey]string{}}

// memo remembers digests of files whose identity has not changed since.
type memo struct {
	mu    sync.Mutex
	known map[memoKey]string
}

type memoKey struct {
	path string
	id   identity
}

// memoSize bounds the memory of a long-running process.
const memoSize = 1 << 16

func (m *memo) get(path string, info fs.FileInfo) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	digest, ok := m.known[memoKey{path, identify(info)}]
	return digest, ok
}

func (m *memo) put(path string, info fs.FileInfo, digest string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= memoSize {
		clear(m.known)
	}
	m.known[memoKey{path, identify(info)}] = digest
}

func (m *memo) file(ctx context.Context, path string, limit int64) (string, int64, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	if err := regular(info, limit); err != nil {
		return "", 0, err
	}
	if digest, ok := m.get(path, info); ok {
		return digest, info.Size(), nil
	}
	file, info, err := openRegular(path, limit)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	digest, size, err := Copy(ctx, io.Discard, io.LimitReader(file, limit+1))
	if err != nil {
		return "", 0, err
	}
	after, err := file.Stat()
	if err != nil {
		return "", 0, err
	}
	if identify(after) != identify(info) || size != info.Size() {
		return "", 0, errChanging
	}
	// A change within one tick of the file system's clock leaves the identity
	// as it was, so what changed a moment ago is not remembered yet.
	if time.Since(changeTime(after)) > settled {
		m.put(path, after, digest)
	}
	return digest, size, nil
}

var errChanging = errors.New("it changed while it was read: let what writes it finish and try again")

// openRegular opens without following a pipe into a wait: what is not a
// regular file is refused before and after opening.
func openRegular(path string, limit int64) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if err := regular(info, limit); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err = file.Stat()
	if err == nil {
		err = regular(info, limit)
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

func regular(info fs.FileInfo, limit int64) error {
	switch {
	case info.IsDir():
		return errors.New("it is a directory: name a file, such as an archive of it")
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file")
	case info.Size() > limit:
		return fmt.Errorf("it has %d bytes, more than the %d allowed", info.Size(), limit)
	}
	return nil
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// Copy copies until the end of src and tells the sha256 and the number of the
// bytes copied. It stops soon after ctx is done, with ctx's cause.
func Copy(ctx context.Context, dst io.Writer, src io.Reader) (digest string, size int64, err error) {
	hash := sha256.New()
	buffer := copyBuffers.Get().(*[]byte) //nolint:errcheck // New gives nothing else
	defer copyBuffers.Put(buffer)
	for {
		if ctx.Err() != nil {
			return "", size, context.Cause(ctx)
		}
		n, readErr := src.Read(*buffer)
		chunk := (*buffer)[:n]
		hash.Write(chunk)
		if _, err := dst.Write(chunk); err != nil {
			return "", size, err
		}
		size += int64(n)
		if readErr == io.EOF {
			return hex.EncodeToString(hash.Sum(nil)), size, nil
		}
		if readErr != nil {
			return "", size, readErr
		}
	}
}

// withoutPath drops the path that os errors repeat.
func withoutPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
