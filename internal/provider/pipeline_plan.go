package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func (r *pipelineResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() {
		return
	}
	r.planning(req)
	var state, plan pipelineModel
	create := req.State.Raw.IsNull()
	if !create {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.walk.once("portal_pipeline", state.Name.ValueString(), removed)...)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !create && !plan.Name.Equal(state.Name) {
		return // it is planned once more, as a new one
	}
	if !plan.Name.IsUnknown() {
		resp.Diagnostics.Append(r.walk.once("portal_pipeline", plan.Name.ValueString(), fateOf(create))...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.known(ctx) {
		r.walk.supposeVague(plan.Name.ValueString(), "pipeline")
		return
	}
	plan.ID = plan.Name
	p, diags := plan.decode(ctx)
	resp.Diagnostics.Append(diags...)
	if !create {
		before, _ := state.decode(ctx)
		if portal.SameDeclaration(before, p) {
			plan.Receipt = state.Receipt
			resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
			return
		}
		plan.Receipt = types.StringUnknown()
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	err := r.view(ctx, p.Name, portal.Subjects{}, func(f portal.Facts) error {
		if lines := f.StagesInUse(&p); len(lines) > 0 {
			resp.Diagnostics.AddAttributeWarning(path.Root("stages"), "Stages of pipeline "+p.Name+" are in use",
				portal.Capitalize(strings.Join(lines, ",\n"))+".\nThe apply is refused unless these environments are destroyed or moved first.")
			return nil
		}
		_, err := portal.DeclarePipeline{Pipeline: p, Update: !create, Planned: state.Receipt.ValueString()}.Decide(f)
		return err
	})
	resp.Diagnostics.Append(explain("planning pipeline "+p.Name, err)...)
	r.walk.suppose(p.Name, portal.PipelineDeclared{Pipeline: p})
}
