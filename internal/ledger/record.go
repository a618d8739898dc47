package ledger

import (
	"context"
	"errors"
	"fmt"
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

// queue collects requests while a transaction is under way.
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

// Record decides a command and records its events, in one transaction, against
// the newest state. It returns what the ledger added to each event, none where
// the command had nothing to record. What the command answers as error is
// returned as it is, and then nothing was recorded for it. An error that wraps
// ErrUnknownCommit says that it may have been recorded.
//
// Calls made at once share a transaction: whoever comes first writes for all.
func (l *Ledger) Record(ctx context.Context, pipeline string, by portal.Actor, command portal.Command) ([]portal.Meta, error) {
	r := &request{ctx: ctx, pipeline: pipeline, by: by, command: command, id: l.newID(), done: make(chan struct{})}
	l.queue.add(r)
	l.writing.Lock()
	select {
	case <-r.done: // somebody wrote it for us
	default:
		l.write(l.queue.take())
	}
	l.writing.Unlock()
	<-r.done
	return r.metas, r.err
}

// write records a batch. What was begun is finished also when a caller's
// context ends meanwhile.
func (l *Ledger) write(batch []*request) {
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
	snapshots := l.lockSnapshots(live)
	defer func() {
		for _, s := range snapshots {
			s.mu.Unlock()
		}
	}()
	forget := func() {
		for _, s := range snapshots {
			s.state = nil
		}
	}
	tries := 0
	ctx := context.WithoutCancel(live[0].ctx)
	err := l.engine.Write(ctx, func(tx WriteTx) error {
		if tries++; tries > 1 {
			forget() // the try before has changed them
		}
		for _, r := range live {
			if err := l.decide(tx, snapshots[r.pipeline], r); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return
	}
	forget()
	for _, r := range live {
		if len(r.entries) == 0 && r.err != nil {
			continue // refused, whatever became of the others
		}
		l.settle(ctx, r, err)
	}
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
	r.metas, r.entries, r.err = nil, nil, nil
	subjects := r.command.Subjects()
	if err := s.refreshFrom(tx, subjects); err != nil {
		return err
	}
	facts := portal.Facts{State: s.state, By: r.by}
	if err := completeFrom(tx, &facts, subjects); err != nil {
		return err
	}
	events, err := r.command.Decide(facts)
	if err != nil {
		r.err = err
		return nil
	}
	for i, event := range events {
		number := s.state.Head + 1
		_, bytes, err := portal.NewEntry(s.ledger, s.name, number, r.id+"-"+strconv.Itoa(i), facts.Now, r.by, event)
		if err != nil {
			return err
		}
		stored := StoredEntry{Number: number, ID: r.id + "-" + strconv.Itoa(i), Kind: event.Kind(), Bytes: bytes, SHA256: portal.HashEntry(bytes)}
		if err := tx.Append(s.name, facts.Now, stored); err != nil {
			return err
		}
		if err := l.keepLease(tx, s.name, event); err != nil {
			return err
		}
		meta := portal.Meta{Number: number, At: facts.Now, By: r.by, Hash: stored.SHA256}
		s.state.Apply(event, meta)
		r.metas, r.entries = append(r.metas, meta), append(r.entries, stored)
	}
	changed, err := s.state.TakeChanged()
	if err != nil {
		return err
	}
	for _, entity := range changed {
		if err := tx.PutEntity(s.name, entity); err != nil {
			return err
		}
	}
	return nil
}

// keepLease gives a lease to whoever starts or takes over a deployment, and
// takes it back at the end.
func (l *Ledger) keepLease(tx WriteTx, pipeline string, event portal.Event) error {
	switch e := event.(type) {
	case portal.DeploymentStarted:
		return tx.PutLease(pipeline, e.Environment, portal.Lease{Epoch: e.Epoch, Expires: tx.Now().Add(l.lease)})
	case portal.DeploymentRecovering:
		return tx.PutLease(pipeline, e.Environment, portal.Lease{Epoch: e.Epoch, Expires: tx.Now().Add(l.lease)})
	case portal.DeploymentEnded:
		return tx.DropLease(pipeline, e.Environment)
	}
	return nil
}

// settle finds out what became of a request whose transaction failed: where its
// first entry is there with the same bytes, all of it was recorded.
func (l *Ledger) settle(ctx context.Context, r *request, cause error) {
	if !errors.Is(cause, ErrUnknownCommit) || len(r.entries) == 0 {
		r.metas, r.err = nil, cause
		return
	}
	err := l.engine.Read(ctx, func(tx Tx) error {
		found, err := tx.EntryByID(r.entries[0].ID)
		if err == nil && (found == nil || found.SHA256 != r.entries[0].SHA256) {
			return errNotRecorded
		}
		return err
	})
	switch {
	case err == nil:
		r.err = nil
	case errors.Is(err, errNotRecorded):
		// It is certain now: strip the doubt from the error.
		r.metas, r.err = nil, &UnavailableError{What: "the ledger could not record it, and nothing was changed", Err: fmt.Errorf("%v", cause)}
	default:
		r.metas, r.err = nil, cause
	}
}

var errNotRecorded = errors.New("not recorded")
