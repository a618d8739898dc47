package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// NewerError says that a newer version of the provider has written to the ledger.
// This one would misread it, so it does nothing.
type NewerError struct {
	What string // what is newer
	// Noted says that only the note of the stored state's version is newer: every kind
	// of entry is known.
	Noted bool
}

func (e *NewerError) Error() string {
	text := fmt.Sprintf("a newer version of the provider has written to this ledger: %s. Use that version, or a newer one", e.What)
	if e.Noted {
		text += ". If no newer version is in use any more, or somebody changed the version mark by hand, run portal ledger rebuild --downgrade: it rebuilds the derived state from the entries, if this version can read all of them"
	}
	return text
}

// Derived is the stored state of a pipeline, as its entries give it.
type Derived struct {
	Pipeline string
	Head     int64
	HeadAt   portal.Time
	Entities []portal.Entity // each with a body
}

// Rebuild makes the stored state of a pipeline again from its entries. Leases of
// deployments in progress stay. It fails with a *CorruptError that names the first
// entry that does not fit, and then changes nothing.
func (l *Ledger) Rebuild(ctx context.Context, pipeline string) error {
	l.forget(pipeline)
	return l.engine.Write(ctx, func(tx WriteTx) error {
		if _, err := l.prepare(tx); err != nil {
			return err
		}
		return l.rebuild(tx, []string{pipeline})
	})
}

// Downgrade makes the stored state of every pipeline again although a newer version
// is noted for it. It fails with a *NewerError, and changes nothing, if an entry
// has more in it than this version reads. Pipelines whose entries do not fit together
// are left behind.
func (l *Ledger) Downgrade(ctx context.Context) error {
	return l.engine.Write(ctx, func(tx WriteTx) error {
		if err := knowsKinds(tx); err != nil {
			return err
		}
		pipelines, err := tx.Pipelines()
		if err != nil {
			return err
		}
		for _, pipeline := range pipelines {
			l.forget(pipeline)
			if err := readsAll(tx, pipeline); err != nil {
				return err
			}
		}
		return l.rebuildAll(tx, pipelines, 0)
	})
}

// readsAll fails with a *NewerError if an entry has more in it than this version
// reads. One that does not read at all is for rebuilding to name.
func readsAll(tx Tx, pipeline string) error {
	for after := int64(0); ; {
		entries, err := tx.Entries(pipeline, after, sinceBatch)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, stored := range entries {
			if _, _, err := portal.ReadEntry(stored.Bytes); err == nil && !portal.ReadsAllOf(stored.Bytes) {
				return &NewerError{What: fmt.Sprintf("entry %d of pipeline %q has data that this version of the provider cannot read", stored.Number, pipeline)}
			}
			after = stored.Number
		}
	}
}

// Pipelines names, in order, every pipeline of which anything is stored.
func (l *Ledger) Pipelines(ctx context.Context) ([]string, error) {
	var names []string
	err := l.engine.Read(ctx, func(tx Tx) error {
		var err error
		names, err = tx.Pipelines()
		return err
	})
	return names, err
}

// ready sees to it, once, that the stored state is one that this build reads: it
// makes an older one again and fails with a *NewerError on a newer one.
func (l *Ledger) ready(ctx context.Context) error {
	l.preparing.Lock()
	defer l.preparing.Unlock()
	if l.prepared {
		return nil
	}
	old := false
	err := l.engine.Read(ctx, func(tx Tx) error {
		var err error
		old, err = outdated(tx, "")
		return err
	})
	if err == nil && old && !l.reads {
		err = l.engine.Write(ctx, func(tx WriteTx) error {
			_, err := l.prepare(tx)
			return err
		})
	}
	l.prepared = err == nil
	return err
}

// prepare makes the stored state again if it is older than this build's, of all
// pipelines or, if those were left behind, of the named ones, and reports whether it
// did. Pipelines whose entries do not fit together keep no other one from that: they
// are left behind, and a reader of them is told so.
func (l *Ledger) prepare(tx WriteTx, named ...string) (rebuilt bool, err error) {
	old, err := outdated(tx, "")
	if err != nil {
		return false, err
	}
	if old {
		projection, err := tx.Projection("")
		if err != nil {
			return false, err
		}
		pipelines, err := tx.Pipelines()
		if err != nil {
			return false, err
		}
		return true, l.rebuildAll(tx, pipelines, projection)
	}
	for _, pipeline := range named {
		behind, err := older(tx, pipeline)
		if err == nil && behind {
			rebuilt = true
			err = l.rebuild(tx, []string{pipeline})
		}
		if err != nil {
			return false, err
		}
	}
	return rebuilt, nil
}

// outdated reports whether the stored state of a pipeline is older than this build's;
// "" is every one that was not left behind. It fails with a *NewerError if it is
// newer, or an entry is of a kind that this build does not know.
func outdated(tx Tx, pipeline string) (bool, error) {
	if err := knowsKinds(tx); err != nil {
		return false, err
	}
	return older(tx, pipeline)
}

func older(tx Tx, pipeline string) (bool, error) {
	projection, err := tx.Projection(pipeline)
	if err != nil {
		return false, err
	}
	if projection > portal.Projection {
		return false, &NewerError{fmt.Sprintf("its stored state has version %d, and this version of the provider knows up to %d", projection, portal.Projection), true}
	}
	return projection < portal.Projection, nil
}

