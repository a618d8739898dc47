package portal

import (
	"fmt"
	"slices"
	"strings"
)

// steps lists what the fix does, in order: it is tested on one stage after the other, then it goes
// to its targets, then what was interrupted comes back. If it is tested on several environments of
// a stage it is deployed to all of them before the first test, so that advance_to the stage leaves
// it there to be tested.
func (p *planner) steps() {
	tests := p.plan.Tests
	for i, begun := 0, 0; i < len(tests); i++ {
		p.bring(&tests[i])
		if i+1 == len(tests) || tests[i+1].Stage != tests[i].Stage {
			for ; begun <= i; begun++ {
				p.addTestSteps(&tests[begun])
			}
		}
	}
	for _, target := range p.plan.Targets {
		carried := p.fixed(target.Environment, &target.Before)
		p.hold(target.Environment)
		p.deploy(StepDeploy, target.Environment, target.Before.Release, carried, p.f.Sites[target.Environment].InService())
		p.add(Step{Action: StepUnhold, Environment: target.Environment, Detail: "regular deployments may go on"})
	}
	for i := range p.plan.Tests {
		p.giveBack(&p.plan.Tests[i])
	}
	p.giveBackLeaving()
}

func (p *planner) add(step Step) { p.plan.Steps = append(p.plan.Steps, step) }

// held reports whether an amended fix already holds an environment, so that the new plan needs no
// step for it.
func (p *planner) held(environment string) bool {
	if p.mine == nil || !p.mine.Holds(environment) {
		return false
	}
	for _, step := range p.mine.Plan.Steps[:p.mine.Done] {
		if step.Action == StepHold && step.Environment == environment {
			return true
		}
	}
	// An earlier amendment may have omitted the hold, because it existed.
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

// deploy adds a step that changes what an environment runs, from what is in service there at that
// time.
func (p *planner) deploy(action StepAction, environment, release string, carried Carried, there *Installation) {
	p.add(Step{
		Action: action, Environment: environment, Release: release, Fixes: carried.Fixes, Content: carried.Content,
		Detail: becomes(there, carried.Content), Over: digestOf(there), Brings: carried.Content.Digest(),
	})
}

// bring adds the steps that deploy the fix to an environment where it is tested.
func (p *planner) bring(test *FixTest) {
	site, first := p.f.Sites[test.Environment], p.plan.Targets[0].Environment
	baseline := &p.plan.Targets[0].Before
	stands, runs, there := test.Before, site.Running, site.InService()
	p.hold(test.Environment)
	if test.suspends(baseline) && site.Suspended == nil {
		p.add(Step{
			Action: StepSuspend, Environment: test.Environment, Release: stands.Release, Fixes: stands.Fixes,
			Detail: "keeps its place; its tests and its soak time wait",
		})
	}
	brought, carried := baseline.Release, p.fixed(first, baseline) // what the target gets
	switch test.Strategy {
	case StrategyPreempt:
		brought, carried = stands.Release, p.overlay(test.Environment, stands)
	case StrategyRollback:
		if p.mine == nil || runs == nil || runs.Release != baseline.Release || !p.held(test.Environment) {
			back := Carried{Content: baseline.Content, Fixes: baseline.Fixes}
			p.deploy(StepRollBack, test.Environment, baseline.Release, back, there)
			there = baseline
		}
	}
	p.deploy(StepDeploy, test.Environment, brought, carried, there)
}

// addTestSteps adds the step that tests the fix on an environment.
func (p *planner) addTestSteps(test *FixTest) {
	tested := p.plan.deployed(test.Environment)
	p.add(Step{
		Action: StepTest, Environment: test.Environment, Release: tested.Release, Fixes: tested.Fixes,
		Detail: p.testDetail(p.f.Sites[test.Environment], test),
	})
}

// suspends reports whether the test makes the release that runs there wait.
func (t *FixTest) suspends(baseline *Installation) bool {
	return t.Before != nil && t.Before.Release != baseline.Release && (t.Strategy == StrategyPreempt || t.Strategy == StrategyRollback)
}

// giveBack adds the steps that restore what a test has interrupted, and remove what may not stay
// where it was tested.
func (p *planner) giveBack(test *FixTest) {
	waits := test.suspends(&p.plan.Targets[0].Before) || p.f.Sites[test.Environment].Suspended != nil
	if tested := p.plan.deployed(test.Environment); waits || p.visits(tested) {
		p.bringBack(test, tested, waits)
	}
	p.add(Step{Action: StepUnhold, Environment: test.Environment, Detail: "regular deployments may go on"})
}

// visits reports whether a test deploys a fix to an environment on which it is not in force. On an
// emergency lane it stays: releases do not pass through it.
func (p *planner) visits(tested Step) bool {
	return p.f.Sites[tested.Environment].Lane == LaneRegular && slices.ContainsFunc(tested.Fixes, func(name string) bool {
		x := p.f.Fixes[name]
		if name == p.fix.Name {
			x = p.would
		}
		return !x.Reaches(tested.Environment)
	})
}

// bringBack adds the steps that restore what a test environment ran, with the fixes in force there.
// waits is whether its test was interrupted.
func (p *planner) bringBack(test *FixTest, tested Step, waits bool) {
	release, back := "", Carried{} // nothing ran there
	var lacks []string
	if stands := test.Before; stands != nil {
		if release, back = stands.Release, p.fixed(test.Environment, stands); len(back.Conflicts) > 0 {
			var lines []string
			for _, conflict := range back.Conflicts {
				lines, lacks = append(lines, conflict.String()), append(lacks, conflict.Fix)
			}
			test.Conflict = strings.Join(lines, "; ")
			back = Carried{Content: stands.Content, Fixes: stands.Fixes}
		}
	}
	if tested.Release != release || !back.Content.Equal(tested.Content) || p.visits(tested) {
		p.deploy(StepRestore, test.Environment, release, back, &Installation{Content: tested.Content, Digest: tested.Content.Digest()})
	}
	if !waits {
		return
	}
	detail := "its tests and its soak time go on, on what runs now"
	if len(lacks) > 0 {
		detail = fmt.Sprintf("it lacks %s, and may not leave until a release contains it", joinAnd(sortedSet(lacks)))
	}
	p.add(Step{Action: StepResume, Environment: test.Environment, Release: release, Fixes: back.Fixes, Detail: detail})
}

// giveBackLeaving gives back the environments that an earlier plan of the fix has taken and this
// one does not need.
func (p *planner) giveBackLeaving() {
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

// backToBefore lists the steps that restore an environment to what the fix found.
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
