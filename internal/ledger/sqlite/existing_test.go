package sqlite_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
)

func TestWhatHasToExistIsNotCreated(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(path string) error
		missing bool
		want    string
	}{
		{"no directory", func(string) error { return nil }, true, "no such file"},
		{"no file", func(path string) error { return os.Mkdir(filepath.Dir(path), 0o700) }, true, "no such file"},
		{"an empty file", func(path string) error {
			return errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600))
		}, false, "the file is empty"},
		{"a database without tables", func(path string) error {
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			db, err := sql.Open("sqlite", path)
			if err != nil {
				return err
			}
			_, err = db.Exec(`CREATE TABLE a (b); DROP TABLE a`)
			return errors.Join(err, db.Close())
		}, false, "the file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "below", "portal.db")
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir)
			_, err := sqlite.Open(t.Context(), path, sqlite.Existing())
			var unavailable *ledger.UnavailableError
			if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if errors.Is(err, fs.ErrNotExist) != c.missing {
				t.Errorf("that it is missing should be %t: %v", c.missing, err)
			}
			if after := tree(t, dir); after != before {
				t.Errorf("there was\n%sand now there is\n%s", before, after)
			}
		})
	}
}

func TestWhatExistsIsOpened(t *testing.T) {
	path := newPath(t)
	first := mustOpen(t, path)
	if err := declare(t, ledger.New(first), "shop"); err != nil {
		t.Fatal(err)
	}
	first.Close()
	again := mustOpen(t, path, sqlite.Existing())
	if head, err := again.Head(t.Context(), "shop"); head != 1 || err != nil {
		t.Errorf("the head is %d, %v", head, err)
	}
}

// tree lists what is below a directory, with the content of files.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			b.WriteString(path + "\n")
			return err
		}
		content, err := os.ReadFile(path)
		b.WriteString(path + " " + string(content) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
