package engines_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
)

func TestARelativeLedgerIsBelowTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	want, err := filepath.Abs("some/ledger.db")
	if err != nil {
		t.Fatal(err)
	}
	address, err := engines.Parse("sqlite:some/ledger.db")
	if err != nil || address.LocalPath() != want {
		t.Errorf("it is %q, %v", address.LocalPath(), err)
	}
	if cache := address.ArtifactCache(); cache != filepath.Join(filepath.Dir(want), "artifacts") {
		t.Errorf("the cache is %s", cache)
	}
}

func TestNotEveryTextIsAnAddress(t *testing.T) {
	for _, c := range []struct{ name, url, want string }{
		{"no scheme", "ledger.db", "write sqlite:PATH"},
		{"no path", "sqlite:", "write sqlite:PATH"},
		{"nothing", "", "write sqlite:PATH"},
		{"another database", "mysql://db/portal", "write sqlite:PATH"},
		{"PostgreSQL", "postgres://db/portal", "a PostgreSQL ledger comes with a later version"},
		{"PostgreSQL by its other name", "postgresql://db/portal", "a PostgreSQL ledger comes with a later version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := engines.Open(t.Context(), c.url); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestOpenCreatesALedgerUnlessItHasToExist(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "below")
	url := "sqlite:" + filepath.Join(dir, "ledger.db")
	_, err := engines.Open(t.Context(), url, engines.Existing())
	var unavailable *ledger.UnavailableError
	if !errors.As(err, &unavailable) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory: %v", err)
	}
	made, err := engines.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	id := made.ID()
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := engines.Open(t.Context(), url, engines.Existing())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.ID() != id {
		t.Errorf("the id was %s and is %s", id, again.ID())
	}
}

// elsewhere is where a ledger is that no disk of this host has.
type elsewhere struct{}

func (elsewhere) String() string { return "db.example.com/portal" }

func (elsewhere) Absent() bool { return false }

func (elsewhere) Open(context.Context, ledger.Opening) (ledger.Engine, error) {
	return ledger.Nothing(nil), nil
}

func TestALedgerElsewhereHasNothingOnThisHost(t *testing.T) {
	address := engines.Address{Place: elsewhere{}}
	if address.LocalPath() != "" || address.ArtifactCache() != "" {
		t.Errorf("it has %q and %q", address.LocalPath(), address.ArtifactCache())
	}
	engine, err := address.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if witness := ledger.New(engine).Witness(); witness != nil {
		t.Errorf("an engine without a witness has %v", witness)
	}
}
