// Package targettest is the conformance suite of targets: what each kind must
// do, shown against the real thing.
package targettest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// Harness is one fresh, empty place and what the suite must be able to do to it.
type Harness struct {
	// Config opens the target again, in this process or, by the function given
	// to Main, in another one.
	Config []byte
	// Target is the target at that place.
	Target target.Target
	// Break makes the place unreachable.
	Break func(t *testing.T)
	// Tamper changes the bytes of an installed component by hand.
	Tamper func(t *testing.T, name string)
	// AtWork reports whether a deployment is half-way at the place, so that it
	// can be killed there.
	AtWork func() bool
	// Slow makes the next deployments take far longer than any test, until
	// they are ended.
	Slow func(t *testing.T)
	// Quiet reports whether nothing of a deployment goes on at the place.
	Quiet func() bool
	// Lie makes deployments report success and do nothing. A target that does
	// its work itself has nobody who could lie to it and leaves it nil.
	Lie func(t *testing.T)
	// Gone reports what is left at the place of what deployments put there.
	Gone func(t *testing.T) []string
}

// Run runs the suite. Each part has its own harness.
func Run(t *testing.T, newHarness func(t *testing.T) Harness) {
	part := func(name string, test func(t *testing.T, h Harness)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newHarness(t))
		})
	}
	part("an empty place is empty content", emptyPlace)
	part("a first deployment is installed", firstDeployment)
	part("a change adds, alters and removes", change)
	part("the same key again changes nothing", again)
	part("a rollback brings the old content back", rollback)
	part("a removal leaves nothing", removal)
	part("a change by hand is seen and repaired", tampered)
	part("an older epoch is refused", staleEpoch)
	part("another ledger is refused by a target that notes its owner", anotherLedger)
	part("another deployment of an epoch it has seen is refused", sameEpoch)
	part("of two at once the newer epoch stays", twoAtOnce)
	part("hostile names are refused", hostileNames)
	part("a file that lost its digest is not installed", wrongBytes)
	part("an unreachable place says so", unreachable)
	part("a slow deployment ends with its context", slow)
	part("a killed deployment is finished by the next", killed)
	t.Run("what it keeps comes back without its bytes", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t)
		if keeper, keeps := h.Target.(target.Keeper); keeps {
			keeping(t, h, keeper)
		}
	})
	t.Run("what it keeps is compared", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t)
		if keeper, keeps := h.Target.(target.Keeper); keeps {
			keepingDamaged(t, h, keeper)
		}
	})
	t.Run("a lie is seen by observing", func(t *testing.T) {
		t.Parallel()
		if h := newHarness(t); h.Lie != nil {
			lying(t, h)
		}
	})
}

func mustApply(t *testing.T, to target.Target, c target.Change) {
	t.Helper()
	if err := to.Apply(t.Context(), c); err != nil {
		t.Fatalf("applying %s: %v", c.Key, err)
	}
}

// mustRun fails unless the target observably runs want.
func mustRun(t *testing.T, on target.Target, want portal.Content) {
	t.Helper()
	observed, err := on.Observe(t.Context())
	if err != nil {
		t.Fatalf("observing: %v", err)
	}
	if !target.Matches(observed.Content, want) {
		t.Fatalf("it runs something else (-want +got):\n%s", cmp.Diff(want, observed.Content))
	}
}

func emptyPlace(t *testing.T, h Harness) { mustRun(t, h.Target, nil) }

func firstDeployment(t *testing.T, h Harness) {
	first := newPlan(t).first()
	mustApply(t, h.Target, first)
	mustRun(t, h.Target, first.To)
}

func change(t *testing.T, h Harness) {
	p := newPlan(t)
	mustApply(t, h.Target, p.first())
	second := p.second()
	mustApply(t, h.Target, second)
	mustRun(t, h.Target, second.To)
}

func again(t *testing.T, h Harness) {
	first := newPlan(t).first()
	mustApply(t, h.Target, first)
	mustApply(t, h.Target, first)
	mustRun(t, h.Target, first.To)
	first.Epoch++ // as after a takeover
	mustApply(t, h.Target, first)
	mustRun(t, h.Target, first.To)
}

func rollback(t *testing.T, h Harness) {
	p := newPlan(t)
	first, second := p.first(), p.second()
	mustApply(t, h.Target, first)
	mustApply(t, h.Target, second)
	back := first
	back.Key, back.Epoch, back.From = "attempt-3", 3, second.To
	mustApply(t, h.Target, back)
	mustRun(t, h.Target, first.To)
}

func removal(t *testing.T, h Harness) {
	p := newPlan(t)
	first := p.first()
	mustApply(t, h.Target, first)
	mustApply(t, h.Target, p.empty(first, 2))
	mustRun(t, h.Target, nil)
	mustApply(t, h.Target, p.empty(first, 2))
	mustRun(t, h.Target, nil)
	if left := h.Gone(t); len(left) != 0 {
		t.Errorf("there is still %v", left)
	}
}

func tampered(t *testing.T, h Harness) {
	first := newPlan(t).first()
	mustApply(t, h.Target, first)
	h.Tamper(t, "theme")
	observed, err := h.Target.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if target.Matches(observed.Content, first.To) {
		t.Fatal("the change by hand is not seen")
	}
	mustApply(t, h.Target, first)
	mustRun(t, h.Target, first.To)
}

