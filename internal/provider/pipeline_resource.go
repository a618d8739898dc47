package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type pipelineResource struct{ configured }

var (
	_ resource.ResourceWithConfigure      = &pipelineResource{}
	_ resource.ResourceWithImportState    = &pipelineResource{}
	_ resource.ResourceWithModifyPlan     = &pipelineResource{}
	_ resource.ResourceWithValidateConfig = &pipelineResource{}
)

func newPipelineResource() resource.Resource { return &pipelineResource{} }

func (*pipelineResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "portal_pipeline"
}

func (*pipelineResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m pipelineModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || !m.known(ctx) {
		return
	}
	p, diags := m.decode(ctx)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	resp.Diagnostics.Append(problems("pipeline "+p.Name, p.Validate())...)
}

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
				portal.Capitalize(strings.Join(lines, ",\n"))+".\nApply refuses this unless these environments are destroyed or moved before.")
			return nil
		}
		_, err := portal.DeclarePipeline{Pipeline: p, Update: !create, Planned: state.Receipt.ValueString()}.Decide(f)
		return err
	})
	resp.Diagnostics.Append(explain("planning pipeline "+p.Name, err)...)
	r.walk.suppose(p.Name, portal.PipelineDeclared{Pipeline: p})
}

// declare records the declaration, and fills the plan from the ledger. before is
// the state that an update was planned from, nil where it is created.
func (r *pipelineResource) declare(ctx context.Context, plan, before *pipelineModel) diagnostics {
	p, diags := plan.decode(ctx)
	if diags.HasError() {
		return diags
	}
	command := portal.DeclarePipeline{Pipeline: p}
	if before != nil {
		if old, _ := before.decode(ctx); portal.SameDeclaration(old, p) {
			return diags // only how it is written was changed
		}
		command.Update, command.Planned = true, before.Receipt.ValueString()
	}
	_, err := r.record(ctx, p.Name, command)
	diags.Append(explain("declaring pipeline "+plan.Name.ValueString(), err)...)
	if err == nil {
		diags.Append(r.read(ctx, plan, func() { diags.Append(vanished("pipeline", plan.Name.ValueString())...) })...)
	}
	return diags
}

func (r *pipelineResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan pipelineModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		r.adopt("portal_pipeline", plan.Name.ValueString())
		resp.Diagnostics.Append(r.declare(ctx, &plan, nil)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

func (r *pipelineResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state pipelineModel
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

// read fills the model from the ledger. gone is called where the pipeline is not
// there.
func (r *pipelineResource) read(ctx context.Context, m *pipelineModel, gone func()) diagnostics {
	var diags diagnostics
	name := first(m.Name.ValueString(), m.ID.ValueString())
	err := r.view(ctx, name, portal.Subjects{}, func(f portal.Facts) error {
		if f.Pipeline == nil {
			gone()
			return nil
		}
		diags.Append(m.encode(ctx, f.Pipeline, f.Receipt)...)
		return nil
	})
	diags.Append(explain("reading pipeline "+name, err)...)
	return diags
}

func (r *pipelineResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state pipelineModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	r.tellClock(ctx, state.Name.ValueString(), &resp.Diagnostics)
	there := true
	resp.Diagnostics.Append(r.read(ctx, &state, func() { there = false })...)
	keep(ctx, there, &resp.State, &state, &resp.Diagnostics)
}

func (r *pipelineResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state pipelineModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.spares("portal_pipeline", state.Name.ValueString(), &resp.Diagnostics) {
		return
	}
	_, err := r.record(ctx, state.Name.ValueString(), portal.RetirePipeline{})
	resp.Diagnostics.Append(explain("ending pipeline "+state.Name.ValueString(), err)...)
}

func (r *pipelineResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), req.ID)...)
}
