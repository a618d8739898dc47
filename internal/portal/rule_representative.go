package portal

import (
	"fmt"
	"slices"
)

var representativeRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          RepresentativeTest,
		Refuses:     "an emergency fix that is tested with other content than a target gets: by a forced strategy, or because the targets differ",
		Deployments: "warned, for a rollback to content that never ran", Fixes: "refused", Bypassable: true, Tunable: true,
	},
	Satisfied: "It ran here with exactly this content.",
	Applies:   func(q *question) bool { return q.mode == ModeRollback && q.stage == q.final },
	Judge:     judgeUnlikeRollback,
}

// judgeUnlikeRollback finds a rollback to content that never ran: the release was proven here, but
// not with the fixes that it carries now.
func judgeUnlikeRollback(q *question) []Finding {
	digest, evidence := q.to.Digest(), q.f.Evidence(q.release, q.site.Name)
	if evidence != nil && slices.ContainsFunc(evidence.Runs, func(r Run) bool { return r.Digest == digest && r.Place == q.site.Place() }) {
		return nil
	}
	return []Finding{{
		Detail: fmt.Sprintf("release %s ran on %s, and %s never did: it carries emergency fixes that came since", q.release, q.site.Name, Effective(q.release, q.fixes)),
		Cure:   "If there is time, take it to the stage before and test it there first.",
	}}
}

// unlike lists how a test differs from what a target gets.
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
