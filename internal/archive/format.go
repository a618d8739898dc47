package archive

import (
	"bytes"
	"fmt"
	"strings"
)

// magics recognise a format by how a file begins.
var magics = []struct{ start, format string }{
	{"\x1f\x8b", "gzip"},
	{"BZh", "bzip2"},
	{"\xfd7zXZ\x00", "xz"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"PK\x03\x04", "zip"},
	{"PK\x05\x06", "zip"},
	// Named, not read.
	{"7z\xbc\xaf\x27\x1c", "a 7z file"},
	{"Rar!", "a RAR file"},
	{"\x5d\x00\x00", "an lzma file"},
	{"LZIP", "an lzip file"},
	{"\x1f\x9d", "a file made with compress (.Z)"},
	{"\x04\x22\x4d\x18", "an lz4 file"},
	{"MSCF", "a cabinet file"},
	{"!<arch>\n", "an ar file, such as a Debian package"},
	{"07070", "a cpio file"},
	{"\xed\xab\xee\xdb", "an RPM package"},
	{"xar!", "a xar file"},
	{"%PDF-", "a PDF file"},
	{"version https://git-lfs.", "a Git LFS pointer instead of the file itself"},
}

// archive walks over an archive in any format.
func (w *walk) archive(from *source, size int64) error {
	head, err := from.head()
	if err != nil {
		return err
	}
	switch format := formatOf(head); format {
	case "gzip", "bzip2", "xz", "zstd":
		return w.compressedTar(format, from)
	case "tar":
		return w.tar(format, from)
	case "zip":
		return w.zip(from, size)
	case "":
		return &RefusedError{Reason: "is empty (0 bytes)", Cure: cureCopy}
	case "unknown":
		// A zip file may follow whatever unpacks it.
		end, err := findZipEnd(from, size)
		if err != nil {
			return err
		}
		if end != nil {
			return w.zip(from, size)
		}
		if bytes.HasPrefix(head, []byte("PK\x07\x08")) {
			return errSplit
		}
		return &RefusedError{Reason: "is not a zip file or a tar file, plain or compressed", Cure: cureFormat}
	default:
		return &RefusedError{Reason: "is " + format + ", which is not read", Cure: cureFormat}
	}
}

// formatOf recognises a format by the first 512 bytes.
func formatOf(head []byte) string {
	if len(head) == 0 {
		return ""
	}
	if isTar(head) { // first, since it begins with the name of a file, which may look like anything
		return "tar"
	}
	for _, magic := range magics {
		if bytes.HasPrefix(head, []byte(magic.start)) {
			return magic.format
		}
	}
	// Frames that hold nothing, with which parallel compressors begin.
	if len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18" {
		return "zstd"
	}
	if text := strings.ToLower(string(bytes.TrimSpace(head))); strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html") {
		return "an HTML page, perhaps a login page of the server"
	}
	return "unknown"
}

// isTar reports whether a block is the header of a tar's first entry, by its
// checksum, or the end of an empty one.
func isTar(block []byte) bool {
	if len(block) < 512 {
		return false
	}
	if bytes.Count(block, []byte{0}) == len(block) {
		return true
	}
	sum := 0
	for i, b := range block {
		if i >= 148 && i < 156 {
			b = ' ' // the checksum counts as blanks
		}
		sum += int(b)
	}
	var wanted int
	_, err := fmt.Sscanf(strings.Trim(string(block[148:156]), " \x00"), "%o", &wanted)
	return err == nil && sum == wanted
}
