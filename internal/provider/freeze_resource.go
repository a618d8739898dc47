package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type freezeResource struct{ configured }

var (
	_ resource.ResourceWithConfigure      = &freezeResource{}
	_ resource.ResourceWithImportState    = &freezeResource{}
	_ resource.ResourceWithModifyPlan     = &freezeResource{}
	_ resource.ResourceWithValidateConfig = &freezeResource{}
)

func newFreezeResource() resource.Resource { return &freezeResource{} }

func (*freezeResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "portal_freeze"
}

// declare records the declaration, and fills the plan from the ledger. before is
// the state that an update was planned from, nil where it is created.
func (r *freezeResource) declare(ctx context.Context, plan, before *freezeModel) diagnostics {
	z, diags := plan.decode(ctx)
	if diags.HasError() {
		return diags
	}
	command := portal.DeclareFreeze{Freeze: z}
	if before != nil {
		if old, _ := before.decode(ctx); portal.SameFreeze(old, z) {
			return diags // only how it is written was changed
		}
		command.Update, command.Planned = true, before.Receipt.ValueString()
	}
	_, err := r.record(ctx, plan.Pipeline.ValueString(), command)
	diags.Append(explain("declaring freeze "+plan.ID.ValueString(), err)...)
	if err == nil {
		diags.Append(r.read(ctx, plan, func() { diags.Append(vanished("freeze", plan.ID.ValueString())...) })...)
	}
	return diags
}

func (r *freezeResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan freezeModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		r.adopt("portal_freeze", plan.ID.ValueString())
		resp.Diagnostics.Append(r.declare(ctx, &plan, nil)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

func (r *freezeResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state freezeModel
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

func (r *freezeResource) read(ctx context.Context, m *freezeModel, gone func()) diagnostics {
	err := r.view(ctx, m.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		z := f.Freezes[m.Name.ValueString()]
		if z == nil {
			gone()
			return nil
		}
		m.encode(ctx, f.Name, z)
		return nil
	})
	return explain("reading freeze "+m.ID.ValueString(), err)
}

func (r *freezeResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state freezeModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	there := true
	resp.Diagnostics.Append(r.read(ctx, &state, func() { there = false })...)
	keep(ctx, there, &resp.State, &state, &resp.Diagnostics)
}

func (r *freezeResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state freezeModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.spares("portal_freeze", state.ID.ValueString(), &resp.Diagnostics) {
		return
	}
	_, err := r.record(ctx, state.Pipeline.ValueString(), portal.RemoveFreeze{Name: state.Name.ValueString()})
	resp.Diagnostics.Append(explain("ending freeze "+state.ID.ValueString(), err)...)
}

func (r *freezeResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importPair(ctx, req.ID, "name", "PIPELINE/NAME", resp)
}
