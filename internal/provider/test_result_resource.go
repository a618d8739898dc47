package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type testResultResource struct{ configured }

var (
	_ resource.ResourceWithConfigure   = &testResultResource{}
	_ resource.ResourceWithImportState = &testResultResource{}
	_ resource.ResourceWithModifyPlan  = &testResultResource{}
)

func newTestResultResource() resource.Resource { return &testResultResource{} }

func (*testResultResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "portal_test_result"
}

func (r *testResultResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan testResultModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.create(ctx, &plan)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

// Update records a new result. The one before stays in the record.
func (r *testResultResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan testResultModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.ID.IsUnknown() {
		resp.Diagnostics.Append(r.create(ctx, &plan)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

func (r *testResultResource) create(ctx context.Context, plan *testResultModel) diagnostics {
	command, _, err := plan.command(ctx, r.walk.id)
	if err != nil {
		return plan.unreadable(ctx, err)
	}
	doing := "recording the test result of " + command.Suite
	pipeline := plan.Pipeline.ValueString()
	if command.ReportWritten, err = r.byLedger(ctx, pipeline, command.ReportWritten); err != nil {
		return explain(doing, err)
	}
	command.SameWalk = r.walk.deploys(pipeline, command.Environment)
	metas, err := r.record(ctx, pipeline, command)
	receipt := ""
	switch {
	case err == nil && len(metas) > 0:
		receipt = metas[0].Receipt()
	case err == nil: // it is there already
		err = r.view(ctx, pipeline, command.Subjects(), func(f portal.Facts) error {
			if test := f.RecordedTest(command); test != nil {
				receipt = test.Receipt
				return nil
			}
			return errors.New("another process has recorded a newer result in the meantime; plan again")
		})
	}
	if err != nil {
		return explain(doing, err)
	}
	found, err := findRecorded[portal.TestRecorded](ctx, r.session, recordID(pipeline, receipt))
	if err == nil && found == nil {
		err = errors.New("the ledger does not have the entry that was just recorded")
	}
	if err == nil {
		plan.encode(pipeline, found)
	}
	return explain(doing, err)
}

func (r *testResultResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state testResultModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	found, err := findRecorded[portal.TestRecorded](ctx, r.session, state.ID.ValueString())
	resp.Diagnostics.Append(explain("reading test result "+state.ID.ValueString(), err)...)
	if found != nil {
		pipeline, _, _ := cut(state.ID.ValueString())
		state.encode(pipeline, found)
	}
	keep(ctx, found != nil, &resp.State, &state, &resp.Diagnostics)
}

// Delete forgets the result in state: the record stays.
func (*testResultResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

func (r *testResultResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
