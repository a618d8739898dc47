package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type pipelineResource struct {
	declared[pipelineModel, portal.Pipeline]
}

var (
	_ resource.ResourceWithConfigure      = &pipelineResource{}
	_ resource.ResourceWithImportState    = &pipelineResource{}
	_ resource.ResourceWithModifyPlan     = &pipelineResource{}
	_ resource.ResourceWithValidateConfig = &pipelineResource{}
)

func newPipelineResource() resource.Resource {
	return &pipelineResource{declared[pipelineModel, portal.Pipeline]{
		noun: "pipeline", named: "name",
		key: func(m *pipelineModel) (pipeline, id string) {
			return m.Name.ValueString(), m.Name.ValueString()
		},
		known: func(ctx context.Context, m *pipelineModel) bool { return m.known(ctx) },
		decode: func(ctx context.Context, m *pipelineModel, _ string) (portal.Pipeline, diagnostics) {
			return m.decode(ctx)
		},
		problems: (*portal.Pipeline).Validate,
		same:     portal.SameDeclaration,
		command: func(p portal.Pipeline, update bool, planned string) portal.Command {
			return portal.DeclarePipeline{Pipeline: p, Update: update, Planned: planned}
		},
		find: func(ctx context.Context, m *pipelineModel, _ string, f portal.Facts) (bool, diagnostics) {
			if f.Pipeline == nil {
				return false, nil
			}
			return true, m.encode(ctx, f.Pipeline, f.Receipt)
		},
		removal: func(*pipelineModel) portal.Command { return portal.RetirePipeline{} },
	}}
}

// Read also says how far the ledger's clock is off.
func (r *pipelineResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	r.declared.Read(ctx, req, resp)
	if name, named := rawText(req.State.Raw, "name"); named && !r.cannotPlan() {
		r.tellClock(ctx, name, &resp.Diagnostics)
	}
}

func (r *pipelineResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), req.ID)...)
}
