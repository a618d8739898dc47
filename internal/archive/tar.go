package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

func (w *walk) compressedTar(format string, from io.Reader) error {
	stream, err := decompress(format, from)
	if err != nil {
		return broken("", err)
	}
	defer stream.Close()
	return w.tar(format, stream)
}

// tar walks over a tar, which has to be all that there is in its stream. format
// says what the stream comes from.
func (w *walk) tar(format string, from io.Reader) error {
	stream := &tarStream{Reader: from, budget: w.budget}
	reader := tar.NewReader(stream)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return stream.fault(format, err)
		}
		stream.begun = true
		if err := w.budget.entry(); err != nil {
			return err
		}
		if err := w.tarEntry(header, reader, stream); err != nil {
			return broken(header.Name, err)
		}
	}
	// The end of the stream has its checksum.
	return broken("", onlyZeros(stream))
}

func (w *walk) tarEntry(header *tar.Header, content io.Reader, stream *tarStream) error {
	const (
		dumpDir = 'D' // of an incremental tar: a directory, and the names in it
		label   = 'V'
		volume  = 'M'
	)
	switch header.Typeflag {
	case tar.TypeXGlobalHeader: // git archive writes its commit there
		return globalHeader(header)
	case label:
		return nil
	case tar.TypeDir, dumpDir:
		return w.directory(header.Name)
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		// Counted is what comes out: holes of a sparse file are written too.
		stream.content = true
		defer func() { stream.content = false }()
		return w.file(header.Name, header.FileInfo().Mode(), header.Size, content)
	case tar.TypeLink:
		return w.link(header.Name, header.Linkname)
	case tar.TypeSymlink:
		return symbolicLink(header.Name, header.Linkname)
	case volume:
		return &RefusedError{
			Entry: header.Name, Reason: "continues in another file (tar --multi-volume)", Cure: "pack it again without --multi-volume",
		}
	}
	return notFile(header.Name, tarTypes[header.Typeflag], header.Typeflag)
}

var tarTypes = map[byte]string{tar.TypeChar: "a character device", tar.TypeBlock: "a block device", tar.TypeFifo: "a named pipe"}

func notFile(name, what string, kind byte) error {
	if what == "" {
		what = fmt.Sprintf("of the type %q", kind)
	}
	return &RefusedError{
		Entry: name, Reason: "is " + what + ", neither a file nor a directory", Cure: "pack it again without it (tar --exclude, zip -x)",
	}
}

func symbolicLink(name, target string) error {
	return &RefusedError{Entry: name, Reason: fmt.Sprintf("is a symbolic link to %q", shown(target)), Cure: cureLinks}
}

// globalHeader refuses what would change the entries after it: some tools heed
// it, and this one would not.
func globalHeader(header *tar.Header) error {
	for _, key := range slices.Sorted(maps.Keys(header.PAXRecords)) {
		if key == "path" || key == "linkpath" || key == "size" || strings.HasPrefix(key, "GNU.sparse.") {
			return &RefusedError{Entry: header.Name, Reason: fmt.Sprintf("sets %q for all entries after it", key), Cure: cureFormat}
		}
	}
	return nil
}

// tarStream is the stream of a tar. What is read of it is taken from the budget,
// but for the content of files, which is counted when it comes out.
type tarStream struct {
	io.Reader
	budget  *budget
	content bool
	begun   bool  // an entry was read
	err     error // of the stream itself
}

func (s *tarStream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	if s.content {
		return n, err
	}
	if over := s.budget.take(int64(n)); over != nil {
		return n, over
	}
	return n, err
}

// fault explains why a header could not be read.
func (s *tarStream) fault(format string, err error) error {
	noTar := !s.begun && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF))
	if noTar && s.err == nil {
		_, _ = io.Copy(io.Discard, s) // what is damaged decompresses to anything, and shows later
	}
	switch {
	case s.err != nil:
		return broken("", s.err)
	case noTar:
		return &RefusedError{Reason: "is a file compressed with " + format + ", and no tar is inside", Cure: cureFormat}
	}
	return broken("", err)
}
