package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// DefaultLease is how long the one who carries out a deployment may be silent
// before the attempt counts as abandoned.
const DefaultLease = 15 * time.Second

// Ledger is the record of pipelines.
type Ledger struct {
	engine Engine
	lease  time.Duration
	newID  func() string
	reads  bool // an older stored state stays as it is

	preparing sync.Mutex
	prepared  bool // the stored state is one that this build reads

	mu        sync.Mutex
	snapshots map[string]*snapshot

	writing chan struct{} // has room for one: the caller that writes for all that wait
	queue   queue
}

// Option changes how a ledger works.
type Option func(*Ledger)

// WithLease sets how long a lease lasts.
func WithLease(d time.Duration) Option { return func(l *Ledger) { l.lease = d } }

// ReadOnly has an older stored state left as it is: what follows from the entries is
// computed from them.
func ReadOnly() Option { return func(l *Ledger) { l.reads = true } }

// WithIDs sets where the ids of entries come from.
func WithIDs(newID func() string) Option { return func(l *Ledger) { l.newID = newID } }

// New returns a ledger on an engine.
func New(engine Engine, options ...Option) *Ledger {
	l := &Ledger{engine: engine, lease: DefaultLease, newID: randomID, snapshots: map[string]*snapshot{}, writing: make(chan struct{}, 1)}
	for _, option := range options {
		option(l)
	}
	return l
}

func randomID() string {
	var bytes [16]byte
	_, _ = rand.Read(bytes[:]) // never fails, by its documentation
	return hex.EncodeToString(bytes[:])
}

// ID is the ledger's own id, which every attempt's key and every statement
// names.
func (l *Ledger) ID() string { return l.engine.ID() }

// Lease is how long a lease lasts without being renewed.
func (l *Ledger) Lease() time.Duration { return l.lease }

// Witness is the engine's witness, for programs to inherit that are started to
// deploy: while they run, their attempt does not count as abandoned. It is nil where the
// engine has none.
func (l *Ledger) Witness() *os.File {
	if engine, has := l.engine.(Witnessing); has {
		return engine.Witness()
	}
	return nil
}

// Close closes the engine.
func (l *Ledger) Close() error { return l.engine.Close() }

// View calls the function with the facts of a pipeline as they are now. The
// function must not keep them, change them or call the ledger.
func (l *Ledger) View(ctx context.Context, pipeline string, by portal.Actor, subjects portal.Subjects, view func(portal.Facts) error) error {
	if err := l.ready(ctx); err != nil {
		return err
	}
	head, err := l.engine.Head(ctx, pipeline)
	if err != nil {
		return err
	}
	s := l.snapshot(pipeline)
	s.mu.RLock()
	if s.serves(head, subjects) {
		defer s.mu.RUnlock()
		now, err := l.engine.Now(ctx)
		if err != nil {
			return err
		}
		return view(portal.Facts{State: s.state, Now: notBefore(now, s.state.HeadAt), Clock: wall(now), By: by})
	}
	s.mu.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var facts portal.Facts
	err = l.engine.Read(ctx, func(tx Tx) error {
		var err error
		facts, err = s.factsFrom(tx, by, subjects)
		return err
	})
	if err != nil {
		return err
	}
	return view(facts)
}

// wall is a reading of a clock as the ledger keeps times.
func wall(now time.Time) time.Time { return now.UTC().Truncate(time.Microsecond) }

// notBefore keeps time from running backwards if a clock was set back.
func notBefore(now, head time.Time) time.Time {
	now = wall(now)
	if now.Before(head) {
		return head
	}
	return now
}

// Renew moves the end of a lease. It fails with ErrLeaseLost where another has
// taken over.
func (l *Ledger) Renew(ctx context.Context, pipeline, environment string, epoch int64) error {
	return l.engine.Write(ctx, func(tx WriteTx) error {
		held, err := tx.RenewLease(pipeline, environment, portal.Lease{Epoch: epoch, Expires: wall(tx.Now()).Add(l.lease)})
		if err == nil && !held {
			return ErrLeaseLost
		}
		return err
	})
}

// Releases lists the versions registered on a pipeline, unordered.
func (l *Ledger) Releases(ctx context.Context, pipeline string) ([]string, error) {
	if err := l.ready(ctx); err != nil {
		return nil, err
	}
	var versions []string
	err := l.engine.Read(ctx, func(tx Tx) error {
		old, err := outdated(tx, pipeline)
		if err != nil {
			return err
		}
		if old {
			state, err := l.fold(tx, pipeline)
			if err == nil {
				versions = state.Releases()
			}
			return err
		}
		versions, err = tx.Keys(pipeline, portal.EntityRelease)
		return err
	})
	return versions, err
}

// Entries returns up to limit entries of a pipeline after the given number.
func (l *Ledger) Entries(ctx context.Context, pipeline string, after int64, limit int) ([]StoredEntry, error) {
	var entries []StoredEntry
	err := l.engine.Read(ctx, func(tx Tx) error {
		var err error
		entries, err = tx.Entries(pipeline, after, limit)
		return err
	})
	return entries, err
}
