package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// ModifyPlan plans a record if there is none, or where what is to be recorded
// has changed: then it is updated in place, to a new entry.
func (r *testResultResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() || req.Plan.Raw.IsNull() {
		return
	}
	var plan, config testResultModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !req.State.Raw.IsNull() {
		var state testResultModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if resp.Diagnostics.HasError() || !plan.Pipeline.Equal(state.Pipeline) || !r.planAgain(ctx, &plan, &state, &config, resp) {
			return
		}
		plan.recordUnknown(&config)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	}
	r.planRecord(ctx, &config, resp)
}

// planAgain reports whether a new record is to be made for a result that is in the
// state.
func (r *testResultResource) planAgain(ctx context.Context, plan, state, config *testResultModel, resp *resource.ModifyPlanResponse) bool {
	if !plan.sameWish(state) {
		return true
	}
	if !plan.fromReport() {
		return false
	}
	report, _, err := plan.read(ctx, &resp.Diagnostics)
	switch {
	case absent(err), err != nil && report == nil && state.ReportSHA256.IsNull():
		return false // what was recorded stays
	case err != nil:
		resp.Diagnostics.Append(config.unreadable(ctx, err)...)
		return false
	case report == nil:
		return false // the runner's exit status alone was recorded
	}
	return report.SHA256 != state.ReportSHA256.ValueString()
}

// supposePassed supposes that tests which this apply is still to run will pass: what
// comes after them is judged by every other rule. The result is seen when it is
// applied.
func (r *testResultResource) supposePassed(ctx context.Context, pipeline string, config *testResultModel) {
	if known(ctx, config.Pipeline, config.Environment, config.Release, config.EmergencyFix, config.Suite, config.Run, config.ContentDigest) && !r.walk.unsure(pipeline) {
		command := portal.RecordTest{
			Environment: config.Environment.ValueString(), Release: config.Release.ValueString(), Fix: config.EmergencyFix.ValueString(),
			Suite: config.Suite.ValueString(), Passed: true, RunID: config.Run.ValueString(), Walk: r.walk.id, Digest: config.ContentDigest.ValueString(),
		}
		if _, err := r.tryOut(ctx, pipeline, command); err == nil {
			return
		}
	}
	r.walk.supposeVague(pipeline, "test")
}

// planRecord previews the record that will be made.
func (r *testResultResource) planRecord(ctx context.Context, config *testResultModel, resp *resource.ModifyPlanResponse) {
	pipeline, environment := config.Pipeline.ValueString(), config.Environment.ValueString()
	whole := known(ctx, config.Pipeline, config.Environment, config.Release, config.EmergencyFix, config.Suite, config.Outcome, config.JUnitReport,
		config.JUnitReports, config.RunnerExit, config.MinimumTests, config.Run, config.ContentDigest)
	if whole {
		resp.Diagnostics.Append(r.walk.result(pipeline+"/"+environment, config.Suite.ValueString(), config.Run.ValueString(), config.named(ctx))...)
	}
	if !whole || r.walk.unsure(pipeline) {
		r.supposePassed(ctx, pipeline, config)
		return
	}
	command, verdict, err := config.command(ctx, r.walk.id)
	switch {
	case absent(err):
		r.supposePassed(ctx, pipeline, config) // this apply may make it
		return
	case err != nil:
		resp.Diagnostics.Append(config.unreadable(ctx, err)...)
		return
	}
	if r.walk.deploys(pipeline, environment) {
		command.ReportWritten = time.Time{} // whether it is older than that deployment is for the apply to see
	}
	if command.ReportWritten, err = r.byLedger(ctx, pipeline, command.ReportWritten); err != nil {
		resp.Diagnostics.Append(explain("planning the test result of "+command.Suite, err)...)
		return
	}
	resp.Diagnostics.Append(config.failing(verdict)...)
	resp.Diagnostics.Append(r.preview(ctx, "the test result of "+command.Suite, pipeline, command)...)
}
