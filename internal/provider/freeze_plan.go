package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func (r *freezeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() {
		return
	}
	var state, plan freezeModel
	create := req.State.Raw.IsNull()
	if !create {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.walk.once("portal_freeze", state.ID.ValueString(), removed)...)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !create && (!plan.Pipeline.Equal(state.Pipeline) || !plan.Name.Equal(state.Name)) {
		return // it is planned once more, as a new one
	}
	if !plan.Pipeline.IsUnknown() && !plan.Name.IsUnknown() {
		plan.ID = types.StringValue(plan.Pipeline.ValueString() + "/" + plan.Name.ValueString())
		resp.Diagnostics.Append(r.walk.once("portal_freeze", plan.ID.ValueString(), fateOf(create))...)
	}
	if !plan.known(ctx) {
		r.walk.supposeVague(plan.Pipeline.ValueString(), "freeze")
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	z, diags := plan.decode(ctx)
	resp.Diagnostics.Append(diags...)
	plan.Receipt = types.StringUnknown()
	if !create {
		if before, _ := state.decode(ctx); portal.SameFreeze(before, z) {
			plan.Receipt = state.Receipt
			resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
			return
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if r.walk.vague(plan.Pipeline.ValueString(), "pipeline") {
		return
	}
	resp.Diagnostics.Append(r.preview(ctx, "freeze "+plan.ID.ValueString(), plan.Pipeline.ValueString(), portal.DeclareFreeze{Freeze: z, Update: !create, Planned: state.Receipt.ValueString()})...)
}
