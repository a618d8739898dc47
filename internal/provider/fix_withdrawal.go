package provider

import (
	"context"
	"encoding/json"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// withdrawalKey is where private state has the digest of the steps that would
// take a fix back. What they are depends on what runs anywhere on the pipeline,
// and a plan of them is made once more while it is applied: if they have
// changed by then, that has to be refused, and not shown again.
const withdrawalKey = "withdrawal"

// noteWithdrawal keeps what taking the fix back would do now.
func (r *fixResource) noteWithdrawal(ctx context.Context, m *fixModel, private privateWriter) diagnostics {
	digest := ""
	err := r.view(ctx, m.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		x := f.Fixes[m.Name.ValueString()]
		if x == nil || x.Withdrawal != nil {
			return nil
		}
		wish := portal.FixWish{Fix: x.Fix, Withdraw: "as it would be now"}
		if proposal, err := f.PlanFix(wish); err == nil {
			digest = portal.StepsDigest(proposal.Plan.Steps)
		}
		return nil
	})
	diags := explain("reading emergency fix "+m.ID.ValueString(), err)
	bytes, err := json.Marshal(digest)
	if err != nil {
		diags.AddError("Private state cannot be written", err.Error())
		return diags
	}
	diags.Append(private.SetKey(ctx, withdrawalKey, bytes)...)
	return diags
}

// notedWithdrawal is what was kept; "" if nothing was.
func notedWithdrawal(ctx context.Context, private privateReader, diags *diagnostics) string {
	bytes, d := private.GetKey(ctx, withdrawalKey)
	diags.Append(d...)
	var digest string
	if len(bytes) == 0 || json.Unmarshal(bytes, &digest) != nil {
		return ""
	}
	return digest
}
