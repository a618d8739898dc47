package archive

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"strings"
	"testing"
)

func TestWhatOnlyZipHas(t *testing.T) {
	whole := zipped(t, member{name: "a", text: "a"})
	other := zipped(t, member{name: "b", text: "b"})
	with := func(alter func(*zip.FileHeader)) []byte {
		header := zip.FileHeader{Name: "a", UncompressedSize64: 1, CRC32: 0xe8b7be43}
		alter(&header)
		return rawZip(t, header, []byte("a"))
	}
	split := bytes.Clone(whole)
	split[len(split)-18] = 1 // the number of this part

	for name, c := range map[string]struct {
		content []byte
		refuses string // "" is accepted
	}{
		"a zip":                    {whole, ""},
		"behind a program":         {append([]byte("MZ\x90\x00"), whole...), ""},
		"behind much":              {append(bytes.Repeat([]byte("x"), 100_000), whole...), ""},
		"with a comment":           {commented(t, "made by hand"), ""},
		"with zeros after it":      {append(bytes.Clone(whole), 0, 0), ""},
		"with more after it":       {append(bytes.Clone(whole), "\nmore"...), "more data after its end"},
		"two of them":              {append(bytes.Clone(whole), other...), "more data after its end, which would be lost"},
		"a part of a split one":    {split, "one part of a split zip file: join the parts with zip -s 0"},
		"the first part of one":    {[]byte("PK\x07\x08PK\x03\x04..."), "one part of a split zip file"},
		"without its end":          {whole[:len(whole)-30], "without its end"},
		"without its beginning":    {whole[20:], "cut short"},
		"encrypted":                {with(func(h *zip.FileHeader) { h.Flags = 1 }), `"a" is encrypted: pack it again without a password`},
		"with an encrypted list":   {with(func(h *zip.FileHeader) { h.Flags = 0x2000 }), "is encrypted"},
		"with a wrong sum":         {with(func(h *zip.FileHeader) { h.CRC32 = 1 }), `"a" is damaged`},
		"with a wrong size":        {with(func(h *zip.FileHeader) { h.UncompressedSize64 = 9 }), `"a" is cut short`},
		"with a size beyond all":   {with(func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 63 }), "unpacks to more than 8589934592 bytes"},
		"a directory with content": {bytes.ReplaceAll(with(func(h *zip.FileHeader) { h.Name = "name" }), []byte("name"), []byte("nam/")), `"nam/" is a directory, yet has content`},
		"a named pipe":             {with(func(h *zip.FileHeader) { h.SetMode(fs.ModeNamedPipe | 0o600) }), `"a" is a device, a pipe or a socket`},
		"a symbolic link":          {with(func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }), `"a" is a symbolic link to "a"`},
		"names of another page":    {with(func(h *zip.FileHeader) { h.Name, h.NonUTF8 = "a\x81", true }), "not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, dir, err := unpack(t, c.content, Options{})
			if c.refuses == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, err, c.refuses)
			nothingOutside(t, dir)
		})
	}
}

func commented(t *testing.T, comment string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	if err := writer.SetComment(comment); err != nil {
		t.Fatal(err)
	}
	file, err := writer.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestTheDirectoryOfAZipIsBounded(t *testing.T) {
	var members []member
	for _, c := range strings.Repeat("x", 9000) {
		members = append(members, member{name: strings.Repeat(string(c), 200)})
	}
	_, _, err := unpack(t, zipped(t, members...), Options{Limits: Limits{Entries: 10}})
	refused(t, err, "has a directory that is too large")
}
