// Package engines knows the addresses of ledgers: which engine keeps the ledger
// of a URL, and what else follows from where it is.
package engines

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
)

// Variable is the environment variable that names a ledger when nothing else
// does.
const Variable = "PORTAL_LEDGER_URL"

// Default is the URL of the ledger when nothing names one.
const Default = "sqlite:.portal/ledger.db"

// Address is where a ledger is.
type Address struct {
	file string // absolute
}

// Option changes how a ledger is opened.
type Option func(*options)

type options struct{ sqlite []sqlite.Option }

// WithClock sets the clock of an engine that has none of its own. nil is that of
// this machine.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		if now != nil {
			o.sqlite = append(o.sqlite, sqlite.WithClock(now))
		}
	}
}

// Existing opens a ledger only if there is one, and only to read it: nothing is
// created, and one of an earlier format stays as it is. The error of a ledger that is
// not there wraps fs.ErrNotExist, that of a Write ledger.ErrReadOnly.
func Existing() Option {
	return func(o *options) { o.sqlite = append(o.sqlite, sqlite.Existing()) }
}

// ToRebuild opens a ledger only if there is one, and brings an earlier format up to
// date.
func ToRebuild() Option {
	return func(o *options) { o.sqlite = append(o.sqlite, sqlite.ToRebuild()) }
}

// Open opens the ledger of a URL. The error is a *ledger.UnavailableError, or
// says what is wrong with the URL.
func Open(ctx context.Context, url string, options ...Option) (ledger.Engine, error) {
	address, err := Parse(url)
	if err != nil {
		return nil, err
	}
	return address.Open(ctx, options...)
}

// Parse reads a URL. Paths are relative to the working directory.
func Parse(url string) (Address, error) {
	scheme, rest, found := strings.Cut(url, ":")
	switch {
	case found && scheme == "sqlite" && rest != "":
		file, err := filepath.Abs(rest)
		return Address{file: file}, err
	case scheme == "postgres" || scheme == "postgresql":
		return Address{}, errors.New("a PostgreSQL ledger comes with a later version of this provider. Use sqlite:PATH, on a local disk of the one host that all deployments run on")
	}
	return Address{}, fmt.Errorf("%q is not the address of a ledger: write sqlite:PATH, for example %s", url, Default)
}

// Open opens the ledger, and creates it if there is none.
func (a Address) Open(ctx context.Context, opts ...Option) (ledger.Engine, error) {
	var o options
	for _, option := range opts {
		option(&o)
	}
	engine, err := sqlite.Open(ctx, a.file, o.sqlite...)
	if err != nil {
		return nil, err // a nil *sqlite.Engine would be an engine
	}
	return engine, nil
}

// Absent reports whether there is no ledger yet, and nothing else in its place.
func (a Address) Absent() bool {
	info, err := os.Stat(a.file)
	return errors.Is(err, fs.ErrNotExist) || (err == nil && info.Mode().IsRegular() && info.Size() == 0)
}

// File is the file that a ledger on this host is kept in.
func (a Address) File() string { return a.file }

// ArtifactCache is the directory that keeps the bytes of components when nothing
// names one: beside the file.
func (a Address) ArtifactCache() string { return filepath.Join(filepath.Dir(a.file), "artifacts") }
