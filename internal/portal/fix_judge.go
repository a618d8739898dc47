package portal

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// breaks lists the rules that the steps of a fix break, from one step up to but
// not including another, and what keeps them from being done at all. What a step
// rests on is supposed of the steps before it; what the fix causes itself is not
// held against it.
func (f Facts) breaks(x *FixState, from, until int) ([]Bypass, []Gate) {
	var rows []Bypass
	var gates []Gate
	sim := f
	sim.State = f.Clone()
	sim.Fixes[x.Name] = x.copied()
	sim.forgetLines()
	judged := false // whether what the tests came to was asked again
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
			rows = append(rows, f.noRoom(step, site)...)
			if x.Plan.Target(step.Environment) != nil {
				rows = append(rows, sim.unproven(x, step, site)...)
				rows = append(rows, f.unlike(x, step)...)
				if !judged {
					rows = append(rows, f.revoked(x)...)
					judged = true
				}
			}
		}
		if dossier := f.Release(step.Release); step.Deploys() && dossier != nil {
			if lines := missing(&dossier.Release, step.Content, site); len(lines) > 0 {
				gates = append(gates, Gate{
					Rule: Prerequisites, Status: Refused,
					Detail: fmt.Sprintf("What %s requires is not on %s: %s.", step.Effective(), site.Name, strings.Join(lines, "; ")),
					Cure:   "Install it and say so in installed of portal_environment.",
				})
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

func (x *FixState) copied() *FixState {
	c := *x
	return &c
}

// levelled notes what the pipeline makes of each broken rule.
func (f Facts) levelled(rows []Bypass) []Bypass {
	for i := range rows {
		rows[i].Level = f.Pipeline.Level(rows[i].Rule)
	}
	return rows
}

// noRoom lists what keeps a regular deployment off the stage: freezes, and
// another release under test. An emergency lane interrupts nobody.
func (f Facts) noRoom(step Step, site *Site) []Bypass {
	var rows []Bypass
	for _, z := range f.freezesOn(site.Stage, f.Pipeline.Final().Name) {
		if z.inForce(f.clock()) {
			rows = append(rows, Bypass{
				Rule: FreezeInForce, Environment: site.Name, About: []string{z.Name + " until " + z.EndsAt.UTC().Format(time.RFC3339Nano), z.Reason},
				Detail: fmt.Sprintf("freeze %q is in force on %s until %s: %s", z.Name, site.Stage, FormatTime(z.EndsAt), z.Reason),
			})
		}
	}
	stage := f.Pipeline.Stage(site.Stage)
	if stage == nil || !stage.Exclusive || site.Lane == LaneEmergency {
		return rows
	}
	for _, other := range f.occupants(stage, step.Release) {
		rows = append(rows, Bypass{
			Rule: StageOccupied, Environment: site.Name, About: []string{other.Running.Effective() + " on " + other.Name},
			Detail: fmt.Sprintf("%s is under test on %s, and stage %q is exclusive", other.Running.Effective(), other.Name, stage.Name),
		})
	}
	return rows
}

// untested lists the suites that the pipeline asks of a fix and that will have no
// passing result where it is tested: neither a check of the environment has it,
// nor is it recorded.
func (f Facts) untested(x *FixState, step Step, site *Site) []Bypass {
	digest := x.Plan.testedContent(step.Environment).Digest()
	there := site.Running != nil && site.Running.Digest == digest && site.Intact()
	var rows []Bypass
	add := func(suite, state, format string, args ...any) {
		rows = append(rows, Bypass{Rule: FixTested, Environment: site.Name, About: []string{suite + ": " + state}, Detail: fmt.Sprintf(format, args...)})
	}
	for _, suite := range sortedSet(f.Pipeline.Emergency.RequiredTests) {
		var test *Test
		if there {
			test = f.Evidence(step.Release, site.Name).NewestTest(site.Place(), digest, suite)
		}
		automatic := slices.ContainsFunc(site.Checks, func(c Check) bool { return c.Name == suite })
		switch {
		case test != nil && test.Passed, test == nil && automatic && !there:
		case test != nil:
			add(suite, "failed", "%s failed on %s", suite, step.Effective())
		case automatic:
			add(suite, "not run", "%s has no result on %s: it was not yet a check of %s when that was deployed", suite, step.Effective(), site.Name)
		default:
			add(suite, "no result", "%s has no result on %s, and is not a check of %s", suite, step.Effective(), site.Name)
		}
	}
	return rows
}

// revoked lists the suites whose newest result, recorded since a test was done,
// is no pass any more.
func (f Facts) revoked(x *FixState) []Bypass {
	var rows []Bypass
	for _, step := range x.Plan.Steps[:min(x.Done, len(x.Plan.Steps))] {
		if site := f.Sites[step.Environment]; step.Action == StepTest && site != nil && x.Holds(site.Name) {
			rows = append(rows, f.untested(x, step, site)...)
		}
	}
	return rows
}

// testedContent is what is on a test environment when the fix is tested there.
func (p *FixPlan) testedContent(environment string) Content { return p.deployed(environment).Content }

// deployed is the step that brings the fix to an environment.
func (p *FixPlan) deployed(environment string) Step {
	for _, step := range p.Steps {
		if step.Action == StepDeploy && step.Environment == environment {
			return step
		}
	}
	return Step{}
}

// unlike lists what makes a test stand for something else than a target gets.
func (f Facts) unlike(x *FixState, step Step) []Bypass {
	var rows []Bypass
	first := x.Plan.Targets[0]
	if step.Environment == first.Environment {
		for _, test := range x.Plan.Tests {
			if test.Strategy != StrategyPreempt || test.Before == nil {
				continue
			}
			p := planner{f: f, fix: x.Fix, mine: x, plan: x.Plan}
			if site := f.Sites[test.Environment]; site != nil && p.leastOn(site) == StrategyRollback {
				why, about := p.whyBack(site, test.Before)
				rows = append(rows, Bypass{
					Rule: RepresentativeTest, Environment: test.Environment, About: []string{"not rolled back to " + first.Before.Effective(), about},
					Detail: fmt.Sprintf("%s is not rolled back to %s for the test, and %s", test.Environment, first.Before.Effective(), why),
				})
			}
		}
		return rows
	}
	tested := x.Plan.testedContent(first.Environment)
	if len(x.Plan.Tests) > 0 && !step.Content.Equal(tested) {
		others := Effective(first.Before.Release, append(slices.Clone(first.Before.Fixes), x.Name))
		rows = append(rows, Bypass{
			Rule: RepresentativeTest, Environment: step.Environment, About: []string{"tested for " + first.Environment + ", which gets " + others},
			Detail: fmt.Sprintf("gets %s; what is tested is for %s, which gets %s", step.Effective(), first.Environment, others),
		})
	}
	return rows
}

// unproven lists what a regular deployment of the same content to a target would
// have broken on the stages before. It tells no times, so that it reads the same
// whenever it is asked.
func (f Facts) unproven(x *FixState, step Step, site *Site) []Bypass {
	digest := step.Content.Digest()
	exactly := func(r Run) bool { return r.Digest == digest }
	reports := f.reports(f.Pipeline.index(), site.Stage, step.Release, func(*Stage) func(Run) bool { return exactly })
	var never []string
	var order, tests, soak, approvals broken
	for _, r := range reports {
		stage := r.stage.Name
		if !r.reached() {
			if instead := x.Plan.testedInstead(stage, step); instead != "" {
				order.add(stage+" otherwise", stage+": "+instead)
			} else {
				never = append(never, stage)
			}
		}
		if suites := r.unpassed(); len(suites) > 0 {
			for _, suite := range suites {
				tests.about = append(tests.about, suite+" on "+stage)
			}
			tests.parts = append(tests.parts, joinAnd(suites)+" on "+stage)
		}
		short := len(r.counted) == 0 || slices.ContainsFunc(r.counted, func(s siteReport) bool { return s.lacks > 0 })
		if r.stage.SoakTime > 0 && short {
			soak.add(r.stage.SoakTime.String()+" on "+stage, FormatDuration(r.stage.SoakTime)+" on "+stage)
		}
		if r.stage.RequiredApprovals > 0 {
			approvals.add(fmt.Sprintf("%d on %s", r.stage.RequiredApprovals, stage), fmt.Sprintf("%d to leave %s", r.stage.RequiredApprovals, stage))
		}
	}
	if len(never) > 0 {
		order.about = append(slices.Clone(never), order.about...)
		order.parts = append([]string{step.Effective() + " was never on " + joinAnd(never)}, order.parts...)
	}
	var rows []Bypass
	add := func(rule Rule, what string, found broken, sep string) {
		if len(found.parts) > 0 {
			rows = append(rows, Bypass{Rule: rule, Environment: site.Name, About: found.about, Detail: what + strings.Join(found.parts, sep)})
		}
	}
	add(StageOrder, "", order, "; ")
	add(TestsPassed, "no passing result of ", tests, ", ")
	add(SoakTime, "has not run for ", soak, ", ")
	add(Approvals, "nobody approved this content: ", approvals, ", ")
	return rows
}

// broken collects in how far a rule is broken on the stages before.
type broken struct {
	about []string // for the statement
	parts []string // for people
}

func (b *broken) add(about, part string) {
	b.about, b.parts = append(b.about, about), append(b.parts, part)
}

// unpassed names the suites that the stage requires and that have not passed.
func (r stageReport) unpassed() []string {
	if len(r.counted) == 0 {
		return sortedSet(r.stage.RequiredTests)
	}
	var suites []string
	for _, site := range r.counted {
		suites = append(suites, site.missing...)
		for _, test := range site.failed {
			suites = append(suites, test.Suite)
		}
	}
	return sortedSet(suites)
}

// testedInstead tells how a fix was tested for a stage where the very content of
// its targets never ran.
func (p *FixPlan) testedInstead(stage string, step Step) string {
	for _, test := range p.Tests {
		if test.Stage != stage {
			continue
		}
		switch test.Strategy {
		case StrategyDedicated:
			return fmt.Sprintf("tested on %s, an emergency lane", test.Environment)
		case StrategyPreempt:
			for _, tested := range p.Steps {
				if tested.Action == StepTest && tested.Environment == test.Environment {
					return fmt.Sprintf("tested as %s, %s gets %s", tested.Effective(), step.Environment, step.Effective())
				}
			}
		}
	}
	return ""
}

// foreseeStep lists the events of a step that goes as it should.
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

// willPass names the suites that pass on an environment when all goes well: its
// checks, and where the fix is tested, what the pipeline asks of a fix.
func (f Facts) willPass(x *FixState, step Step, site *Site) []string {
	var suites []string
	for _, check := range site.Checks {
		suites = append(suites, check.Name)
	}
	skipped := slices.Contains(x.Bypass, FixTested) || f.Pipeline.Level(FixTested) != LevelError // then nobody has to test it
	if step.Action == StepDeploy && x.Plan.test(site.Name) != nil && !skipped {
		suites = append(suites, f.Pipeline.Emergency.RequiredTests...)
	}
	return sortedSet(suites)
}

func staleGate(detail string) Gate {
	return Gate{
		Rule: StalePlan, Status: Refused, Detail: Sentence(detail) + " Nothing was changed.",
		Cure: "Plan again and read what it shows now.",
	}
}
