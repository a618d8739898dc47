package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// ModifyPlan plans a record if there is none or something else is to be
// approved, and the revocation of a recorded one.
func (r *approvalResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() {
		return
	}
	var plan, state, config approvalModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(state.forgotten()...)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		if !config.Revoke.IsNull() && !config.Revoke.IsUnknown() { // what is not known yet is judged when it is applied
			resp.Diagnostics.AddAttributeError(path.Root("revoke"), "There is no approval to revoke",
				"revoke withdraws a recorded approval. Record the approval first, or import it: terraform import portal_approval.NAME PIPELINE/ENTRY.")
			return
		}
		r.planRecord(ctx, &config, resp)
		return
	}
	if !plan.Pipeline.Equal(state.Pipeline) {
		return // it is planned once more, as a new one
	}
	// What is not known of an approval stays so until there is another.
	plan.RevokedAt = state.RevokedAt
	if config.ContentDigest.IsNull() {
		plan.ContentDigest = state.ContentDigest
	}
	switch {
	case !plan.Revoke.Equal(state.Revoke):
		resp.Diagnostics.Append(plan.revokes(&state)...)
		if !resp.Diagnostics.HasError() {
			resp.Diagnostics.Append(r.planRevoke(ctx, &plan)...)
		}
		plan.RevokedAt = types.StringUnknown()
	case !plan.sameWish(&state) && !state.Revoke.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root("revoke"), "A revoked approval cannot change",
			"A change would record a new approval, which counts, although revoke is set here. Undo the change, or delete the resource. To approve again, add another portal_approval.")
	case !plan.sameWish(&state):
		if !plan.Approver.Equal(state.Approver) {
			resp.Diagnostics.AddAttributeWarning(path.Root("approver"), fmt.Sprintf("The approval by %s still counts", state.Approver.ValueString()),
				"The recorded approval stays, and this adds an approval by "+plan.Approver.ValueString()+". To withdraw the recorded one, set revoke on it before you change anything else.")
		}
		plan.recordUnknown(&config)
		r.planRecord(ctx, &config, resp)
	default:
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// forgotten warns that destroying an approval takes nothing back.
func (m *approvalModel) forgotten() diagnostics {
	var diags diagnostics
	if m.RevokedAt.IsNull() && !m.Approver.IsNull() {
		diags.AddWarning(fmt.Sprintf("The approval of %s by %s still counts", m.Release.ValueString(), m.Approver.ValueString()),
			"Destroying the resource only removes it from Terraform's state. To withdraw the approval, first set revoke = { reason = \"…\" } on it and apply.")
	}
	return diags
}

// revokes checks that a change of revoke takes the recorded approval back, and
// does nothing else.
func (m *approvalModel) revokes(state *approvalModel) diagnostics {
	var diags diagnostics
	switch {
	case !state.Revoke.IsNull() && m.Revoke.IsUnknown(): // it may be the same
	case !state.Revoke.IsNull():
		reason := state.Revoke.Attributes()["reason"]
		diags.AddAttributeError(path.Root("revoke"), "A revoked approval stays revoked",
			fmt.Sprintf("The approval of %s by %s was revoked, and this cannot be undone. Add this to its block again:\n    revoke = { reason = %s }\n"+
				"To approve %s again, add another portal_approval block. This one can stay, or be deleted as a whole.",
				state.Release.ValueString(), state.Approver.ValueString(), reason, state.Release.ValueString()))
	case !m.sameWish(state):
		diags.AddAttributeError(path.Root("revoke"), "revoke must be the only change of an approval",
			"revoke changes together with another attribute, so it is not clear which approval to withdraw. Undo the other change and apply revoke alone.")
	}
	return diags
}

// planRecord previews the record that will be made.
func (r *approvalResource) planRecord(ctx context.Context, config *approvalModel, resp *resource.ModifyPlanResponse) {
	pipeline := config.Pipeline.ValueString()
	if !known(ctx, config.Pipeline, config.Release, config.Stage, config.Approver, config.Comment, config.ContentDigest) ||
		r.walk.vague(pipeline, "pipeline", "release/"+config.Release.ValueString()) {
		r.walk.supposeVague(pipeline, "approval")
		return
	}
	resp.Diagnostics.Append(r.preview(ctx, "the approval of "+config.Release.ValueString(), pipeline, config.command())...)
	if !resp.Diagnostics.HasError() && !r.runsOnStage(ctx, pipeline, config.command()) {
		resp.Diagnostics.AddWarning(fmt.Sprintf("Release %s does not run on stage %q: the approval is given in advance", config.Release.ValueString(), config.Stage.ValueString()),
			"It is for the content that the release would have there now. If the release is deployed there with other content, a new approval may be needed. "+
				"If this configuration deploys it there, set release = portal_release_deployment.NAME.release, so that the approval is recorded after the deployment.")
	}
}

// runsOnStage reports whether what is approved runs on the stage, or will when what is
// planned so far is done. It may be approved in advance: only a person can say whether
// that is meant.
func (r *approvalResource) runsOnStage(ctx context.Context, pipeline string, command portal.RecordApproval) bool {
	runs := false
	look := func(f portal.Facts) {
		runs = runs || slices.ContainsFunc(f.OnStage(command.Stage, portal.LaneRegular), func(site *portal.Site) bool { return site.Runs(command.Release) })
	}
	err := r.view(ctx, pipeline, command.Subjects(), func(f portal.Facts) error {
		look(f)
		r.walk.imagine(f, command.Subjects(), look)
		return nil
	})
	return runs || err != nil // who previews the record says what is wrong with the ledger
}

// planRevoke previews the revocation of a recorded approval.
func (r *approvalResource) planRevoke(ctx context.Context, plan *approvalModel) diagnostics {
	if !known(ctx, plan.Revoke) {
		return nil
	}
	command, diags := plan.revocation(ctx)
	if diags.HasError() {
		return diags
	}
	return append(diags, r.preview(ctx, "the revocation of the approval of "+command.Release, plan.Pipeline.ValueString(), command)...)
}
