package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type approvalResource struct{ configured }

var (
	_ resource.ResourceWithConfigure   = &approvalResource{}
	_ resource.ResourceWithImportState = &approvalResource{}
	_ resource.ResourceWithModifyPlan  = &approvalResource{}
)

func newApprovalResource() resource.Resource { return &approvalResource{} }

func (*approvalResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "portal_approval"
}

func (r *approvalResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan approvalModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.create(ctx, &plan)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

// Update records a new approval, or revokes the recorded one.
func (r *approvalResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan approvalModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case plan.ID.IsUnknown():
		resp.Diagnostics.Append(r.create(ctx, &plan)...)
	case plan.RevokedAt.IsUnknown():
		resp.Diagnostics.Append(r.revoke(ctx, &plan)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

func (r *approvalResource) create(ctx context.Context, plan *approvalModel) diagnostics {
	command := plan.command()
	doing := "recording the approval of " + command.Release
	pipeline := plan.Pipeline.ValueString()
	metas, err := r.record(ctx, pipeline, command)
	receipt := ""
	switch {
	case err == nil && len(metas) > 0:
		receipt = metas[0].Receipt()
	case err == nil: // it is there already
		err = r.view(ctx, pipeline, command.Subjects(), func(f portal.Facts) error {
			if approval := f.RecordedApproval(command); approval != nil {
				receipt = approval.Receipt
				return nil
			}
			return errors.New("another process has revoked it in the meantime; plan again")
		})
	}
	if err != nil {
		return explain(doing, err)
	}
	found, err := findRecorded[portal.ApprovalRecorded](ctx, r.session, recordID(pipeline, receipt))
	if err == nil && found == nil {
		err = errors.New("the ledger does not have the entry that was just recorded")
	}
	if err == nil {
		err = r.encode(ctx, plan, pipeline, found)
	}
	return explain(doing, err)
}

func (r *approvalResource) revoke(ctx context.Context, plan *approvalModel) diagnostics {
	command, diags := plan.revocation(ctx)
	if diags.HasError() {
		return diags
	}
	doing := "revoking the approval of " + command.Release
	_, err := r.record(ctx, plan.Pipeline.ValueString(), command)
	if err != nil {
		return explain(doing, err)
	}
	plan.RevokedAt, err = r.revokedAt(ctx, plan.Pipeline.ValueString(), plan.Release.ValueString(), plan.Receipt.ValueString())
	return append(diags, explain(doing, err)...)
}

func (r *approvalResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state approvalModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	found, err := findRecorded[portal.ApprovalRecorded](ctx, r.session, state.ID.ValueString())
	if err == nil && found != nil {
		pipeline, _, _ := cut(state.ID.ValueString())
		err = r.encode(ctx, &state, pipeline, found)
	}
	resp.Diagnostics.Append(explain("reading approval "+state.ID.ValueString(), err)...)
	keep(ctx, found != nil, &resp.State, &state, &resp.Diagnostics)
}

// Delete forgets the approval in state: the record stays.
func (*approvalResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (r *approvalResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
