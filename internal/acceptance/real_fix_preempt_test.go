package acceptance

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// inFlight is a deployment of a release that a process of its own has in flight.
type inFlight struct {
	*outage
	t       *testing.T
	on      *commandTarget
	name    string
	release string
	root    *root
	applies *running
}

// newInFlight begins to deploy to staging or production, with a server that does
// this with the release.
func newInFlight(t *testing.T, on, behaviour string, env ...string) *inFlight {
	t.Helper()
	o := emptyOutage(t, !directories)
	o.deploy("staging", "2.4.0")
	o.deploy("production", "2.4.0")
	d := &inFlight{outage: o, t: t, name: on, release: "2.5.0", on: o.staging}
	if on == "production" {
		o.deploy("staging", "2.5.0")
		d.on = o.production
	}
	d.on.setFor(d.release, behaviour)
	d.root = o.root("regular").write(regular(on, d.release))
	d.applies = d.root.start(env, "apply", "-auto-approve")
	return d
}

func (d *inFlight) awaitTarget() {
	d.t.Helper()
	eventually(d.t, "the target is at work", time.Minute, func() bool {
		begun := d.on.begun()
		return len(begun) > 0 && begun[len(begun)-1] == d.release
	})
}

// mustBeFixed fails unless the fix is on production, over 2.4.0, and everything
// is at rest.
func (d *inFlight) mustBeFixed() {
	d.t.Helper()
	d.mustStand("production", "2.4.0+EF-1", "app-2.4.1", "theme-1.0")
	if d.name == "production" {
		d.mustStand("staging", "2.5.0+EF-1", "app-2.4.1", "theme-1.1")
	} else {
		d.mustStand("staging", "2.4.0+EF-1", "app-2.4.1", "theme-1.0")
	}
	d.mustBeOver(portal.StatusApplied)
}

func TestRealFixStopsADeploymentInFlight(t *testing.T) {
	t.Parallel()
	for _, c := range oneOfEach(pairs([]string{hangs, isStubborn}, stagingAndProduction), first) {
		t.Run(c.on+"/"+c.what, func(t *testing.T) {
			t.Parallel()
			on, behaviour := c.on, c.what
			d := newInFlight(t, on, behaviour)
			eventually(t, "the target is at work", time.Minute, func() bool { return len(d.on.lines("pid")) == 1 })
			fix := d.outage.root("fix").write(emergencyFix("2.4.1", ""))
			fixing := fix.start(nil, "apply", "-auto-approve")
			if on == "staging" { // the first hold
				eventually(t, "the fix asks", time.Minute, func() bool { return len(events[portal.FixStepStarted](t, d.entries())) > 0 })
			} else {
				eventually(t, "the fix asks", time.Minute, func() bool {
					started := events[portal.FixStepStarted](t, d.entries())
					return len(started) > 0 && started[len(started)-1].Environment == "production"
				})
			}
			eventually(t, "the target's program has ended", 20*time.Second, func() bool { return d.on.isGone() })
			d.mustRefuse(d.applies.wait(), "deployment of 2.5.0 to intranet/"+on+" was interrupted",
				"emergency fix EF-1 (INC-4711) needs "+on+" and has stopped this deployment", "The environment still runs what it ran before", "It is recorded in the ledger.")
			d.root.mustNotBeTainted()
			if got := fixing.wait(); got.code != 0 {
				t.Fatalf("the fix:\n%s", got.fault())
			}
			d.mustBeFixed()
			fix.mustBeEmpty()
			// What was stopped goes on where the fix has ended, and takes it along.
			d.on.setFor("2.5.0+EF-1", behaves)
			d.root.apply()
			d.mustStand(on, "2.5.0+EF-1", "app-2.4.1", "theme-1.1")
			d.root.mustBeEmpty()
			fix.mustBeEmpty()
		})
	}
}

func (c *commandTarget) isGone() bool {
	c.t.Helper()
	for _, line := range c.lines("pid") {
		pid, err := strconv.Atoi(line)
		if err != nil {
			c.t.Fatal(err)
		}
		if exists(pid) {
			return false
		}
	}
	return true
}

// Whoever had it in flight has died before the fix asked.
func TestCrashOfADeploymentThatAFixThenNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range oneOfEach(pairs([]string{"after-start", "after-apply", "before-end"}, stagingAndProduction), first) {
		t.Run(c.on+"/"+c.what, func(t *testing.T) {
			t.Parallel()
			on, at := c.on, c.what
			d := newInFlight(t, on, behaves, "PORTAL_CRASH_AT="+at)
			if got := d.applies.wait(); got.code == 0 || !strings.Contains(got.output, "lugin") {
				t.Fatalf("it was not killed:\n%s", got.output)
			}
			fix := d.outage.root("fix").write(emergencyFix("2.4.1", ""))
			fix.settle()
			fix.mustBeEmpty()
			d.mustBeRight()
			d.root.mustNotBeTainted()
			if on == "production" && at == "after-start" {
				d.mustBeFixed()
			}
		})
	}
}

