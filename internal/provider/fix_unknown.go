package provider

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// unknown says why it is not known yet what a fix will do; "": it is. A fix that is
// on its way to its targets has its statement, whatever expect will be.
func (r *fixResource) unknown(ctx context.Context, plan *fixModel) string {
	switch {
	case plan.known(ctx):
		return ""
	case !plan.knownButExpect(ctx):
		return "Some of its arguments are not known yet: they come from resources that this plan changes."
	case !r.amendable(ctx, plan):
		return ""
	}
	return "expect is not known yet: data.portal_fast_path depends on something that this plan changes, so it is read only during the apply."
}

// amendable reports whether the fix is new, or may still change.
func (r *fixResource) amendable(ctx context.Context, plan *fixModel) bool {
	if plan.Pipeline.IsUnknown() || plan.Name.IsUnknown() {
		return true
	}
	recorded, err := r.recordedFix(ctx, plan.Pipeline.ValueString(), plan.Name.ValueString())
	return err != nil || recorded == nil || recorded.amendable
}

// vague plans a fix of which what it will do is not known yet. Where it has approvals
// already it is refused: they would be of a text that nobody has seen.
func (r *fixResource) vague(ctx context.Context, plan *fixModel, why string, diags *diagnostics) {
	plan.computedUnknown()
	r.walk.supposeVague(plan.Pipeline.ValueString(), "fix/"+plan.Name.ValueString())
	if diags.HasError() || !r.amendable(ctx, plan) || !plan.Withdraw.IsNull() {
		return
	}
	id := first(plan.ID.ValueString(), plan.Name.ValueString())
	cure := "First apply what the fix depends on" + r.pending(plan.Pipeline.ValueString()) + ", without the fix. Then plan the fix."
	if plan.Approvals.IsUnknown() || len(plan.Approvals.Elements()) > 0 {
		diags.AddAttributeError(path.Root("approvals"), "Emergency fix "+id+" has approvals, but its statement is not known yet",
			why+"\nApprovers approve the statement, and this plan cannot show it.\n"+cure+destroyHint())
		return
	}
	diags.AddWarning("Emergency fix "+id+" is planned without its statement", why+"\nNobody can read before the apply what the fix will do.\n"+cure)
}

// pending names the deployments that this walk plans on a pipeline, for a sentence.
func (r *fixResource) pending(pipeline string) string {
	environments := r.walk.deploying(pipeline)
	if len(environments) == 0 {
		return ""
	}
	return " (the deployment to " + strings.Join(environments, ", to ") + ")"
}

// uncapitalized is what an error says first, within a sentence.
func uncapitalized(err error) string {
	var rejection *portal.RejectionError
	if errors.As(err, &rejection) {
		return rejection.Summary + "."
	}
	summary, _, _ := strings.Cut(err.Error(), "\n")
	return summary + "."
}
