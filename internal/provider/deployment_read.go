package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// statusOf is the status of a deployment that nothing is wrong with.
func statusOf(f portal.Facts, site *portal.Site) string {
	if f.HoldingFix(site.Name) != nil {
		return statusSuspended
	}
	return statusRunning
}

// look is what Read takes from the ledger.
type look struct {
	site   portal.Site
	live   bool // a deployment is in progress
	intact bool
	held   bool // by an emergency fix
	fixes  []string
	// sources has where the bytes of what is in service are from, by sha256.
	sources map[string]string
}

// Read refreshes from the ledger, and asks the target what it really runs.
func (r *deploymentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.session == nil {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	pipeline, _ := rawText(req.State.Raw, "pipeline")
	environment, _ := rawText(req.State.Raw, "environment")
	if r.cannotPlan() {
		resp.Diagnostics.Append(r.walk.refresh(deploymentType, pipeline+"/"+environment)...)
		return
	}
	r.tellClock(ctx, pipeline, &resp.Diagnostics)
	l, err := r.look(ctx, pipeline, environment)
	resp.Diagnostics.Append(explain("reading "+pipeline+"/"+environment, err)...)
	if err != nil {
		return
	}
	if l == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	resp.Diagnostics.Append(r.walk.refresh(deploymentType, pipeline+"/"+environment)...)
	status, s := r.observe(ctx, pipeline, l, &resp.Diagnostics)
	before, diags := req.Private.GetKey(ctx, seenKey)
	resp.Diagnostics.Append(diags...)
	if l.isKnown(req.State.Raw, status) && s.equals(before) {
		return // it is as the state has it
	}
	var state deploymentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	record, err := r.shown(ctx, pipeline, l)
	if err != nil {
		resp.Diagnostics.Append(explain("reading "+pipeline+"/"+environment, err)...)
		return
	}
	state.encode(pipeline, &l.site, status)
	state.show(&l.site, record)
	state.Drift = stringList(s.Drift)
	if s.Unasked {
		state.Drift = types.ListNull(types.StringType)
	}
	resp.Diagnostics.Append(s.write(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// look reads an environment from the ledger; nil if nothing runs there.
func (r *deploymentResource) look(ctx context.Context, pipeline, environment string) (*look, error) {
	var l *look
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		site := f.Sites[environment]
		if site != nil && site.Declared() != nil {
			l = &look{site: *site, live: f.Held(site.Name) != nil, intact: site.Intact(), held: f.HoldingFix(site.Name) != nil, fixes: f.InForceNamesOn(site.Name)}
			if there := site.InService(); there != nil {
				l.sources = f.Sources(there.Release)
			}
			if site.Attempt != nil {
				attempt := *site.Attempt
				l.site.Attempt = &attempt
			}
		}
		return nil
	})
	return l, err
}

// isKnown reports whether the state has what the ledger and the target say. The
// receipt stands for everything that a deployment records.
func (l *look) isKnown(state tftypes.Value, status string) bool {
	receipt, recorded := rawText(state, "receipt")
	was, _ := rawText(state, "status")
	running, _ := rawText(state, "running")
	redeploy, managed := rawText(state, "redeploy")
	_, told := rawText(state, "action") // states of earlier versions have none
	there := l.site.InService()
	return recorded && told && there != nil && receipt == there.Receipt && running == there.Effective() && was == status && (!managed || redeploy == l.site.Redeploy)
}

// runs is the effective version that is in service.
func (l *look) runs() string {
	if there := l.site.InService(); there != nil {
		return there.Effective()
	}
	return "nothing"
}

// status is what the ledger says, without asking the target.
func (l *look) status() string {
	switch {
	case l.held:
		return statusSuspended
	case l.live, l.intact:
		return statusRunning
	}
	// If it has not ended, it was begun and nobody holds it.
	return first(map[portal.Outcome]string{
		portal.Failed: statusFailed, portal.Unknown: statusUnknown, portal.Interrupted: statusInterrupted,
	}[l.site.Attempt.Outcome], statusInterrupted)
}

// observe asks the target what it runs and returns the status.
func (r *deploymentResource) observe(ctx context.Context, pipeline string, l *look, diags *diagnostics) (string, *seen) {
	id := pipeline + "/" + l.site.Name
	s := seenOf(&l.site, l.fixes)
	status := l.status()
	if l.held || l.live {
		// A fix sees to it, or somebody is changing it: the current content says nothing.
		return status, s
	}
	opened, err := r.openTarget(pipeline, l.site.Environment)
	var observation target.Observation
	if err == nil {
		// A target that hangs must not keep a plan waiting for long.
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		observation, err = opened.Observe(ctx)
	}
	switch {
	case errors.Is(err, target.ErrUnknownContent):
		diags.AddWarning("What "+id+" runs is unknown", portal.Sentence(err.Error())+"\nThe next apply deploys the recorded release there again.")
		s.Differs, s.Drift = true, []string{portal.Sentence(err.Error())}
		if status == statusRunning {
			status = statusDrifted
		}
	case err != nil:
		diags.AddWarning("The target of "+id+" cannot be reached", portal.Sentence(err.Error())+"\nThe ledger says that it runs "+l.runs()+", but that could not be checked. Nothing is planned there.")
		s.Unasked = true
		if status == statusRunning {
			status = statusUnreachable
		}
	default:
		r.tellBehind(ctx, pipeline, &l.site, observation, diags)
		s.Differs, s.Observed = !target.Matches(observation.Content, s.Recorded), nil
		if s.Differs {
			s.Observed = target.Resolve(observation.Content, s.Recorded)
		}
		if s.Differs && status == statusRunning {
			status, s.Drift = statusDrifted, target.Drift(observation, s.Recorded)
		}
		if s.Differs {
			l.leftBehind(observation.Content)
		}
	}
	return status, s
}

// leftBehind shows what a process that was killed has left on the target: its attempt
// is not recorded as ended, which the next apply does, but what runs can be seen.
func (l *look) leftBehind(content portal.Content) {
	attempt, before := l.site.Attempt, l.site.InService()
	if !attempt.Open() || before == nil {
		return
	}
	left := portal.Installation{At: before.At, Receipt: before.Receipt}
	if !attempt.Empties() && target.Matches(content, attempt.Content) {
		left.Release, left.Fixes, left.Content, left.Digest, left.Changes = attempt.Release, attempt.Fixes, attempt.Content, attempt.Digest, before.Changes
		left.At = attempt.StartedAt
	}
	l.site.Observed = &left
}

// tellBehind warns where a target has seen a newer deployment than the ledger knows
// of.
func (r *deploymentResource) tellBehind(ctx context.Context, pipeline string, site *portal.Site, seen target.Observation, diags *diagnostics) {
	opened, err := r.open(ctx)
	if err != nil {
		return
	}
	owner := target.Owner{Ledger: opened.Ledger.ID(), Place: target.Place{Pipeline: pipeline, Environment: site.Name}}
	if !seen.Ahead(owner, site.Epoch) {
		return
	}
	known := site.Epoch
	err = r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if now := f.Sites[site.Name]; now != nil {
			known = now.Epoch // somebody may have begun a deployment since
		}
		return nil
	})
	if err == nil && seen.Ahead(owner, known) {
		diags.AddWarning("The ledger is older than the target of "+pipeline+"/"+site.Name, portal.Sentence(portal.Behind(pipeline, site.Name, seen.Epoch, known)))
	}
}
