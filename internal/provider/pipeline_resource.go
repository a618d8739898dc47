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
	resp.Diagnostics.Append(problems("pipeline "+p.Name, p.Validate())...)
}

func (r *pipelineResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() {
		return
	}
	var state, plan pipelineModel
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
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
	create := req.State.Raw.IsNull()
	if !create {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
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
				upperFirst(strings.Join(lines, ",\n"))+".\nApply refuses this unless these environments are destroyed or moved before.")
			return nil
		}
		_, err := portal.DeclarePipeline{Pipeline: p, Update: !create}.Decide(f)
		return err
	})
	resp.Diagnostics.Append(explain("planning pipeline "+p.Name, err)...)
	r.walk.suppose(p.Name, portal.PipelineDeclared{Pipeline: p})
}

func (r *pipelineResource) declare(ctx context.Context, plan *pipelineModel, update bool) diagnostics {
	p, diags := plan.decode(ctx)
	if diags.HasError() {
		return diags
	}
	_, err := r.record(ctx, p.Name, portal.DeclarePipeline{Pipeline: p, Update: update})
	diags.Append(explain("declaring pipeline "+p.Name, err)...)
	if err == nil {
		diags.Append(r.read(ctx, plan, nil)...)
	}
	return diags
}

func (r *pipelineResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan pipelineModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.declare(ctx, &plan, false)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

func (r *pipelineResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan pipelineModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.declare(ctx, &plan, true)...)
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
			if gone != nil {
				gone()
			}
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
	_, err := r.record(ctx, state.Name.ValueString(), portal.RetirePipeline{})
	resp.Diagnostics.Append(explain("ending pipeline "+state.Name.ValueString(), err)...)
}

func (r *pipelineResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), req.ID)...)
}
