package portal

import (
	"fmt"
	"slices"
	"strings"
)

// bypassed sorts broken rules into those that the fix names, those that refuse it and those that
// the pipeline only warns about. A suite without a result is asked for when its test comes, and not
// before: unless it is bypassed it is not a bypass.
func (f Facts) bypassed(p *FixProposal, rows []Bypass) []Gate {
	refused := map[Rule][]string{}
	kept := map[Rule][]string{}
	warned := map[Rule][]string{}
	var shown []Bypass
	for _, row := range rows {
		named := slices.Contains(p.Fix.Bypass, row.Rule)
		line := row.Environment + ": " + row.Detail
		switch {
		case !row.Counts():
			shown = append(shown, row)
			if row.Level == LevelWarn {
				warned[row.Rule] = append(warned[row.Rule], line)
			}
		case named:
			shown = append(shown, row)
			kept[row.Rule] = append(kept[row.Rule], line)
		case row.Rule != FixTested:
			shown = append(shown, row)
			refused[row.Rule] = append(refused[row.Rule], line)
		case p.testsBeforeStop(row.Environment):
			refused[row.Rule] = append(refused[row.Rule], line)
		}
	}
	if p.Planned {
		p.Plan.Bypassed = shown
	}
	var gates []Gate
	for _, rule := range sortedKeys(refused) {
		gates = append(gates, Gate{Rule: rule, Status: Refused, Detail: strings.Join(refused[rule], "\n"), Cure: f.insteadOfBypass(p, rule)})
	}
	f.howToBypass(p, gates)
	for _, rule := range sortedKeys(warned) {
		gates = append(gates, Gate{Rule: rule, Status: Warned, Detail: strings.Join(warned[rule], "\n")})
	}
	for _, rule := range sortedKeys(kept) {
		gates = append(gates, Gate{Rule: rule, Status: Bypassed, Detail: strings.Join(kept[rule], "\n")})
	}
	return gates
}

// testsBeforeStop reports whether the requested steps test the fix on the environment.
func (p *FixProposal) testsBeforeStop(environment string) bool {
	for _, step := range p.Plan.Steps[:p.Stop] {
		if step.Action == StepTest && step.Environment == environment {
			return true
		}
	}
	return p.Plan.test(environment) == nil
}

// insteadOfBypass says what else satisfies a rule, or that it may not be bypassed.
func (f Facts) insteadOfBypass(p *FixProposal, rule Rule) string {
	switch {
	case rule == FixTested && len(p.Plan.Tests) > 0:
		return fmt.Sprintf("Record a passing result with portal_test_result (emergency_fix = %q) while it is there; advance_to = %q takes it there first. Then apply without advance_to.", p.Fix.Name, p.Plan.Tests[0].Stage)
	case !f.mayBypass(rule):
		return "The pipeline does not let a fix bypass it (emergency.bypassable_rules)."
	}
	return ""
}

func (f Facts) mayBypass(rule Rule) bool {
	policy := f.Pipeline.Emergency.BypassableRules
	return rule.Bypassable() && (policy == nil || slices.Contains(policy, rule))
}

// howToBypass says, with the last of the broken rules that may be bypassed, how to bypass all of
// them.
func (f Facts) howToBypass(p *FixProposal, gates []Gate) {
	rules, last := slices.Clone(p.Fix.Bypass), -1
	for i, gate := range gates {
		if f.mayBypass(gate.Rule) {
			rules, last = append(rules, gate.Rule), i
		}
	}
	if last >= 0 {
		gates[last].Cure = strings.TrimSpace(fmt.Sprintf("%s\nIf that is acceptable: bypass = [%s].", gates[last].Cure, quoted(textsOf(sortedSet(rules)))))
	}
}
