package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

type deploymentResource struct{ configured }

var (
	_ resource.ResourceWithConfigure   = &deploymentResource{}
	_ resource.ResourceWithImportState = &deploymentResource{}
	_ resource.ResourceWithModifyPlan  = &deploymentResource{}
)

func newDeploymentResource() resource.Resource { return &deploymentResource{} }

func (*deploymentResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = deploymentType
}

// Create deploys, or adopts what the ledger already has there: after a crash
// Terraform may not know what was done.
func (r *deploymentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan deploymentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
		return
	}
	timeout := timeoutOf(plan.Timeouts, "create", defaultDeploymentTimeout)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	wish := plan.wish()
	adopted := false
	err := r.view(ctx, plan.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		site := f.Sites[wish.Environment]
		inForce := f.InForceNamesOn(wish.Environment)
		switch {
		case site == nil:
			wish.Planned = &portal.Planned{InForce: inForce}
		case site.Declared() == nil: // a first deployment that did not succeed may be in service
			wish.Planned = &portal.Planned{Receipt: seenOf(site, nil).Receipt, InForce: inForce}
		case site.Declared().Release != wish.Release:
			wish.Planned = &portal.Planned{InForce: inForce} // it was empty when this was planned
		default:
			adopted = adopts(f, site, wish)
		}
		return nil
	})
	doing := "deploying " + wish.Release + " to " + plan.ID.ValueString()
	resp.Diagnostics.Append(explain(doing, err)...)
	r.adopt(deploymentType, plan.ID.ValueString())
	if err == nil && !adopted {
		resp.Diagnostics.Append(explain(doing, r.deploy(ctx, &plan, wish))...)
		r.giveWarnings(&resp.Diagnostics)
	}
	r.forgetNoted(ctx, plan.Pipeline.ValueString(), wish.Environment, fixesInForce)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.fill(context.WithoutCancel(ctx), &plan, adopted, resp.Private)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

// adopts reports whether what is wished is there already: it runs, or an
// emergency fix holds the environment and it is what comes back.
func adopts(f portal.Facts, site *portal.Site, wish portal.Deploy) bool {
	there := site.Intact() || f.HoldingFix(site.Name) != nil
	return there && site.Declared() != nil && site.Declared().Release == wish.Release && (wish.Redeploy == "" || site.Redeploy == wish.Redeploy)
}

func (r *deploymentResource) deploy(ctx context.Context, plan *deploymentModel, wish portal.Deploy) error {
	r.changing()
	opened, err := r.open(ctx)
	if err == nil {
		err = opened.Deploy(ctx, plan.Pipeline.ValueString(), r.by, wish)
	}
	r.walk.disengage(plan.Pipeline.ValueString(), deploymentType+" "+plan.ID.ValueString())
	return err
}

// fill completes the model after a deployment, from the ledger. What it did is known
// unless it was planned.
func (r *deploymentResource) fill(ctx context.Context, m *deploymentModel, adopted bool, private privateWriter) diagnostics {
	var diags diagnostics
	l, err := r.look(ctx, m.Pipeline.ValueString(), m.Environment.ValueString())
	if err == nil && (l == nil || l.site.Declared().Release != m.Release.ValueString()) {
		err = errors.New("another process has changed the environment since; plan again")
	}
	var s shown
	if err == nil {
		s, err = r.shown(ctx, m.Pipeline.ValueString(), l)
	}
	if err != nil {
		diags.Append(explain("reading "+m.ID.ValueString(), err)...)
		return diags
	}
	planned := *m
	status := statusRunning // of a deployment that nothing is wrong with
	if l.held {
		status = statusSuspended
	}
	m.encode(m.Pipeline.ValueString(), &l.site, status)
	m.Action, m.Drift = types.StringValue(actionAdoption), stringList(nil)
	if !adopted {
		m.Action = types.StringValue(actionOf(l.site.Attempt))
	}
	m.show(&l.site, s)
	m.keepPlanned(&planned)
	diags.Append(seenOf(&l.site, l.fixes).write(ctx, private)...)
	return diags
}

// shown is what the record has of what is in service.
func (r *deploymentResource) shown(ctx context.Context, pipeline string, l *look) (shown, error) {
	s := shown{sources: l.sources}
	var err error
	if there := l.site.InService(); there != nil {
		s.checks, err = r.checksBefore(ctx, pipeline, l.site.Name, there.Receipt)
	}
	return s, err
}

