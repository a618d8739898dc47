package portal

import (
	"fmt"
	"slices"
	"strings"
)

// steps lists what the fix does, in order: it is tested on one stage after the
// other, then it goes to its targets, then what was interrupted comes back.
func (p *planner) steps() {
	for i := range p.plan.Tests {
		p.test(&p.plan.Tests[i])
	}
	for _, target := range p.plan.Targets {
		carried := p.fixed(&target.Before)
		p.hold(target.Environment)
		p.deploy(StepDeploy, target.Environment, target.Before.Release, carried, p.f.Sites[target.Environment].InService())
		p.add(Step{Action: StepUnhold, Environment: target.Environment, Detail: "regular deployments may go on"})
	}
	for i := range p.plan.Tests {
		p.giveBack(&p.plan.Tests[i])
	}
	p.release()
}

func (p *planner) add(step Step) { p.plan.Steps = append(p.plan.Steps, step) }

// held reports whether the fix holds an environment already and no step of the
// new plan needs to take it: where it was amended.
func (p *planner) held(environment string) bool {
	if p.mine == nil || !p.mine.Holds(environment) {
		return false
	}
	for _, step := range p.mine.Plan.Steps[:p.mine.Done] {
		if step.Action == StepHold && step.Environment == environment {
			return true
		}
	}
	// An earlier amendment may have left the hold out, because it was there.
	return !slices.ContainsFunc(p.mine.Plan.Steps, func(s Step) bool { return s.Action == StepHold && s.Environment == environment })
}

func (p *planner) hold(environment string) {
	if p.held(environment) {
		return
	}
	detail := "keeps regular deployments off"
	if a := p.f.Sites[environment].Attempt; a.Open() && a.Step == nil {
		what := "the removal"
		if a.Release != "" {
			what = "the deployment of " + a.Effective()
		}
		detail = fmt.Sprintf("stops %s in flight there, and %s", what, detail)
	}
	p.add(Step{Action: StepHold, Environment: environment, Detail: detail})
}

// deploy adds a step that changes what an environment runs, from what is in
// service there then.
func (p *planner) deploy(action StepAction, environment, release string, carried Carried, there *Installation) {
	p.add(Step{
		Action: action, Environment: environment, Release: release, Fixes: carried.Fixes, Content: carried.Content,
		Detail: becomes(there, carried.Content), Over: digestOf(there),
	})
}

// test adds the steps that test the fix on one environment.
func (p *planner) test(test *FixTest) {
	site, baseline := p.f.Sites[test.Environment], &p.plan.Targets[0].Before
	stands, runs, there := test.Before, site.Running, site.InService()
	p.hold(test.Environment)
	if test.suspends(baseline) && site.Suspended == nil {
		p.add(Step{
			Action: StepSuspend, Environment: test.Environment, Release: stands.Release, Fixes: stands.Fixes,
			Detail: "keeps its place; its tests and its soak time wait",
		})
	}
	brought, carried := baseline.Release, p.fixed(baseline)
	switch test.Strategy {
	case StrategyPreempt:
		brought, carried = stands.Release, p.laid(stands)
	case StrategyRollback:
		if p.mine == nil || runs == nil || runs.Release != baseline.Release || !p.held(test.Environment) {
			back := Carried{Content: baseline.Content, Fixes: baseline.Fixes}
			p.deploy(StepRollBack, test.Environment, baseline.Release, back, there)
			there = baseline
		}
	}
	p.deploy(StepDeploy, test.Environment, brought, carried, there)
	p.add(Step{
		Action: StepTest, Environment: test.Environment, Release: brought, Fixes: carried.Fixes,
		Detail: p.testDetail(site, test),
	})
}

// suspends reports whether the test makes the release that stands there wait.
func (t *FixTest) suspends(baseline *Installation) bool {
	return t.Before != nil && t.Before.Release != baseline.Release && (t.Strategy == StrategyPreempt || t.Strategy == StrategyRollback)
}

func (p *planner) testDetail(site *Site, test *FixTest) string {
	var parts []string
	if suites := p.f.Pipeline.Emergency.RequiredTests; len(suites) > 0 {
		parts = append(parts, "required: "+strings.Join(sortedSet(suites), ", "))
	} else {
		parts = append(parts, "no suite is required")
	}
	if len(site.Checks) > 0 {
		names := make([]string, len(site.Checks))
		for i, check := range site.Checks {
			names[i] = check.Name
		}
		parts = append(parts, "checks: "+strings.Join(names, ", "))
	}
	return fmt.Sprintf("%s (%s)", strings.Join(parts, "; "), test.Strategy)
}

// giveBack adds the steps that bring back what a test has interrupted.
func (p *planner) giveBack(test *FixTest) {
	if test.suspends(&p.plan.Targets[0].Before) || p.f.Sites[test.Environment].Suspended != nil {
		stands := test.Before
		now := p.fixed(stands)
		if len(now.Conflicts) > 0 {
			var lines []string
			for _, conflict := range now.Conflicts {
				lines = append(lines, conflict.String())
			}
			test.Conflict = strings.Join(lines, "; ")
			now = Carried{Content: stands.Content, Fixes: stands.Fixes}
		}
		tested := p.plan.deployed(test.Environment)
		if tested.Release != stands.Release || !now.Content.Equal(tested.Content) {
			p.deploy(StepRestore, test.Environment, stands.Release, now, &Installation{Content: tested.Content, Digest: tested.Content.Digest()})
		}
		detail := "its tests and its soak time go on, on what runs now"
		if test.Conflict != "" {
			detail = fmt.Sprintf("it lacks %s, and may not leave until a release contains it", p.fix.Name)
		}
		p.add(Step{Action: StepResume, Environment: test.Environment, Release: stands.Release, Fixes: now.Fixes, Detail: detail})
	}
	p.add(Step{Action: StepUnhold, Environment: test.Environment, Detail: "regular deployments may go on"})
}

// release gives back the environments that an earlier plan of the fix has taken
// and this one has no use for.
func (p *planner) release() {
	if p.mine == nil {
		return
	}
	for _, name := range p.mine.Plan.tested() {
		if test := p.mine.took(name); test != nil && p.plan.test(name) == nil && p.f.Sites[name] != nil {
			p.plan.Leaving = append(p.plan.Leaving, *test)
			p.plan.Steps = append(p.plan.Steps, p.f.backToBefore(p.mine, test)...)
		}
	}
}

// backToBefore lists the steps that give an environment back as the fix found
// it.
func (f Facts) backToBefore(x *FixState, test *FixTest) []Step {
	site := f.Sites[test.Environment]
	there := site.InService()
	var steps []Step
	tried := site.Attempt != nil && site.Attempt.Step != nil && !site.Intact()
	if tried || site.Running.has(x.Name) || there.has(x.Name) || site.Suspended != nil {
		restore := Step{Action: StepRestore, Environment: test.Environment, Detail: "as it was before", Over: digestOf(there)}
		if test.Before != nil {
			restore.Release, restore.Fixes, restore.Content = test.Before.Release, test.Before.Fixes, test.Before.Content
			if there != nil {
				restore.Detail = becomes(there, test.Before.Content)
			}
		}
		steps = append(steps, restore)
	}
	if site.Suspended != nil {
		steps = append(steps, Step{Action: StepResume, Environment: test.Environment, Release: test.Before.Release, Fixes: test.Before.Fixes, Detail: "its tests and its soak time go on"})
	}
	return append(steps, Step{Action: StepUnhold, Environment: test.Environment, Detail: "regular deployments may go on"})
}
