package archive

import (
	"fmt"
	"io"
)

// Limits bound what unpacking an archive may cost. A zero field has its default.
type Limits struct {
	Entries int   // files and directories; 100,000
	Bytes   int64 // unpacked, all together; 8 GiB
	Ratio   int64 // unpacked bytes for each byte of the archive; 200
}

// ratioFrom is from where on the ratio counts: a small archive may compress
// very well without doing harm.
const ratioFrom = 1 << 20

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
	return l
}

// budget counts what comes out of an archive, headers included, so that an
// archive of nothing but headers is bounded too.
type budget struct {
	limits  Limits
	archive int64 // the archive's own size
	entries int
	bytes   int64
}

func (b *budget) entry() error {
	if b.entries++; b.entries > b.limits.Entries {
		return &RefusedError{Reason: fmt.Sprintf("it has more than %d entries", b.limits.Entries)}
	}
	return nil
}

func (b *budget) take(n int) error {
	b.bytes += int64(n)
	if b.bytes > b.limits.Bytes {
		return &RefusedError{Reason: fmt.Sprintf("it unpacks to more than %d bytes", b.limits.Bytes)}
	}
	if b.bytes > ratioFrom && b.bytes/b.limits.Ratio > b.archive {
		return &RefusedError{Reason: fmt.Sprintf("it unpacks to more than %d times its size", b.limits.Ratio)}
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
	if over := c.budget.take(n); over != nil {
		return n, over
	}
	return n, err
}
