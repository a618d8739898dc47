package sqlite_test

import (
	"fmt"
	"testing"

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