// statusOf is the status of a deployment that nothing is wrong with.
func statusOf(f portal.Facts, site *portal.Site) string {
	if f.HoldingFix(site.Name) != nil {
		return statusSuspended
	}
	return statusRunning
}

func seenOf(site *portal.Site, inForce []string) *seen {
	s := &seen{InForce: inForce}
	if running := site.Running; running != nil {
		s.Recorded, s.Fixes, s.Previous = running.Content, running.Fixes, running.Previous
	}
	there := site.InService()
	if there != nil {
		s.Receipt = there.Receipt
	}
	if there != site.Running {
		s.Differs, s.Observed = true, site.Content()
	}
	return s
}

// Update deploys another release, the same one again, or repairs.
func (r *deploymentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state deploymentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	before := readSeen(ctx, req.Private, &resp.Diagnostics)
	timeout := timeoutOf(plan.Timeouts, "update", defaultDeploymentTimeout)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.asksFor(&state) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...) // only how it is done was changed
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	wish := plan.wish()
	if before != nil {
		wish.Planned = before.planned()
	}
	err := r.deploy(ctx, &plan, wish)
	r.giveWarnings(&resp.Diagnostics)
	resp.Diagnostics.Append(explain("deploying "+wish.Release+" to "+plan.ID.ValueString(), err)...)
	var failed *rollout.FailedError
	if errors.As(err, &failed) {
		r.leave(context.WithoutCancel(ctx), &state, resp)
		return
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.fill(context.WithoutCancel(ctx), &plan, false, resp.Private)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// leave gives the state what a refresh would: what a deployment that failed has left
// there. Terraform keeps the state of an update that ends with an error, and taints
// nothing. Where the ledger cannot be read, the state stays as it was.
func (r *deploymentResource) leave(ctx context.Context, state *deploymentModel, resp *resource.UpdateResponse) {
	pipeline := state.Pipeline.ValueString()
	l, err := r.look(ctx, pipeline, state.Environment.ValueString())
	if err != nil || l == nil {
		return
	}
	s, err := r.shown(ctx, pipeline, l)
	if err != nil {
		return
	}
	state.encode(pipeline, &l.site, l.status())
	state.show(&l.site, s)
	state.Drift = stringList(nil)
	resp.Diagnostics.Append(seenOf(&l.site, l.fixes).write(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// Delete removes the content from the target, as long as it is what the state
// says. What is gone already is fine.
func (r *deploymentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state deploymentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout := timeoutOf(state.Timeouts, "delete", defaultDeploymentTimeout)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.spares(deploymentType, state.ID.ValueString(), &resp.Diagnostics) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r.changing()
	opened, err := r.open(ctx)
	if err == nil {
		err = opened.Remove(ctx, state.Pipeline.ValueString(), r.by, state.removal())
	}
	resp.Diagnostics.Append(explain("removing what runs on "+state.ID.ValueString(), err)...)
}

// look is what Read takes from the ledger.
type look struct {
	site   portal.Site
	live   bool // a deployment is in flight
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

// look reads an environment from the ledger; nil where nothing runs there.
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
	// Where it has not ended, it was begun and nobody holds it.
	return first(map[portal.Outcome]string{
		portal.Failed: statusFailed, portal.Unknown: statusUnknown, portal.Interrupted: statusInterrupted,
	}[l.site.Attempt.Outcome], statusInterrupted)
}

// observe asks the target what it runs and tells the status.
func (r *deploymentResource) observe(ctx context.Context, pipeline string, l *look, diags *diagnostics) (string, *seen) {
	id := pipeline + "/" + l.site.Name
	s := seenOf(&l.site, l.fixes)
	status := l.status()
	if l.held || l.live {
		// A fix sees to it, or somebody is changing it: what is there now says nothing.
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
		diags.AddWarning("What "+id+" runs cannot be told", portal.Sentence(err.Error())+"\nApplying deploys the recorded release there again.")
		s.Differs, s.Drift = true, []string{portal.Sentence(err.Error())}
		if status == statusRunning {
			status = statusDrifted
		}
	case err != nil:
		diags.AddWarning("The target of "+id+" cannot be asked", portal.Sentence(err.Error())+"\nThe ledger says that it runs "+l.runs()+"; whether that is so is not known. Nothing is planned from it.")
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
	}
	return status, s
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

// ImportState implements resource.ResourceWithImportState.
func (r *deploymentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importPair(ctx, req.ID, "environment", "PIPELINE/ENVIRONMENT", resp)
}
