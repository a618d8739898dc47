package portal

import (
	"fmt"
	"slices"
)

var staleRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          StalePlan,
		Refuses:     "an apply that finds something else than was planned",
		Deployments: "refused", Fixes: "refused",
	},
	Satisfied: "The ledger is as it was planned from.",
	Applies:   func(q *question) bool { return q.site.Behind || q.planned != nil },
	Judge: func(q *question) []Finding {
		if q.site.Behind {
			return []Finding{q.f.behind(q.site)}
		}
		if found := staleSite(q.site, q.planned.Receipt); found != nil {
			return found
		}
		names := q.f.InForceNamesOn(q.site.Name)
		if slices.Equal(names, q.planned.InForce) {
			return nil
		}
		return []Finding{{
			Detail: fmt.Sprintf("the emergency fixes in force have changed since this was planned: they are %s, and were %s. Nothing was changed", orNone(names), orNone(q.planned.InForce)),
			Cure:   planAgain,
		}}
	},
}

const planAgain = "Plan again and read the new plan."

// staleSite compares what is in service on an environment with its receipt when a change was
// planned; "" if nothing was.
func staleSite(site *Site, planned string) []Finding {
	if site.serving() == planned {
		return nil
	}
	since := ""
	if r := site.Running; r != nil && r == site.InService() {
		since = " since " + FormatTime(r.At)
	}
	return []Finding{{
		Detail: fmt.Sprintf("environment %q has changed since this was planned: it runs %s%s. Nothing was changed", site.Name, site.describe(), since),
		Cure:   planAgain,
	}}
}

// staleGate refuses the steps of a fix that were planned from something else.
func staleGate(detail string) Gate {
	return Gate{Rule: StalePlan, Status: Refused, Detail: Sentence(detail) + " Nothing was changed.", Cure: planAgain}
}

// staleDeclaration refuses a change that was planned from a declaration that has changed since.
func staleDeclaration(what, planned, now string) *RefusalError {
	if planned == "" || planned == now {
		return nil
	}
	return refuse(Verdict{subject: what + " may not be changed"}, Gate{
		Rule:   StalePlan,
		Detail: "Somebody else has changed it after this was planned. Nothing was changed.",
		Cure:   "Plan again, with refresh, and read what it shows now.",
	})
}
