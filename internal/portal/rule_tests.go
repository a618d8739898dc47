package portal

import (
	"fmt"
	"slices"
)

var testsRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          TestsPassed,
		Refuses:     "a release without a passing newest result of a suite that a stage before requires",
		Deployments: "refused", Fixes: "refused", Bypassable: true, Tunable: true,
	},
	Satisfied: "Every required suite has passed on the stages before.",
	Lead:      "A required test suite has not passed",
	Applies:   (*question).arrives,
	AtStage:   func(r *stageReport, _ *history) bool { return r.lacksTests() },
	Judge:     judgeTests,
	Cure: func(_ *question, found []Finding) string {
		cures := make([]string, 0, len(found))
		for _, finding := range found {
			if finding.Cure != "" {
				cures = append(cures, finding.Cure)
			}
		}
		if len(cures) == 0 {
			return ""
		}
		return "Record (portal_test_result) " + joinAnd(cures) + ", while the release runs there."
	},
}

func (r *stageReport) lacksTests() bool {
	if len(r.counted) == 0 {
		return len(r.stage.RequiredTests) > 0
	}
	return slices.ContainsFunc(r.counted, func(s siteReport) bool { return s.absent+s.failed > 0 })
}

func judgeTests(q *question) []Finding {
	var found []Finding
	reports := q.reports()
	for i := range reports {
		r := &reports[i]
		if !r.lacksTests() {
			continue
		}
		first := len(found)
		var about []string // once a stage
		suites := sortedSet(r.stage.RequiredTests)
		if len(r.counted) == 0 {
			about = suites
			found = append(found, Finding{Detail: noResult(suites, r.stage.Name)})
		}
		for j := range r.counted {
			site := &r.counted[j]
			var absent []string
			for _, suite := range suites {
				test := site.result(q.h, r.at, suite)
				switch {
				case test == nil:
					absent = append(absent, suite)
				case !test.Passed:
					about = append(about, suite)
					found = append(found, Finding{
						Detail: fmt.Sprintf("%s failed on %s", suite, site.site.Name), Now: " at " + FormatTime(test.At),
						Cure: fmt.Sprintf("a passing result of %s on %s", suite, site.site.Name),
					})
				}
			}
			if len(absent) > 0 {
				about = append(about, absent...)
				found = append(found, Finding{
					Detail: noResult(absent, site.site.Name),
					Cure:   fmt.Sprintf("a passing result of %s on %s", joinAnd(absent), site.site.Name),
				})
			}
		}
		for _, suite := range sortedSet(about) {
			found[first].About = append(found[first].About, suite+" on "+r.stage.Name)
		}
	}
	return found
}

func noResult(suites []string, on string) string {
	if len(suites) == 1 {
		return fmt.Sprintf("%s has no result on %s", suites[0], on)
	}
	return fmt.Sprintf("%s have no result on %s", joinAnd(suites), on)
}
