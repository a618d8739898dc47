package ledger

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// request is one call of Record that waits to be written.
type request struct {
	ctx      context.Context
	pipeline string
	by       portal.Actor
	command  portal.Command
	id       string
	done     chan struct{}

	metas   []portal.Meta
	err     error
	entries []StoredEntry
}

func (r *request) forget() { r.metas, r.entries, r.err = nil, nil, nil }

// queue collects requests while a transaction is in progress.
type queue struct {
	mu      sync.Mutex
	waiting []*request
}

func (q *queue) add(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, r)
}

func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.waiting
	q.waiting = nil
	return taken
}

// withdraw takes a request back, unless it is being written already.
func (q *queue) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := len(q.waiting)
	q.waiting = slices.DeleteFunc(q.waiting, func(other *request) bool { return other == r })
	return len(q.waiting) < before
}

// Record decides a command and records its events, in one transaction, against
// the newest state. It returns what the ledger added to each event, none if
// the command had nothing to record. What the command answers as error is
// returned as it is, and then nothing was recorded for it. An error that wraps
// ErrUnknownCommit says that it may have been recorded.
//
// Calls made at once share a transaction: the one who comes first writes for all.
// If the context ends before that has begun, nothing is recorded; what has
// begun is finished.
func (l *Ledger) Record(ctx context.Context, pipeline string, by portal.Actor, command portal.Command) ([]portal.Meta, error) {
	r := &request{ctx: ctx, pipeline: pipeline, by: by, command: command, id: l.newID(), done: make(chan struct{})}
	l.queue.add(r)
	select {
	case <-r.done: // somebody wrote it for us
	case l.writing <- struct{}{}:
		l.writeWaiting()
	case <-ctx.Done():
		if l.queue.withdraw(r) {
			return nil, ctx.Err()
		}
	}
	<-r.done
	return r.metas, r.err
}

// writeWaiting writes what waits, and then lets the next one write.
func (l *Ledger) writeWaiting() {
	defer func() { <-l.writing }()
	batch := l.queue.take()
	defer func() {
		for _, r := range batch {
			close(r.done)
		}
	}()
	var live []*request
	for _, r := range batch {
		if r.err = r.ctx.Err(); r.err == nil {
			live = append(live, r)
		}
	}
	if len(live) == 0 {
		return
	}
	err := l.write(live)
	var unavailable *UnavailableError
	if err == nil || len(live) == 1 || errors.As(err, &unavailable) || errors.Is(err, ErrUnknownCommit) {
		return
	}
	// The database works, so one of them is at fault: the others shall not
	// suffer for it.
	for _, r := range live {
		_ = l.write([]*request{r}) // the request has the error
	}
}

