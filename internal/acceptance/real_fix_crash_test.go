package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// fixPoints are those at which a process may die that carries a fix out, in
// order.
var fixPoints = []rollout.Point{
	rollout.BeforeOpen, rollout.AfterOpen, rollout.BeforeStep, rollout.AfterStart, rollout.BeforeApply, rollout.AfterApply, rollout.BeforeEnd, rollout.AfterEnd, rollout.AfterStep,
}

// turns lists every point with every time that the steps pass it:
// "after-apply:3". After a step everything is as before the next one, so that
// only the last one is of interest.
func turns(steps []portal.Step) []string {
	var list []string
	times := passes(steps)
	for _, point := range fixPoints {
		for turn := range times[point] {
			if point != rollout.AfterStep || turn+1 == times[point] {
				list = append(list, fmt.Sprintf("%s:%d", point, turn+1))
			}
		}
	}
	return list
}

// pointOf is the point of a turn.
func pointOf(turn string) string {
	point, _, _ := strings.Cut(turn, ":")
	return point
}

// planOf is what a fix is recorded to do.
func (o *outage) planOf(fix string) (plan portal.FixPlan) {
	o.t.Helper()
	o.facts(func(f portal.Facts) {
		if x := f.Fixes[fix]; x != nil {
			plan = x.Plan
			plan.Steps = slices.Clone(plan.Steps)
		}
	})
	return plan
}

func (o *outage) mustBeFixed() {
	o.t.Helper()
	o.mustStand("staging", "2.5.0+EF-1", "app-2.4.1", "theme-1.1")
	o.mustStand("production", "2.4.0+EF-1", "app-2.4.1", "theme-1.0")
	o.staging.mustHave("2.4.0", "2.5.0", "2.4.0", "2.4.0+EF-1", "2.5.0+EF-1")
	o.mustBeOver(portal.StatusApplied)
}

func TestCrashOfAFixAtEveryPoint(t *testing.T) {
	t.Parallel()
	whole := newOutage(t, directories)
	whole.root("fix").write(emergencyFix("2.4.1", "")).apply()
	whole.mustBeFixed()
	plan := whole.planOf("EF-1")
	if plan.Strategy != portal.StrategyRollback || len(plan.Steps) != 11 {
		t.Fatalf("the plan is %s, %v", plan.Strategy, plan.Steps)
	}
	for _, turn := range oneOfEach(turns(plan.Steps), pointOf) {
		t.Run(turn, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, directories)
			r := o.root("fix").write(emergencyFix("2.4.1", ""))
			r.mustBeKilled(turn)
			r.settle()
			o.mustBeFixed()
			r.mustBeEmpty()
		})
	}
}

func (o *outage) mustBeAsBefore() {
	o.t.Helper()
	o.mustStand("staging", "2.5.0", "app-2.4.0", "theme-1.1")
	o.mustStand("production", "2.4.0", "app-2.4.0", "theme-1.0")
	o.mustBeOver(portal.StatusWithdrawn)
}

func TestCrashOfTakingAFixBack(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (*outage, *root) {
		o := newOutage(t, directories)
		r := o.root("fix").write(emergencyFix("2.4.1", ""))
		r.apply()
		return o, r.write(emergencyFix("2.4.1", withdrawn))
	}
	end := func(o *outage) {
		o.t.Helper()
		o.mustBeAsBefore()
		o.staging.mustHave("2.4.0", "2.5.0", "2.4.0", "2.4.0+EF-1", "2.5.0+EF-1", "2.5.0")
	}
	whole, r := begin(t)
	r.apply()
	end(whole)
	steps := whole.planOf("EF-1").Steps
	if len(steps) != 6 {
		t.Fatalf("the steps are %v", steps)
	}
	for _, turn := range some(turns(steps), 6) {
		t.Run(turn, func(t *testing.T) {
			t.Parallel()
			o, r := begin(t)
			r.mustBeKilled(turn)
			r.settle()
			end(o)
			r.mustBeEmpty()
		})
	}
}

