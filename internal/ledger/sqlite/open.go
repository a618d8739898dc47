// Package sqlite is the embedded ledger: one file, one host.
//
// The file is in WAL mode with synchronous=FULL, so that what was committed
// survives the loss of power. A process has one connection that writes, and
// every write is BEGIN IMMEDIATE, repeated as a whole where another process is
// writing. Nothing else in the process may open the file: closing it would drop
// the locks of SQLite.
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed" // for the schema
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-version"
	_ "modernc.org/sqlite" // the driver

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

// The schema: what is kept for good, what was added to it since, and what follows
// from the entries.
var (
	//go:embed schema.sql
	schema string
	//go:embed kinds.sql
	kinds string
	//go:embed derived.sql
	derived string
)

// migrations bring the schema from version i to i+1. PRAGMA user_version has
// the version.
var migrations = []string{schema, kinds}

// applicationID marks the file as a ledger, in PRAGMA application_id.
const applicationID = 0x504f5254 // "PORT"

// oldestSQLite is the first release in which resetting the WAL cannot lose a
// commit (https://sqlite.org/releaselog/3_51_3.html).
const oldestSQLite = "3.51.3"

// Engine is a ledger.Engine on a SQLite file.
type Engine struct {
	path       string
	witness    *witness
	id         string
	write      *sql.DB
	read       *sql.DB
	head       *sql.Stmt // prepared, because every view asks it
	now        func() time.Time
	patience   time.Duration
	fileSystem func(dir string) string // names a network file system
	existing   bool                    // nothing is created
	reads      bool                    // nothing is written
	kinds      bool                    // there is a table of kinds
}

var _ ledger.Witnessing = (*Engine)(nil)

// Option changes how an engine works.
type Option func(*Engine)

// WithClock sets the clock, for tests.
func WithClock(now func() time.Time) Option { return func(e *Engine) { e.now = now } }

// WithPatience sets how long a write waits for other processes: 30 seconds
// if nothing is said.
func WithPatience(d time.Duration) Option { return func(e *Engine) { e.patience = d } }

// Existing opens a ledger only if there is one, and only to read it: no file, no
// directory and no ledger in an empty file is created, and one of an earlier format
// stays as it is. The error of a file that is not there wraps fs.ErrNotExist, that of
// a Write ledger.ErrReadOnly.
func Existing() Option { return func(e *Engine) { e.existing, e.reads = true, true } }

// ToRebuild opens a ledger only if there is one, brings an earlier format up to date,
// and makes tables again that follow from the entries.
func ToRebuild() Option { return func(e *Engine) { e.existing, e.reads = true, false } }

