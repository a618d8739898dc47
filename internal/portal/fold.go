package portal

import (
	"time"
)

// Apply folds one event into the state.
func (s *State) Apply(event Event, meta Meta) {
	s.Head, s.HeadAt = meta.Number, meta.At
	s.remembered.answers = nil
	switch e := event.(type) {
	case PipelineDeclared:
		pipeline := e.Pipeline
		s.Pipeline, s.Receipt = &pipeline, meta.Receipt()
		s.forget()
		s.touch(EntityPipeline, "")
	case PipelineRetired:
		s.Pipeline, s.Receipt = nil, ""
		s.forget()
		s.touch(EntityPipeline, "")
	case EnvironmentDeclared:
		site := s.Sites[e.Environment.Name]
		if site == nil {
			// Counted from the entry's number on, so that leftovers of an earlier environment of
			// the same name are never attributed to this one.
			site = &Site{Epoch: meta.Number, Generation: meta.Number}
			s.Sites[e.Environment.Name] = site
		}
		if site.Since == 0 || !site.Target.sameAddress(e.Environment.Target) {
			site.Since, site.Observed = meta.Number, nil
		}
		site.Environment, site.Receipt = e.Environment, meta.Receipt()
		s.forget()
		s.touch(EntityEnvironment, e.Environment.Name)
	case EnvironmentRemoved:
		s.applyRemoved(e, meta)
	case ReleaseRegistered:
		if s.Knows(e.Release.Version) {
			dossier := &RegisteredRelease{Release: e.Release, Receipt: meta.Receipt(), Registered: meta.At}
			if old := s.releases[e.Release.Version]; old != nil {
				dossier.Registered = old.Registered
			}
			s.releases[e.Release.Version] = dossier
			s.touch(EntityRelease, e.Release.Version)
		}
	case FreezeDeclared:
		s.Freezes[e.Freeze.Name] = &DeclaredFreeze{Freeze: e.Freeze, Receipt: meta.Receipt()}
		s.touch(EntityFreeze, e.Freeze.Name)
	case FreezeRemoved:
		delete(s.Freezes, e.Freeze)
		s.touch(EntityFreeze, e.Freeze)
	case DeploymentStarted:
		s.applyStarted(e, meta)
	case DeploymentRecovering:
		if site := s.Sites[e.Environment]; site != nil && site.Attempt.Open() {
			site.Epoch, site.Attempt.Epoch = e.Epoch, e.Epoch
			s.touch(EntityEnvironment, e.Environment)
		}
	case DeploymentEnded:
		s.applyEnded(e, meta)
	case TestRecorded:
		s.applyTest(e, meta)
	case FixOpened, FixAmended, FixRestated, FixStepStarted, FixStepEnded, FixFinished,
		FixReconciled, FixReviewed, FixWithdrawing, FixWithdrawn:
		s.applyFix(event, meta)
	case ApprovalRecorded:
		if s.Knows(e.Release) {
			s.approvals[e.Release] = append(s.approvals[e.Release], Approval{
				Stage: e.Stage, Approver: e.Approver, Comment: e.Comment,
				Statement: e.Statement, Signature: e.Signature, At: meta.At, Receipt: meta.Receipt(), Digest: e.Digest, Fixes: e.Fixes,
			})
			s.touch(EntityApprovals, e.Release)
		}
	case ApprovalRevoked:
		s.applyRevoked(e, meta)
	case LedgerRestored:
		for name, epoch := range e.Epochs {
			if site := s.Sites[name]; site != nil {
				site.Epoch, site.Behind = max(site.Epoch, epoch), false
				s.touch(EntityEnvironment, name)
			}
		}
	case ClockMended: // the reader of the entries corrects their times
	case DeploymentRefused: // it only informs
	}
}

func (s *State) applyRemoved(e EnvironmentRemoved, meta Meta) {
	if site := s.Sites[e.Environment]; site != nil {
		s.stopRun(site, meta.At)
	}
	delete(s.Sites, e.Environment)
	s.forget()
	s.touch(EntityEnvironment, e.Environment)
}

func (s *State) applyStarted(e DeploymentStarted, meta Meta) {
	site := s.Sites[e.Environment]
	if site == nil {
		return
	}
	s.stopRun(site, meta.At)
	site.Epoch = e.Epoch
	site.Attempt = &Attempt{
		Key: e.Key, Mode: e.Mode, Release: e.Release, Fixes: e.Fixes, Content: e.Content, Digest: e.Digest,
		Redeploy: e.Redeploy, Changes: e.Changes, Epoch: e.Epoch, Step: e.Step, By: meta.By, StartedAt: meta.At,
	}
	s.touch(EntityEnvironment, e.Environment)
}

