package portal

import (
	"fmt"
	"slices"
	"strings"
)

var regressionRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          FixRegression,
		Refuses:     "content that would lose an emergency fix in force",
		Deployments: "refused", Fixes: "refused",
	},
	Satisfied: "No emergency fix in force would be lost.",
	Judge:     judgeRegression,
	Cure: func(q *question, found []Finding) string {
		if q.fix != nil {
			return "Take the release that contains it there, or withdraw that fix first."
		}
		var fixes []string
		for _, finding := range found {
			fixes = append(fixes, finding.About...)
		}
		fixes = sortedSet(fixes)
		return fmt.Sprintf("Register a release that contains it and says so: incorporates = [%s]. Or withdraw %s, if that is not needed any more.", quoted(fixes), joinAnd(fixes))
	},
}

// judgeRegression lists the fixes that would be lost, by what happens to the release.
func judgeRegression(q *question) []Finding {
	if q.noBase != nil || (len(q.carried.Conflicts) == 0 && len(q.carried.Unrelated) == 0) {
		return nil
	}
	var found []Finding
	var confined []string
	for _, conflict := range append(slices.Clone(q.carried.Conflicts), q.f.lostOn(q.site, q.carried.Unrelated)...) {
		found = append(found, Finding{About: []string{conflict.Fix}, Detail: "emergency fix " + conflict.String()})
		if x := q.f.Fixes[conflict.Fix]; x != nil && x.Confined() {
			confined = append(confined, conflict.Fix)
		}
	}
	if confined = sortedSet(confined); len(confined) > 0 && q.mode == ModeEnter {
		found = append(found, Finding{About: confined, Detail: fmt.Sprintf(
			"no stage before may keep %s, which is for its own environments alone (scope), so no release is tested with it: one that goes to %s has to contain it",
			joinAnd(confined), q.site.Name)})
	}
	return found
}

// lostOn lists the unrelated fixes that an environment would lose: it is one of their targets, or
// has them now.
func (f Facts) lostOn(site *Site, unrelated []Conflict) []Conflict {
	return slices.DeleteFunc(slices.Clone(unrelated), func(conflict Conflict) bool {
		stands := site.Declared()
		has := stands != nil && (slices.Contains(stands.Fixes, conflict.Fix) || f.contains(site.Name, stands.Release, conflict.Fix))
		return !has && f.Fixes[conflict.Fix].Plan.Target(site.Name) == nil
	})
}

// lostBy judges which other fixes the targets of a fix would lose.
func (f Facts) lostBy(x *FixState) []Gate {
	p := planner{f: f, fix: x.Fix, plan: x.Plan, would: &FixState{Fix: x.Fix, Plan: x.Plan, Replaced: x.Plan.replaced(&x.Fix)}}
	var lines []string
	q := &question{f: f, mode: ModeFix, fix: x}
	for _, target := range x.Plan.Targets {
		q.site, q.carried = f.Sites[target.Environment], p.fixed(target.Environment, &target.Before)
		for _, finding := range judgeRegression(q) {
			lines = append(lines, fmt.Sprintf("%s: %s.", target.Environment, finding.Detail))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []Gate{{Rule: FixRegression, Status: Refused, Detail: strings.Join(lines, "\n"), Cure: regressionRule.Cure(q, nil)}}
}

// incorporatesRefusal refuses a release that declares it contains a fix and does not.
func incorporatesRefusal(version string, lines []string) *RefusalError {
	return refuse(Verdict{subject: fmt.Sprintf("release %s does not contain what it says", version), Release: version}, Gate{
		Rule:   FixRegression,
		Detail: strings.Join(lines, "\n"),
		Cure:   "Build the fix into the release, or leave it out of incorporates: deployments carry it then.",
	})
}
