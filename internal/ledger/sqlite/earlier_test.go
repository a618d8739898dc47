package sqlite_test

import (
	"archive/tar"
	"compress/gzip"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// TestLedgersOfTheFirstFormat opens ledgers that the first format's build has
// written, whole and without one of the tables that follow from the entries.
func TestLedgersOfTheFirstFormat(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	for _, drop := range []string{"", "DROP TABLE entity", "DROP TABLE lease", "DROP TABLE head", "DROP TABLE head; DROP TABLE entity; DROP TABLE lease"} {
		for _, story := range []string{"intranet", "emergency"} {
			t.Run(story+" "+drop, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "ledger.db")
				firstFormat(t, story, path)
				if drop != "" {
					mustExecFile(t, path, drop)
				}
				l := ledger.New(mustOpen(t, path))
				var sites int
				err := l.View(t.Context(), "intranet", actor, portal.Subjects{}, func(f portal.Facts) error {
					sites = len(f.Sites)
					return nil
				})
				if err != nil || sites < 4 {
					t.Errorf("it has %d environments, %v", sites, err)
				}
				if err := l.Verify(t.Context(), "intranet"); err != nil {
					t.Error(err)
				}
				if _, err := l.Record(t.Context(), "intranet", actor, portal.RemoveFreeze{Name: "none"}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestALedgerOfTheFirstFormatIsReadAsItIs opens it only to read it.
func TestALedgerOfTheFirstFormatIsReadAsItIs(t *testing.T) {
	for _, story := range []string{"intranet", "emergency"} {
		t.Run(story, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			firstFormat(t, story, path)
			before := mustReadFile(t, path)
			engine := mustOpen(t, path, sqlite.Existing())
			l := ledger.New(engine, ledger.ReadOnly())
			var sites int
			err := l.View(t.Context(), "intranet", actor, portal.Subjects{}, func(f portal.Facts) error {
				sites = len(f.Sites)
				return nil
			})
			if err != nil || sites < 4 {
				t.Errorf("it has %d environments, %v", sites, err)
			}
			if releases, err := l.Releases(t.Context(), "intranet"); err != nil || len(releases) == 0 {
				t.Errorf("it has the releases %v, %v", releases, err)
			}
			if err := l.Verify(t.Context(), "intranet"); err != nil {
				t.Error(err)
			}
			if _, err := l.Record(t.Context(), "intranet", actor, portal.RemoveFreeze{Name: "none"}); !errors.Is(err, ledger.ErrReadOnly) {
				t.Errorf("recording says %v", err)
			}
			engine.Close()
			if after := mustReadFile(t, path); after != before {
				t.Error("the file was changed")
			}
		})
	}
}

func mustReadFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTablesThatAreGone says what is told of each, and that a ledger which is only
// read is not mended.
func TestTablesThatAreGone(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	for _, c := range []struct {
		drop  string
		reads []string // what reading says; none: it can be read
		mends []string // what opening it otherwise says; none: it is made again
	}{
		{"DROP TABLE entry", []string{"the table of its entries is gone", "Nothing was changed", "restore both from a backup"}, []string{"the table of its entries is gone"}},
		{"DROP TABLE meta", []string{"the table meta is gone", "The entries are still there", "restore both from a backup"}, []string{"the table meta is gone"}},
		{"DROP TABLE head", []string{"derived tables are missing, but the entries are complete", "ledger rebuild"}, nil},
		{"DROP TABLE entity", []string{"derived tables are missing, but the entries are complete", "ledger rebuild"}, nil},
		{"DROP TABLE lease", []string{"derived tables are missing, but the entries are complete", "ledger rebuild"}, nil},
		{"DROP TABLE kind; DROP TRIGGER entry_notes_its_kind", nil, nil},
	} {
		t.Run(c.drop, func(t *testing.T) {
			path := newPath(t)
			engine := mustOpen(t, path)
			fill(t, ledger.New(engine))
			engine.Close()
			mustExecFile(t, path, c.drop)
			before := mustReadFile(t, path)
			try := func(says []string, l func() (*ledger.Ledger, error)) {
				t.Helper()
				opened, err := l()
				if err == nil {
					err = opened.Verify(t.Context(), "shop")
					opened.Close()
				}
				if (err == nil) != (says == nil) {
					t.Errorf("it says %v, want %q", err, says)
				}
				for _, part := range says {
					if err != nil && !strings.Contains(err.Error(), part) {
						t.Errorf("it says %v, want %q", err, part)
					}
				}
			}
			try(c.reads, func() (*ledger.Ledger, error) {
				engine, err := sqlite.Open(t.Context(), path, sqlite.Existing())
				if err != nil {
					return nil, err
				}
				return ledger.New(engine, ledger.ReadOnly()), nil
			})
			if after := mustReadFile(t, path); after != before {
				t.Error("reading has changed the file")
			}
			try(c.mends, func() (*ledger.Ledger, error) {
				engine, err := sqlite.Open(t.Context(), path, sqlite.ToRebuild())
				if err != nil {
					return nil, err
				}
				l := ledger.New(engine)
				return l, l.Rebuild(t.Context(), "shop")
			})
		})
	}
}

// TestWithoutTheTableOfKinds opens a ledger of this format whose table of kinds is
// gone: it is made again, and notes what is recorded afterwards.
func TestWithoutTheTableOfKinds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	engine := mustOpen(t, path)
	fill(t, ledger.New(engine))
	engine.Close()
	mustExecFile(t, path, "DROP TABLE kind")
	l := ledger.New(mustOpen(t, path))
	if err := l.Verify(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
	if _, err := l.Record(t.Context(), "shop", actor, portal.RemoveFreeze{Name: "holidays"}); err != nil {
		t.Error(err)
	}
	var missing int
	mustQueryFile(t, path, "SELECT count(DISTINCT kind) - (SELECT count(*) FROM kind) FROM entry", &missing)
	if missing != 0 {
		t.Errorf("%d kinds are not noted", missing)
	}
}

// TestTheFirstFormatIsNotWrittenByItsBuildAnyMore says that a build which would
// misread the stored state refuses a ledger that this one has opened.
func TestTheFirstFormatIsNotWrittenByItsBuildAnyMore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	firstFormat(t, "intranet", path)
	var before, after int
	mustQueryFile(t, path, "PRAGMA user_version", &before)
	mustOpen(t, path).Close()
	mustQueryFile(t, path, "PRAGMA user_version", &after)
	if before != 1 || after != sqlite.Formats() || after < 2 {
		t.Errorf("the format was %d and is %d, of %d", before, after, sqlite.Formats())
	}
}

// firstFormat writes the ledger of one of the recorded stories to a path.
func firstFormat(t *testing.T, story, path string) {
	t.Helper()
	archive, err := os.Open(filepath.Join("testdata", "0.1.0-story.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	for reader := tar.NewReader(unzipped); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("there is no ledger of %s", story)
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "./"+story+"/.portal/ledger.db" {
			body, err := io.ReadAll(reader)
			if err == nil {
				err = os.WriteFile(path, body, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
}

// mustExecFile does something to a file as its owner could, without the engine.
func mustExecFile(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

func mustQueryFile(t *testing.T, path, query string, found *int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(found); err != nil {
		t.Fatal(err)
	}
}
