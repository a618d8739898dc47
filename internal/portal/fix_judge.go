package portal

import (
	"fmt"
	"slices"
)

// breaks lists the rules that the steps of a fix break, from one step up to but not including
// another, and what prevents them altogether. Each step is judged as if the steps before it had
// succeeded; what the fix causes itself is not held against it.
func (f Facts) breaks(x *FixState, from, until int) ([]Bypass, []Gate) {
	var rows []Bypass
	var gates []Gate
	sim := f
	sim.State = f.Clone()
	sim.Fixes[x.Name] = x.copied()
	sim.forget()
	judged := false // whether the results of the tests were judged again
	for i := from; i < until; i++ {
		step := x.Plan.Steps[i]
		site := f.Sites[step.Environment]
		if site == nil {
			gates = append(gates, staleGate(fmt.Sprintf("environment %q is gone.", step.Environment)))
			continue
		}
		switch step.Action {
		case StepTest:
			rows = append(rows, f.untested(x, step, site)...)
		case StepDeploy:
			rows = append(rows, f.fixQuestion(x, &step, site).rows(&freezeRule, &occupiedRule)...)
			if x.Plan.Target(step.Environment) != nil {
				rows = append(rows, sim.fixQuestion(x, &step, site).rows(&orderRule, &testsRule, &soakRule, &approvalsRule)...)
				rows = append(rows, f.unlike(x, step)...)
				if !judged {
					rows = append(rows, f.revoked(x)...)
					judged = true
				}
			}
		}
		if step.Deploys() && f.Release(step.Release) != nil {
			q := f.fixQuestion(x, &step, site)
			if gate := prerequisitesRule.gate(q, prerequisitesRule.Judge(q)); gate.Status == Refused {
				gates = append(gates, gate)
			}
		}
		if i+1 < until {
			for _, event := range sim.foreseeStep(x, i) {
				sim.Suppose(event, f.Now, f.By)
			}
		}
	}
	return f.levelled(rows), gates
}

// fixQuestion is the question whether the content of a step may go to its environment, asked as for
// a regular deployment of exactly that content.
func (f Facts) fixQuestion(x *FixState, step *Step, site *Site) *question {
	q := &question{
		f: f, g: f.graph(), site: site, mode: ModeFix, release: step.Release, dossier: f.Release(step.Release),
		to: step.Content, fixes: step.Fixes, fix: x, step: step,
	}
	if q.stage, q.at = q.g.stage(site.Stage); q.stage != nil && q.g.final >= 0 {
		q.final = &q.g.pipeline.Stages[q.g.final]
	}
	return q
}

// rows lists the broken rules, in the order in which the fix's statement has them.
func (q *question) rows(rules ...*ruleSpec) []Bypass {
	var rows []Bypass
	if q.stage == nil {
		return rows
	}
	for _, rule := range rules {
		rows = append(rows, rule.rows(q, rule.Judge(q))...)
	}
	return rows
}

func (x *FixState) copied() *FixState {
	c := *x
	return &c
}

// levelled notes the pipeline's level of each broken rule.
func (f Facts) levelled(rows []Bypass) []Bypass {
	for i := range rows {
		rows[i].Level = f.Pipeline.Level(rows[i].Rule)
	}
	return rows
}

// testedContent is what a test environment runs when the fix is tested there.
func (p *FixPlan) testedContent(environment string) Content { return p.deployed(environment).Content }

// deployed is the step that deploys the fix to an environment.
func (p *FixPlan) deployed(environment string) Step {
	for _, step := range p.Steps {
		if step.Action == StepDeploy && step.Environment == environment {
			return step
		}
	}
	return Step{}
}

// foreseeStep returns the events that a successful step would record.
func (f Facts) foreseeStep(x *FixState, index int) []Event {
	step := x.Plan.Steps[index]
	ref := FixStep{Fix: x.Name, Round: x.Round, Index: index}
	var events []Event
	site := f.Sites[step.Environment]
	if step.Deploys() && site != nil {
		started := f.startStep(ref, step, site)
		events = append(events, started)
		for _, suite := range f.willPass(x, step, site) {
			events = append(events, TestRecorded{Environment: site.Name, Release: step.Release, Digest: started.Digest, Suite: suite, Passed: true})
		}
		events = append(events, DeploymentEnded{Environment: site.Name, Key: started.Key, Epoch: started.Epoch, Outcome: Succeeded})
	}
	return append(events, FixStepEnded{FixStep: ref, Action: step.Action, Environment: step.Environment, Release: step.Effective(), Outcome: Succeeded})
}

// willPass names the suites that pass on an environment when all goes well: its checks and, if the
// fix is tested there, the suites that the pipeline requires of a fix.
func (f Facts) willPass(x *FixState, step Step, site *Site) []string {
	var suites []string
	for _, check := range site.Checks {
		suites = append(suites, check.Name)
	}
	skipped := slices.Contains(x.Bypass, FixTested) || f.Pipeline.Level(FixTested) != LevelError // then it need not be tested
	if step.Action == StepDeploy && x.Plan.test(site.Name) != nil && !skipped {
		suites = append(suites, f.Pipeline.Emergency.RequiredTests...)
	}
	return sortedSet(suites)
}
