package rollout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// stopped is an engine that knows that every other holder's process exists.
type stopped struct{ ledger.Engine }

func (e stopped) Read(ctx context.Context, read func(ledger.Tx) error) error {
	return e.Engine.Read(ctx, func(tx ledger.Tx) error { return read(aliveTx{tx}) })
}

func (e stopped) Write(ctx context.Context, write func(ledger.WriteTx) error) error {
	return e.Engine.Write(ctx, func(tx ledger.WriteTx) error { return write(aliveWriteTx{tx}) })
}

type aliveTx struct{ ledger.Tx }

func (tx aliveTx) Leases(pipeline string) (map[string]portal.Lease, error) {
	return alive(tx.Tx.Leases(pipeline))
}

type aliveWriteTx struct{ ledger.WriteTx }

func (tx aliveWriteTx) Leases(pipeline string) (map[string]portal.Lease, error) {
	return alive(tx.WriteTx.Leases(pipeline))
}

func alive(leases map[string]portal.Lease, err error) (map[string]portal.Lease, error) {
	for name, lease := range leases {
		lease.Alive, lease.Holder = true, "process 4711 on build-7"
		leases[name] = lease
	}
	return leases, err
}

func TestAProcessThatStandsStillIsNotTakenOver(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.must(portal.StartDeployment{Deploy: wish("dev", "1.0.0")})
	beside := y.beside(stopped{y.base})
	deploy := func() error { return beside.Deploy(t.Context(), "shop", bob, wish("dev", "1.0.0")) }
	for _, c := range []struct {
		name     string
		later    time.Duration
		contains string
	}{
		{"its lease lasts", leaseTime / 2, "Wait until it has ended"},
		{"its lease is over", leaseTime, "Process 4711 on build-7 still exists but has not reported since its lease ended"},
		{"for long", 24 * time.Hour, "Wait for the process, or end it if it hangs."},
	} {
		y.clock.advance(c.later)
		var refusal *portal.RefusalError
		if err := deploy(); !errors.As(err, &refusal) || refusal.Rules()[0] != portal.EnvironmentHeld || !strings.Contains(err.Error(), c.contains) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.contains)
		}
	}
	if len(y.place.changes) != 0 {
		t.Errorf("the target was told %+v", y.place.changes)
	}
	y.mustDeploy("dev", "1.0.0") // while nothing shows that the process exists
}

func TestAFixDoesNotWaitForeverForAProcessThatStandsStill(t *testing.T) {
	y := newIncident(t)
	y.must(portal.StartDeployment{Deploy: portal.Deploy{Environment: "dev", Release: "2.0.0", Redeploy: "again"}})
	wish := y.fixWith("1.0.1")
	fix := func(later time.Duration) error {
		y.clock.advance(later)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := y.other(stopped{y.base}).Fix(ctx, "shop", bob, wish)
		return err
	}
	var halted *rollout.HaltedError
	if err := fix(leaseTime * 5 / 2); !errors.As(err, &halted) || !strings.Contains(err.Error(), "took longer than its timeout") {
		t.Errorf("after one lease and a half beyond the end: %v", err)
	}
	for _, want := range []string{"halted at step 1 of", "hold on dev", "process 4711 on build-7 still exists", "End it, then apply again"} {
		if err := fix(leaseTime); !errors.As(err, &halted) || !strings.Contains(err.Error(), want) {
			t.Errorf("after more than two: %v, want %q", err, want)
		}
	}
	if err := y.Fix(t.Context(), "shop", bob, wish); err != nil { // its process has ended
		t.Fatal(err)
	}
	y.mustBeDone(wholeFix...)
}

// If a clock was ahead once, recorded time does not advance until the clock has passed it, and
// production is repaired all the same.
func TestAFixAfterAClockThatWasAhead(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	const year = 8760 * time.Hour
	again := portal.StartDeployment{Deploy: portal.Deploy{Environment: "dev", Release: "2.0.0", Redeploy: "again"}}
	fix := func(y *incident, wish portal.FixWish) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := y.other(y.base).Fix(ctx, "shop", bob, wish)
		return err
	}
	t.Run("what began since then and was left unfinished is taken over", func(t *testing.T) {
		y := newIncident(t)
		y.clock.advance(year)
		y.register("3.0.0")
		y.clock.advance(-year)
		y.must(again)
		y.clock.advance(leaseTime)
		if err := fix(y, y.fixWith("1.0.1")); err != nil {
			t.Fatal(err)
		}
		y.mustBeDone(wholeFix...)
	})
	t.Run("what began then is named, and how it ends", func(t *testing.T) {
		y := newIncident(t)
		y.clock.advance(year)
		y.must(again)
		y.clock.advance(leaseTime - year)
		wish := y.fixWith("1.0.1")
		err := fix(y, wish)
		for _, want := range []string{"longer than its timeout", "a deployment of 2.0.0 by ann", "ledger mend-clock"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		y.must(portal.MendClock{Reason: "the clock was ahead"})
		y.clock.advance(leaseTime)
		if err := fix(y, wish); err != nil {
			t.Fatal(err)
		}
		y.mustBeDone(wholeFix...)
	})
}

// A process that was stopped finds out by itself that another has its attempt, even if no renewal
// of its lease is due for long.
func TestAProcessThatGoesOnLooksFirst(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	r := y.beside(y.base)
	r.Ledger = ledger.New(y.base, ledger.WithLease(time.Hour))
	ended := false
	r.Check = y.Check
	y.place.apply = func(ctx context.Context, _ target.Change) error {
		y.clock.advance(2 * time.Hour)
		y.must(portal.TakeOver{Environment: "dev"})
		<-ctx.Done()
		ended = true
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // much sooner than a renewal is due
	defer cancel()
	err := r.Deploy(ctx, "shop", ann, wish("dev", "1.0.0"))
	if !errors.Is(err, portal.ErrSuperseded) || !ended || ctx.Err() != nil {
		t.Errorf("it says %v; its program was ended: %t, by its own time: %v", err, ended, ctx.Err())
	}
	y.saw("started 1.0.0 epoch 1", "recovering epoch 2")
}
