package portal

import (
	"fmt"
	"slices"
)

var overdueRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          ReconcileOverdue,
		Refuses:     "a release on the final stage while the release that has to contain an emergency fix, or the review of one, is overdue, unless this one contains the fix",
		Deployments: "refused", Fixes: "warned", Tunable: true,
	},
	Satisfied: "No emergency fix is overdue.",
	Applies:   func(q *question) bool { return q.stage == q.final && q.arrives() },
	Judge:     judgeOverdue,
}

// judgeOverdue lists what is overdue. A release that settles it passes.
func judgeOverdue(q *question) []Finding {
	var found []Finding
	pays := func(x *FixState) bool { return slices.Contains(q.carried.Contains, x.Name) && x.Reconciled.IsZero() }
	for _, x := range q.f.InForceOn(q.site.Name) {
		if x.unreconciled(q.f) && !pays(x) {
			found = append(found, Finding{
				Detail: fmt.Sprintf("a release has to contain emergency fix %s (%s) since %s", x.Name, x.Justification.Incident, FormatTime(x.ReconcileBy())),
				Cure:   fmt.Sprintf("Deploy a release that incorporates %s.", x.Name),
			})
		}
	}
	for _, x := range q.f.toReview() {
		if x.Reaches(q.site.Name) && x.unreviewed(q.f) && !pays(x) {
			found = append(found, Finding{
				Detail: fmt.Sprintf("the review of emergency fix %s (%s) was due at %s", x.Name, x.Justification.Incident, FormatTime(x.ReviewBy())),
				Cure:   fmt.Sprintf("Record the review of %s (review of portal_emergency_fix).", x.Name),
			})
		}
	}
	return found
}

// overdueWarning warns about other overdue fixes: repairing comes first.
func (f Facts) overdueWarning(fix string) []Gate {
	var names []string
	for _, x := range f.Fixes {
		if x.Name != fix && (x.unreconciled(f) || x.unreviewed(f)) {
			names = append(names, x.Name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 || f.Pipeline.Level(ReconcileOverdue) == LevelOff {
		return nil
	}
	return []Gate{{Rule: ReconcileOverdue, Status: Warned, Detail: fmt.Sprintf("Overdue: %s.", joinAnd(names)), Cure: "Pay what they owe; see their obligations."}}
}
