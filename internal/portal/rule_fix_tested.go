package portal

import (
	"fmt"
	"slices"
)

var fixTestedRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:      FixTested,
		Refuses: "an emergency fix without a passing result, on a stage on which it is tested, of a suite in `emergency.required_tests`",
		Fixes:   "refused", Bypassable: true, Tunable: true,
	},
	Applies: never, // judged for the steps of a fix, by untested
}

// untested lists the suites that the pipeline requires of a fix and that will have no passing
// result where it is tested: they are neither a check of the environment nor recorded.
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
			add(suite, "not run", "%s has no result on %s: it became a check of %s only after that deployment", suite, step.Effective(), site.Name)
		default:
			add(suite, "no result", "%s has no result on %s, and is not a check of %s", suite, step.Effective(), site.Name)
		}
	}
	return rows
}

// revoked lists the suites whose newest result, recorded since the test was done, is not a pass any
// more.
func (f Facts) revoked(x *FixState) []Bypass {
	var rows []Bypass
	for _, step := range x.Plan.Steps[:min(x.Done, len(x.Plan.Steps))] {
		if site := f.Sites[step.Environment]; step.Action == StepTest && site != nil && x.Holds(site.Name) {
			rows = append(rows, f.untested(x, step, site)...)
		}
	}
	return rows
}

// nowhereTested lists the stages on which the fix must be tested and that have no environment for
// it.
func (f Facts) nowhereTested(x *FixState) []Bypass {
	p := planner{f: f, fix: x.Fix, plan: x.Plan}
	var rows []Bypass
	for _, stage := range p.testStages() {
		if !slices.ContainsFunc(x.Plan.Tests, func(t FixTest) bool { return t.Stage == stage.Name }) {
			rows = append(rows, Bypass{
				Rule: FixTested, Environment: x.Plan.Targets[0].Environment, About: []string{"no environment on " + stage.Name},
				Detail: fmt.Sprintf("stage %s has no environment to test on", stage.Name),
			})
		}
	}
	return f.levelled(rows)
}