// Open opens the ledger at a path, and creates it, with its directory, if there
// is none. It fails with a *ledger.UnavailableError.
func Open(ctx context.Context, path string, options ...Option) (*Engine, error) {
	e := &Engine{path: path, witness: &witness{}, now: time.Now, patience: 30 * time.Second, fileSystem: networkFileSystem}
	for _, option := range options {
		option(e)
	}
	if err := e.open(ctx); err != nil {
		_ = e.Close()
		return nil, &ledger.UnavailableError{What: fmt.Sprintf("opening the ledger %s", path), Err: e.worded(err)}
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	path, err := filepath.Abs(e.path)
	if err != nil {
		return err
	}
	if err := e.prepareFile(path); err != nil {
		return err
	}
	// All names of one ledger lead to the same witnesses. If this fails, they
	// are not found, and leases decide.
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	e.witness.dir = path + ".holders"
	if !e.reads {
		if e.write, err = sql.Open("sqlite", dsn(path, "_txlock=immediate")); err != nil {
			return err
		}
		e.write.SetMaxOpenConns(1)
	}
	if e.read, err = sql.Open("sqlite", dsn(path, "_pragma=query_only(1)")); err != nil {
		return err
	}
	e.read.SetMaxOpenConns(4)
	e.read.SetMaxIdleConns(4)
	return e.retry(ctx, func() error {
		if err := e.prepare(ctx); err != nil {
			return err
		}
		if err := e.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'ledger'`).Scan(&e.id); err != nil {
			return err
		}
		var err error
		e.head, err = e.read.PrepareContext(ctx, `SELECT number FROM head WHERE pipeline = ?`)
		return err
	})
}

// prepareFile makes the directory and the file, if they may be made, so that only
// their owner can read them, before SQLite would make them otherwise.
func (e *Engine) prepareFile(path string) error {
	dir := filepath.Dir(path)
	if !e.existing {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if kind := e.fileSystem(dir); kind != "" {
		return fmt.Errorf("%s is on a network file system (%s), on which SQLite's locks are not reliable: put the ledger on a local disk", dir, kind)
	}
	_, walErr := os.Stat(path + "-wal")
	info, err := os.Stat(path)
	missing := errors.Is(err, os.ErrNotExist)
	if err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a file. The URL of a ledger must name a file, not a directory: correct it")
	}
	if err == nil || missing {
		if err := isLost(path, info, walErr == nil); err != nil {
			return err
		}
	}
	if missing && !e.existing {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		return file.Close()
	}
	return err
}

func dsn(path string, more string) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}
	return u.String() + "?mode=rw&_pragma=busy_timeout(200)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + more
}

// prepare sees to it that there is a ledger that can be read, and, unless it is only
// read, that its schema is up to date.
func (e *Engine) prepare(ctx context.Context) error {
	db := e.write
	if e.reads {
		db = e.read
	}
	var found string
	if err := db.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&found); err != nil {
		return err
	}
	if have, err := version.NewVersion(found); err != nil || have.LessThan(version.Must(version.NewVersion(oldestSQLite))) {
		return fmt.Errorf("SQLite %s is too old: %s or later is needed", found, oldestSQLite)
	}
	at, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	if at == 0 && e.existing {
		return errors.New("the file is empty: it never had a ledger, or has lost it. " + otherFile)
	}
	if at > 0 {
		if err := hasRecord(ctx, db); err != nil {
			return err
		}
	}
	if !e.reads {
		e.kinds = true
		return e.migrate(ctx, at)
	}
	derived, err := hasDerived(ctx, db)
	if err != nil {
		return err
	}
	if !derived {
		return errors.New("derived tables are missing, but the entries are complete: " +
			"portal ledger rebuild or the next run of Terraform rebuilds the tables")
	}
	e.kinds, err = hasKinds(ctx, db)
	return err
}

// hasRecord refuses a ledger that has lost what nothing can make again.
func hasRecord(ctx context.Context, db querier) error {
	var entries, meta int
	err := db.QueryRowContext(ctx, `
		SELECT count(*) FILTER (WHERE name = 'entry'), count(*) FILTER (WHERE name = 'meta')
		FROM sqlite_schema WHERE type = 'table'`).Scan(&entries, &meta)
	switch {
	case err != nil:
		return err
	case entries == 0:
		return &ledger.DamagedError{What: "the table of its entries is gone: somebody has dropped it, or the file is damaged. Everything else in the file is derived from the entries and proves nothing. " + restore}
	case meta == 0:
		return &ledger.DamagedError{What: "the table meta is gone, which has the ledger's id: somebody has dropped it, or the file is damaged. The entries are still there. " + restore}
	}
	return nil
}

// migrate brings the schema up to date from a version that was found. Looking at the
// version first keeps the many processes that start at once from queueing for the
// lock.
func (e *Engine) migrate(ctx context.Context, at int) error {
	// Only now, that the file is known to be a ledger or empty: the mode stays
	// with the file.
	var mode string
	if err := e.write.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file cannot be switched to WAL mode and stays in mode %q: put the ledger on a local disk", mode)
	}
	complete, err := hasDerived(ctx, e.write)
	if err == nil && complete && at == len(migrations) {
		complete, err = hasKinds(ctx, e.write)
	}
	if err != nil || (at == len(migrations) && complete) {
		return err
	}
	tx, err := e.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if at, err = schemaVersion(ctx, tx); err != nil {
		return err
	}
	if err := makeDerived(ctx, tx); err != nil {
		return err
	}
	if at >= kindsSince {
		if err := makeKinds(ctx, tx); err != nil {
			return err
		}
	}
	for _, statements := range migrations[at:] {
		if _, err := tx.ExecContext(ctx, statements); err != nil {
			return err
		}
	}
	if at == 0 {
		var id [16]byte
		_, _ = rand.Read(id[:])
		if _, err := tx.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES ('ledger', ?)`, hex.EncodeToString(id[:])); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, applicationID, len(migrations))); err != nil {
		return err
	}
	return tx.Commit()
}

// hasDerived reports whether every table is there that follows from the entries.
func hasDerived(ctx context.Context, db querier) (bool, error) {
	var tables int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('head', 'entity', 'lease')`).Scan(&tables)
	return tables == 3, err
}

// makeDerived makes the tables that are missing. They are filled from the entries
// when the ledger is next used, because no version is noted for what they hold.
func makeDerived(ctx context.Context, tx *sql.Tx) error {
	complete, err := hasDerived(ctx, tx)
	if err != nil || complete {
		return err
	}
	if _, err := tx.ExecContext(ctx, derived); err != nil {
		return err
	}
	var meta int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'meta'`).Scan(&meta); err != nil || meta == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM meta WHERE key = 'projection'`)
	return err
}

// kindsSince is the format that has the table of kinds.
const kindsSince = 2

func hasKinds(ctx context.Context, db querier) (bool, error) {
	var tables int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'kind'`).Scan(&tables)
	return tables == 1, err
}

// makeKinds makes the table of kinds again if it is missing: it follows from the
// entries too.
func makeKinds(ctx context.Context, tx *sql.Tx) error {
	complete, err := hasKinds(ctx, tx)
	if err != nil || complete {
		return err
	}
	_, err = tx.ExecContext(ctx, "DROP TRIGGER IF EXISTS entry_notes_its_kind;\n"+kinds)
	return err
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func schemaVersion(ctx context.Context, db querier) (int, error) {
	var application, at, tables int
	err := db.QueryRowContext(ctx, `
		SELECT
			(SELECT application_id FROM pragma_application_id),
			(SELECT user_version FROM pragma_user_version),
			(SELECT count(*) FROM sqlite_schema)`).Scan(&application, &at, &tables)
	switch {
	case err != nil:
		return 0, err
	case application != applicationID && (application != 0 || at != 0 || tables > 0):
		return 0, errors.New("the file is a SQLite database, but not a ledger. " + otherFile)
	case at > len(migrations):
		return 0, fmt.Errorf("the ledger has format %d, but this version of the provider only knows formats up to %d: use a newer version", at, len(migrations))
	}
	return at, nil
}

// Close closes the file.
func (e *Engine) Close() error {
	var errs []error
	if e.head != nil {
		errs = append(errs, e.head.Close())
	}
	for _, db := range []*sql.DB{e.read, e.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	e.witness.close() // last, for what counts as ended must not write any more
	return errors.Join(errs...)
}
