package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
)

func TestOnlyTheOwnerCanReadTheLedger(t *testing.T) {
	path := newPath(t)
	l := ledger.New(mustOpen(t, path))
	if err := declare(t, l, "shop"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{filepath.Dir(path): 0o700 | fs.ModeDir, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %s, want %s", name, info.Mode(), want)
		}
	}
}

func TestALedgerIsTheSameWhenOpenedAgain(t *testing.T) {
	path := newPath(t)
	first := mustOpen(t, path)
	if err := declare(t, ledger.New(first), "shop"); err != nil {
		t.Fatal(err)
	}
	id := first.ID()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, path)
	if head, err := again.Head(t.Context(), "shop"); again.ID() != id || head != 1 || err != nil {
		t.Errorf("the id was %s and is %s; the head is %d, %v", id, again.ID(), head, err)
	}
}

func TestAPathMayHaveAnyCharacter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20e&f", "led ger?mode=ro.db")
	mustOpen(t, path)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	database := func(statements string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(statements); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"a database of something else", database(`CREATE TABLE customer (id INTEGER)`), "not a ledger. Nothing was changed. If this is the wrong file, correct the URL of the ledger."},
		{"an empty database that something else has marked", database(`PRAGMA application_id = 42; CREATE TABLE a (b); DROP TABLE a`), "not a ledger. Nothing was changed. If this is the wrong file, correct the URL of the ledger."},
		{"a file that is no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a SQLite database. Nothing was changed. If this is the wrong file, correct the URL of the ledger."},
		{"a directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is not a file"},
		{"a newer format", func(t *testing.T, path string) {
			engine := mustOpen(t, path)
			mustExec(t, engine, fmt.Sprintf("PRAGMA user_version = %d", sqlite.Formats()+1))
			engine.Close()
		}, "use a newer version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "portal.db")
			c.prepare(t, path)
			before, _ := os.ReadFile(path)
			engine, err := sqlite.Open(t.Context(), path)
			var unavailable *ledger.UnavailableError
			if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if engine != nil {
				engine.Close()
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("a place below a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sqlite.Open(t.Context(), filepath.Join(file, "portal.db"))
		var unavailable *ledger.UnavailableError
		if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), file) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a network file system", func(t *testing.T) {
		nfs := sqlite.WithFileSystem(func(string) string { return "NFS" })
		_, err := sqlite.Open(t.Context(), newPath(t), nfs)
		if err == nil || !strings.Contains(err.Error(), "put the ledger on a local disk") {
			t.Errorf("got %v", err)
		}
	})
}
