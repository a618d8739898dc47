package archive

import (
	"fmt"
	"io"
)

// Limits bound what unpacking an archive may cost. A zero field has its default.
type Limits struct {
	Entries   int   // files and directories, those that only names imply included; 100,000
	Bytes     int64 // unpacked, all together; 8 GiB
	Ratio     int64 // unpacked bytes for each byte of the archive; 200
	RatioFrom int64 // from how many unpacked bytes on the ratio counts; 256 MiB, which does no harm
}

const (
	// maxDepth is how many directories deep a file may be. Deeper ones are made
	// by mistake, and each level costs with every file.
	maxDepth = 100
	// maxWindow is how much memory a decompressor may need to look back: what
	// xz -9 and zstd --ultra -22 ask for, and zstd's own limit.
	maxWindow = 128 << 20
	// nameBytes is how long names may be on average, since they are kept.
	nameBytes = 512
)

func (l Limits) withDefaults() Limits {
	if l.Entries <= 0 {
		l.Entries = 100_000
	}
	if l.Bytes <= 0 {
		l.Bytes = 8 << 30
	}
	if l.Ratio <= 0 {
		l.Ratio = 200
	}
	if l.RatioFrom <= 0 {
		l.RatioFrom = 256 << 20
	}
	return l
}

// names is how many bytes all names together may have.
func (l Limits) names() int64 { return int64(l.Entries)*nameBytes + 1<<20 }

// budget counts what is written, and what is read besides, such as headers, so
// that an archive of nothing but headers is bounded too.
type budget struct {
	limits  Limits
	archive int64 // the archive's own size
	entries int
	names   int64
	bytes   int64
}

func (b *budget) entry() error {
	if b.entries++; b.entries > b.limits.Entries {
		return &RefusedError{Reason: fmt.Sprintf("has more than %d files and directories", b.limits.Entries), Cure: cureLess}
	}
	return nil
}

func (b *budget) name(n int) error {
	if b.names += int64(n); b.names > b.limits.names() {
		return &RefusedError{Reason: fmt.Sprintf("has more than %d bytes of names", b.limits.names()), Cure: cureLess}
	}
	return nil
}

func (b *budget) take(n int64) error {
	if err := b.fits(n); err != nil {
		return err
	}
	b.bytes += n
	return nil
}

// fits refuses what take would refuse.
func (b *budget) fits(n int64) error {
	if n < 0 || n > b.limits.Bytes-b.bytes {
		return &RefusedError{Reason: fmt.Sprintf("unpacks to more than %d bytes", b.limits.Bytes), Cure: cureLess}
	}
	if total := b.bytes + n; total > b.limits.RatioFrom && total/b.limits.Ratio > b.archive {
		return &RefusedError{Reason: fmt.Sprintf("unpacks to more than %d times its size", b.limits.Ratio), Cure: cureLess}
	}
	return nil
}

// counted is a reader whose bytes are taken from the budget.
type counted struct {
	io.Reader
	budget *budget
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if over := c.budget.take(int64(n)); over != nil {
		return n, over
	}
	return n, err
}
