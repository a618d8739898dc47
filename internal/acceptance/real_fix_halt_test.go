package acceptance

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// mustBeHalted fails unless the fix waits at a step, with what it had taken.
func (o *outage) mustBeHalted(step int) {
	o.t.Helper()
	o.facts(func(f portal.Facts) {
		x := f.Fixes["EF-1"]
		if x.Status() != portal.StatusHalted || x.Done != step-1 {
			o.t.Errorf("the fix is %s at step %d", x.Status(), x.Done+1)
		}
		if holder := f.HoldingFix("staging"); holder == nil || holder.Name != "EF-1" {
			o.t.Errorf("staging is held by %v", holder)
		}
	})
}

// The target fails, or the check does, in each step that deploys.
func TestRealFixGoesOnFromWhereItHalted(t *testing.T) {
	t.Parallel()
	type halt struct {
		step       int
		action, on string
		release    string
		behaviour  string // "": its check fails
		says       string
		stays      string // what production runs then
	}
	type trial struct {
		halt
		withdraw bool
	}
	var trials []trial
	for _, c := range []halt{
		{step: 3, action: "roll_back", on: "staging", release: "2.4.0", behaviour: fails, says: "no way to the server", stays: "2.4.0"},
		{step: 3, action: "roll_back", on: "staging", release: "2.4.0", behaviour: isDown, says: "no way to the server", stays: "2.4.0"},
		{step: 4, action: "deploy", on: "staging", release: "2.4.0+EF-1", behaviour: fails, says: "no way to the server", stays: "2.4.0"},
		{step: 4, action: "deploy", on: "staging", release: "2.4.0+EF-1", says: `check "smoke" failed`, stays: "2.4.0"},
		{step: 4, action: "deploy", on: "staging", release: "2.4.0+EF-1", behaviour: lies, says: "it runs something else", stays: "2.4.0"},
		{step: 7, action: "deploy", on: "production", release: "2.4.0+EF-1", behaviour: fails, says: "no way to the server", stays: "2.4.0"},
		{step: 7, action: "deploy", on: "production", release: "2.4.0+EF-1", says: `check "health" failed`, stays: "2.4.0"},
		{step: 9, action: "restore", on: "staging", release: "2.5.0+EF-1", behaviour: fails, says: "no way to the server", stays: "2.4.0+EF-1"},
	} {
		trials = append(trials, trial{c, false}, trial{c, true})
	}
	for _, c := range oneOfEach(trials, func(c trial) string { return fmt.Sprint(c.halt) }) {
		name := fmt.Sprintf("%s on %s/%s", c.action, c.on, c.says)
		if c.withdraw {
			name += "/taken back"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, !directories)
			server := map[string]*commandTarget{"staging": o.staging, "production": o.production}[c.on]
			switch c.behaviour {
			case "":
				o.spoil(c.on, c.release)
			case isDown:
				server.set(isDown)
			default:
				server.setFor(c.release, c.behaviour)
			}
			r := o.root("fix").write(emergencyFix("2.4.1", ""))
			r.refuses([]string{"apply", "-auto-approve"}, fmt.Sprintf("Error: Emergency fix EF-1 is halted at step %d of 11, %s on %s", c.step, c.action, c.on), c.says, "the environments stay held")
			r.mustNotBeTainted()
			o.mustBeHalted(c.step)
			o.facts(func(f portal.Facts) {
				if runs := f.Sites["production"].Running.Effective(); runs != c.stays {
					t.Errorf("production runs %s", runs)
				}
			})
			o.root("regular").write(regular("staging", "2.6.0")).refuses([]string{"plan"}, "environment-held:", "Emergency fix EF-1 (INC-4711) holds staging", c.says)
			if c.withdraw {
				if c.behaviour == isDown {
					server.set(behaves)
				}
				if c.release != "2.4.0" { // else it is in the way of taking it back too
					r.write(emergencyFix("2.4.1", withdrawn)).apply()
					o.mustBeAsBefore()
					r.mustBeEmpty()
					return
				}
			}
			switch c.behaviour {
			case "":
				o.mend(c.on, c.release)
			default:
				server.set(behaves)
				server.setFor(c.release, behaves)
			}
			if c.withdraw {
				r.write(emergencyFix("2.4.1", withdrawn)).apply()
				o.mustBeAsBefore()
			} else {
				r.apply()
				o.mustStand("staging", "2.5.0+EF-1", "app-2.4.1", "theme-1.1")
				o.mustStand("production", "2.4.0+EF-1", "app-2.4.1", "theme-1.0")
				o.mustBeOver(portal.StatusApplied)
			}
			r.mustBeEmpty()
		})
	}
}

func TestRealCtrlCInAStepOfAFix(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step        int
		on, release string
	}{
		{step: 3, on: "staging", release: "2.4.0"},
		{step: 7, on: "production", release: "2.4.0+EF-1"},
	} {
		t.Run(c.on, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, !directories)
			server := map[string]*commandTarget{"staging": o.staging, "production": o.production}[c.on]
			server.setFor(c.release, hangs)
			r := o.root("fix").write(emergencyFix("2.4.1", ""))
			applying := r.start(nil, "apply", "-auto-approve")
			eventually(t, "the step hangs", time.Minute, func() bool { return len(server.lines("pid")) == 1 })
			if err := applying.cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			o.mustRefuse(applying.wait(), fmt.Sprintf("Error: Emergency fix EF-1 is halted at step %d of 11", c.step), "Whoever started it has stopped it", "It is recorded in the ledger.")
			server.mustBeGone()
			r.mustNotBeTainted()
			o.mustBeHalted(c.step)
			server.setFor(c.release, behaves)
			r.apply()
			o.mustStand("staging", "2.5.0+EF-1", "app-2.4.1", "theme-1.1")
			o.mustStand("production", "2.4.0+EF-1", "app-2.4.1", "theme-1.0")
			o.mustBeOver(portal.StatusApplied)
			r.mustBeEmpty()
		})
	}
}

// mustBeGone fails where a program still runs that hung.
func (c *commandTarget) mustBeGone() {
	c.t.Helper()
	for _, line := range c.lines("pid") {
		var pid int
		if _, err := fmt.Sscan(line, &pid); err != nil {
			c.t.Fatal(err)
		}
		if exists(pid) {
			c.t.Errorf("the program %d goes on", pid)
		}
	}
}

func TestCrashOfEverythingInAFix(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"2.4.0", "2.4.0+EF-1", "2.5.0+EF-1"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, directories)
			o.staging.setFor(release, hangs)
			r := o.root("fix").write(emergencyFix("2.4.1", ""))
			applying := r.prepare(nil, "apply", "-auto-approve")
			applying.cmd.SysProcAttr = inOwnGroup()
			applying.begin()
			eventually(t, "the step hangs", time.Minute, func() bool { return len(o.staging.lines("pid")) == 1 })
			if err := killGroup(applying.cmd.Process.Pid); err != nil {
				t.Fatal(err)
			}
			applying.wait()
			o.staging.setFor(release, behaves)
			r.settle()
			o.mustStand("staging", "2.5.0+EF-1", "app-2.4.1", "theme-1.1")
			o.mustStand("production", "2.4.0+EF-1", "app-2.4.1", "theme-1.0")
			o.mustBeOver(portal.StatusApplied)
			if want := []string{"2.4.0", "2.5.0", "2.4.0", "2.4.0+EF-1", "2.5.0+EF-1"}; !slices.Equal(o.staging.deployed(), want) {
				t.Errorf("staging was told %v", o.staging.deployed())
			}
			r.mustBeEmpty()
		})
	}
}
