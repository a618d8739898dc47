package portal

import (
	"fmt"
	"slices"
	"strings"
)

// KeptFrom lists the gates that keep a release from being what every regular environment of a stage
// runs now, each once. There are none if each environment runs it, waits to run it again, or may
// get it.
//
// That an environment may go back to a release does not mean that it should. A
// possible rollback counts only if another environment of the stage was rolled back from what this
// one runs: then somebody has decided against that.
func (f Facts) KeptFrom(stage, release string) ([]Gate, error) {
	p, err := f.pipeline()
	if err != nil {
		return nil, err
	}
	if p.Stage(stage) == nil {
		return nil, reject(fmt.Sprintf("pipeline %q has no stage %q", f.Name, stage), "Its stages are: %s.", strings.Join(stageNames(p), ", "))
	}
	sites := f.OnStage(stage, LaneRegular)
	if len(sites) == 0 {
		return nil, reject(fmt.Sprintf("stage %q of %q has no regular environment", stage, f.Name), "Declare one with portal_environment.")
	}
	line, err := f.Line(release)
	if err != nil {
		return nil, err
	}
	var gates []Gate
	for _, site := range sites {
		kept, err := line.keptFrom(sites, site, release)
		if err != nil {
			return nil, err
		}
		for _, gate := range kept {
			listed := func(other Gate) bool { return other.Rule == gate.Rule && other.Detail == gate.Detail }
			if !slices.ContainsFunc(gates, listed) {
				gates = append(gates, gate)
			}
		}
	}
	return gates, nil
}

func (l *Line) keptFrom(stage []*Site, site *Site, release string) ([]Gate, error) {
	stands := site.Declared()
	if stands != nil && stands.Release == release {
		return nil, nil // the same release again requests nothing
	}
	q := &question{f: l.f, site: site, release: release} // the value of redeploy does not matter
	if gate := rolledBackRule.gate(q, rolledBackRule.Judge(q)); gate.Status == Refused {
		return []Gate{gate}, nil
	}
	proposal, err := l.Propose(Deploy{Environment: site.Name, Release: release, Redeploy: site.Redeploy})
	if err != nil {
		return nil, err
	}
	if proposal.Mode == ModeRollback && !rolledBackElsewhere(stage, stands.Release) {
		return []Gate{{Rule: RolledBack, Status: Refused, Detail: fmt.Sprintf(
			"Environment %q runs %s. A rollback is offered only after another environment of %s was rolled back from %s.", site.Name, stands.Effective(), site.Stage, stands.Release)}}, nil
	}
	return proposal.Verdict.Broken(), nil
}

// rolledBackElsewhere reports whether an environment was rolled back from a release.
func rolledBackElsewhere(sites []*Site, release string) bool {
	return slices.ContainsFunc(sites, func(site *Site) bool { _, was := site.RolledBack[release]; return was })
}
