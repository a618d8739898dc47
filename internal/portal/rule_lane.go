package portal

import "fmt"

var laneRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          EmergencyLane,
		Refuses:     "a regular deployment to an environment that is kept for emergency fixes",
		Deployments: "refused",
	},
	Satisfied: "It is a regular environment.",
	Judge: func(q *question) []Finding {
		if q.site.Lane != LaneEmergency {
			return nil
		}
		return []Finding{{
			Detail: fmt.Sprintf("environment %q is kept for emergency fixes: regular deployments do not go there", q.site.Name),
			Cure:   "Deploy to a regular environment of the stage, or change lane.",
		}}
	},
}
