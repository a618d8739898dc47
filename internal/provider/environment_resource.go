package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

const environmentType = "portal_environment"

type environmentResource struct{ configured }

var (
	_ resource.ResourceWithConfigure      = &environmentResource{}
	_ resource.ResourceWithImportState    = &environmentResource{}
	_ resource.ResourceWithModifyPlan     = &environmentResource{}
	_ resource.ResourceWithValidateConfig = &environmentResource{}
)

func newEnvironmentResource() resource.Resource { return &environmentResource{} }

func (*environmentResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = environmentType
}

// declare records the declaration, and fills the plan from the ledger. before is
// the state that an update was planned from, nil where it is created.
func (r *environmentResource) declare(ctx context.Context, plan, before *environmentModel) diagnostics {
	e, diags := plan.decode(ctx, r.baseDirectory())
	if diags.HasError() {
		return diags
	}
	command := portal.DeclareEnvironment{Environment: e}
	if before != nil {
		if old, _ := before.decode(ctx, r.baseDirectory()); portal.SameEnvironment(old, e) {
			return diags // only how it is written was changed
		}
		command.Update, command.Planned = true, before.Receipt.ValueString()
	}
	_, err := r.record(ctx, plan.Pipeline.ValueString(), command)
	diags.Append(explain("declaring environment "+plan.ID.ValueString(), err)...)
	if err == nil {
		diags.Append(r.read(ctx, plan, func() { diags.Append(vanished("environment", plan.ID.ValueString())...) })...)
	}
	return diags
}

func (r *environmentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan environmentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		r.adopt(environmentType, plan.ID.ValueString())
		resp.Diagnostics.Append(r.declare(ctx, &plan, nil)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

func (r *environmentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state environmentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.declare(ctx, &plan, &state)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// read fills the model from the ledger. gone is called where the environment is
// not there.
func (r *environmentResource) read(ctx context.Context, m *environmentModel, gone func()) diagnostics {
	var diags diagnostics
	err := r.view(ctx, m.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		site := f.Sites[m.Name.ValueString()]
		if site == nil {
			gone()
			return nil
		}
		diags.Append(m.encode(ctx, r.baseDirectory(), f.Name, &site.Environment, site.Receipt)...)
		return nil
	})
	diags.Append(explain("reading environment "+m.ID.ValueString(), err)...)
	return diags
}

func (r *environmentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.session == nil {
		return
	}
	if !r.cannotPlan() {
		r.reading()
		r.tellAbsent(ctx, &resp.Diagnostics)
	}
	id := pairOf(req.State.Raw, "name")
	if r.cannotPlan() || r.isKnown(ctx, req.State.Raw) {
		resp.Diagnostics.Append(r.walk.refresh(environmentType, id)...)
		return
	}
	var state environmentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	there := true
	resp.Diagnostics.Append(r.read(ctx, &state, func() { there = false })...)
	if there {
		resp.Diagnostics.Append(r.walk.refresh(environmentType, id)...)
	}
	keep(ctx, there, &resp.State, &state, &resp.Diagnostics)
}

// isKnown reports whether the state has what the ledger has. The receipt stands
// for all of it but one: a path that is written relative to the working
// directory, which may be another one now.
func (r *environmentResource) isKnown(ctx context.Context, state tftypes.Value) bool {
	receipt, recorded := rawText(state, "receipt")
	pipeline, _ := rawText(state, "pipeline")
	name, _ := rawText(state, "name")
	var attributes map[string]tftypes.Value
	if !recorded || state.As(&attributes) != nil {
		return false
	}
	same := false
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if site := f.Sites[name]; site != nil && site.Receipt == receipt {
			same = sameTargetPlace(attributes["target"], r.baseDirectory(), site.Target)
		}
		return nil
	})
	return err == nil && same
}

func (r *environmentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state environmentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.spares(environmentType, state.ID.ValueString(), &resp.Diagnostics) {
		return
	}
	left, byFix := "", false
	err := r.view(ctx, state.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		if site := f.Sites[state.Name.ValueString()]; site != nil && site.Running != nil && site.InService() != nil {
			left, byFix = site.Running.Effective(), site.FixLeftovers()
		}
		_, err := state.removal().Decide(f) // before anything is taken off the target
		return err
	})
	if err == nil && byFix {
		left, err = r.removeLeftovers(ctx, &state, left, &resp.Diagnostics)
	}
	if err == nil {
		_, err = r.record(ctx, state.Pipeline.ValueString(), state.removal())
	}
	if err == nil && left != "" {
		resp.Diagnostics.AddWarning("Release "+left+" stays on the target of "+state.ID.ValueString(),
			"An attempt to remove it did not succeed.")
	}
	resp.Diagnostics.Append(explain("removing environment "+state.ID.ValueString(), err)...)
}

// removeLeftovers takes off a target what an emergency fix has left there, which
// no portal_release_deployment will. It returns what is still there; a target
// that is gone must not keep its environment from being destroyed, but a rule
// that was broken since does.
func (r *environmentResource) removeLeftovers(ctx context.Context, state *environmentModel, left string, diags *diagnostics) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, defaultDeploymentTimeout)
	defer cancel()
	opened, err := r.open(ctx)
	if err == nil {
		err = opened.Remove(ctx, state.Pipeline.ValueString(), r.by, portal.StartRemoval{Environment: state.Name.ValueString()})
	}
	var refusal *portal.Refusal
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &refusal):
		return left, err
	}
	diags.AddWarning("What an emergency fix has left on "+state.ID.ValueString()+" could not be removed", portal.Sentence(err.Error()))
	return left, nil
}

func (r *environmentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importPair(ctx, req.ID, "name", "PIPELINE/NAME", resp)
}
