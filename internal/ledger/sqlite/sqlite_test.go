package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/ledgertest"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

var stores = ledgertest.Stores{
	Open: func(ctx context.Context, path string) (ledger.Engine, error) { return sqlite.Open(ctx, path) },
	New:  newPath,
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "ledger", "portal.db") }

func TestMain(m *testing.M) {
	if actAsOther() {
		return
	}
	ledgertest.Main(m, stores.Open)
}

func TestLedger(t *testing.T) { ledgertest.Run(t, stores) }

func BenchmarkLedger(b *testing.B) { ledgertest.Bench(b, stores) }

func mustOpen(t *testing.T, path string, options ...sqlite.Option) *sqlite.Engine {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine
}

func mustExec(t *testing.T, engine *sqlite.Engine, statements string) {
	t.Helper()
	if _, err := engine.Exec(t.Context(), statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

var actor = portal.Actor{Name: "ann"}

// declare records a pipeline of that name.
func declare(t *testing.T, l *ledger.Ledger, name string) error {
	t.Helper()
	_, err := l.Record(t.Context(), name, actor, portal.DeclarePipeline{Pipeline: portal.Pipeline{
		Name: name, Stages: []portal.Stage{{Name: "dev"}, {Name: "prod", After: []string{"dev"}}}, Emergency: portal.DefaultEmergencyPolicy(),
	}})
	return err
}
