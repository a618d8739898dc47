package artifact

import (
	"context"
	"errors"
	"os"

	"github.com/releaseportal/terraform-provider-portal/internal/archive"
	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
	"github.com/releaseportal/terraform-provider-portal/internal/safehttp"
)

// KindArchive is the kind of components that are looked into.
const KindArchive = archive.Kind

// looksAtOnce bounds the memory that decompressing takes.
const looksAtOnce = 2

// looks are the archives that were judged. What was judged once is not judged
// again in this process.
type looks struct {
	turns  chan struct{}
	judged map[looked]error // guarded by the cache's mutex
}

// looked is an archive with how it is unpacked.
type looked struct {
	sha256 string
	strip  int
}

func newLooks() looks { return looks{make(chan struct{}, looksAtOnce), map[looked]error{}} }

// look judges an archive whose bytes are at path now. Nothing else is looked
// into. It returns an *ArchiveError if no target would unpack it. Bytes that do
// not have their digest are not judged: Fetch reports them.
func (c *Cache) look(ctx context.Context, source Source, path string) error {
	if source.Kind != KindArchive {
		return nil
	}
	done, err := c.wait(ctx, "look into "+source.SHA256)
	if err != nil {
		return err
	}
	defer done()
	c.mu.Lock()
	judged, known := c.looks.judged[looked{source.SHA256, source.StripComponents}]
	c.mu.Unlock()
	if !known {
		if judged, err = c.judge(ctx, source, path); err != nil {
			return err
		}
	}
	if judged == nil {
		return nil
	}
	return &ArchiveError{Location: safehttp.Redact(source.Location), Err: judged}
}

// judge reads an archive and remembers what it found, unless the bytes at path are
// not the ones that are meant.
func (c *Cache) judge(ctx context.Context, source Source, path string) (judged, err error) {
	select {
	case c.looks.turns <- struct{}{}:
		defer func() { <-c.looks.turns }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if ctx.Err() != nil { // both may have been ready
		return nil, context.Cause(ctx)
	}
	before, err := os.Stat(path)
	if err != nil {
		return nil, nil // it has gone since: the one who needs it reports that
	}
	found, _, err := sums.file(ctx, path, c.limit)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil || found != source.SHA256:
		return nil, nil // likewise
	}
	judged = archive.Check(ctx, path, archive.Options{StripComponents: source.StripComponents})
	after, err := os.Stat(path)
	if err == nil && identify(after) != identify(before) {
		err = errChanging
	}
	var refused *archive.RefusedError
	if judged != nil && !errors.As(judged, &refused) {
		err = judged
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &UnavailableError{Location: safehttp.Redact(source.Location), Wanted: source.SHA256, Err: hashing.WithoutPath(err)}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks.judged[looked{source.SHA256, source.StripComponents}] = judged
	return judged, nil
}
