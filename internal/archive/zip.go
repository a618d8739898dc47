package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// The methods of compression, of a zip file, that are read beside those which the
// standard library reads.
var zipMethods = map[uint16]string{12: "bzip2", 93: "zstd", 95: "xz"}

// The methods that are not read.
var zipForeign = map[uint16]string{
	1: "Shrink", 2: "Reduce", 3: "Reduce", 4: "Reduce", 5: "Reduce", 6: "Implode", 9: "Deflate64", 10: "DCL Implode",
	14: "LZMA", 94: "MP3", 96: "JPEG", 97: "WavPack", 98: "PPMd",
}

var errSplit = &RefusedError{Reason: "is one part of a split zip file", Cure: "join the parts with zip -s 0 PARTS.zip --out WHOLE.zip"}

func (w *walk) zip(from *source, size int64) error {
	end, err := findZipEnd(from, size)
	if err != nil {
		return broken("", err)
	}
	if end == nil {
		return &RefusedError{Reason: "is a zip file without its end, which has the list of its files", Cure: cureCopy}
	}
	if end.disk != 0 && end.disk != math.MaxUint16 {
		return errSplit
	}
	if end.begin < 0 {
		return broken("", io.ErrUnexpectedEOF)
	}
	if err := onlyZeros(io.NewSectionReader(from, end.after, size-end.after)); err != nil {
		return err
	}
	// Without what precedes it there is but one way to read it.
	whole := io.NewSectionReader(from, end.begin, size-end.begin)
	// The number of entries is known only after the directory of the archive
	// has been read into memory, so reading it is bounded by itself.
	source := &directoryReader{ReaderAt: whole, left: w.budget.limits.names()}
	archive, err := zip.NewReader(source, whole.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are judged here
		return broken("", err)
	}
	source.done = true
	for method, format := range zipMethods {
		archive.RegisterDecompressor(method, func(r io.Reader) io.ReadCloser { return zipDecompressor(format, r) })
	}
	for _, entry := range archive.File {
		if err := w.budget.entry(); err != nil {
			return err
		}
		if err := w.zipEntry(entry); err != nil {
			return broken(entry.Name, err)
		}
	}
	return joinedZips(from, end.begin, archive.File)
}

func (w *walk) zipEntry(entry *zip.File) error {
	const encrypted, masked, aes = 0x1, 0x2000, 99
	mode := entry.Mode()
	switch {
	case entry.Flags&(encrypted|masked) != 0 || entry.Method == aes:
		return &RefusedError{Entry: entry.Name, Reason: "is encrypted", Cure: "pack it again without a password"}
	case mode.IsDir() && entry.UncompressedSize64 > 0:
		return &RefusedError{Entry: entry.Name, Reason: "is a directory, yet has content", Cure: cureFormat}
	case mode.IsDir():
		return w.directory(entry.Name)
	}
	if foreign := entry.Method; foreign != zip.Store && foreign != zip.Deflate && zipMethods[foreign] == "" {
		name := zipForeign[foreign]
		if name == "" {
			name = fmt.Sprintf("method %d", foreign)
		}
		return &RefusedError{Entry: entry.Name, Reason: "is compressed with " + name + ", which is not read", Cure: cureMethod}
	}
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	switch {
	case mode&fs.ModeSymlink != 0:
		target, err := io.ReadAll(io.LimitReader(content, maxPath))
		if err != nil {
			return err
		}
		return symbolicLink(entry.Name, string(target))
	case !mode.IsRegular():
		return notFile(entry.Name, "a device, a pipe or a socket", 0)
	}
	return w.file(entry.Name, mode, int64(min(entry.UncompressedSize64, math.MaxInt64)), content)
}

func zipDecompressor(format string, from io.Reader) io.ReadCloser {
	reader, err := decompress(format, from)
	if err != nil {
		return io.NopCloser(failing{err})
	}
	return reader
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type directoryReader struct {
	io.ReaderAt
	left int64
	done bool
}

func (r *directoryReader) ReadAt(p []byte, offset int64) (int, error) {
	if !r.done {
		if r.left -= int64(len(p)); r.left < 0 {
			return 0, &RefusedError{Reason: "has a directory that is too large", Cure: cureLess}
		}
	}
	return r.ReaderAt.ReadAt(p, offset)
}
