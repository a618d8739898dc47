package ledger

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// CorruptError names the first thing in a ledger that does not fit.
type CorruptError struct {
	Pipeline string
	Number   int64 // of the entry; 0 if the stored state does not fit its entries
	What     string
}

func (e *CorruptError) Error() string {
	switch {
	case e.Missing():
		return fmt.Sprintf("entry %d of pipeline %q is missing", e.Number, e.Pipeline)
	case e.Number == 0:
		return fmt.Sprintf("the ledger of pipeline %q is inconsistent: %s", e.Pipeline, e.What)
	}
	return fmt.Sprintf("entry %d of pipeline %q is inconsistent: %s", e.Number, e.Pipeline, e.What)
}

// Missing reports whether there is no such entry.
func (e *CorruptError) Missing() bool { return e.What == isMissing }

const isMissing = "it is missing"

// Verify reads every entry of a pipeline, checks its hash and place, folds all
// of them and compares the result with the stored state. It fails with a
// *CorruptError that names the first thing that does not fit. A stored state of an
// older version is not compared: it is made again when the ledger is next used.
func (l *Ledger) Verify(ctx context.Context, pipeline string) error {
	return l.engine.Read(ctx, func(tx Tx) error {
		old, err := outdated(tx, pipeline)
		if err != nil {
			return err
		}
		state, err := l.fold(tx, pipeline)
		if err != nil || old { // an older stored state is made again before anybody reads it
			return err
		}
		head, at, err := tx.Head(pipeline)
		if err != nil {
			return err
		}
		if head != state.Head {
			return &CorruptError{pipeline, 0, fmt.Sprintf("the head is entry %d, but the newest entry is %d", head, state.Head)}
		}
		if !at.Equal(state.HeadAt) {
			return &CorruptError{pipeline, 0, fmt.Sprintf("the head is of %s, the newest entry of %s",
				at.Format(time.RFC3339Nano), state.HeadAt.Format(time.RFC3339Nano))}
		}
		if err := l.verifyState(tx, state); err != nil {
			return err
		}
		return verifyLeases(tx, state)
	})
}

// foldEntry checks an entry's hash and place and folds it.
func (l *Ledger) foldEntry(state *portal.State, stored StoredEntry, mends []portal.Mend) error {
	corrupt := func(format string, args ...any) error {
		return &CorruptError{state.Name, stored.Number, fmt.Sprintf(format, args...)}
	}
	if stored.Number > state.Head+1 {
		return missingEntry(state.Name, state.Head+1)
	}
	if stored.Number != state.Head+1 {
		return corrupt("it follows entry %d", state.Head)
	}
	if hash := portal.HashEntry(stored.Bytes); hash != stored.SHA256 {
		return corrupt("its bytes have the sha256 %s, but %s is recorded", hash, stored.SHA256)
	}
	entry, event, err := portal.ReadEntry(stored.Bytes)
	if err != nil {
		return corrupt("%s", err)
	}
	if entry.Number != stored.Number || entry.Pipeline != state.Name || entry.Ledger != l.engine.ID() || entry.ID != stored.ID || entry.Kind != stored.Kind {
		return corrupt("by its own text it is entry %d of %q in ledger %s", entry.Number, entry.Pipeline, entry.Ledger)
	}
	meta := entry.Meta(stored.SHA256)
	if meta.At = portal.Corrected(meta.Number, meta.At, mends); meta.At.Before(state.HeadAt) {
		return corrupt("its time is %s, before that of the entry before it", entry.At.Format(time.RFC3339Nano))
	}
	state.Apply(event, meta)
	return nil
}

// verifyState compares the stored entities with those that the entries give.
func (l *Ledger) verifyState(tx Tx, state *portal.State) error {
	entities, err := state.TakeChanged()
	if err != nil {
		return err
	}
	corrupt := func(format string, args ...any) error {
		return &CorruptError{state.Name, 0, fmt.Sprintf(format, args...)}
	}
	expected := map[portal.EntityKey][]byte{}
	for _, entity := range entities {
		if entity.Body != nil {
			expected[entity.EntityKey] = entity.Body
		}
	}
	stored := map[portal.EntityKey]bool{}
	for _, kind := range portal.EntityKinds() {
		err := tx.Entities(state.Name, kind, "", func(key string, body []byte) error {
			id := portal.EntityKey{Kind: kind, Key: key}
			if !bytes.Equal(expected[id], body) {
				return corrupt("the stored %s %q does not match the entries", kind, key)
			}
			stored[id] = true
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, entity := range entities {
		if entity.Body == nil {
			continue
		}
		if !stored[entity.EntityKey] {
			return corrupt("the %s %q of the entries is not stored", entity.Kind, entity.Key)
		}
		if entity.Claim == "" {
			continue
		}
		owner, err := tx.Owner(entity.Claim)
		if err != nil {
			return err
		}
		if owner != state.Name+"/"+entity.Key {
			return corrupt("%s is the target of %q according to the entries, but of %q according to the stored state", entity.Claim, state.Name+"/"+entity.Key, owner)
		}
	}
	return nil
}

// verifyLeases checks that exactly the deployments that have not ended have a
// lease, of their epoch. When it ends cannot be checked: renewing is not an entry.
func verifyLeases(tx Tx, state *portal.State) error {
	leases, err := tx.Leases(state.Name)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(leases)) {
		if !hasLease(state.Sites[name], leases[name]) {
			return &CorruptError{state.Name, 0, fmt.Sprintf("there is a lease of epoch %d on %q, but no deployment of that epoch is in progress",
				leases[name].Epoch, name)}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(state.Sites)) {
		if _, there := leases[name]; state.Sites[name].Attempt.Open() && !there {
			return &CorruptError{state.Name, 0, fmt.Sprintf("a deployment on %q is in progress without a lease", name)}
		}
	}
	return nil
}
