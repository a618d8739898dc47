package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// planWithdrawal plans the withdrawal of a fix, starting where it matters most.
func (f Facts) planWithdrawal(p *FixProposal, w *FixWish) error {
	x := p.Known
	if x == nil {
		return reject(fmt.Sprintf("there is no emergency fix %s to withdraw", w.Name),
			"The ledger has no fix of that name on %q. Leave withdraw out to open it.", f.Name)
	}
	p.Fix, p.Plan = x.Fix, x.Plan
	if x.differsFrom(&w.Fix) == "" && !same(restated(&x.Fix), restated(&w.Fix)) {
		p.Restated, p.Fix.Justification, p.Fix.Components = true, w.Justification, w.Components
	}
	p.Reviewed = w.Review != nil && (x.Review == nil || *x.Review != *w.Review)
	p.Withdraws, p.Stop = true, len(x.Plan.Steps)
	if x.Withdrawal != nil && !f.outdatedWithdrawal(x) {
		return nil
	}
	if later := f.onTopOf(x); later != nil && x.Withdrawal == nil {
		return reject(fmt.Sprintf("emergency fix %s cannot be withdrawn", x.Name),
			"%s is later and changes the same component (%s). Withdraw %s first, or declare a new fix on top.",
			later.Name, joinAnd(bothTouch(&x.Fix, &later.Fix)), later.Name)
	}
	p.Planned = true
	p.Plan.Steps = f.withdrawalSteps(x)
	p.Stop = len(p.Plan.Steps)
	moved := *x
	moved.Plan, moved.Withdrawal = p.Plan, &Withdrawal{Reason: w.Withdraw, At: f.Now}
	for _, step := range p.Plan.Steps {
		holder := f.HoldingFix(step.Environment)
		if step.Action == StepHold && holder != nil && holder.Name != x.Name {
			p.Verdict.gates = append(p.Verdict.gates, f.gateHeld(f.Sites[step.Environment]))
		}
	}
	if w.Steps != "" && w.Steps != StepsDigest(p.Plan.Steps) {
		p.Verdict.gates = append(p.Verdict.gates, staleGate("what the withdrawal would do has changed since the plan."))
	}
	_, gates := f.breaks(&moved, 0, len(p.Plan.Steps))
	p.Verdict.gates = append(p.Verdict.gates, gates...)
	return nil
}

// outdatedWithdrawal reports whether a remaining step would restore another content than it was
// planned from.
func (f Facts) outdatedWithdrawal(x *FixState) bool {
	return x.Active() && slices.ContainsFunc(x.Plan.Steps[x.Done:], func(step Step) bool { return f.staleFor(x, step) != "" })
}

// onTopOf returns a fix in force, or in progress, that was made after this one was in force and
// touches what it touches, or nil.
func (f Facts) onTopOf(x *FixState) *FixState {
	if x.InForce == 0 {
		return nil // nothing to be on top of
	}
	for _, name := range sortedKeys(f.Fixes) {
		other := f.Fixes[name]
		later := other.InForce > x.InForce || (other.InForce == 0 && other.Active())
		if other != x && later && !other.withdrawn() && len(bothTouch(&x.Fix, &other.Fix)) > 0 && x.meets(other) {
			return other
		}
	}
	return nil
}

func bothTouch(a, b *Fix) []string {
	return slices.DeleteFunc(sortedKeys(a.Components), func(component string) bool {
		_, touches := b.Components[component]
		return !touches
	})
}

func (f Facts) withdrawalSteps(x *FixState) []Step {
	var steps []Step
	for _, name := range f.byWeight(x) {
		if test := x.took(name); test != nil && x.Plan.Target(name) == nil {
			steps = append(steps, f.backToBefore(x, test)...)
		} else {
			steps = append(steps, f.withoutFix(x, name)...)
		}
	}
	return steps
}

// byWeight lists the environments of the pipeline, the most important ones first: the targets of
// the fix in their order, then by stage from the final one to the first, then by name.
func (f Facts) byWeight(x *FixState) []string {
	targets := x.targetNames()
	names := slices.DeleteFunc(sortedKeys(f.Sites), func(name string) bool { return slices.Contains(targets, name) })
	far := map[string]int{} // how many stages come before it: more than before any of those
	for _, stage := range f.Pipeline.Stages {
		far[stage.Name] = 1 + len(f.Pipeline.Before(stage.Name))
	}
	slices.SortStableFunc(names, func(a, b string) int {
		a, b = f.Sites[a].Stage, f.Sites[b].Stage
		return cmp.Or(cmp.Compare(far[b], far[a]), strings.Compare(a, b))
	})
	return append(slices.DeleteFunc(targets, func(name string) bool { return f.Sites[name] == nil }), names...)
}

// began reports whether the fix has begun to hold an environment.
func (x *FixState) began(environment string) bool {
	holds := slices.IndexFunc(x.Plan.Steps, func(s Step) bool { return s.Action == StepHold && s.Environment == environment })
	return holds < x.Done // also if a hold of an earlier round made one unnecessary
}

// withoutFix lists the steps that remove a fix from one environment; none if it was never there.
func (f Facts) withoutFix(x *FixState, environment string) []Step {
	site := f.Sites[environment]
	if site == nil {
		return nil
	}
	holds := x.Holds(environment) && x.began(environment)
	unhold := Step{Action: StepUnhold, Environment: environment, Detail: "regular deployments may go on"}
	tried := site.Attempt != nil && site.Attempt.Step != nil && site.Attempt.Step.Fix == x.Name && !site.Intact()
	runs, there := site.Running, site.InService()
	// A deployment brings it, was interrupted with it, or has left it there.
	coming := (!site.Attempt.settled() && slices.Contains(site.Attempt.Fixes, x.Name)) || there.has(x.Name) || f.broughtByOthers(x, environment)
	if runs == nil && coming {
		runs = &Installation{} // nothing must run there
	}
	if runs == nil || (!runs.has(x.Name) && !tried && !coming) {
		if holds {
			return []Step{unhold}
		}
		return nil
	}
	var steps []Step
	if !holds {
		steps = append(steps, Step{Action: StepHold, Environment: environment, Detail: "keeps regular deployments off"})
	}
	release, back := runs.Release, f.carryWithout(x, environment, runs)
	if site.FixLeftovers() && site.Lane == LaneRegular {
		release, back = "", Carried{} // it was empty before
	}
	return append(steps, Step{
		Action: StepRollBack, Environment: environment, Release: release, Fixes: back.Fixes, Content: back.Content,
		Detail: becomes(there, back.Content), From: cmp.Or(site.serving(), fromNothing), Over: digestOf(there),
	}, unhold)
}

// broughtByOthers reports whether another fix, which has the environment then, carries this one
// there.
func (f Facts) broughtByOthers(x *FixState, environment string) bool {
	holder := f.HoldingFix(environment)
	return holder != nil && holder.Name != x.Name && slices.ContainsFunc(holder.Plan.Steps[holder.Done:], func(s Step) bool {
		return s.Environment == environment && slices.Contains(s.Fixes, x.Name)
	})
}

// carryWithout is what an environment runs, with the fixes in force but one.
func (f Facts) carryWithout(x *FixState, environment string, runs *Installation) Carried {
	if runs.Release == "" {
		return Carried{}
	}
	remaining := slices.DeleteFunc(slices.Clone(f.InForceOn(environment)), func(other *FixState) bool { return other.Name == x.Name })
	carried := f.carry(runs.Release, f.own(runs), chainsOf(remaining))
	carried.Conflicts = nil // it runs there already
	return carried
}