// write records requests in one transaction and gives each its answer.
func (l *Ledger) write(batch []*request) error {
	// Snapshots are locked once the transaction has begun, so that nobody who
	// only reads waits for other processes' transactions.
	var snapshots map[string]*snapshot
	forget := func() {
		for _, s := range snapshots {
			s.state = nil
		}
	}
	defer func() {
		for _, s := range snapshots {
			s.mu.Unlock()
		}
	}()
	ctx := context.WithoutCancel(batch[0].ctx)
	err := l.engine.Write(ctx, func(tx WriteTx) error {
		if snapshots == nil {
			snapshots = l.lockSnapshots(batch)
		} else {
			forget() // the try before has changed them
		}
		for _, r := range batch {
			r.forget()
		}
		// Asked in each transaction: a newer build may have come since.
		if rebuilt, err := l.prepare(tx, slices.Sorted(maps.Keys(snapshots))...); err != nil {
			return err
		} else if rebuilt {
			forget()
		}
		for _, r := range batch {
			if err := l.decide(tx, snapshots[r.pipeline], r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		forget()
		l.settle(ctx, batch, err)
	}
	return err
}

func (l *Ledger) lockSnapshots(batch []*request) map[string]*snapshot {
	snapshots := map[string]*snapshot{}
	for _, r := range batch {
		if snapshots[r.pipeline] == nil {
			s := l.snapshot(r.pipeline)
			s.mu.Lock()
			snapshots[r.pipeline] = s
		}
	}
	return snapshots
}

// decide judges one request inside the transaction and writes its events. Its
// error ends the transaction; what the command answers does not.
func (l *Ledger) decide(tx WriteTx, s *snapshot, r *request) error {
	facts, err := s.factsFrom(tx, r.by, r.command.Subjects())
	if err != nil {
		return err
	}
	events, err := r.command.Decide(facts)
	if r.err = err; err != nil {
		return nil //nolint:nilerr // it is the request's answer and does not end the transaction
	}
	mended := false
	for i, event := range events {
		number, id, at := s.state.Head+1, r.id+"-"+strconv.Itoa(i), facts.Now
		if _, mends := event.(portal.ClockMended); mends {
			mended, at = true, facts.Clock
		}
		_, bytes, err := portal.NewEntry(s.ledger, s.name, number, id, at, r.by, event)
		if err != nil {
			return err
		}
		stored := StoredEntry{Number: number, ID: id, Kind: event.Kind(), Bytes: bytes, SHA256: portal.HashEntry(bytes)}
		if err := tx.Append(s.name, at, stored); err != nil {
			return err
		}
		if err := l.keepLease(tx, facts, event); err != nil {
			return err
		}
		meta := portal.Meta{Number: number, At: at, By: r.by, Hash: stored.SHA256}
		s.state.Apply(event, meta)
		r.metas, r.entries = append(r.metas, meta), append(r.entries, stored)
	}
	if mended {
		s.state = nil // everything that was made of earlier entries changes
		return l.rebuild(tx, []string{s.name})
	}
	changed, err := s.state.TakeChanged()
	if err != nil {
		return err
	}
	for _, entity := range changed {
		if err := tx.PutEntity(s.name, entity); err != nil {
			return err
		}
		if entity.Kind == portal.EntityEnvironment {
			s.noteOpen(entity.Key)
		}
	}
	return nil
}

// keepLease gives a lease to the one who starts or takes over a deployment, and
// takes it back at the end.
func (l *Ledger) keepLease(tx WriteTx, facts portal.Facts, event portal.Event) error {
	switch e := event.(type) {
	case portal.DeploymentStarted:
		return tx.PutLease(facts.Name, e.Environment, portal.Lease{Epoch: e.Epoch, Expires: facts.Clock.Add(l.lease)})
	case portal.DeploymentRecovering:
		return tx.PutLease(facts.Name, e.Environment, portal.Lease{Epoch: e.Epoch, Expires: facts.Clock.Add(l.lease)})
	case portal.DeploymentEnded:
		return tx.DropLease(facts.Name, e.Environment)
	case portal.EnvironmentRemoved:
		return tx.DropLease(facts.Name, e.Environment)
	default: // no holder begins or ends
		return nil
	}
}

// settle gives the requests of a failed transaction their answers.
func (l *Ledger) settle(ctx context.Context, batch []*request, cause error) {
	if errors.Is(cause, ErrUnknownCommit) {
		recorded, err := l.recorded(ctx, batch)
		switch {
		case err != nil: // it stays unknown
		case recorded:
			return
		default:
			cause = withoutDoubt(cause)
		}
	}
	assumed := false // whether an answer may rest on entries that are not there
	for _, r := range batch {
		if r.err == nil || assumed {
			r.metas, r.err = nil, cause
		}
		assumed = assumed || len(r.entries) > 0
	}
}

// withoutDoubt is the error of a transaction of which it is certain now that
// it was not committed.
func withoutDoubt(cause error) error {
	certain := &UnavailableError{What: "writing the ledger", Err: cause}
	errors.As(cause, &certain)
	var reasons []error
	var several interface{ Unwrap() []error }
	if errors.As(certain.Err, &several) {
		for _, err := range several.Unwrap() {
			if !errors.Is(err, ErrUnknownCommit) {
				reasons = append(reasons, err)
			}
		}
	}
	if len(reasons) == 0 {
		reasons = []error{errors.New("the answer was lost")}
	}
	return &UnavailableError{What: certain.What + " failed", Err: errors.Join(reasons...)}
}

// recorded finds out whether a transaction was committed, by its first entry:
// all of it was, or nothing. It asks in a transaction that writes, because that
// one cannot begin before the doubtful one has ended.
func (l *Ledger) recorded(ctx context.Context, batch []*request) (bool, error) {
	first := slices.IndexFunc(batch, func(r *request) bool { return len(r.entries) > 0 })
	if first < 0 {
		return true, nil // there was nothing to commit
	}
	wrote := batch[first]
	known, found := false, false
	err := l.engine.Write(ctx, func(tx WriteTx) error {
		if _, _, err := tx.Head(wrote.pipeline); err != nil {
			return err
		}
		entry, err := tx.EntryByID(wrote.entries[0].ID)
		if err != nil {
			return err
		}
		known, found = true, entry != nil && entry.SHA256 == wrote.entries[0].SHA256
		return nil
	})
	if known {
		return found, nil
	}
	return false, err
}
