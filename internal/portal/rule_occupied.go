package portal

import (
	"fmt"
	"slices"
)

var occupiedRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          StageOccupied,
		Refuses:     "another release on an exclusive stage while one is under test there",
		Deployments: "refused", Fixes: "refused", Bypassable: true, Tunable: true,
	},
	Satisfied: "No other release is under test on the stage.",
	Applies:   (*question).arrives,
	Judge:     judgeOccupied,
}

// judgeOccupied lists the releases under test. An emergency lane interrupts nobody.
func judgeOccupied(q *question) []Finding {
	if !q.stage.Exclusive || q.site.Lane == LaneEmergency {
		return nil
	}
	var found []Finding
	for _, site := range q.f.occupants(q.stage, q.release) {
		other := site.Running
		fail := ""
		if len(q.stage.RequiredTests) > 0 {
			fail = ", record a failed result of a required suite for it"
		}
		found = append(found, Finding{
			About:  []string{other.Effective() + " on " + site.Name},
			Detail: fmt.Sprintf("stage %q is exclusive, and %s is under test on %s", q.stage.Name, other.Effective(), site.Name),
			Now:    " since " + FormatTime(other.At),
			Cure: fmt.Sprintf("Take %s on to %s%s, or roll %s back.",
				other.Release, joinAnd(namesOf(q.f.Pipeline.Next(q.stage.Name))), fail, site.Name),
		})
	}
	return found
}

// occupants lists the environments of a stage on which another release is under
// test. One that waits for an emergency fix is not.
func (f Facts) occupants(stage *Stage, release string) []*Site {
	return slices.DeleteFunc(f.OnStage(stage.Name, LaneRegular), func(site *Site) bool {
		return site.Running == nil || site.Suspended != nil || site.Running.Release == release || !f.underTest(site, stage)
	})
}

// underTest reports whether what runs on a site is under test there: from its arrival until it has
// run on every next stage, or a required suite's newest result failed, on any environment of the
// stage.
func (f Facts) underTest(site *Site, stage *Stage) bool {
	release := site.Running.Release
	failed := func(s *Site) bool {
		evidence := f.Evidence(release, s.Name)
		return slices.ContainsFunc(stage.RequiredTests, func(suite string) bool {
			test := evidence.NewestTest(s.Place(), site.Running.Digest, suite)
			return test != nil && !test.Passed
		})
	}
	if slices.ContainsFunc(f.OnStage(stage.Name, LaneRegular), failed) {
		return false
	}
	for _, next := range f.Pipeline.Next(stage.Name) {
		sites := f.OnStage(next.Name, LaneRegular)
		ran := func(s *Site) bool { return f.Evidence(release, s.Name).ranAt(s.Place()) }
		if next.Quorum == QuorumAll {
			if len(sites) == 0 || slices.ContainsFunc(sites, func(s *Site) bool { return !ran(s) }) {
				return true
			}
		} else if !slices.ContainsFunc(sites, ran) {
			return true
		}
	}
	return false
}

func namesOf(stages []*Stage) []string {
	names := make([]string, len(stages))
	for i, s := range stages {
		names[i] = s.Name
	}
	return names
}
