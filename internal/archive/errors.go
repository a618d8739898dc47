package archive

import (
	"archive/tar"
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// RefusedError says why an archive is not unpacked, and what to do about it.
type RefusedError struct {
	Entry  string // the entry's name as the archive has it, "" if it is about the whole
	Reason string // what is wrong: goes on from "the archive" or from the entry's name
	Cure   string // what to do, as an imperative
}

func (e *RefusedError) Error() string {
	if e.Entry == "" {
		return fmt.Sprintf("the archive %s: %s", e.Reason, e.Cure)
	}
	return fmt.Sprintf("the archive is refused: %q %s: %s", shown(e.Entry), e.Reason, e.Cure)
}

// shown is a name that nobody has to scroll for.
func shown(name string) string {
	const ends = 80
	if len(name) <= 2*ends {
		return name
	}
	return strings.ToValidUTF8(name[:ends], "") + "…" + strings.ToValidUTF8(name[len(name)-ends:], "")
}

const (
	cureCopy   = "build or copy it again, and compare its sha256 with that of the original"
	cureFormat = "pack the folder again with tar -czf or zip"
	cureLinks  = "pack it again with the files that links point to (tar -h, zip without -y)"
	cureHard   = "pack it again with tar --hard-dereference"
	cureInside = "pack it again from inside the folder (tar -czf ARCHIVE -C FOLDER .)"
	cureTwice  = "remove the old archive first and pack it again, instead of adding to it"
	cureCase   = "rename one of them and pack it again"
	cureRename = "rename it and pack it again"
	cureLess   = "leave out what is not needed, or split it into several components"
	cureJoined = "unpack all parts into one folder and pack that again; to join tar files use tar -A before compressing"
	cureWindow = "compress it again with at most xz -9 or zstd -19, without --long"
	cureMethod = "pack it again with zip, or in 7-Zip with the method Deflate"
)

var reasonWindow = fmt.Sprintf("needs more than %d MiB of memory to be unpacked", maxWindow>>20)

// broken makes an archive's own faults a RefusedError and leaves those of the
// machine, such as a full disk, as they are.
func broken(entry string, err error) error {
	var refused *RefusedError
	var machine *os.PathError
	switch {
	case err == nil, errors.As(err, &refused), errors.As(err, &machine),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, xz.ErrBuf):
		return &RefusedError{Entry: entry, Reason: "is cut short", Cure: cureCopy}
	case entry == "" && (errors.Is(err, zstd.ErrMagicMismatch) || errors.Is(err, xz.ErrFormat)): // the beginning was right
		return errMore
	case errors.Is(err, xz.ErrMemlimit), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return &RefusedError{Entry: entry, Reason: reasonWindow, Cure: cureWindow}
	case errors.Is(err, tar.ErrHeader), errors.Is(err, zip.ErrFormat):
		return &RefusedError{Entry: entry, Reason: "is damaged: a header in it cannot be read", Cure: cureCopy}
	}
	return &RefusedError{Entry: entry, Reason: fmt.Sprintf("is damaged: %v", err), Cure: cureCopy}
}
