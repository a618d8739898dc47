package archive

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// bzip2Tar is a tar with the file a.txt, "hello", compressed by bzip2: nothing in
// Go writes that.
const bzip2Tar = "QlpoOTFBWSZTWbatDWMAAG17gMmAAAJAAXeAAAhiRJ5ACAggAFQ0gmRphM1NNM0EkiaGmjQMmgfdxHIQdXIQiVp4mso4IEMDFJvE9hHLkF1OB1c5ixa3yY/FNImkhEiIDYu5IpwoSFtWhrGA"

func bzip2ed(t testing.TB) []byte {
	t.Helper()
	content, err := base64.StdEncoding.DecodeString(bzip2Tar)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func zstded(t testing.TB, content []byte, options ...zstd.EOption) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	return encoder.EncodeAll(content, nil)
}

// xzed is an xz stream that stores its content. dictionary is the size that it
// asks for, as the format encodes it.
func xzed(content []byte, dictionary byte) []byte {
	withSum := func(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)) }
	padded := func(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }
	const flags = "\x00\x01" // CRC32

	stream := append([]byte("\xfd7zXZ\x00"), withSum([]byte(flags))...)
	block := withSum([]byte{2, 0, 0x21, 1, dictionary, 0, 0, 0})
	kind := byte(1) // the first chunk resets the dictionary
	for rest := content; len(rest) > 0; kind = 2 {
		chunk := rest[:min(len(rest), 1<<16)]
		rest = rest[len(chunk):]
		block = append(block, kind)
		block = binary.BigEndian.AppendUint16(block, uint16(len(chunk)-1))
		block = append(block, chunk...)
	}
	block = append(block, 0)
	index := binary.AppendUvarint([]byte{0, 1}, uint64(len(block)+4))
	index = withSum(padded(binary.AppendUvarint(index, uint64(len(content)))))
	block = binary.LittleEndian.AppendUint32(padded(block), crc32.ChecksumIEEE(content))
	footer := append(binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1)), flags...)

	stream = append(append(stream, block...), index...)
	stream = binary.LittleEndian.AppendUint32(stream, crc32.ChecksumIEEE(footer))
	return append(append(stream, footer...), "YZ"...)
}

const dictionary8MiB, dictionary128MiB, dictionary192MiB = 22, 30, 31

