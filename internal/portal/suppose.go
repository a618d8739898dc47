package portal

import (
	"maps"
	"slices"
	"strings"
)

// Clone copies the state, so that one copy can be changed without the other.
func (s *State) Clone() *State {
	c := *s
	c.Sites = make(map[string]*Site, len(s.Sites))
	for name, site := range s.Sites {
		copied := *site
		if site.Attempt != nil {
			attempt := *site.Attempt
			copied.Attempt = &attempt
		}
		if site.Suspended != nil {
			suspended := *site.Suspended
			copied.Suspended = &suspended
		}
		copied.RolledBack = maps.Clone(site.RolledBack)
		c.Sites[name] = &copied
	}
	c.Freezes = maps.Clone(s.Freezes)
	c.Fixes = make(map[string]*FixState, len(s.Fixes))
	for name, fix := range s.Fixes {
		copied := *fix
		c.Fixes[name] = &copied
	}
	c.releases = maps.Clone(s.releases)
	c.approvals = make(map[string][]Approval, len(s.approvals))
	for release, approvals := range s.approvals {
		c.approvals[release] = slices.Clone(approvals)
	}
	c.seenReports = maps.Clone(s.seenReports)
	c.evidence = make(map[string]map[string]*Evidence, len(s.evidence))
	for release, everywhere := range s.evidence {
		copied := make(map[string]*Evidence, len(everywhere))
		for environment, evidence := range everywhere {
			copied[environment] = &Evidence{Runs: slices.Clone(evidence.Runs), Tests: slices.Clone(evidence.Tests)}
		}
		c.evidence[release] = copied
	}
	c.changed, c.remembered = map[EntityKey]struct{}{}, &remembered{}
	return &c
}

// Suppose applies a planned event that is not recorded. The head does not move.
func (s *State) Suppose(event Event, now Time, by Actor) {
	head, at := s.Head, s.HeadAt
	if e, isRelease := event.(ReleaseRegistered); isRelease {
		s.MarkKnown(e.Release.Version)
	}
	s.Apply(event, Meta{Number: head, At: now, By: by})
	s.Head, s.HeadAt = head, at
	s.DiscardChanged()
}

// Supposed reports whether it was planned and is not recorded: it has no entry, and so no sha256 of
// one.
func (i *Installation) Supposed() bool { return strings.HasSuffix(i.Receipt, ":") }

// Foresee returns the events a successful deployment would record: its start, its success, and a
// passing result of every check. Plans apply them to a copy of the state.
func (f Facts) Foresee(p *Proposal, d Deploy) []Event {
	started := f.start(p.Site, p.Mode, p.Effective(), p.To)
	started.Release, started.Fixes, started.Redeploy = d.Release, p.Fixes, d.Redeploy
	events := []Event{started}
	for _, check := range p.Site.Checks {
		events = append(events, TestRecorded{Environment: d.Environment, Release: d.Release, Digest: started.Digest, Suite: check.Name, Passed: true, Check: true})
	}
	return append(events, DeploymentEnded{Environment: d.Environment, Key: started.Key, Epoch: started.Epoch, Outcome: Succeeded})
}
