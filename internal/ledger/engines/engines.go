// Package engines knows the addresses of ledgers: which engine keeps the ledger
// of a URL, and what else follows from where it is.
package engines

import (
	"context"
	"errors"
	"fmt"
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

// schemes are the engines, by how their URLs begin. A new one is registered here and
// nowhere else.
var schemes = map[string]func(url string) (ledger.Place, error){
	"sqlite":     sqlite.Place,
	"postgres":   postgresLater,
	"postgresql": postgresLater,
}

func postgresLater(string) (ledger.Place, error) {
	return nil, errors.New("a PostgreSQL ledger comes with a later version of this provider. Use sqlite:PATH, on a local disk of the one host that everybody deploys from")
}

// Address is where a ledger is. Addresses of one ledger are equal by ==.
type Address struct{ ledger.Place }

// Option changes how a ledger is opened.
type Option func(*ledger.Opening)

// WithClock sets the clock of an engine that has none of its own. nil is that of
// this machine.
func WithClock(now func() time.Time) Option {
	return func(o *ledger.Opening) { o.Clock = now }
}

// Existing opens a ledger only if there is one, and only to read it: see ledger.Existing.
func Existing() Option { return func(o *ledger.Opening) { o.Mode = ledger.Existing } }

// ToRebuild opens a ledger only if there is one, and brings an earlier format up to
// date: see ledger.ToRebuild.
func ToRebuild() Option { return func(o *ledger.Opening) { o.Mode = ledger.ToRebuild } }

// Open opens the ledger of a URL, and creates it if there is none. The error is a
// *ledger.UnavailableError, or says what is wrong with the URL.
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
	parse, known := schemes[scheme]
	if !found || !known || rest == "" {
		return Address{}, fmt.Errorf("%q is not the address of a ledger: write sqlite:PATH, for example %s", url, Default)
	}
	place, err := parse(url)
	if err != nil {
		return Address{}, err
	}
	return Address{place}, nil
}

// Open opens the ledger, and creates it if there is none.
func (a Address) Open(ctx context.Context, options ...Option) (ledger.Engine, error) {
	var how ledger.Opening
	for _, option := range options {
		option(&how)
	}
	return a.Place.Open(ctx, how)
}

// LocalPath is the file or directory on this host that the ledger is kept in; "" where
// it is elsewhere.
func (a Address) LocalPath() string {
	if local, isLocal := a.Place.(ledger.LocalPlace); isLocal {
		return local.LocalPath()
	}
	return ""
}

// ArtifactCache is the directory that keeps the bytes of components when nothing names
// one: beside a ledger on this host; "" if the ledger is elsewhere.
func (a Address) ArtifactCache() string {
	if path := a.LocalPath(); path != "" {
		return filepath.Join(filepath.Dir(path), "artifacts")
	}
	return ""
}