func TestEveryFormatIsToldByItsBytes(t *testing.T) {
	plain := tarred(t, member{name: "a.txt", text: "hello"})
	half := len(plain) / 2
	for name, content := range map[string][]byte{
		"tar":                          plain,
		"tar whose name looks else":    tarred(t, member{name: "BZh/PK/a.txt"}),
		"tar.gz":                       gzipped(t, plain),
		"tar.gz in parts":              append(gzipped(t, plain[:half]), gzipped(t, plain[half:])...),
		"tar.gz with an empty member":  append(gzipped(t, plain), gzipped(t, nil)...),
		"tar.gz with zeros after it":   append(gzipped(t, plain), make([]byte, 1000)...),
		"tar.bz2":                      bzip2ed(t),
		"tar.xz":                       xzed(plain, dictionary8MiB),
		"tar.xz with much memory":      xzed(plain, dictionary128MiB),
		"tar.xz in parts":              append(xzed(plain[:half], dictionary8MiB), xzed(plain[half:], dictionary8MiB)...),
		"tar.zst":                      zstded(t, plain),
		"tar.zst in parts":             append(zstded(t, plain[:half]), zstded(t, plain[half:])...),
		"tar.zst after an empty frame": append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"), zstded(t, plain)...),
		"zip":                          zipped(t, member{name: "a.txt", text: "hello"}),
		"zip behind a script":          append([]byte("#!/bin/sh\nexit\n"), zipped(t, member{name: "a.txt", text: "hello"})...),
	} {
		t.Run(name, func(t *testing.T) {
			tree, _, err := unpack(t, content, Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := TreeEntry{Path: "a.txt", Type: 'f', Size: 5, SHA256: sum("hello")}
			if name == "tar whose name looks else" {
				want = TreeEntry{Path: "BZh/PK/a.txt", Type: 'f', SHA256: sum("")}
			}
			if diff := cmp.Diff(want, tree[len(tree)-1]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedFormats(t *testing.T) {
	plain := tarred(t, member{name: "a.txt", text: strings.Repeat("hello", 1000)})
	xzWhole, zstdWhole := xzed(plain, dictionary8MiB), zstded(t, plain)
	for name, c := range map[string]struct {
		content []byte
		want    []string
	}{
		"nothing at all":             {nil, []string{"is empty (0 bytes)"}},
		"text":                       {[]byte(strings.Repeat("hello ", 200)), []string{"not a zip file or a tar file", "tar -czf or zip"}},
		"a 7z file":                  {[]byte("7z\xbc\xaf\x27\x1c..."), []string{"is a 7z file, which is not read", "tar -czf or zip"}},
		"a RAR file":                 {[]byte("Rar!\x1a\x07\x00"), []string{"is a RAR file"}},
		"an HTML page":               {[]byte("\n<!DOCTYPE html><title>Sign in"), []string{"an HTML page"}},
		"one compressed file":        {gzipped(t, []byte(strings.Repeat("hello ", 200))), []string{"compressed with gzip, and no tar is inside"}},
		"one small compressed file":  {zstded(t, []byte("hello")), []string{"compressed with zstd, and no tar is inside"}},
		"a gzip file cut short":      {gzipped(t, plain)[:60], []string{"cut short"}},
		"an xz file cut short":       {xzWhole[:len(xzWhole)/2], []string{"cut short"}},
		"a zstd file cut short":      {zstdWhole[:len(zstdWhole)/2], []string{"cut short"}},
		"a bzip2 file cut short":     {bzip2ed(t)[:60], []string{"cut short"}},
		"a changed byte in gzip":     {changed(gzipped(t, plain), -6), []string{"damaged"}},
		"a changed byte in bzip2":    {changed(bzip2ed(t), -20), []string{"damaged"}},
		"a changed sum in bzip2":     {changed(bzip2ed(t), -3), []string{"damaged"}},
		"a changed byte in xz":       {changed(xzWhole, 1000), []string{"damaged"}},
		"an xz file for much memory": {xzed(plain, dictionary192MiB), []string{"more than 128 MiB of memory", "xz -9"}},
		"a zstd file for much memory": {
			append([]byte("\x28\xb5\x2f\xfd\x00\x90"), make([]byte, 600)...), []string{"more than 128 MiB of memory", "zstd -19"},
		},
		"two tars":               {append(bytes.Clone(plain), plain...), []string{"more data after its end", "which would be lost"}},
		"two tars in one stream": {gzipped(t, append(bytes.Clone(plain), plain...)), []string{"more data after its end", "tar -A"}},
		"two gzip files":         {append(gzipped(t, plain), gzipped(t, plain)...), []string{"more data after its end"}},
		"two xz files":           {append(bytes.Clone(xzWhole), xzWhole...), []string{"more data after its end"}},
		"two zstd files":         {append(bytes.Clone(zstdWhole), zstdWhole...), []string{"more data after its end"}},
		"bytes after gzip":       {append(gzipped(t, plain), "and more"...), []string{"more data after its end"}},
		"bytes after xz":         {append(bytes.Clone(xzWhole), "and more of them"...), []string{"more data after its end"}},
		"bytes after zstd":       {append(bytes.Clone(zstdWhole), "and more"...), []string{"more data after its end"}},
		"bytes after bzip2":      {append(bzip2ed(t), "and more"...), []string{"damaged"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, dir, err := unpack(t, c.content, Options{})
			refused(t, err, c.want...)
			nothingOutside(t, dir)
		})
	}
}

// changed is content with one byte changed, counted from behind if at is negative.
func changed(content []byte, at int) []byte {
	content = bytes.Clone(content)
	content[(at+len(content))%len(content)] ^= 0xff
	return content
}

// TestZipMethods has entries that are compressed as other tools than zip do.
func TestZipMethods(t *testing.T) {
	const text = "hello, hello, hello"
	for name, c := range map[string]struct {
		method     uint16
		compressed []byte
		want       string // "" is accepted
	}{
		"zstd":            {93, zstded(t, []byte(text)), ""},
		"xz":              {95, xzed([]byte(text), dictionary8MiB), ""},
		"xz, much memory": {95, xzed([]byte(text), dictionary192MiB), "more than 128 MiB of memory"},
		"zstd, cut short": {93, zstded(t, []byte(text))[:10], "cut short"},
		"zstd, not it":    {93, []byte(text), "is damaged"},
		"Deflate64":       {9, []byte("?"), "is compressed with Deflate64, which is not read: pack it again with zip, or in 7-Zip with the method Deflate"},
		"LZMA":            {14, []byte("?"), "LZMA"},
		"PPMd":            {98, []byte("?"), "PPMd"},
		"what nobody has": {4711, []byte("?"), "method 4711"},
		"AES":             {99, []byte("?"), "is encrypted: pack it again without a password"},
	} {
		t.Run(name, func(t *testing.T) {
			tree, _, err := unpack(t, rawZip(t, zip.FileHeader{Name: "a", Method: c.method, UncompressedSize64: uint64(len(text)), CRC32: crc32.ChecksumIEEE([]byte(text))}, c.compressed), Options{})
			switch {
			case c.want != "":
				refused(t, err, c.want)
			case err != nil:
				t.Error(err)
			case tree[0].SHA256 != sum(text):
				t.Error("it has other content")
			}
		})
	}
}

func rawZip(t testing.TB, header zip.FileHeader, compressed []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	header.CompressedSize64 = uint64(len(compressed))
	file, err := writer.CreateRaw(&header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(file, bytes.NewReader(compressed)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}
