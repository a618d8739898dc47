package portal

import (
	"fmt"
	"strings"
)

// MayEnter reports whether no rule keeps a release from any regular environment
// of a stage now. A release that one of them was rolled back from, or would have
// to roll back to, may not enter.
func (f Facts) MayEnter(stage, release string) (bool, error) {
	p, err := f.pipeline()
	if err != nil {
		return false, err
	}
	if p.Stage(stage) == nil {
		return false, reject(fmt.Sprintf("pipeline %q has no stage %q", f.Name, stage), "Its stages are: %s.", strings.Join(stageNames(p), ", "))
	}
	sites := f.OnStage(stage, LaneRegular)
	if len(sites) == 0 {
		return false, reject(fmt.Sprintf("stage %q of %q has no regular environment", stage, f.Name), "Declare one with portal_environment.")
	}
	for _, site := range sites {
		if _, rolledBack := site.RolledBack[release]; rolledBack {
			return false, nil
		}
		// The same release again asks for nothing: redeploy stays as it is.
		proposal, err := f.Propose(Deploy{Environment: site.Name, Release: release, Redeploy: site.Redeploy})
		if err != nil || !proposal.Verdict.Allowed() || proposal.Mode == ModeRollback {
			return false, err // that it may go back to a release does not mean that it should
		}
	}
	return true, nil
}
