package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

// place is the file of a ledger, absolute.
type place string

var _ ledger.LocalPlace = place("")

// Place is the ledger that sqlite:PATH names. A relative path is relative to the working
// directory.
func Place(url string) (ledger.Place, error) {
	_, path, _ := strings.Cut(url, ":")
	if path == "" {
		return nil, errors.New("it has no path")
	}
	file, err := filepath.Abs(path)
	return place(file), err
}

func (p place) String() string { return string(p) }

// LocalPath implements ledger.LocalPlace.
func (p place) LocalPath() string { return string(p) }

// Absent implements ledger.Place: nobody has written to an empty file yet.
func (p place) Absent() bool {
	info, err := os.Stat(string(p))
	return errors.Is(err, fs.ErrNotExist) || (err == nil && info.Mode().IsRegular() && info.Size() == 0)
}

// Open implements ledger.Place.
func (p place) Open(ctx context.Context, how ledger.Opening) (ledger.Engine, error) {
	var options []Option
	if how.Clock != nil {
		options = append(options, WithClock(how.Clock))
	}
	switch how.Mode {
	case ledger.Create:
	case ledger.Existing:
		options = append(options, Existing())
	case ledger.ToRebuild:
		options = append(options, ToRebuild())
	}
	engine, err := Open(ctx, string(p), options...)
	if err != nil {
		return nil, err // a nil *Engine would be an engine
	}
	return engine, nil
}