func staleEpoch(t *testing.T, h Harness) {
	p := newPlan(t)
	first, second := p.first(), p.second()
	mustApply(t, h.Target, second)
	if err := h.Target.Apply(t.Context(), first); !errors.Is(err, target.ErrStaleEpoch) {
		t.Errorf("epoch %d after %d: got %v", first.Epoch, second.Epoch, err)
	}
	mustRun(t, h.Target, second.To)
	observed, err := h.Target.Observe(t.Context())
	if err != nil || observed.Epoch != second.Epoch {
		t.Errorf("it has seen epoch %d (%v)", observed.Epoch, err)
	}
}

func anotherLedger(t *testing.T, h Harness) {
	owned, notes := h.Target.(target.Owned)
	if !notes {
		t.Skip("it does not note its owner")
	}
	mustBelong := func(want target.Owner) {
		t.Helper()
		if owner, _, err := owned.Owner(t.Context()); err != nil || owner != want {
			t.Errorf("it belongs to %+v (%v), want %+v", owner, err, want)
		}
	}
	p := newPlan(t)
	first, second, removal := p.first(), p.second(), attempt(3, "")
	first.Ledger, second.Ledger, removal.Ledger = "ours", "theirs", "theirs"
	mustBelong(target.Owner{})
	mustApply(t, h.Target, first)
	mustBelong(first.Owner())
	for _, c := range []target.Change{second, removal} {
		err := h.Target.Apply(t.Context(), c)
		var foreign *target.ForeignError
		if !errors.As(err, &foreign) || foreign.Owner != first.Owner() || foreign.Note == "" {
			t.Errorf("release %q of another ledger: got %v", c.Release, err)
		}
		mustRun(t, h.Target, first.To)
		mustBelong(first.Owner())
	}
	second.Ledger = "ours"
	mustApply(t, h.Target, second)
	mustRun(t, h.Target, second.To)
}

// sameEpoch is what a ledger does that was restored from a backup of just before the
// newest deployment: it counts on from there, for another wish.
func sameEpoch(t *testing.T, h Harness) {
	p := newPlan(t)
	first, second := p.first(), p.second()
	mustApply(t, h.Target, second)
	first.Epoch = second.Epoch
	if err := h.Target.Apply(t.Context(), first); !errors.Is(err, target.ErrStaleEpoch) {
		t.Errorf("another deployment of epoch %d: got %v", second.Epoch, err)
	}
	mustRun(t, h.Target, second.To)
}

func twoAtOnce(t *testing.T, h Harness) {
	p := newPlan(t)
	older, newer := p.first(), p.second()
	for round := range 5 {
		older.Epoch, newer.Epoch = int64(2*round+1), int64(2*round+2)
		late := make(chan error, 1)
		go func() { late <- h.Target.Apply(t.Context(), older) }()
		mustApply(t, h.Target, newer)
		if err := <-late; err != nil && !errors.Is(err, target.ErrStaleEpoch) {
			t.Fatal(err)
		}
		mustRun(t, h.Target, newer.To)
	}
}

func hostileNames(t *testing.T, h Harness) {
	p := newPlan(t)
	for _, name := range []string{"", ".", "..", "../out", "a/b", `a\b`, ".hidden", "-option", "a\nb", "a\x00b", "a\x1b[31m", "a b", "$(id)", "ünï"} {
		c := p.first()
		c.To = portal.Content{name: c.To["theme"]}
		c.Files = map[string]string{name: c.Files["theme"]}
		if err := h.Target.Apply(t.Context(), c); err == nil {
			t.Errorf("component %q is taken", name)
		}
	}
	for _, release := range []string{"../out", "-rf", "a/b", ".hidden", "1.0.0\n", "$(id)"} {
		c := p.first()
		c.Release = release
		if err := h.Target.Apply(t.Context(), c); err == nil {
			t.Errorf("release %q is taken", release)
		}
	}
	mustRun(t, h.Target, nil)
}

func wrongBytes(t *testing.T, h Harness) {
	p := newPlan(t)
	first := p.first()
	mustApply(t, h.Target, first)
	second := p.second()
	second.Files["theme"] = p.file("other", []byte("not what was judged"))
	// A target may take it, and a tool may have changed half of what was there;
	// what none may do is say afterwards that all is as it was wanted.
	_ = h.Target.Apply(t.Context(), second)
	observed, err := h.Target.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if target.Matches(observed.Content, second.To) {
		t.Error("it claims to run what it does not")
	}
}

func unreachable(t *testing.T, h Harness) {
	first := newPlan(t).first()
	mustApply(t, h.Target, first)
	h.Break(t)
	if _, err := h.Target.Observe(t.Context()); !errors.Is(err, target.ErrUnreachable) {
		t.Errorf("observing: got %v", err)
	}
	first.Epoch++
	if err := h.Target.Apply(t.Context(), first); err == nil {
		t.Error("applying works")
	}
}

func slow(t *testing.T, h Harness) {
	h.Slow(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := h.Target.Apply(ctx, newPlan(t).first())
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to end", took)
	}
	if !h.Quiet() {
		t.Error("something of it goes on")
	}
}

func lying(t *testing.T, h Harness) {
	h.Lie(t)
	first := newPlan(t).first()
	mustApply(t, h.Target, first)
	observed, err := h.Target.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if target.Matches(observed.Content, first.To) {
		t.Error("the lie is believed")
	}
}