// knowsKinds fails with a *NewerError if an entry is of a kind that this build does
// not know.
func knowsKinds(tx Tx) error {
	kinds, err := tx.Kinds()
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if !portal.KnownEvent(kind) {
			return &NewerError{What: fmt.Sprintf("it has entries of kind %q, which this version of the provider does not know", kind)}
		}
	}
	return nil
}

// rebuildAll makes the stored state of pipelines again, and leaves those behind, at
// the version that they have, whose entries do not fit together.
func (l *Ledger) rebuildAll(tx WriteTx, pipelines []string, projection int) error {
	var fit []*portal.State
	var corrupt []string
	for _, pipeline := range pipelines {
		state, err := l.fold(tx, pipeline)
		var broken *CorruptError
		switch {
		case errors.As(err, &broken):
			corrupt = append(corrupt, pipeline)
		case err != nil:
			return err
		default:
			fit = append(fit, state)
		}
	}
	if err := l.restate(tx, fit); err != nil {
		return err
	}
	for _, pipeline := range corrupt {
		if err := tx.LeaveBehind(pipeline, projection); err != nil {
			return err
		}
	}
	return nil
}

// rebuild makes the stored state of pipelines again.
func (l *Ledger) rebuild(tx WriteTx, pipelines []string) error {
	states := make([]*portal.State, 0, len(pipelines))
	for _, pipeline := range pipelines {
		state, err := l.fold(tx, pipeline)
		if err != nil {
			return err
		}
		states = append(states, state)
	}
	return l.restate(tx, states)
}

// restate stores what the entries give.
func (l *Ledger) restate(tx WriteTx, states []*portal.State) error {
	derived := make([]Derived, 0, len(states))
	for _, state := range states {
		entities, err := state.TakeChanged()
		if err != nil {
			return err
		}
		entities = slices.DeleteFunc(entities, func(e portal.Entity) bool { return e.Body == nil })
		derived = append(derived, Derived{state.Name, state.Head, state.HeadAt, entities})
	}
	if err := tx.Restate(derived, portal.Projection); err != nil {
		return err
	}
	for _, state := range states {
		if err := l.mendLeases(tx, state); err != nil {
			return err
		}
	}
	return nil
}

// mendLeases drops the leases that belong to no deployment in progress, and gives a
// deployment in progress that has lost its lease a whole one: its holder may be alive.
// One that ends later than a whole lease does is from a clock that was ahead.
func (l *Ledger) mendLeases(tx WriteTx, state *portal.State) error {
	leases, err := tx.Leases(state.Name)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(leases)) {
		if !hasLease(state.Sites[name], leases[name]) {
			if err := tx.DropLease(state.Name, name); err != nil {
				return err
			}
			delete(leases, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(state.Sites)) {
		attempt := state.Sites[name].Attempt
		whole := wall(tx.Now()).Add(l.lease)
		if lease, there := leases[name]; !attempt.Open() || (there && !lease.Expires.After(whole)) {
			continue
		}
		lease := portal.Lease{Epoch: attempt.Epoch, Expires: whole}
		if err := tx.PutLease(state.Name, name, lease); err != nil {
			return err
		}
	}
	return nil
}

// hasLease reports whether a lease belongs to the deployment in progress.
func hasLease(site *portal.Site, lease portal.Lease) bool {
	return site != nil && site.Attempt.Open() && site.Attempt.Epoch == lease.Epoch
}

// fold checks every entry of a pipeline and folds all of them.
func (l *Ledger) fold(tx Tx, pipeline string) (*portal.State, error) {
	mends, err := mendsOf(tx, pipeline)
	if err != nil {
		return nil, err
	}
	state := portal.NewState(l.engine.ID(), pipeline, true)
	err = eachEntry(tx, pipeline, func(stored StoredEntry) error { return l.foldEntry(state, stored, mends) })
	if err != nil {
		return nil, err
	}
	return state, nil
}

// mendsOf reads the corrections of a pipeline's clock from its entries. Most
// ledgers have none, which costs next to nothing to tell.
func mendsOf(tx Tx, pipeline string) ([]portal.Mend, error) {
	kinds, err := tx.Kinds()
	kind := portal.ClockMended{}.Kind()
	if err != nil || !slices.Contains(kinds, kind) {
		return nil, err
	}
	var mends []portal.Mend
	err = eachEntry(tx, pipeline, func(stored StoredEntry) error {
		if stored.Kind != kind {
			return nil
		}
		entry, _, err := portal.ReadEntry(stored.Bytes)
		if err != nil {
			return nil //nolint:nilerr // folding names the entry that does not read
		}
		mends = append(mends, portal.Mend{Number: stored.Number, At: entry.At})
		return nil
	})
	return mends, err
}

// eachEntry calls the function with each entry of a pipeline that is stored, in
// order.
func eachEntry(tx Tx, pipeline string, do func(StoredEntry) error) error {
	for after := int64(math.MinInt64); ; { // the first has number 1: there is none before it
		entries, err := tx.Entries(pipeline, after, 1000)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, stored := range entries {
			if err := do(stored); err != nil {
				return err
			}
			after = stored.Number
		}
	}
}

// forget drops what this process knows of a pipeline.
func (l *Ledger) forget(pipeline string) {
	s := l.snapshot(pipeline)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = nil
}
