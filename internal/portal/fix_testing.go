package portal

import (
	"fmt"
	"slices"
	"strings"
)

// namedTests are the tests on the environments that the fix names, by stage, in the
// order in which they are named.
func (p *planner) namedTests() (map[string][]FixTest, error) {
	named := map[string][]FixTest{}
	stages := namesOf(p.testStages())
	for _, name := range p.fix.TestEnvironments {
		site, err := p.f.site(name)
		if err != nil {
			return nil, err
		}
		if p.plan.Target(name) != nil {
			return nil, reject(fmt.Sprintf("emergency fix %s cannot be tested on its target %q", p.fix.Name, name),
				"It is tested before it goes there. Name environments of %s in test_environments, or leave it out.", orNone(stages))
		}
		if !slices.Contains(stages, site.Stage) {
			return nil, reject(fmt.Sprintf("emergency fix %s is not tested on %q", p.fix.Name, name),
				"That is on stage %s, and the fix is tested on: %s. Name environments of these stages in test_environments, or leave it out.", site.Stage, orNone(stages))
		}
		strategy, can := p.strategyOn(site)
		if !can {
			return nil, p.notBy(site)
		}
		named[site.Stage] = append(named[site.Stage], FixTest{Environment: name, Stage: site.Stage, Strategy: strategy, Before: p.standing(site)})
	}
	return named, nil
}

// notBy refuses a test on an environment by the declared strategy.
func (p *planner) notBy(site *Site) error {
	what := "a regular environment, but this strategy needs an emergency lane"
	if site.Lane == LaneEmergency {
		what = "an emergency lane, on which nothing is interrupted"
	}
	return reject(fmt.Sprintf("emergency fix %s cannot be tested on %q by %s", p.fix.Name, site.Name, p.fix.Strategy),
		"It is %s. Leave strategy out, or name another environment in test_environments.", what)
}

// kindGap is 0 for an environment that has the (first) target's kind of target, and 1 otherwise: a
// test on the same kind of server proves more.
func (p *planner) kindGap(environment string) int {
	if p.f.Sites[environment].Target.Kind == p.f.Sites[p.plan.Targets[0].Environment].Target.Kind {
		return 0
	}
	return 1
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
	if p.kindGap(site.Name) > 0 {
		first := p.plan.Targets[0].Environment
		parts = append(parts, fmt.Sprintf("its target is of another kind (%s) than that of %s (%s)", site.Target.Kind, first, p.f.Sites[first].Target.Kind))
	}
	return fmt.Sprintf("%s (%s)", strings.Join(parts, "; "), test.Strategy)
}
