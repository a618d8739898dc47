package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
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
		err = errors.New("another process has changed the environment in the meantime; plan again")
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
// nothing. If the ledger cannot be read, the state stays as it was.
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

// ImportState implements resource.ResourceWithImportState.
func (r *deploymentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importPair(ctx, req.ID, "environment", resp)
}
