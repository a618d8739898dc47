// Package ledger is the record: append-only entries, one sequence a pipeline,
// and the state that follows from them.
//
// A Ledger works on an Engine, which is a database. The ledger keeps one
// snapshot a pipeline, reused while the pipeline's head has not moved, so that
// reading costs one cheap query, and puts concurrent writers of one process into
// one transaction.
package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// DefaultLease is how long whoever carries out a deployment may be silent
// before the attempt counts as abandoned.
const DefaultLease = 15 * time.Second

// Ledger is the record of pipelines.
type Ledger struct {
	engine Engine
	lease  time.Duration
	newID  func() string

	mu        sync.Mutex
	snapshots map[string]*snapshot

	writing sync.Mutex // held by the caller that writes for all that wait
	queue   queue
}

// Option changes how a ledger works.
type Option func(*Ledger)

// WithLease sets how long a lease lasts.
func WithLease(d time.Duration) Option { return func(l *Ledger) { l.lease = d } }

// WithIDs sets where the ids of entries come from.
func WithIDs(newID func() string) Option { return func(l *Ledger) { l.newID = newID } }

// New returns a ledger on an engine.
func New(engine Engine, options ...Option) *Ledger {
	l := &Ledger{engine: engine, lease: DefaultLease, newID: randomID, snapshots: map[string]*snapshot{}}
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

// Close closes the engine.
func (l *Ledger) Close() error { return l.engine.Close() }

// View calls the function with the facts of a pipeline as they are now. The
// function must not keep them, change them or call the ledger.
func (l *Ledger) View(ctx context.Context, pipeline string, by portal.Actor, subjects portal.Subjects, view func(portal.Facts) error) error {
	head, err := l.engine.Head(ctx, pipeline)
	if err != nil {
		return err
	}
	s := l.snapshot(pipeline)
	s.mu.RLock()
	for !s.serves(head, subjects) {
		s.mu.RUnlock()
		if err := s.refresh(ctx, l.engine, subjects); err != nil {
			return err
		}
		s.mu.RLock()
	}
	defer s.mu.RUnlock()
	facts := portal.Facts{State: s.state, By: by}
	if err := l.complete(ctx, &facts, subjects); err != nil {
		return err
	}
	return view(facts)
}

// complete adds to the state what it does not keep: the time, leases, claims.
func (l *Ledger) complete(ctx context.Context, facts *portal.Facts, subjects portal.Subjects) error {
	if facts.AnyOpenAttempt() || len(subjects.Addresses) > 0 {
		return l.engine.Read(ctx, func(tx Tx) error { return completeFrom(tx, facts, subjects) })
	}
	now, err := l.engine.Now(ctx)
	facts.Now = notBefore(now, facts.HeadAt)
	return err
}

func completeFrom(tx Tx, facts *portal.Facts, subjects portal.Subjects) error {
	facts.Now = notBefore(tx.Now(), facts.HeadAt)
	var err error
	if facts.AnyOpenAttempt() {
		if facts.Leases, err = tx.Leases(facts.Name); err != nil {
			return err
		}
	}
	facts.Claims = map[string]string{}
	for _, address := range subjects.Addresses {
		owner, err := tx.Owner(address)
		if err != nil {
			return err
		}
		if owner != "" {
			facts.Claims[address] = owner
		}
	}
	return nil
}

// notBefore keeps time from running backwards where a clock was set back.
func notBefore(now, head time.Time) time.Time {
	now = now.UTC().Truncate(time.Microsecond)
	if now.Before(head) {
		return head
	}
	return now
}

// Renew moves the end of a lease. It fails with ErrLeaseLost where another has
// taken over.
func (l *Ledger) Renew(ctx context.Context, pipeline, environment string, epoch int64) error {
	return l.engine.Write(ctx, func(tx WriteTx) error {
		held, err := tx.RenewLease(pipeline, environment, portal.Lease{Epoch: epoch, Expires: tx.Now().Add(l.lease)})
		if err == nil && !held {
			return ErrLeaseLost
		}
		return err
	})
}

// Releases lists the versions registered on a pipeline, unordered.
func (l *Ledger) Releases(ctx context.Context, pipeline string) ([]string, error) {
	var versions []string
	err := l.engine.Read(ctx, func(tx Tx) error {
		var err error
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
