package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

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
		resp.Diagnostics.AddAttributeError(path.Root("target"), fmt.Sprintf("The target of environment %q overlaps with the provider's own files", plan.ID.ValueString()), problem)
		return
	}
	if other, place := r.walk.claim(e.Target.Address, plan.ID.ValueString()); other != "" {
		taken := portal.TargetTaken(plan.ID.ValueString(), e.Target.Address, other, place)
		resp.Diagnostics.AddAttributeError(path.Root("target"), portal.Capitalize(taken.Summary), taken.Detail)
		return
	}
	if why := temporary(localPath(e.Target), r.getenv); why != "" {
		resp.Diagnostics.AddAttributeWarning(path.Root("target"), "The target of "+plan.ID.ValueString()+" is in a place where it is likely to be lost",
			why+" The ledger would still say that it runs what was deployed. Use the absolute path of a permanent directory.")
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
