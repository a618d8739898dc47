package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
)

func (u *unpacking) tarGzip(file *os.File) error {
	unzipped, err := gzip.NewReader(bufio.NewReaderSize(file, 64<<10))
	if err != nil {
		return broken("", err)
	}
	defer unzipped.Close()
	bounded := &counted{Reader: unzipped, budget: u.budget}
	reader := tar.NewReader(bounded)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken("", err)
		}
		if err := u.budget.entry(); err != nil {
			return err
		}
		switch header.Typeflag {
		case tar.TypeXGlobalHeader: // git archive writes its commit there
		case tar.TypeDir:
			err = u.directory(header.Name)
		case tar.TypeReg:
			err = u.file(header.Name, header.FileInfo().Mode(), reader)
		default:
			err = notRegular(header.Name)
		}
		if err != nil {
			return broken(header.Name, err)
		}
	}
	// The end of the stream has its checksum.
	_, _, err = hashing.Copy(u.ctx, io.Discard, bounded)
	return broken("", err)
}

func (u *unpacking) zip(file *os.File, size int64) error {
	// The number of entries is known only after the directory of the archive
	// has been read into memory, so reading it is bounded by itself.
	source := &directoryReader{ReaderAt: file, left: int64(u.budget.limits.Entries)*512 + 1<<20}
	archive, err := zip.NewReader(source, size)
	if err != nil {
		return broken("", err)
	}
	source.done = true
	for _, entry := range archive.File {
		if err := u.budget.entry(); err != nil {
			return err
		}
		if err := u.zipEntry(entry); err != nil {
			return broken(entry.Name, err)
		}
	}
	return nil
}

func (u *unpacking) zipEntry(entry *zip.File) error {
	const encrypted = 0x1
	mode := entry.Mode()
	switch {
	case entry.Flags&encrypted != 0:
		return &RefusedError{Entry: entry.Name, Reason: "is encrypted"}
	case mode.IsDir():
		return u.directory(entry.Name)
	case !mode.IsRegular():
		return notRegular(entry.Name)
	}
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return u.file(entry.Name, mode, &counted{Reader: content, budget: u.budget})
}

type directoryReader struct {
	io.ReaderAt
	left int64
	done bool
}

func (r *directoryReader) ReadAt(p []byte, offset int64) (int, error) {
	if !r.done {
		if r.left -= int64(len(p)); r.left < 0 {
			return 0, &RefusedError{Reason: "its directory is too large"}
		}
	}
	return r.ReaderAt.ReadAt(p, offset)
}

func notRegular(name string) error {
	return &RefusedError{Entry: name, Reason: "is neither a regular file nor a directory"}
}

// broken makes an archive's own faults an RefusedError and leaves those of the
// machine, such as a full disk, as they are.
func broken(entry string, err error) error {
	var refused *RefusedError
	var machine *os.PathError
	switch {
	case err == nil, errors.As(err, &refused), errors.As(err, &machine),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &RefusedError{Entry: entry, Reason: fmt.Sprintf("cannot be read: %v", err)}
}
