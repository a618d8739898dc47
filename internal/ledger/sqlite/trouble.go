package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

// restore is the way on from a file that is damaged. Nothing mends it: entries that
// were lost are in no other place.
const restore = "Nothing was changed. Keep a copy of the file, with its -wal file, and restore both from a backup. " +
	"That does not affect what runs on the targets. Until then nothing can be deployed. Do not start a new ledger at this path"

// otherFile is the way on from a file that is not a ledger, and may have been one.
const otherFile = "Nothing was changed. If this is the wrong file, correct the URL of the ledger. If the ledger was here, the file has been damaged or overwritten: " +
	"keep a copy of it, and restore the ledger, with its -wal file, from a backup"

// troubleError is an error of SQLite in words: what is the matter and what to do. What
// SQLite itself says comes last, for those who are asked for help.
type troubleError struct {
	text string
	err  error
}

func (t *troubleError) Error() string {
	var sqliteErr *sqlitedriver.Error
	if errors.As(t.err, &sqliteErr) {
		return fmt.Sprintf("%s (SQLite: %s)", t.text, sqliteErr.Error())
	}
	return t.text
}

func (t *troubleError) Unwrap() error { return t.err }

// hasCode reports whether an error is SQLite's, with one of the primary result
// codes.
func hasCode(err error, codes ...int) bool {
	var sqliteErr *sqlitedriver.Error
	return errors.As(err, &sqliteErr) && slices.Contains(codes, sqliteErr.Code()&0xff)
}

// worded puts an error of SQLite, or of the file system, into words. One that is in
// words already, or is the caller's own, stays as it is.
func (e *Engine) worded(err error) error {
	var sqliteErr *sqlitedriver.Error
	var done *troubleError
	var files *fs.PathError
	switch {
	case errors.As(err, &done):
		return err
	case errors.As(err, &sqliteErr):
	case errors.As(err, &files) && (!e.existing || !errors.Is(err, fs.ErrNotExist)):
		return fmt.Errorf("%w. %s", err, access)
	default:
		return err
	}
	switch sqliteErr.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return &troubleError{"the file is not a SQLite database. " + otherFile, err}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_NOTFOUND, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH:
		// The statements are the provider's own and right for the schema, so that
		// one which fails has met a file that is not as it was written.
		return damaged("the file is damaged, and SQLite cannot read it", err)
	case sqlite3.SQLITE_FULL:
		return &troubleError{"the disk is full. This was not recorded; what was recorded before is safe. Free some space on the disk of the ledger, then run this again", err}
	case sqlite3.SQLITE_IOERR:
		return &troubleError{"the disk failed to read or write: it may be full, over a quota, or faulty. What was recorded before is safe unless the disk has lost it. " +
			"Check the disk, then run this again; portal ledger verify reports whether the ledger is intact", err}
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return &troubleError{"the file, or those that SQLite keeps beside it (-wal, -shm), cannot be " + e.use() + e.obstacle() + ". " + access, err}
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return &troubleError{"another process keeps it locked. " + e.endIt(), err}
	case sqlite3.SQLITE_NOMEM:
		return &troubleError{"there is not enough memory. This was not recorded. Run it again with more memory", err}
	}
	return &troubleError{"SQLite reported an error. This was not recorded. Run it again; if it fails again, portal ledger verify reports whether the ledger is intact", err}
}

func damaged(what string, err error) error {
	return &ledger.DamagedError{What: (&troubleError{what + ". " + restore, err}).Error()}
}

func (e *Engine) endIt() string {
	return "Wait until its work is done, then run this again. If it does not finish, find the process that has the file open (fuser or lsof " + e.path + ") and end it: nothing that was recorded is lost"
}

func (e *Engine) use() string {
	if e.reads {
		return "read"
	}
	return "written"
}

// access says what a ledger needs of the place where it is.
const access = "Nothing was changed. Give this user permission to read and write the file and its directory, on a writable file system, or correct the URL of the ledger, then run this again"

// obstacle asks the file system for what SQLite does not say: why. It opens
// nothing, because closing the file would drop the locks of SQLite.
func (e *Engine) obstacle() string {
	for _, path := range []string{e.path, e.path + "-wal", e.path + "-shm", filepath.Dir(e.path)} {
		if err := mayUse(path, !e.reads); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Sprintf(" (%s: %s)", path, err)
		}
	}
	return ""
}

// headerSize is what every SQLite database begins with, in bytes.
const headerSize = 100

// isLost refuses a file of which only the beginning is left, which SQLite would take
// for a new one, and an empty one beside which there is still what was last written
// to the ledger, which SQLite would remove. hasWAL was looked at before info: a new
// ledger is not empty any more when it gets a -wal file.
func isLost(path string, info fs.FileInfo, hasWAL bool) error {
	what := ""
	switch {
	case hasWAL && info == nil:
		what = "the file is gone"
	case hasWAL && info.Size() == 0:
		what = "the file is empty"
	case info != nil && info.Size() > 0 && info.Size() < headerSize:
		return errors.New("the file is too short for a SQLite database. " + otherFile)
	default:
		return nil
	}
	return &ledger.DamagedError{What: fmt.Sprintf("%s, but its log %s-wal still exists. %s. "+
		"If you removed the ledger on purpose, remove the -wal file too", what, path, restore)}
}
