package hashing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
)

// Open opens a regular file of at most limit bytes. It does not wait on a pipe:
// what is not a regular file is refused before and after opening.
func Open(path string, limit int64) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if err := Regular(info, limit); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|Nonblock, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err = file.Stat()
	if err == nil {
		err = Regular(info, limit)
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// Regular refuses what is not a regular file, or has more bytes than limit.
func Regular(info fs.FileInfo, limit int64) error {
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

// Copy copies until the end of src and returns the sha256 and the number of the
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

// WithoutPath is an error of os without the path that it repeats.
func WithoutPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
