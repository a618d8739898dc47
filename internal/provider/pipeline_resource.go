package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

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
