package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// decompress reads one of the formats that compress a single stream. What it
// reads ends only where from ends.
func decompress(format string, from io.Reader) (io.ReadCloser, error) {
	switch format {
	case "gzip":
		return newMembers(bufio.NewReaderSize(from, 64<<10))
	case "bzip2":
		return io.NopCloser(bzip2.NewReader(bufio.NewReaderSize(from, 64<<10))), nil
	case "xz":
		reader, err := xz.NewReader(bufio.NewReaderSize(from, 64<<10), maxWindow)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(reader), nil
	case "zstd":
		reader, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return reader.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%s is not read", format)
}

// members reads the members of a gzip file one after the other, as parallel
// compressors write them. Zeros after the last one, which fill up a block, are
// let pass, and nothing else is.
type members struct {
	from *bufio.Reader
	*gzip.Reader
}

func newMembers(from *bufio.Reader) (*members, error) {
	reader, err := gzip.NewReader(from)
	if err != nil {
		return nil, err
	}
	reader.Multistream(false)
	return &members{from, reader}, nil
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.Reader.Read(p)
		if n > 0 && errors.Is(err, io.EOF) {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := m.next(); err != nil {
			return 0, err
		}
	}
}

// next begins the next member, or ends the stream.
func (m *members) next() error {
	start, err := m.from.Peek(2)
	if bytes.Equal(start, []byte{0x1f, 0x8b}) {
		err := m.Reset(m.from)
		m.Multistream(false)
		return err
	}
	if len(start) > 0 {
		if err := onlyZeros(m.from); err != nil {
			return err
		}
		return io.EOF
	}
	return err
}

var errMore = &RefusedError{Reason: "has more data after its end, which would be lost; perhaps archives were joined", Cure: cureJoined}

// onlyZeros reads to the end and refuses what is not padding.
func onlyZeros(from io.Reader) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if bytes.Count(buffer[:n], []byte{0}) != n {
			return errMore
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
