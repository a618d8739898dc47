package sqlite_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// whileHeld runs the function while another process holds the write lock.
func whileHeld(t *testing.T, path string, do func()) {
	t.Helper()
	other := startOther(t, holdVariable, path)
	other.mustHold(t)
	do()
	other.mustEnd(t)
}

func TestWhileAnotherProcessWrites(t *testing.T) {
	const patience = 300 * time.Millisecond
	path := newPath(t)
	engine := mustOpen(t, path, sqlite.WithPatience(patience))
	l := ledger.New(engine)
	if err := declare(t, l, "shop"); err != nil {
		t.Fatal(err)
	}
	freeze := portal.DeclareFreeze{Freeze: portal.Freeze{Name: "holidays", StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour), Reason: "holidays"}}
	whileHeld(t, path, func() {
		t.Run("a view is served", func(t *testing.T) {
			err := l.View(t.Context(), "shop", actor, portal.Subjects{Releases: []string{"1.0.0"}}, func(portal.Facts) error { return nil })
			if err != nil {
				t.Error(err)
			}
		})
		t.Run("a record gives up in bounded time and says what to do", func(t *testing.T) {
			began := time.Now()
			_, err := l.Record(t.Context(), "shop", actor, freeze)
			var unavailable *ledger.UnavailableError
			if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "run this again") || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took < patience || took > patience+2*time.Second {
				t.Errorf("it took %s", took)
			}
		})
		t.Run("a view is served also while a record waits", func(t *testing.T) {
			done := make(chan error)
			go func() {
				_, err := l.Record(t.Context(), "shop", actor, freeze)
				done <- err
			}()
			began := time.Now()
			for time.Since(began) < patience/2 {
				err := l.View(t.Context(), "shop", actor, portal.Subjects{}, func(portal.Facts) error { return nil })
				if err != nil {
					t.Fatal(err)
				}
			}
			select {
			case err := <-done:
				t.Errorf("the record did not wait: %v", err)
			default:
			}
			if err := <-done; err == nil {
				t.Error("it was recorded")
			}
		})
		t.Run("a write lets go when its context ends", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience/10)
			defer cancel()
			if err := l.Renew(ctx, "shop", "dev", 1); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("nothing was written", func(t *testing.T) {
		if head, err := engine.Head(t.Context(), "shop"); head != 1 || err != nil {
			t.Errorf("the head is %d, %v", head, err)
		}
		if err := l.Verify(t.Context(), "shop"); err != nil {
			t.Error(err)
		}
	})
	t.Run("afterwards it is", func(t *testing.T) {
		if metas, err := l.Record(t.Context(), "shop", actor, freeze); len(metas) != 1 || err != nil {
			t.Errorf("got %+v, %v", metas, err)
		}
	})
}

func TestAFullDisk(t *testing.T) {
	engine := mustOpen(t, newPath(t))
	l := ledger.New(engine)
	if err := declare(t, l, "shop"); err != nil {
		t.Fatal(err)
	}
	mustExec(t, engine, `PRAGMA max_page_count = 1`) // it means: no more than there are
	record := func(text string) error {
		_, err := l.Record(t.Context(), "shop", actor, portal.DeclareFreeze{Update: true, Freeze: portal.Freeze{
			Name: "holidays", StartsAt: time.Unix(0, 0), EndsAt: time.Unix(1, 0), Reason: text,
		}})
		return err
	}
	err := record(strings.Repeat("long ", 800))
	var unavailable *ledger.UnavailableError
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "full") {
		t.Errorf("got %v", err)
	}
	if err := l.Verify(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
	mustExec(t, engine, `PRAGMA max_page_count = 1000000`)
	if err := record("there is room again"); err != nil {
		t.Error(err)
	}
	if head, err := engine.Head(t.Context(), "shop"); head != 2 || err != nil {
		t.Errorf("the head is %d, %v", head, err)
	}
	if err := l.Verify(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
}

func TestEntriesAreGuardedAgainstAccidents(t *testing.T) {
	engine := mustOpen(t, newPath(t))
	if err := declare(t, ledger.New(engine), "shop"); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE entry SET kind = 'x'`, `DELETE FROM entry`,
		`INSERT OR REPLACE INTO entry SELECT * FROM entry`, `REPLACE INTO entry (pipeline, number, id, kind, bytes, sha256) VALUES ('shop', 1, 'x', 'x', x'00', 'x')`,
	} {
		if _, err := engine.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s was done", statement)
		}
	}
	if err := ledger.New(engine).Verify(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
}