// mustBeRight fails unless every environment has the fix, over whichever release
// its last regular deployment brought.
func (d *inFlight) mustBeRight() {
	d.t.Helper()
	d.mustBeOver(portal.StatusApplied)
	running := map[string]string{}
	d.facts(func(f portal.Facts) {
		for name, site := range f.Sites {
			running[name] = site.Running.Effective()
		}
	})
	for name, effective := range running {
		switch effective {
		case "2.4.0+EF-1":
			d.mustStand(name, effective, "app-2.4.1", "theme-1.0")
		case "2.5.0+EF-1":
			d.mustStand(name, effective, "app-2.4.1", "theme-1.1")
		default:
			d.t.Errorf("%s runs %s", name, effective)
		}
	}
}

// It comes to its end just when the fix asks, or a moment before or after.
func TestRealFixMeetsADeploymentAtItsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range oneOfEach(pairs([]string{"0s", "300ms", "900ms", "1.1s"}, stagingAndProduction), first) {
		t.Run(c.on+"/"+c.what, func(t *testing.T) {
			t.Parallel()
			on := c.on
			wait, err := time.ParseDuration(c.what)
			if err != nil {
				t.Fatal(err)
			}
			d := newInFlight(t, on, isSlow)
			d.awaitTarget()
			fix := d.outage.root("fix").write(emergencyFix("2.4.1", ""))
			fixing := fix.start(nil, "apply", "-auto-approve")
			eventually(t, "the fix asks", time.Minute, func() bool {
				started := events[portal.FixStepStarted](t, d.entries())
				return len(started) > 0 && started[len(started)-1].Environment == on
			})
			time.Sleep(wait)
			d.on.goOn()
			if got := d.applies.wait(); got.code != 0 && !says("was interrupted", "EF-1 (INC-4711) needs "+on).MatchString(got.output) {
				t.Errorf("the deployment:\n%s", got.fault())
			}
			if got := fixing.wait(); got.code != 0 && !says("stale-plan:").MatchString(got.output) {
				t.Errorf("the fix:\n%s", got.fault())
			}
			d.root.mustNotBeTainted()
			fix.settle()
			d.mustBeRight()
			fix.mustBeEmpty()
		})
	}
}

// A fix opens while a regular deployment begins.
func TestRealFixAndDeploymentBeginAtOnce(t *testing.T) {
	t.Parallel()
	for _, on := range []string{"staging", "production"} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			d := newInFlight(t, on, behaves)
			fix := d.outage.root("fix").write(expecting("2.4.1"))
			fixing := fix.start(nil, "apply", "-auto-approve")
			if got := d.applies.wait(); got.code != 0 && !says("EF-1 (INC-4711)").MatchString(got.output) {
				t.Errorf("the deployment:\n%s", got.fault())
			}
			if got := fixing.wait(); got.code != 0 && !says("stale-plan:").MatchString(got.output) {
				t.Errorf("the fix:\n%s", got.fault())
			}
			d.root.mustNotBeTainted()
			fix.settle()
			d.mustBeRight()
			fix.mustBeEmpty()
		})
	}
}

func TestRealFixByTwoAtOnce(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, !directories)
			one, two := o.root("one").write(emergencyFix("2.4.1", "")), o.root("two").write(emergencyFix("2.4.1", ""))
			first, second := one.start(nil, "apply", "-auto-approve"), two.start(nil, "apply", "-auto-approve")
			succeeded := 0
			for _, got := range []result{first.wait(), second.wait()} {
				switch {
				case got.code == 0:
					succeeded++
				case !says("environment-held:", "deployment of", "EF-1 by", "is in flight on").MatchString(got.output) && !says("environment-held:", "deployment of 2.4.0 by", "is in flight on staging").MatchString(got.output):
					t.Errorf("one of them says:\n%s", got.fault())
				}
			}
			if succeeded == 0 {
				t.Errorf("none of them has succeeded")
			}
			o.mustBeFixed()
			for _, r := range []*root{one, two} {
				r.mustNotBeTainted()
				r.settle() // adopts what the other has done
				r.mustBeEmpty()
			}
			o.mustBeFixed()
		})
	}
}

func TestRealFixNeverStopsAFix(t *testing.T) {
	t.Parallel()
	o := newOutage(t, !directories)
	o.staging.setFor("2.4.0+EF-1", isSlow)
	r := o.root("fix").write(emergencyFix("2.4.1", ""))
	fixing := r.start(nil, "apply", "-auto-approve")
	eventually(t, "the first fix is on its way", time.Minute, func() bool { return len(o.staging.begun()) == 4 })
	other := o.root("other").write(emergencyFixNamed("EF-2", "2.4.2", ""))
	other.refuses([]string{"apply", "-auto-approve"}, "environment-held:", "Emergency fix EF-1 (INC-4711) holds", "A fix never preempts a fix")
	other.mustNotBeTainted()
	o.staging.goOn()
	if got := fixing.wait(); got.code != 0 {
		t.Fatal(got.fault())
	}
	o.mustBeFixed()
	other.apply()
	o.mustStand("production", "2.4.0+EF-1.EF-2", "app-2.4.2", "theme-1.0")
	r.mustBeEmpty()
}
