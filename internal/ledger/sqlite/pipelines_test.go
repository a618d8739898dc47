package sqlite_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

func TestPipelinesAreFoundWhereverAnythingIsStoredOfThem(t *testing.T) {
	engine := mustOpen(t, newPath(t))
	l := ledger.New(engine)
	if names, err := l.Pipelines(t.Context()); len(names) != 0 || err != nil {
		t.Errorf("an empty ledger has %v, %v", names, err)
	}
	for _, name := range []string{"shop", "intranet", "shop-2"} {
		if err := declare(t, l, name); err != nil {
			t.Fatal(err)
		}
	}
	mustExec(t, engine, `DROP TRIGGER entry_is_never_deleted; INSERT INTO lease VALUES ('shop', 'dev', 1, 0, '')`)
	want := []string{"intranet", "shop", "shop-2"}
	for _, table := range []string{"nothing", "head", "entity", "entry"} {
		if table != "nothing" {
			mustExec(t, engine, fmt.Sprintf(`DELETE FROM %s WHERE pipeline = 'shop'`, table))
		}
		names, err := l.Pipelines(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("with %s deleted as well: %s", table, diff)
		}
	}
}

func TestReadingTheRecordSeesWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name, deleted string
		missing       int64
	}{
		{"the first entry", "number = 1", 1},
		{"one in between", "number = 4", 4},
		{"the newest", "number = (SELECT max(number) FROM entry)", 0},
		{"all of them", "true", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := mustOpen(t, newPath(t))
			l := ledger.New(engine)
			want := c.missing
			if entries := fill(t, l); want == 0 {
				want = int64(len(entries))
			}
			mustExec(t, engine, `DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE `+c.deleted)
			err := l.Scan(t.Context(), "shop", time.Time{}, func(ledger.StoredEntry) error { return nil })
			var corrupt *ledger.CorruptError
			if !errors.As(err, &corrupt) || corrupt.Number != want {
				t.Errorf("got %v, want entry %d", err, want)
			}
		})
	}
}
