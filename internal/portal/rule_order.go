package portal

import (
	"fmt"
	"slices"
	"strings"
)

var orderRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          StageOrder,
		Refuses:     "a release that has not been on every stage before",
		Deployments: "refused", Fixes: "refused", Bypassable: true, Tunable: true,
	},
	Satisfied: "It has been on every stage before.",
	Lead:      "It has not been on every stage before this one",
	Applies:   (*question).arrives,
	AtStage:   func(r *stageReport, _ *history) bool { return !r.reached() },
	Judge:     judgeOrder,
	Text:      orderText,
	Cure:      orderCure,
}

// judgeOrder lists the stages that were not reached. A fix may have been tested for some of them
// in another way, which its reader should know.
func judgeOrder(q *question) []Finding {
	var never, otherwise []Finding
	reports := q.reports()
	for i := range reports {
		r := &reports[i]
		if r.reached() {
			continue
		}
		stage := r.stage.Name
		if q.fix != nil {
			if instead := q.fix.Plan.testedInstead(stage, q.step); instead != "" {
				otherwise = append(otherwise, Finding{About: []string{stage + " otherwise"}, Detail: stage + ": " + instead})
				continue
			}
			never = append(never, Finding{About: []string{stage}})
			continue
		}
		never = append(never, Finding{About: []string{stage}, Detail: r.unreached()})
	}
	return append(never, otherwise...)
}

// unreached says why the release does not count as having been on a stage; "" if it simply never
// was.
func (r *stageReport) unreached() string {
	if len(r.counted) == 0 {
		return fmt.Sprintf("stage %s has no environment", r.stage.Name)
	}
	var parts []string
	for i := range r.counted {
		switch site := &r.counted[i]; {
		case site.counts():
		case site.trouble != noTrouble:
			parts = append(parts, fmt.Sprintf("on %s %s", site.site.Name, site.troubleText()))
		case site.other:
			parts = append(parts, fmt.Sprintf("it ran on %s with other content", site.site.Name))
		case r.stage.Quorum == QuorumAll && len(r.counted) > 1:
			parts = append(parts, "it never ran on "+site.site.Name)
		}
	}
	return strings.Join(parts, ", ")
}

func orderText(q *question, found []Finding) string {
	var never, parts []string
	for _, finding := range found {
		if finding.Detail == "" {
			never = append(never, finding.About...)
		} else {
			parts = append(parts, finding.Detail+finding.Now)
		}
	}
	if len(never) > 0 {
		parts = slices.Insert(parts, 0, fmt.Sprintf("%s never ran on %s", Effective(q.release, q.fixes), joinAnd(never)))
	}
	return strings.Join(parts, "; ")
}

// orderCure says what to do. Only the final stage is for emergencies.
func orderCure(q *question, found []Finding) string {
	var stages []string
	for _, finding := range found {
		stages = append(stages, finding.About...)
	}
	cure := fmt.Sprintf("Take it through %s.", joinAnd(stages))
	if q.stage == q.final {
		if instead := q.redeployBefore(); instead != "" {
			return instead
		}
		cure = fmt.Sprintf("Take it through %s, or, to repair production now, declare a portal_emergency_fix.", joinAnd(stages))
	}
	reports := q.reports()
	if slices.ContainsFunc(reports, func(r stageReport) bool { return r.underway() }) {
		cure += " A deployment of it there has not ended: plan again when it has. In one configuration, let this deployment's release refer to that one (release = portal_release_deployment.NAME.release), so that it comes after it."
	}
	return cure
}

// redeployBefore says what to do if a stage before runs the release, and lacks only the
// fixes that the release carries now; "" if none does.
func (q *question) redeployBefore() string {
	if len(q.fixes) == 0 {
		return ""
	}
	if confined := q.f.confinedAmong(q.fixes); len(confined) > 0 {
		return fmt.Sprintf("No stage before may keep %s, which is for its own environments alone (scope). Deploy a release that contains it: incorporates = [%s].",
			joinAnd(confined), quoted(confined))
	}
	for _, i := range q.g.before[q.at] {
		for _, site := range q.g.sites[i] {
			if site.Runs(q.release) && !site.Running.Content.Equal(q.to) {
				return fmt.Sprintf("Set redeploy on %s, so that it carries %s there, then test it.", site.Name, joinAnd(lacking(q.fixes, site.Running.Fixes)))
			}
		}
	}
	return ""
}

func lacking(fixes, there []string) []string {
	return slices.DeleteFunc(slices.Clone(fixes), func(fix string) bool { return slices.Contains(there, fix) })
}

// testedInstead says how a fix was tested for a stage on which exactly the content of its targets
// never ran.
func (p *FixPlan) testedInstead(stage string, step *Step) string {
	for _, test := range p.Tests {
		if test.Stage != stage {
			continue
		}
		switch test.Strategy {
		case StrategyDedicated:
			return fmt.Sprintf("tested on %s, an emergency lane", test.Environment)
		case StrategyPreempt:
			for _, tested := range p.Steps {
				if tested.Action == StepTest && tested.Environment == test.Environment {
					return fmt.Sprintf("tested as %s, %s gets %s", tested.Effective(), step.Environment, step.Effective())
				}
			}
		}
	}
	return ""
}
