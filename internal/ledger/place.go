package ledger

import (
	"context"
	"time"
)

// Place is where a ledger of some engine is, or will be. Places of one ledger are equal
// by ==. Package engines makes them from URLs.
type Place interface {
	// String names it in messages, without a password that its URL may have.
	String() string
	// Open opens the ledger. The error is an *UnavailableError.
	Open(ctx context.Context, how Opening) (Engine, error)
	// Absent reports whether there is no ledger yet, and nothing else in its place. It
	// is cheap. An engine that cannot tell says no: Open says more.
	Absent() bool
}

// LocalPlace is a Place on a disk of this host.
type LocalPlace interface {
	Place
	// LocalPath is the absolute path of the file or directory that the ledger is kept in.
	LocalPath() string
}

// Opening says how a ledger is opened.
type Opening struct {
	// Clock is the clock of an engine that has none of its own; nil: this machine's.
	Clock func() time.Time
	Mode  Mode
}

// Mode says what may be done to a ledger by opening it.
type Mode int

// The zero Mode is Create.
const (
	// Create makes a ledger if there is none, and brings an earlier format up to date.
	Create Mode = iota
	// Existing opens a ledger only if there is one, and only to read it: nothing is
	// created, and one of an earlier format stays as it is. The error of a ledger that is
	// not there wraps fs.ErrNotExist, that of a Write ErrReadOnly.
	Existing
	// ToRebuild opens a ledger only if there is one, and brings an earlier format up to
	// date, with what follows from its entries.
	ToRebuild
)
