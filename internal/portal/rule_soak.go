package portal

import (
	"fmt"
	"time"
)

var soakRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          SoakTime,
		Refuses:     "a release that has run too short on a stage before; time in which it waits for an emergency fix does not count",
		Deployments: "refused", Fixes: "refused", Bypassable: true, Tunable: true,
	},
	Satisfied: "It has run long enough on the stages before.",
	Lead:      "It has not run long enough",
	Applies:   (*question).arrives,
	AtStage:   (*stageReport).lacksSoak,
	Judge:     judgeSoak,
	Cure: func(_ *question, found []Finding) string {
		at := Time{}
		for _, finding := range found {
			if finding.At.IsZero() {
				return finding.Cure
			}
			if finding.At.After(at) {
				at = finding.At
			}
		}
		return "Wait until " + FormatTime(at) + "."
	},
}

const letItRun = "Let it run there for the soak time."

// lacksSoak reports whether the soak time of the stage is not over.
func (r *stageReport) lacksSoak(h *history) bool {
	due, byTime := r.soakedAt(h)
	return !byTime || due > h.f.Now.UnixMicro()
}

// soakedAt is when the soak time of the stage is over, by what runs there, in microseconds since
// 1970: 0 if that does not depend on time. byTime is false if time alone is not enough.
func (r *stageReport) soakedAt(h *history) (due int64, byTime bool) {
	if r.stage.SoakTime <= 0 {
		return due, true
	}
	if h.clockWrong || len(r.counted) == 0 {
		return due, false
	}
	for i := range r.counted {
		site := &r.counted[i]
		switch t := &site.tally; {
		case t.running:
			before := t.soaked - max(0, h.f.Now.Sub(t.since))
			due = max(due, t.since.UnixMicro()+int64((r.stage.SoakTime-before+time.Microsecond-1)/time.Microsecond))
		case site.lacks > 0:
			return due, false
		}
	}
	return due, true
}

func judgeSoak(q *question) []Finding {
	var found []Finding
	reports := q.reports()
	supposed := false
	for i := range reports {
		r := &reports[i]
		if !r.lacksSoak(q.h) {
			continue
		}
		if q.h.clockWrong {
			problem, cure := q.f.ClockProblem()
			return []Finding{{Detail: "how long is not known. " + problem, Cure: cure}}
		}
		needs := FormatDuration(r.stage.SoakTime)
		about := []string{r.stage.SoakTime.String() + " on " + r.stage.Name}
		if len(r.counted) == 0 {
			found = append(found, Finding{About: about, Detail: fmt.Sprintf("it ran less than %s on %s", needs, r.stage.Name), Cure: letItRun})
		}
		for j := range r.counted {
			site := &r.counted[j]
			if site.lacks == 0 {
				continue
			}
			soaked := FormatDuration(site.tally.soaked.Truncate(time.Second))
			finding := Finding{About: about, Detail: fmt.Sprintf("it ran less than %s on %s", needs, site.site.Name), Cure: letItRun}
			switch {
			case site.supposed():
				supposed = true
				finding.Now = fmt.Sprintf(" (%s so far, and only this plan takes it there)", soaked)
			case site.tally.running:
				finding.At = roundUp(q.f.Now.Add(site.lacks))
				finding.Now = fmt.Sprintf(" (%s so far, complete at %s)", soaked, FormatTime(finding.At))
			default:
				finding.Now = fmt.Sprintf(" (%s so far, and it does not run there now)", soaked)
			}
			found = append(found, finding)
		}
	}
	if supposed { // waiting would not help: a refused plan deploys nothing
		for i := range found {
			found[i].At, found[i].Cure = Time{}, "Apply without this deployment first, then let the release run there for the soak time."
		}
	}
	return found
}

// roundUp gives the full second that is not before t, because messages show
// seconds and must not promise too early.
func roundUp(t Time) Time {
	if whole := t.Truncate(time.Second); whole.Before(t) {
		return whole.Add(time.Second)
	}
	return t
}