// A fix that was on its way is taken back by the very next apply: it comes to no
// place that it had not come to when its process died.
func TestCrashOfAFixThatIsThenTakenBack(t *testing.T) {
	t.Parallel()
	type killed struct {
		turn       string
		production bool // it has come to production
	}
	for _, c := range some([]killed{
		{"after-open:1", false},
		{"before-step:2", false},
		{"before-step:3", false},
		{"after-start:1", false},
		{"after-apply:1", false},
		{"after-end:1", false},
		{"after-start:2", false},
		{"after-apply:2", false},
		{"before-step:5", false},
		{"before-step:7", false},
		{"after-start:3", false},
		{"after-apply:3", true},
		{"before-step:8", true},
		{"before-step:9", true},
		{"after-start:4", true},
		{"after-apply:4", true},
		{"before-step:10", true},
		{"before-step:11", true},
	}, 5) {
		t.Run(c.turn, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, !directories)
			r := o.root("fix").write(emergencyFix("2.4.1", ""))
			r.mustBeKilled(c.turn)
			r.write(emergencyFix("2.4.1", withdrawn))
			r.settle()
			o.mustBeAsBefore()
			if came := slices.Contains(o.production.begun(), "2.4.0+EF-1"); came != c.production {
				t.Errorf("production was told %v", o.production.begun())
			}
			r.mustBeEmpty()
		})
	}
}

func TestCrashOfAmendingAFix(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (*outage, *root) {
		o := newOutage(t, directories)
		r := o.root("fix").write(emergencyFix("2.4.1", ""))
		o.spoil("staging", "2.4.0+EF-1")
		r.refuses([]string{"apply", "-auto-approve"}, "EF-1 is halted at step 4 of 11, deploy on staging", "smoke")
		r.mustNotBeTainted()
		o.mend("staging", "2.4.0+EF-1")
		return o, r.write(emergencyFix("2.4.2", "")).read()
	}
	end := func(o *outage) {
		o.t.Helper()
		o.mustStand("staging", "2.5.0+EF-1", "app-2.4.2", "theme-1.1")
		o.mustStand("production", "2.4.0+EF-1", "app-2.4.2", "theme-1.0")
		o.staging.mustHave("2.4.0", "2.5.0", "2.4.0", "2.4.0+EF-1", "2.4.0+EF-1", "2.5.0+EF-1")
		o.mustBeOver(portal.StatusApplied)
	}
	whole, r := begin(t)
	r.apply()
	end(whole)
	for _, turn := range some(turns(whole.planOf("EF-1").Steps), 8) {
		t.Run(turn, func(t *testing.T) {
			t.Parallel()
			o, r := begin(t)
			r.mustBeKilled(turn)
			r.settle()
			end(o)
			r.mustBeEmpty()
		})
	}
}

// Amended by the very next apply, a fix that was on its way comes nowhere as it
// was before.
func TestCrashOfAFixThatIsThenAmended(t *testing.T) {
	t.Parallel()
	for _, turn := range some([]string{"after-open:1", "before-step:3", "after-start:1", "after-apply:1", "before-step:4", "after-start:2", "after-apply:2", "before-step:6", "after-start:3"}, 4) {
		t.Run(turn, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, !directories)
			r := o.root("fix").write(emergencyFix("2.4.1", ""))
			r.mustBeKilled(turn)
			r.write(emergencyFix("2.4.2", ""))
			r.settle()
			o.mustStand("staging", "2.5.0+EF-1", "app-2.4.2", "theme-1.1")
			o.mustStand("production", "2.4.0+EF-1", "app-2.4.2", "theme-1.0")
			o.production.mustHave("2.4.0", "2.4.0+EF-1")
			o.mustBeOver(portal.StatusApplied)
			r.mustBeEmpty()
		})
	}
}
