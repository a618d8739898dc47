package portal

import "fmt"

var baseRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          DifferentialBase,
		Refuses:     "a differential release on other content than its base, or with a base that is not registered",
		Deployments: "refused", Fixes: "refused",
	},
	Satisfied: "The environment runs what the release was built against, or it is a full release.",
	Applies:   func(q *question) bool { return q.mode == ModeEnter || q.mode == ModeRedeploy },
	Judge:     judgeBase,
}

// judgeBase judges a differential release. It may also go to an environment that runs it already,
// and to one beside another that runs the very same content.
func judgeBase(q *question) []Finding {
	if q.dossier.Type != Differential {
		return nil
	}
	base := q.dossier.Base
	if q.noBase != nil {
		return []Finding{{
			Detail: fmt.Sprintf("it is differential, and its content is not known: %s", q.noBase),
			Cure:   "Register the missing base with portal_release.",
		}}
	}
	if running := q.site.Running; running != nil && (running.Release == base || running.Release == q.release) {
		return nil
	}
	if q.arrives() && q.twin() != nil {
		return nil
	}
	baseContent, err := q.f.ContentOf(base)
	if err == nil && len(baseContent) > 0 && q.site.succeeded().Equal(baseContent) {
		return nil
	}
	return []Finding{{
		Detail: fmt.Sprintf("it is differential, built against %s, and %s runs %s", base, q.site.Name, q.site.describe()),
		Cure:   fmt.Sprintf("Deploy %s there first, or register a full release.", base),
	}}
}
