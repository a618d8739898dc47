package ledger

import (
	"context"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// sinceBatch is how many entries Since reads at once.
const sinceBatch = 500

// Since calls the function with each event of a pipeline that was recorded at a
// point in time or later, in order, up to the newest one there is now. If the
// clock was corrected, that is the time an entry counts as being of. These times
// never fall, so that the first one is found by bisection: the cost follows what
// is read, not how long the record is before that.
func (l *Ledger) Since(ctx context.Context, pipeline string, since time.Time, each func(portal.Event, portal.Meta)) error {
	mends, err := l.mends(ctx, pipeline)
	if err != nil {
		return err
	}
	return l.scan(ctx, pipeline, since, mends, func(stored StoredEntry) error {
		entry, event, err := portal.ReadEntry(stored.Bytes)
		if err == nil {
			meta := entry.Meta(stored.SHA256)
			meta.At = portal.Corrected(meta.Number, meta.At, mends)
			each(event, meta)
		}
		return err
	})
}

// Scan is Since for entries as they are stored; the zero time begins with the
// first one. The function's error ends it and is returned. An entry that is
// missing is a *CorruptError; whether the others are what was written is for
// Verify to say.
func (l *Ledger) Scan(ctx context.Context, pipeline string, since time.Time, each func(StoredEntry) error) error {
	var mends []portal.Mend
	if !since.IsZero() {
		var err error
		if mends, err = l.mends(ctx, pipeline); err != nil {
			return err
		}
	}
	return l.scan(ctx, pipeline, since, mends, each)
}

// mends reads the corrections of a pipeline's clock.
func (l *Ledger) mends(ctx context.Context, pipeline string) (mends []portal.Mend, err error) {
	err = l.engine.Read(ctx, func(tx Tx) error {
		var err error
		mends, err = mendsOf(tx, pipeline)
		return err
	})
	return mends, err
}

func (l *Ledger) scan(ctx context.Context, pipeline string, since time.Time, mends []portal.Mend, each func(StoredEntry) error) error {
	head, err := l.engine.Head(ctx, pipeline)
	if err != nil {
		return err
	}
	after := int64(0)
	if !since.IsZero() {
		if after, err = l.lastBefore(ctx, pipeline, head, since, mends); err != nil {
			return err
		}
	}
	for after < head {
		entries, err := l.Entries(ctx, pipeline, after, int(min(sinceBatch, head-after)))
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return missingEntry(pipeline, after+1)
		}
		for _, stored := range entries {
			if stored.Number != after+1 {
				return missingEntry(pipeline, after+1)
			}
			if err := each(stored); err != nil {
				return err
			}
			after = stored.Number
		}
	}
	return nil
}

// Newest returns the newest entry of a pipeline, or nil. Its cost does not follow
// how many entries there are, unless the head was damaged.
func (l *Ledger) Newest(ctx context.Context, pipeline string) (*StoredEntry, error) {
	var newest *StoredEntry
	err := l.engine.Read(ctx, func(tx Tx) error {
		newest = nil
		head, _, err := tx.Head(pipeline)
		if err != nil {
			return err
		}
		after := max(head-1, 0)
		entries, err := tx.Entries(pipeline, after, sinceBatch)
		if len(entries) == 0 {
			after = 0
			entries, err = tx.Entries(pipeline, after, sinceBatch)
		}
		for ; err == nil && len(entries) > 0; entries, err = tx.Entries(pipeline, after, sinceBatch) {
			newest = &entries[len(entries)-1]
			after = newest.Number
		}
		return err
	})
	return newest, err
}

// lastBefore returns the number of the newest entry, up to the head, that was
// recorded before a point in time; 0 if there is none.
func (l *Ledger) lastBefore(ctx context.Context, pipeline string, head int64, point time.Time, mends []portal.Mend) (int64, error) {
	var last int64
	err := l.engine.Read(ctx, func(tx Tx) error {
		last = 0
		for first := head + 1; last+1 < first; {
			middle := last + (first-last)/2
			entries, err := tx.Entries(pipeline, middle-1, 1)
			if err != nil {
				return err
			}
			if len(entries) == 0 || entries[0].Number != middle {
				return missingEntry(pipeline, middle)
			}
			entry, _, err := portal.ReadEntry(entries[0].Bytes)
			if err != nil {
				return err
			}
			if portal.Corrected(middle, entry.At, mends).Before(point) {
				last = middle
			} else {
				first = middle
			}
		}
		return nil
	})
	return last, err
}

func missingEntry(pipeline string, number int64) error {
	return &CorruptError{pipeline, number, isMissing}
}
