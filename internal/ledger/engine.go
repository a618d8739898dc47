package ledger

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Engine keeps entries, the stored state and leases in a database. It decides
// nothing. ledgertest has the suite that every engine passes.
type Engine interface {
	// ID is the ledger's own id, made when it was created.
	ID() string
	// Now is the time by which everything in this ledger is judged.
	Now(ctx context.Context) (time.Time, error)
	// Head returns the number of a pipeline's newest entry, 0 if there is
	// none. It is one cheap query.
	Head(ctx context.Context, pipeline string) (int64, error)
	// Read runs the function on one consistent snapshot. It does not wait for
	// a Write that is in progress.
	Read(ctx context.Context, read func(Tx) error) error
	// Write runs the function in one transaction, alone, and commits it before
	// it returns nil. The function is run again if the database asks for it.
	// An error that wraps ErrUnknownCommit says that it may have been
	// committed: a Write that then reads the pipeline's head begins after the
	// doubtful one has ended, one way or the other. If the database cannot
	// be had, the error is an *UnavailableError; what the function itself
	// answers is returned as it is.
	Write(ctx context.Context, write func(WriteTx) error) error
	Close() error
}

// Witnessing is an Engine that can show other processes of its host whether the holder
// of a lease lives. Where an engine cannot, leases decide alone.
type Witnessing interface {
	Engine
	// Witness is a file that stays locked as long as this process lives, or any
	// that inherits it, and shows others that a lease's holder is alive. It is
	// nil before the first lease.
	Witness() *os.File
}

// Tx reads.
type Tx interface {
	Now() time.Time
	// Pipelines names, in order, every pipeline of which anything is stored.
	Pipelines() ([]string, error)
	Head(pipeline string) (int64, time.Time, error)
	// Entries returns up to limit entries after the given number, in order.
	Entries(pipeline string, after int64, limit int) ([]StoredEntry, error)
	// EntryByID returns the entry of that id, or nil.
	EntryByID(id string) (*StoredEntry, error)
	// Entities calls the function for each stored entity of a kind whose key
	// begins with the prefix.
	Entities(pipeline string, kind portal.EntityKind, prefix string, each func(key string, body []byte) error) error
	// Entity returns one stored entity, nil if there is none.
	Entity(pipeline string, kind portal.EntityKind, key string) ([]byte, error)
	// Keys lists the keys of a kind.
	Keys(pipeline string, kind portal.EntityKind) ([]string, error)
	// Owner returns "pipeline/key" of the entity that has the claim, "" if
	// none has.
	Owner(claim string) (string, error)
	// Claims returns the claims that begin with a text, each with its "pipeline/key".
	Claims(beginning string) (map[string]string, error)
	Leases(pipeline string) (map[string]portal.Lease, error)
	// Kinds lists the kinds of all entries there are, in any order. Its cost does
	// not follow how many entries there are.
	Kinds() ([]string, error)
	// Projection is the version of the stored state of a pipeline, 0 if none was
	// noted. "" is the version of all but those that were left behind.
	Projection(pipeline string) (int, error)
}

// WriteTx reads and writes.
type WriteTx interface {
	Tx
	// Append adds an entry and moves the pipeline's head to it.
	Append(pipeline string, at time.Time, entry StoredEntry) error
	PutEntity(pipeline string, entity portal.Entity) error
	PutLease(pipeline, environment string, lease portal.Lease) error
	// RenewLease moves the end of a lease, if it is still of that epoch.
	RenewLease(pipeline, environment string, lease portal.Lease) (bool, error)
	DropLease(pipeline, environment string) error
	// Restate replaces heads and entities of pipelines and notes the version of
	// the stored state. Leases stay.
	Restate(derived []Derived, projection int) error
	// LeaveBehind notes that the stored state of a pipeline is of another version than
	// the others', until it is restated.
	LeaveBehind(pipeline string, projection int) error
}

// StoredEntry is an entry as it is kept: the exact bytes and their sha256.
type StoredEntry struct {
	Number int64
	ID     string
	Kind   string
	Bytes  []byte
	SHA256 string
}

// ErrReadOnly says that a ledger was opened only to be read.
var ErrReadOnly = errors.New("it was opened only to be read")

// ErrUnknownCommit says that it is not known whether a transaction was
// committed.
var ErrUnknownCommit = errors.New("it is not known whether the ledger has it")

// ErrLeaseLost says that a lease is over, or was taken over.
var ErrLeaseLost = errors.New("the lease is lost")

// DamagedError says that a ledger has lost something that nothing can make again.
type DamagedError struct{ What string }

func (e *DamagedError) Error() string { return e.What }

// UnavailableError says that the ledger cannot be read or written. Nothing is
// deployed then.
type UnavailableError struct {
	What string // where the ledger is and what was tried
	Err  error
}

func (e *UnavailableError) Error() string { return e.What + ": " + e.Err.Error() }

func (e *UnavailableError) Unwrap() error { return e.Err }
