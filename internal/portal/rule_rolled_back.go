package portal

import "fmt"

var rolledBackRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          RolledBack,
		Refuses:     "a release that the environment was rolled back from, until `redeploy` has a new value",
		Deployments: "refused",
	},
	Satisfied: "This environment was not rolled back from it.",
	Applies:   (*question).arrives,
	Judge: func(q *question) []Finding {
		redeploy, was := q.site.RolledBack[q.release]
		if !was || (q.redeploy != "" && redeploy != q.redeploy) {
			return nil
		}
		return []Finding{{
			Detail: fmt.Sprintf("environment %q was rolled back from %s", q.site.Name, q.release),
			Cure:   "Deploy a newer release, or set redeploy to a new value to bring this one back on purpose.",
		}}
	},
}