func (s *State) applyEnded(e DeploymentEnded, meta Meta) {
	site := s.Sites[e.Environment]
	if site == nil || !site.Attempt.Open() {
		return
	}
	attempt := site.Attempt
	attempt.Outcome, attempt.EndedAt, attempt.Detail, attempt.Untouched = e.Outcome, meta.At, e.Detail, e.Untouched
	site.Generation++
	site.Behind = e.Behind
	s.touch(EntityEnvironment, e.Environment)
	switch {
	case e.Outcome == Succeeded:
		site.Took, site.Observed = e.Took, nil
		s.install(site, attempt, meta)
	case !e.Untouched:
		site.Observed = site.sighted(e, meta)
	}
	if step := attempt.Step; step != nil && (e.Outcome == Succeeded || !e.Untouched) {
		s.noteReached(step.Fix, e.Environment, meta)
	}
	// What an attempt did not touch keeps running and soaking.
	if site.Running != nil && site.Intact() {
		s.startRun(site, meta.At)
	}
	if site.Suspended != nil {
		s.stopRun(site, meta.At) // it is there, but its time does not count
	}
	attempt.Content = nil // it is in Running or Observed now, or no longer needed
}

// install makes what a successful attempt deployed the environment's running release.
func (s *State) install(site *Site, attempt *Attempt, meta Meta) {
	before := site.Running
	if attempt.Redeploy != "" {
		site.Redeploy = attempt.Redeploy
	}
	if attempt.Mode == ModeRemove {
		site.Running = nil
		return
	}
	site.Running = &Installation{
		Release: attempt.Release, Fixes: attempt.Fixes, Content: attempt.Content, Digest: attempt.Digest,
		Changes: attempt.Changes, At: meta.At, Receipt: meta.Receipt(),
	}
	site.Running.LeftByFix = attempt.Mode == ModeFix && (before == nil || before.LeftByFix)
	if before != nil {
		site.Running.Previous = before.Previous
		if before.Release != attempt.Release {
			site.Running.Previous = before.Release
		}
	}
	if site.Suspended != nil && site.Suspended.Release == attempt.Release {
		site.Running.Previous = site.Suspended.Previous // it never left
	}
	if attempt.Mode != ModeFix { // a fix does not restore anything for good
		delete(site.RolledBack, attempt.Release)
	}
	if attempt.Mode == ModeRollback && before != nil {
		if site.RolledBack == nil {
			site.RolledBack = map[string]string{}
		}
		site.RolledBack[before.Release] = site.Redeploy
	}
}

// stopRun closes the run of what is on the site.
func (s *State) stopRun(site *Site, at time.Time) {
	if site.Running == nil || !s.Knows(site.Running.Release) {
		return
	}
	key := EvidenceKey{site.Running.Release, site.Name}
	if evidence := s.evidenceOf(key); evidence != nil {
		evidence.stop(at)
		s.touch(EntityEvidence, key.String())
	}
}

func (s *State) startRun(site *Site, at time.Time) {
	if !s.Knows(site.Running.Release) {
		return
	}
	key := EvidenceKey{site.Running.Release, site.Name}
	s.evidenceAt(key).start(site.Running.Digest, site.Place(), site.Running.Fixes, at)
	s.touch(EntityEvidence, key.String())
}

func (s *State) applyTest(e TestRecorded, meta Meta) {
	// Ledgers before format 2 may have results without a release: of checks that ran when an
	// environment was emptied. They do not count.
	if e.Release == "" || !s.Knows(e.Release) {
		return
	}
	var place Place
	if site := s.Sites[e.Environment]; site != nil {
		place = site.Place()
	}
	key := EvidenceKey{e.Release, e.Environment}
	s.evidenceAt(key).record(Test{
		Digest: e.Digest, Place: place, Suite: e.Suite, Passed: e.Passed, Tests: e.Tests, Failures: e.Failures, At: meta.At,
		By: meta.By, ReportSHA256: e.ReportSHA256, ReportURL: e.ReportURL, Summary: e.Summary, RunID: e.RunID,
		Fix: e.Fix, Receipt: meta.Receipt(), Skipped: e.Skipped, RunnerExit: e.RunnerExit, Walk: e.Walk,
	})
	s.touch(EntityEvidence, key.String())
	if e.ReportDated {
		s.noteReport(e)
	}
}
