package rollout_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// broken makes every check fail that is run for one of the versions.
func (y *yard) broken(versions ...string) {
	y.verify = func(_ context.Context, request check.Request) portal.CheckResult {
		return portal.CheckResult{Name: request.Name, Passed: !slices.Contains(versions, request.Release), Summary: "GET is answered with 503"}
	}
}

// TestTheNextDeploymentStartsFromWhatIsInService: even if that did not succeed, and if nobody can
// know it.
func TestTheNextDeploymentStartsFromWhatIsInService(t *testing.T) {
	for _, c := range []struct {
		name    string
		first   func(y *yard) // what becomes of 1.1.0
		unknown bool
		from    func(one, two portal.Content) portal.Content // of 1.2.0
	}{
		{"a check failed", func(y *yard) { y.broken("1.1.0") }, false, func(_, two portal.Content) portal.Content { return two }},
		{
			"it was stopped half-way",
			func(y *yard) {
				y.place.apply = func(context.Context, target.Change) error { y.place.set(somethingElse); return errStaged }
			},
			false, func(portal.Content, portal.Content) portal.Content { return somethingElse },
		},
		{
			"the target cannot be asked",
			func(y *yard) { y.place.observe = func(context.Context) error { return target.ErrUnreachable } },
			true, func(one, _ portal.Content) portal.Content { return one },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := newYard(t)
			one, two := y.register("1.0.0"), y.register("1.1.0")
			y.register("1.2.0")
			y.declare("dev", "health")
			y.mustDeploy("dev", "1.0.0")
			c.first(y)
			var failed *rollout.FailedError
			if err := y.deploy("dev", "1.1.0"); !errors.As(err, &failed) {
				t.Fatalf("it says %v", err)
			}
			y.mustServe("dev", y.place, c.unknown)
			y.place.apply, y.place.observe = nil, nil
			y.mustDeploy("dev", "1.2.0")
			y.mustServe("dev", y.place, false)
			if got := y.place.changes[len(y.place.changes)-1].From; !got.Equal(c.from(one, two)) {
				t.Errorf("the target was told that it ran %v", got)
			}
		})
	}
}

// TestWhatWasUnknownIsSeenAgain: an attempt that changes nothing has still looked at the target.
func TestWhatWasUnknownIsSeenAgain(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.register("1.1.0")
	y.mustDeploy("dev", "1.0.0")
	y.place.observe = func(context.Context) error { return target.ErrUnreachable }
	y.place.apply = func(context.Context, target.Change) error { return errStaged }
	if err := y.deploy("dev", "1.1.0"); err == nil {
		t.Fatal("it succeeded")
	}
	y.mustServe("dev", y.place, true)
	y.place.observe = nil
	if err := y.deploy("dev", "1.1.0"); err == nil {
		t.Fatal("it succeeded")
	}
	y.mustServe("dev", y.place, false)
	if got := y.inService("dev").Effective(); got != "1.0.0" {
		t.Errorf("it runs %s", got)
	}
}

// TestAnAbandonedAttemptIsInServiceAsItIsFound: its recovery sees what the target runs.
func TestAnAbandonedAttemptIsInServiceAsItIsFound(t *testing.T) {
	for _, c := range []struct {
		name    string
		left    func(y *yard, to portal.Content)
		unknown bool
	}{
		{"before it was touched", func(*yard, portal.Content) {}, false},
		{"half-way", func(y *yard, _ portal.Content) { y.place.set(somethingElse) }, false},
		{"when it was emptied", func(y *yard, _ portal.Content) { y.place.set(nil) }, false},
		{"before its checks, which fail", func(y *yard, to portal.Content) { y.place.set(to) }, false},
		{"and nobody can look", func(y *yard, to portal.Content) {
			y.place.set(to)
			y.place.observe = func(context.Context) error { return target.ErrUnreachable }
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := newYard(t)
			y.register("1.0.0")
			to := y.register("1.1.0")
			y.declare("dev", "health")
			y.mustDeploy("dev", "1.0.0")
			y.broken("1.1.0")
			y.abandon(start("dev", "1.1.0"))
			c.left(y, to)
			// What is requested then touches nothing.
			y.place.apply = func(context.Context, target.Change) error { return errStaged }
			if err := y.deploy("dev", "1.0.0"); err == nil {
				t.Fatal("it succeeded")
			}
			if y.site("dev").Attempt.Open() {
				t.Fatal("it was not recovered")
			}
			y.mustServe("dev", y.place, c.unknown)
		})
	}
}

// TestAFixThatHaltsServesWhatIsThere: through a halt, an amendment, another halt and
// the withdrawal.
func TestAFixThatHaltsServesWhatIsThere(t *testing.T) {
	y := newIncident(t)
	y.declare("dev", "health")
	serves := func(dev string, status portal.FixStatus) {
		t.Helper()
		for name, p := range y.places {
			y.mustServe(name, p, false)
		}
		if got := y.inService("dev").Effective(); got != dev {
			t.Errorf("dev runs %s, want %s", got, dev)
		}
		if x := y.state(); x.Status() != status {
			t.Errorf("the fix is %s, want %s", x.Status(), status)
		}
	}
	y.broken("1.0.0+EF-1")
	var halted *rollout.HaltedError
	for _, version := range []string{"1.0.1", "1.0.2"} {
		if err := y.fix(version); !errors.As(err, &halted) || halted.Action != portal.StepDeploy {
			t.Fatalf("it says %v", err)
		}
		serves("1.0.0+EF-1", portal.StatusHalted)
		if got := y.places["dev"].content["app"].Version; got != version {
			t.Errorf("the target runs %s", got)
		}
	}
	changes := y.places["dev"].changes
	if from := changes[len(changes)-1].From["app"].Version; from != "1.0.1" {
		t.Errorf("the correction replaced %s", from)
	}
	if err := y.withdraw("1.0.2"); err != nil {
		t.Fatal(err)
	}
	serves("2.0.0", portal.StatusWithdrawn)
	changes = y.places["dev"].changes
	if from := changes[len(changes)-1].From["app"].Version; from != "1.0.2" {
		t.Errorf("the withdrawal replaced %s", from)
	}
}
