package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// use opens a ledger and does with it what the provider does: read, record, verify.
// It returns the first error.
func use(t *testing.T, path string) error {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), path, sqlite.WithPatience(200*time.Millisecond))
	if err != nil {
		return err
	}
	defer engine.Close()
	l := ledger.New(engine)
	if err := l.View(t.Context(), "shop", actor, portal.Subjects{Releases: []string{"1.0.0"}}, func(portal.Facts) error { return nil }); err != nil {
		return err
	}
	if err := freeze(t, l, "easter", "the shops are closed"); err != nil {
		return err
	}
	return l.Verify(t.Context(), "shop")
}

func freeze(t *testing.T, l *ledger.Ledger, name, reason string) error {
	t.Helper()
	_, err := l.Record(t.Context(), "shop", actor, portal.DeclareFreeze{Freeze: portal.Freeze{Name: name, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour), Reason: reason}})
	return err
}

// filled is the file of a ledger that has something of every kind.
func filled(t *testing.T) []byte {
	t.Helper()
	path := newPath(t)
	engine := mustOpen(t, path)
	fill(t, ledger.New(engine))
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

var numbered = regexp.MustCompile(`\([0-9]+\)|SQLITE_`)

// mustSay fails where an error lacks one of the texts, or has numbers and names of
// SQLite's in other places than its end.
func mustSay(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("there is no error, want one that says %q", parts)
	}
	text := err.Error()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q: %s", part, text)
		}
	}
	if plain, _, _ := strings.Cut(text, " (SQLite: "); numbered.MatchString(plain) {
		t.Errorf("it shows numbers of SQLite: %s", text)
	}
	if _, technical, found := strings.Cut(text, " (SQLite: "); found && !strings.HasSuffix(technical, ")") {
		t.Errorf("what SQLite says is not at the end: %s", text)
	}
}

func TestADamagedFileSaysHowToRestoreIt(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	whole := filled(t)
	const page = 4096
	corrupt := func(at, n int) []byte {
		content := bytes.Clone(whole)
		copy(content[at:min(at+n, len(content))], bytes.Repeat([]byte{0xa5}, n))
		return content
	}
	type damage struct {
		name    string
		content []byte
		says    []string
	}
	wayOn := []string{"Nothing was changed", "Keep a copy of the file, with its -wal file, and restore both from a backup", "Do not start a new ledger"}
	orWrongFile := []string{"Nothing was changed", "If this is the wrong file, correct the URL of the ledger", "restore the ledger, with its -wal file, from a backup"}
	cases := []damage{
		{"the mark of SQLite", corrupt(0, 16), append(orWrongFile, "not a SQLite database")},
		{"the size of pages", corrupt(16, 8), append(orWrongFile, "not a SQLite database")},
		{"the mark of a ledger", corrupt(68, 4), append(orWrongFile, "not a ledger")},
		{"the file format", corrupt(40, 12), wayOn},
		{"the schema", corrupt(100, 100), wayOn},
		{"the first page behind the header", corrupt(100, page-100), wayOn},
		{"cut off in its header", whole[:60], append(orWrongFile, "too short")},
		{"cut off after one byte", whole[:1], append(orWrongFile, "too short")},
	}
	for at := page; at < len(whole); at += page {
		cases = append(cases, damage{fmt.Sprintf("page %d", at/page+1), corrupt(at, page), wayOn}, damage{fmt.Sprintf("cut off before page %d", at/page+1), whole[:at], wayOn})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			err := use(t, path)
			var corrupt *ledger.CorruptError
			if errors.As(err, &corrupt) {
				return // SQLite can read it, and what is stored there is not what it was
			}
			mustSay(t, err, append(c.says, path)...)
		})
	}
}

// SQLite would remove the -wal file, and with it what was recorded last.
func TestALostFileWithItsWALIsNotBegunAnew(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"emptied": func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			if err := declare(t, ledger.New(mustOpen(t, path)), "shop"); err != nil {
				t.Fatal(err)
			}
			wal, err := os.ReadFile(path + "-wal")
			if err != nil || len(wal) == 0 {
				t.Fatal(len(wal), err)
			}
			copied := filepath.Join(t.TempDir(), "ledger.db")
			for file, content := range map[string][]byte{copied: []byte("x"), copied + "-wal": wal} {
				if err := os.WriteFile(file, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := lose(copied); err != nil {
				t.Fatal(err)
			}
			mustSay(t, use(t, copied), copied+"-wal", "still exists", "restore both from a backup", "If you removed the ledger on purpose")
			if after, err := os.ReadFile(copied + "-wal"); err != nil || !bytes.Equal(after, wal) {
				t.Errorf("the -wal file was changed: %v", err)
			}
		})
	}
}

func TestStoredStateThatDoesNotReadNamesThePipeline(t *testing.T) {
	path := newPath(t)
	engine := mustOpen(t, path)
	fill(t, ledger.New(engine))
	engine.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, kind := range portal.EntityKinds() {
		t.Run(string(kind), func(t *testing.T) {
			var body []byte
			if err := db.QueryRow(`SELECT body FROM entity WHERE kind = ?`, string(kind)).Scan(&body); err != nil {
				t.Fatal(err)
			}
			spoil := func(body []byte) {
				if _, err := db.Exec(`UPDATE entity SET body = ? WHERE kind = ?`, body, string(kind)); err != nil {
					t.Fatal(err)
				}
			}
			spoil(body[:len(body)-1])
			defer spoil(body)
			err := use(t, path)
			var corrupt *ledger.CorruptError
			if !errors.As(err, &corrupt) || corrupt.Pipeline != "shop" {
				t.Errorf("it is a %T: %v", err, err)
			}
		})
	}
}

func TestAFullDatabaseSaysThatNothingWasRecorded(t *testing.T) {
	path := newPath(t)
	engine := mustOpen(t, path)
	l := ledger.New(engine)
	if err := declare(t, l, "shop"); err != nil {
		t.Fatal(err)
	}
	mustExec(t, engine, `PRAGMA max_page_count = 20`)
	mustSay(t, fillUp(t, l), "the disk is full", "This was not recorded", "Free some space", path)
	if err := l.Verify(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
}

// fillUp records until it fails.
func fillUp(t *testing.T, l *ledger.Ledger) error {
	t.Helper()
	for n := range 200 {
		if err := freeze(t, l, fmt.Sprintf("freeze-%d", n), strings.Repeat("the shops are closed ", 100)); err != nil {
			return err
		}
	}
	return nil
}
