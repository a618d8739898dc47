package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// zipEnd is what the record that ends a zip file says.
type zipEnd struct {
	begin int64 // where the zip file begins: a program may be before it; below 0 if its beginning is missing
	after int64 // where what follows it begins
	disk  uint16
}

const (
	zipEndLength   = 22
	zip64Locator   = 20 // before the end, in large files
	zip64EndLength = 56
)

// findZipEnd looks for the end of a zip file as its readers do: from behind, as
// far as its comment may be long. It is nil if there is none.
func findZipEnd(from io.ReaderAt, size int64) (*zipEnd, error) {
	tail := make([]byte, min(size, zip64EndLength+zip64Locator+zipEndLength+math.MaxUint16))
	start := size - int64(len(tail))
	if _, err := from.ReadAt(tail, start); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for at := len(tail) - zipEndLength; at >= 0; at-- {
		if !bytes.HasPrefix(tail[at:], []byte("PK\x05\x06")) {
			continue
		}
		end := at + zipEndLength + int(binary.LittleEndian.Uint16(tail[at+20:]))
		if end > len(tail) {
			continue
		}
		found := &zipEnd{after: start + int64(end), disk: binary.LittleEndian.Uint16(tail[at+4:])}
		found.begin = beginOfZip(from, tail, at, start)
		return found, nil
	}
	return nil, nil
}

// beginOfZip compares where the directory of a zip file is with where the file
// says it is. Archivers that put a program before it do not always correct that.
func beginOfZip(from io.ReaderAt, tail []byte, at int, start int64) int64 {
	records := binary.LittleEndian.Uint16(tail[at+10:])
	length, stated := binary.LittleEndian.Uint32(tail[at+12:]), binary.LittleEndian.Uint32(tail[at+16:])
	isLarge := records == math.MaxUint16 || length == math.MaxUint32 || stated == math.MaxUint32
	if large := at - zip64Locator - zip64EndLength; isLarge && large >= 0 && bytes.HasPrefix(tail[large:], []byte("PK\x06\x06")) {
		stated := binary.LittleEndian.Uint64(tail[at-zip64Locator+8:])
		return start + int64(large) - int64(min(stated, math.MaxInt64))
	}
	begin := start + int64(at) - int64(length) - int64(stated)
	var entry [4]byte
	if begin > 0 && length > 0 {
		if _, err := from.ReadAt(entry[:], begin+int64(stated)); err != nil || string(entry[:]) != "PK\x01\x02" {
			return 0 // some state a wrong length
		}
	}
	return begin
}

// joinedZips refuses a file that begins with an entry which its directory does
// not list: another zip file was there first.
func joinedZips(from io.ReaderAt, begin int64, entries []*zip.File) error {
	header := make([]byte, 30)
	if _, err := from.ReadAt(header, 0); err != nil || !bytes.HasPrefix(header, []byte("PK\x03\x04")) {
		return nil //nolint:nilerr // too short to hold an entry
	}
	first := 30 + int64(binary.LittleEndian.Uint16(header[26:])) + int64(binary.LittleEndian.Uint16(header[28:]))
	for _, entry := range entries {
		offset, err := entry.DataOffset()
		if err != nil {
			return broken(entry.Name, err)
		}
		if begin+offset == first {
			return nil
		}
	}
	return errMore
}
