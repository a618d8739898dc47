package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

// ID implements ledger.Engine.
func (e *Engine) ID() string { return e.id }

// Now implements ledger.Engine: on one host the runner's clock is the ledger's.
func (e *Engine) Now(context.Context) (time.Time, error) { return e.now(), nil }

// Head implements ledger.Engine.
func (e *Engine) Head(ctx context.Context, pipeline string) (int64, error) {
	var number int64
	err := e.retry(ctx, func() error {
		err := e.read.QueryRowContext(ctx, `SELECT number FROM head WHERE pipeline = ?`, pipeline).Scan(&number)
		if errors.Is(err, sql.ErrNoRows) {
			number, err = 0, nil
		}
		return err
	})
	return number, e.unavailable("reading", err)
}

// Read implements ledger.Engine.
func (e *Engine) Read(ctx context.Context, read func(ledger.Tx) error) error {
	err := e.retry(ctx, func() error {
		sqlTx, err := e.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer func() { _ = sqlTx.Rollback() }()
		return read(&tx{ctx: ctx, sql: sqlTx, now: e.now()})
	})
	return e.unavailable("reading", err)
}

// Write implements ledger.Engine.
func (e *Engine) Write(ctx context.Context, write func(ledger.WriteTx) error) error {
	ctx, cancel := context.WithTimeout(ctx, e.patience)
	defer cancel()
	err := e.retry(ctx, func() error {
		sqlTx, err := e.write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = sqlTx.Rollback() }()
		if err := write(&tx{ctx: ctx, sql: sqlTx, now: e.now()}); err != nil {
			return err
		}
		if err := sqlTx.Commit(); err != nil {
			if busy(err) {
				return err // nothing was committed, and all of it can be tried again
			}
			return fmt.Errorf("%w: %w", ledger.ErrUnknownCommit, err)
		}
		return nil
	})
	return e.unavailable("writing", err)
}

// retry repeats what another process's transaction is in the way of, until the
// context ends or the engine's patience does.
func (e *Engine) retry(ctx context.Context, try func() error) error {
	deadline := time.Now().Add(e.patience)
	for wait := 2 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		err := try()
		if !busy(err) {
			return err
		}
		pause := time.NewTimer(wait/2 + rand.N(wait)) //nolint:gosec // jitter needs no secrecy
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return fmt.Errorf("other processes have kept it busy: %w", err)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("other processes have kept it busy for %s: %w", e.patience, err)
		}
	}
}

// busy reports whether another connection's transaction was in the way.
func busy(err error) bool {
	var sqliteErr *sqlitedriver.Error
	if !errors.As(err, &sqliteErr) {
		return false
	}
	switch sqliteErr.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	return false
}

// unavailable says where the ledger is in errors of the database. Others, such
// as those of the caller's own function, it leaves as they are.
func (e *Engine) unavailable(doing string, err error) error {
	var sqliteErr *sqlitedriver.Error
	if err == nil || (!errors.As(err, &sqliteErr) && !errors.Is(err, ledger.ErrUnknownCommit)) {
		return err
	}
	return &ledger.UnavailableError{What: fmt.Sprintf("%s the ledger %s", doing, e.path), Err: err}
}
