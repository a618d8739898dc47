package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
	"github.com/releaseportal/terraform-provider-portal/internal/target/kinds"
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

func (*environmentResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m environmentModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || !m.known(ctx) {
		return
	}
	e, diags := m.decode(ctx, "")
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	resp.Diagnostics.Append(problems("environment "+e.Name, e.Validate())...)
}

func (r *environmentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.session == nil {
		return
	}
	r.planning(req)
	if id, _ := rawText(req.State.Raw, "id"); unchanged(req.State.Raw, req.Plan.Raw) {
		resp.Diagnostics.Append(r.walk.once(environmentType, id, kept)...)
		return
	}
	resp.Diagnostics.Append(r.walk.planned(environmentType, "name", req.State.Raw, req.Plan.Raw)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	var state, plan environmentModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		r.planRemoval(ctx, &state, resp)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	create := req.State.Raw.IsNull()
	moves := !create && plan.movedFrom(&state)
	if moves {
		resp.Diagnostics.Append(r.planReplacement(ctx, &plan, &state)...)
	}
	if !plan.Pipeline.IsUnknown() && !plan.Name.IsUnknown() {
		plan.ID = types.StringValue(plan.Pipeline.ValueString() + "/" + plan.Name.ValueString())
	}
	if !plan.known(ctx) {
		r.walk.supposeVague(plan.Pipeline.ValueString(), "environment/"+plan.Name.ValueString())
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	e, diags := plan.decode(ctx, r.baseDirectory())
	resp.Diagnostics.Append(diags...)
	if !create && !moves {
		before, _ := state.decode(ctx, r.baseDirectory())
		if portal.SameEnvironment(before, e) {
			plan.Receipt = state.Receipt
			resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
			return
		}
		plan.Receipt = types.StringUnknown()
		resp.Diagnostics.Append(r.stillSees(ctx, plan.Pipeline.ValueString(), e)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if moves {
		r.walk.leave(state.Pipeline.ValueString(), state.Name.ValueString())
		return // it is planned once more, as a new one
	}
	if problem := r.reserved(e.Target.Address); problem != "" {
		resp.Diagnostics.AddAttributeError(path.Root("target"), fmt.Sprintf("The target of environment %q lies where the provider keeps its own files", plan.ID.ValueString()), problem)
		return
	}
	if other, place := r.walk.claim(e.Target.Address, plan.ID.ValueString()); other != "" {
		taken := portal.TargetTaken(plan.ID.ValueString(), e.Target.Address, other, place)
		resp.Diagnostics.AddAttributeError(path.Root("target"), portal.Capitalize(taken.Summary), taken.Detail)
		return
	}
	if why := temporary(directoryOf(e.Target), r.getenv); why != "" {
		resp.Diagnostics.AddAttributeWarning(path.Root("target"), "The target of "+plan.ID.ValueString()+" lies where it is likely to be lost",
			why+" The ledger would go on saying that it runs what was deployed. Write the absolute path of a directory that is kept.")
	}
	if r.walk.vague(plan.Pipeline.ValueString(), "pipeline") {
		r.walk.supposeVague(plan.Pipeline.ValueString(), "environment/"+e.Name)
		return
	}
	resp.Diagnostics.Append(r.preview(ctx, "environment "+plan.ID.ValueString(), plan.Pipeline.ValueString(), portal.DeclareEnvironment{Environment: e, Update: !create, Planned: state.Receipt.ValueString()})...)
}

// stillSees refuses patterns that match a component of what runs there: nobody would
// see whether it still does.
func (r *environmentResource) stillSees(ctx context.Context, pipeline string, e portal.Environment) diagnostics {
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		site := f.Sites[e.Name]
		if site == nil || site.InService() == nil {
			return nil
		}
		return rollout.Hidden(pipeline, rollout.DeliveryOf(e, site.InService().Effective(), site.Content()))
	})
	return explain("planning environment "+pipeline+"/"+e.Name, err)
}

// movedFrom reports whether the plan is for another environment, so that this
// one is replaced.
func (m *environmentModel) movedFrom(state *environmentModel) bool {
	return !m.Pipeline.Equal(state.Pipeline) || !m.Name.Equal(state.Name)
}

// removal is the removal of the environment that the state has.
func (m *environmentModel) removal() portal.RemoveEnvironment {
	return portal.RemoveEnvironment{Name: m.Name.ValueString(), Planned: m.Receipt.ValueString()}
}

// planReplacement judges that an environment goes, to be declared under another
// name.
func (r *environmentResource) planReplacement(ctx context.Context, plan, state *environmentModel) diagnostics {
	replacement := portal.ReplaceEnvironment{RemoveEnvironment: state.removal(), Unknown: plan.Pipeline.IsUnknown() || plan.Name.IsUnknown()}
	err := r.view(ctx, state.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		_, err := replacement.Decide(f)
		return err
	})
	return explain("planning to replace environment "+state.ID.ValueString(), err)
}

// planRemoval previews what the removal's own transaction will judge. What runs
// there may be removed by the same plan, in an order that is not known here.
func (r *environmentResource) planRemoval(ctx context.Context, state *environmentModel, resp *resource.ModifyPlanResponse) {
	removal := state.removal()
	removal.Emptied = true
	err := r.view(ctx, state.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		_, err := removal.Decide(f)
		return err
	})
	resp.Diagnostics.Append(explain("planning to remove environment "+state.ID.ValueString(), err)...)
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
	var there portal.Target
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if site := f.Sites[name]; site != nil && site.Receipt == receipt {
			there = site.Target
		}
		return nil
	})
	return err == nil && recorded && there.Kind == kinds.Directory && sameDirectory(state, there)
}

// sameDirectory reports whether the path in the state still means the recorded
// directory.
func sameDirectory(state tftypes.Value, recorded portal.Target) bool {
	var attributes, target map[string]tftypes.Value
	var config directory.Config
	if state.As(&attributes) != nil || attributes["target"].As(&target) != nil || json.Unmarshal(recorded.Config, &config) != nil {
		return false
	}
	path, written := rawText(target["directory"], "path")
	return written && absolute(path) == config.Path
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
			"Removing it was tried and did not succeed.")
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
