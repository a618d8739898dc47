package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

// epoch is when the tests' clocks begin.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clocked is an engine whose clock the test sets.
type clocked struct {
	ledger.Engine
	mu  sync.Mutex
	now time.Time
}

func withClock(engine ledger.Engine) *clocked { return &clocked{Engine: engine, now: epoch} }

// advance moves the clock, backwards if d is negative.
func (c *clocked) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clocked) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clocked) Now(context.Context) (time.Time, error) { return c.time(), nil }

func (c *clocked) Read(ctx context.Context, read func(ledger.Tx) error) error {
	return c.Engine.Read(ctx, func(tx ledger.Tx) error { return read(clockedTx{tx, c.time()}) })
}

func (c *clocked) Write(ctx context.Context, write func(ledger.WriteTx) error) error {
	return c.Engine.Write(ctx, func(tx ledger.WriteTx) error { return write(clockedWriteTx{tx, c.time()}) })
}

type clockedTx struct {
	ledger.Tx
	now time.Time
}

func (t clockedTx) Now() time.Time { return t.now }

type clockedWriteTx struct {
	ledger.WriteTx
	now time.Time
}

func (t clockedWriteTx) Now() time.Time { return t.now }

// counting is an engine that counts the entries that are read.
type counting struct {
	ledger.Engine
	entries atomic.Int64
}

func (c *counting) Read(ctx context.Context, read func(ledger.Tx) error) error {
	return c.Engine.Read(ctx, func(tx ledger.Tx) error { return read(countingTx{tx, c}) })
}

type countingTx struct {
	ledger.Tx
	engine *counting
}

func (t countingTx) Entries(pipeline string, after int64, limit int) ([]ledger.StoredEntry, error) {
	entries, err := t.Tx.Entries(pipeline, after, limit)
	t.engine.entries.Add(int64(len(entries)))
	return entries, err
}

// staged is an engine on whose transactions the test acts.
type staged struct {
	ledger.Engine
	writes atomic.Int64 // transactions begun
	mu     sync.Mutex
	next   func(ctx context.Context, write func(ledger.WriteTx) error) error
}

// onNextWrite says what becomes of the next transaction, and only of it.
func (s *staged) onNextWrite(do func(ctx context.Context, write func(ledger.WriteTx) error) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = do
}

func (s *staged) Write(ctx context.Context, write func(ledger.WriteTx) error) error {
	s.writes.Add(1)
	s.mu.Lock()
	do := s.next
	s.next = nil
	s.mu.Unlock()
	if do == nil {
		return s.Engine.Write(ctx, write)
	}
	return do(ctx, write)
}

var errStaged = errors.New("staged by the test")

var errDoubtful = fmt.Errorf("%w: %w", ledger.ErrUnknownCommit, errStaged)

// rollBack runs the transaction and does not commit it.
func (s *staged) rollBack(ctx context.Context, write func(ledger.WriteTx) error) error {
	err := s.Engine.Write(ctx, func(tx ledger.WriteTx) error { return errors.Join(write(tx), errStaged) })
	if err.Error() == errStaged.Error() {
		return nil
	}
	return err
}

// The ways in which a transaction can end.
func (s *staged) committedButUnknown(ctx context.Context, write func(ledger.WriteTx) error) error {
	return errors.Join(s.Engine.Write(ctx, write), errDoubtful)
}

func (s *staged) lostAndUnknown(ctx context.Context, write func(ledger.WriteTx) error) error {
	return errors.Join(s.rollBack(ctx, write), errDoubtful)
}

func (s *staged) lost(ctx context.Context, write func(ledger.WriteTx) error) error {
	return &ledger.UnavailableError{What: "writing", Err: errors.Join(s.rollBack(ctx, write), errStaged)}
}

func (s *staged) runTwice(ctx context.Context, write func(ledger.WriteTx) error) error {
	if err := s.rollBack(ctx, write); err != nil {
		return err
	}
	return s.Engine.Write(ctx, write)
}
