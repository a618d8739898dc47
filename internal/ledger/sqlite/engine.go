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
	"github.com/releaseportal/terraform-provider-portal/internal/wait"
)

// ID implements ledger.Engine.
func (e *Engine) ID() string { return e.id }

// Now implements ledger.Engine: on one host the runner's clock is the ledger's.
func (e *Engine) Now(context.Context) (time.Time, error) { return e.now(), nil }

// Head implements ledger.Engine.
func (e *Engine) Head(ctx context.Context, pipeline string) (int64, error) {
	var number int64
	err := e.retry(ctx, func() error {
		err := e.head.QueryRowContext(ctx, pipeline).Scan(&number)
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
		return read(&tx{ctx: ctx, sql: sqlTx, now: e.now(), kinds: e.kinds, witness: e.witness})
	})
	return e.unavailable("reading", err)
}

// Write implements ledger.Engine. Once the transaction has begun, the end of the
// context does not reach it.
func (e *Engine) Write(ctx context.Context, write func(ledger.WriteTx) error) error {
	if e.write == nil {
		return &ledger.UnavailableError{What: fmt.Sprintf("writing the ledger %s", e.path), Err: ledger.ErrReadOnly}
	}
	inside := context.WithoutCancel(ctx)
	err := e.retry(ctx, func() error {
		conn, err := e.turn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		sqlTx, err := conn.BeginTx(inside, nil)
		if err != nil {
			return err
		}
		defer func() { _ = sqlTx.Rollback() }()
		if err := write(&tx{ctx: inside, sql: sqlTx, now: e.now(), kinds: e.kinds, witness: e.witness}); err != nil {
			return err
		}
		if err := sqlTx.Commit(); err != nil {
			if hasCode(err, sqlite3.SQLITE_BUSY) {
				return err // nothing was committed, and all of it can be tried again
			}
			return fmt.Errorf("%w: %w", ledger.ErrUnknownCommit, e.worded(err))
		}
		return nil
	})
	return e.unavailable("writing", err)
}

// turn waits for the process's one connection that writes.
func (e *Engine) turn(ctx context.Context) (*sql.Conn, error) {
	waiting, cancel := context.WithTimeoutCause(ctx, e.patience, errPatience)
	defer cancel()
	conn, err := e.write.Conn(waiting)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return nil, &troubleError{fmt.Sprintf("other work of this process has kept it busy for %s. Wait until it is done, then run this again", e.patience), errPatience}
	}
	return conn, err
}

// errPatience says that waiting for others has come to its end.
var errPatience = errors.New("other work blocks it")

// retry repeats what another process's transaction blocks, until the
// context ends or the engine's patience does.
func (e *Engine) retry(ctx context.Context, try func() error) error {
	deadline := time.Now().Add(e.patience)
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := try()
		if !hasCode(err, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) {
			return err
		}
		if time.Now().After(deadline) {
			return &troubleError{fmt.Sprintf("another process has kept it locked for %s. %s", e.patience, e.endIt()), errors.Join(errPatience, err)}
		}
		_ = wait.For(ctx, pause/2+rand.N(pause)) //nolint:gosec // jitter needs no secrecy
	}
}

// unavailable says where the ledger is in errors of the database. Others, such
// as those of the caller's own function, it leaves as they are; a broken
// constraint is the function's own doing, too.
func (e *Engine) unavailable(doing string, err error) error {
	var sqliteErr *sqlitedriver.Error
	switch {
	case err == nil, hasCode(err, sqlite3.SQLITE_CONSTRAINT) && !errors.Is(err, ledger.ErrUnknownCommit):
		return err
	case errors.As(err, &sqliteErr), errors.Is(err, ledger.ErrUnknownCommit), errors.Is(err, errPatience):
		return &ledger.UnavailableError{What: fmt.Sprintf("%s the ledger %s", doing, e.path), Err: e.worded(err)}
	}
	return err
}
