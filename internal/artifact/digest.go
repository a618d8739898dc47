package artifact

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
)

// SumFile is the sha256 and the size of a regular file's bytes. Anything else
// (a directory, a device, a pipe) and files larger than maxSize are refused.
// While the file's identity (path, inode, size, times of modification and of
// change) stays, its bytes are read once a process.
func SumFile(path string) (digest string, size int64, err error) {
	digest, size, err = sums.file(context.Background(), path, maxSize)
	if err != nil {
		return "", 0, &UnavailableError{Location: path, Err: hashing.WithoutPath(err)}
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
	if err := hashing.Regular(info, limit); err != nil {
		return "", 0, err
	}
	if digest, ok := m.get(path, info); ok {
		return digest, info.Size(), nil
	}
	file, info, err := hashing.Open(path, limit)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	digest, size, err := hashing.Copy(ctx, io.Discard, io.LimitReader(file, limit+1))
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

var errChanging = errors.New("it changed while it was read: wait until nothing writes it any more and try again")
