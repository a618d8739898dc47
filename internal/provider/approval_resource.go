package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type approvalResource struct {
	recording[approvalModel, portal.ApprovalRecorded]
}

var (
	_ resource.ResourceWithConfigure   = &approvalResource{}
	_ resource.ResourceWithImportState = &approvalResource{}
	_ resource.ResourceWithModifyPlan  = &approvalResource{}
)

func newApprovalResource() resource.Resource {
	r := &approvalResource{}
	r.recording = recording[approvalModel, portal.ApprovalRecorded]{
		noun:   "approval",
		id:     func(m *approvalModel) types.String { return m.ID },
		enter:  r.approve,
		amend:  r.revoke,
		encode: r.encode,
	}
	return r
}

func (r *approvalResource) approve(ctx context.Context, plan *approvalModel) diagnostics {
	command := plan.command()
	err := r.recordOnce(ctx, plan, plan.Pipeline.ValueString(), command, func(f portal.Facts) (string, error) {
		if approval := f.RecordedApproval(command); approval != nil {
			return approval.Receipt, nil
		}
		return "", errors.New("another process has revoked it in the meantime; plan again")
	})
	return explain("recording the approval of "+command.Release, err)
}

// revoke takes the recorded approval back, if that is what was planned.
func (r *approvalResource) revoke(ctx context.Context, plan *approvalModel) diagnostics {
	if !plan.RevokedAt.IsUnknown() {
		return nil
	}
	command, diags := plan.revocation(ctx)
	if diags.HasError() {
		return diags
	}
	_, err := r.record(ctx, plan.Pipeline.ValueString(), command)
	if err == nil {
		plan.RevokedAt, err = r.revokedAt(ctx, plan.Pipeline.ValueString(), plan.Release.ValueString(), plan.Receipt.ValueString())
	}
	return append(diags, explain("revoking the approval of "+command.Release, err)...)
}
