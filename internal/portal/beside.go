package portal

import (
	"fmt"
	"slices"
)

// beside returns another environment of the final stage that vouches for exactly
// what is to be deployed, because it is in service there: what production runs, a
// second production may get, fixes and all, also where the stages before have moved
// on or only tested something like it. A failing newest result, there or on a stage
// before, takes that back. It returns nil where there is none.
func (j judging) beside(reports []stageReport) *Site {
	if slices.ContainsFunc(reports, func(r stageReport) bool { return r.against }) {
		return nil
	}
	return j.twin()
}

// twin returns another regular environment of the final stage that runs exactly
// what is to be deployed, and well; nil where there is none.
func (j judging) twin() *Site {
	if j.stage != j.final {
		return nil
	}
	for _, site := range j.f.OnStage(j.final.Name, LaneRegular) {
		if site != j.p.Site && site.Runs(j.d.Release) && site.Running.Content.Equal(j.p.To) && j.f.well(site) {
			return site
		}
	}
	return nil
}

// well reports whether what runs on an environment may be taken for proven: nobody
// works on it, no result of it fails, and no fix that is laid over it has steps left.
func (f Facts) well(site *Site) bool {
	if f.occupied(site) || site.Attempt.Open() {
		return false
	}
	for _, name := range site.Running.Fixes {
		if x := f.Fixes[name]; x == nil || x.Active() {
			return false
		}
	}
	evidence := f.Evidence(site.Running.Release, site.Name)
	if evidence == nil {
		return false
	}
	for _, test := range evidence.Tests {
		if test.Digest == site.Running.Digest && test.Place == site.Place() && !test.Passed {
			return false
		}
	}
	return true
}

// addVouchedBeside passes what is judged by the stages before.
func (j judging) addVouchedBeside(site *Site) {
	for _, rule := range []Rule{StageOrder, TestsPassed, SoakTime, Approvals} {
		j.add(Gate{Rule: rule, Detail: fmt.Sprintf("Environment %q runs exactly this, and is on the same stage.", site.Name)})
	}
}
