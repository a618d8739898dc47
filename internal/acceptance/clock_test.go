package acceptance

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// wall is a clock that a test sets.
type wall struct{ off atomic.Int64 }

func (c *wall) now() time.Time      { return time.Now().Add(time.Duration(c.off.Load())) }
func (c *wall) set(d time.Duration) { c.off.Store(int64(d)) }

// mendClock is what ledger mend-clock does.
func (w *world) mendClock() {
	w.t.Helper()
	engine, err := engines.Open(w.t.Context(), "sqlite:"+w.path("ledger.db"), engines.WithClock(w.clock))
	if err != nil {
		w.t.Fatal(err)
	}
	l := ledger.New(engine)
	defer l.Close()
	if _, err := l.Record(w.t.Context(), "intranet", portal.Actor{Name: "jane"}, portal.MendClock{Reason: "the time server was down"}); err != nil {
		w.t.Fatal(err)
	}
}

// TestRealAClockThatIsWrong takes a release to production that has to soak for two
// hours first, while a clock is wrong by an hour and by a year, at the apply of
// something else, at the plan, and between plan and apply.
func TestRealAClockThatIsWrong(t *testing.T) {
	t.Parallel()
	const year = 8760 * time.Hour
	production := func(w *world) *root {
		return w.root("production").write(`
resource "portal_release_deployment" "production" {
  pipeline    = "intranet"
  environment = "production"
  release     = "2.4.0"
}`)
	}
	scene := func(t *testing.T) (*world, *wall, *root) {
		t.Parallel()
		w, clock := newWorld(t), &wall{}
		w.clock = clock.now
		main := w.root("main").write(pipeline(`name = "development", soak_time = "2h"`, `name = "production"`),
			environments("development", "production"), releases("2.4.0"), deploy("development", versionOf("2.4.0")))
		main.apply()
		return w, clock, main
	}
	plan := []string{"plan"}
	for name, off := range map[string]time.Duration{"an hour": time.Hour, "a year": year} {
		t.Run("ahead by "+name+" at another apply", func(t *testing.T) {
			w, clock, _ := scene(t)
			clock.set(off)
			w.root("freeze").write(`
resource "portal_freeze" "night" {
  pipeline  = "intranet"
  name      = "night"
  starts_at = "2001-01-01T00:00:00Z"
  ends_at   = "2001-01-02T00:00:00Z"
  reason    = "long ago"
}`).apply()
			clock.set(time.Minute)
			r := production(w)
			r.refuses(plan, "soak-time", "how long is not known", "one of the two clocks is wrong", "ledger mend-clock --pipeline intranet")
			w.mendClock()
			r.refuses(plan, "soak-time", "it ran less than 2h", "complete at")
			clock.set(2 * time.Hour)
			r.apply()
			w.mustRun("production", "app", "app 2.4.0")
		})
		t.Run("behind by "+name, func(t *testing.T) {
			w, clock, _ := scene(t)
			clock.set(-off)
			r := production(w)
			r.refuses(plan, "soak-time", "one of the two clocks is wrong")
			clock.set(2 * time.Hour)
			r.apply()
			w.mustRun("production", "app", "app 2.4.0")
		})
		t.Run("behind by "+name+" when a plan is applied", func(t *testing.T) {
			w, clock, _ := scene(t)
			clock.set(2 * time.Hour)
			r := production(w)
			r.must("plan", "-out=saved")
			clock.set(-off)
			r.refuses([]string{"apply", "saved"}, "soak-time", "one of the two clocks is wrong")
			w.mustRun("production")
		})
	}
	t.Run("ahead by a year when it is planned", func(t *testing.T) {
		w, clock, _ := scene(t)
		clock.set(year)
		r := production(w)
		r.must("plan", "-out=saved")
		clock.set(time.Minute)
		r.refuses([]string{"apply", "saved"}, "soak-time", "it ran less than 2h", "complete at")
		w.mustRun("production")
	})
}
