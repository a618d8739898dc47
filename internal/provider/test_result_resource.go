package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type testResultResource struct {
	recording[testResultModel, portal.TestRecorded]
}

var (
	_ resource.ResourceWithConfigure   = &testResultResource{}
	_ resource.ResourceWithImportState = &testResultResource{}
	_ resource.ResourceWithModifyPlan  = &testResultResource{}
)

func newTestResultResource() resource.Resource {
	r := &testResultResource{}
	r.recording = recording[testResultModel, portal.TestRecorded]{
		noun:  "test result",
		id:    func(m *testResultModel) types.String { return m.ID },
		enter: r.report,
		encode: func(_ context.Context, m *testResultModel, pipeline string, found *recorded[portal.TestRecorded]) error {
			m.encode(pipeline, found)
			return nil
		},
	}
	return r
}

func (r *testResultResource) report(ctx context.Context, plan *testResultModel) diagnostics {
	command, _, err := plan.command(ctx, r.walk.id)
	if err != nil {
		return plan.unreadable(ctx, err)
	}
	pipeline := plan.Pipeline.ValueString()
	if command.ReportWritten, err = r.byLedger(ctx, pipeline, command.ReportWritten); err == nil {
		command.SameWalk = r.walk.deploys(pipeline, command.Environment)
		err = r.recordOnce(ctx, plan, pipeline, command, func(f portal.Facts) (string, error) {
			if test := f.RecordedTest(command); test != nil {
				return test.Receipt, nil
			}
			return "", errors.New("another process has recorded a newer result in the meantime; plan again")
		})
	}
	return explain("recording the test result of "+command.Suite, err)
}
