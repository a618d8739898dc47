package portaltest

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Fix is a request for an emergency fix that brings the component "app" in the named version. Ann
// has requested it, Ben has approved it, and it names every rule that may be bypassed.
func Fix(name, version string) portal.FixWish {
	return portal.FixWish{
		Fix: portal.Fix{
			Name: name, Components: map[string]portal.Component{"app": Part("app", version)}, Strategy: portal.StrategyAuto,
			Justification: portal.Justification{
				Reason: "logins fail", Incident: "INC-1", Severity: "sev1", RequestedBy: "ann", WhyNotNormalPath: "it takes a week",
			},
			Bypass: portal.BypassableRules(),
		},
		Approvals: map[string]string{"ben": ""},
	}
}

// PlanFix plans a request now.
func (w *World) PlanFix(wish portal.FixWish) *portal.FixProposal {
	w.t.Helper()
	proposal, err := w.Facts().PlanFix(w.Read(wish))
	if err != nil {
		w.t.Fatalf("planning %s: %v", wish.Name, err)
	}
	return proposal
}

// Read has the approvers of a fix read its plan now: their approvals name the statement. A fix that
// cannot be planned stays as it is.
func (w *World) Read(wish portal.FixWish) portal.FixWish {
	w.t.Helper()
	proposal, err := w.Facts().PlanFix(wish)
	if err != nil {
		return wish
	}
	read := map[string]string{}
	for name, approval := range wish.Approvals {
		read[name] = cmp.Or(approval, portal.StatementDigest(proposal.Plan.Statement))
	}
	wish.Approvals = read
	return wish
}

// RunFix opens or continues a fix and carries out its steps: every deployment succeeds, and every
// check passes, except that the fix does not start on the environments named as broken. It returns
// the first error, or why the fix has halted.
func (w *World) RunFix(wish portal.FixWish, broken ...string) error {
	w.t.Helper()
	wish = w.Read(wish)
	proposal, err := w.Facts().PlanFix(wish)
	if err != nil {
		return err
	}
	if _, err := w.Do(portal.OpenFix{FixWish: wish}); err != nil {
		return err
	}
	return w.RunSteps(wish.Name, proposal.Stop, broken...)
}

// MustRunFix is RunFix for what must not fail.
func (w *World) MustRunFix(wish portal.FixWish) {
	w.t.Helper()
	if err := w.RunFix(wish); err != nil {
		w.t.Fatalf("running %s: %v", wish.Name, err)
	}
}

// RunSteps carries out the steps of a fix up to stop.
func (w *World) RunSteps(fix string, stop int, broken ...string) error {
	w.t.Helper()
	for {
		x := w.State.Fixes[fix]
		events, err := w.Do(portal.StartStep{Fix: fix, Round: x.Round, Stop: stop})
		if err != nil || len(events) == 0 {
			return err
		}
		w.Wait(time.Second)
		for _, event := range events {
			if started, is := event.(portal.DeploymentStarted); is {
				w.endStep(started, slices.Contains(started.Fixes, fix) && slices.Contains(broken, started.Environment))
			}
		}
		if x := w.State.Fixes[fix]; x.Halted != "" {
			return errors.New(x.Halted)
		}
	}
}

func (w *World) endStep(started portal.DeploymentStarted, broken bool) {
	w.t.Helper()
	end := portal.EndDeployment{Environment: started.Environment, Epoch: started.Epoch, Outcome: portal.Succeeded, Took: time.Second}
	for _, check := range w.State.Sites[started.Environment].Checks {
		end.Checks = append(end.Checks, portal.CheckResult{Name: check.Name, Passed: !broken})
	}
	if broken {
		end.Outcome, end.Detail, end.Observed = portal.Failed, "it does not start", portal.ObservedNew
		w.Disks[started.Environment] = started.Content
	}
	w.MustDo(end)
}
