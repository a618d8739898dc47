package provider

import (
	"context"
	"errors"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/junit"
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

type testResultModel struct {
	ID            types.String `tfsdk:"id"`
	Pipeline      types.String `tfsdk:"pipeline"`
	Environment   types.String `tfsdk:"environment"`
	Release       types.String `tfsdk:"release"`
	EmergencyFix  types.String `tfsdk:"emergency_fix"`
	Suite         types.String `tfsdk:"suite"`
	Outcome       types.String `tfsdk:"outcome"`
	JUnitReport   types.String `tfsdk:"junit_report"`
	ReportURL     types.String `tfsdk:"report_url"`
	Summary       types.String `tfsdk:"summary"`
	Run           types.String `tfsdk:"run"`
	Tests         types.Int64  `tfsdk:"tests"`
	Failures      types.Int64  `tfsdk:"failures"`
	ReportSHA256  types.String `tfsdk:"report_sha256"`
	ContentDigest types.String `tfsdk:"content_digest"`
	RecordedAt    types.String `tfsdk:"recorded_at"`
	RecordedBy    types.String `tfsdk:"recorded_by"`
	Receipt       types.String `tfsdk:"receipt"`
}

const (
	outcomePassed = "passed"
	outcomeFailed = "failed"
)

func (*testResultResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, PlanModifiers: stays(), MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A recorded result of a test suite. It vouches for what runs on the environment now, and for nothing else; the newest result of a suite counts.\n\n" +
			"It is a record: any change makes a new one, and destroying it only forgets it in state.",
		Attributes: map[string]schema.Attribute{
			"pipeline":    pipelineAttribute(),
			"environment": schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Environment on which the suite ran."},
			"suite":       schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the suite, as in `required_tests`."},

			"release": schema.StringAttribute{
				Optional: true, PlanModifiers: replaces(),
				Validators:          []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("release"), path.MatchRoot("emergency_fix"))},
				MarkdownDescription: "Release that was tested: what runs there. `release = portal_release_deployment.NAME.release` puts the result after the deployment. Exactly one of `release` and `emergency_fix`.",
			},
			"emergency_fix": schema.StringAttribute{Optional: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the emergency fix that was tested: what runs there has it laid over it, whichever release that is. Take the fix as far as its test first, with `advance_to` of `portal_emergency_fix`."},
			"outcome": schema.StringAttribute{
				Optional: true, Computed: true,
				Validators:          append(oneOf(outcomePassed, outcomeFailed), []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("outcome"), path.MatchRoot("junit_report"))}...),
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()},
				MarkdownDescription: alternatives(outcomePassed, outcomeFailed) + ". Exactly one of `outcome` and `junit_report`; with a report it is read from there.",
			},
			"junit_report": schema.StringAttribute{Optional: true, PlanModifiers: replaces(), MarkdownDescription: "Path of a JUnit report: outcome, counts and sha256 are read from it. When its bytes change it is a new record; when it is gone the record stays as it is."},
			"report_url":   schema.StringAttribute{Optional: true, PlanModifiers: replaces(), MarkdownDescription: "Where the report can be read."},
			"summary":      schema.StringAttribute{Optional: true, PlanModifiers: replaces(), MarkdownDescription: "A line for people."},
			"run":          schema.StringAttribute{Optional: true, PlanModifiers: replaces(), MarkdownDescription: "Id of the CI run. Another one makes a new record of the same suite."},

			"id":             idAttribute("PIPELINE/ENTRY"),
			"tests":          schema.Int64Attribute{Computed: true, PlanModifiers: staysInt64(), MarkdownDescription: "How many tests of the report ran: passed or failed, not skipped."},
			"failures":       schema.Int64Attribute{Computed: true, PlanModifiers: staysInt64(), MarkdownDescription: "How many failures the report shows, those of whole suites included."},
			"report_sha256":  computed("sha256 of the report."),
			"content_digest": computed("Digest of the content that the result vouches for."),
			"recorded_at":    computed("When it was recorded, by the ledger's time."),
			"recorded_by":    computed("Who recorded it."),
			"receipt":        computed("The ledger entry that records it: `<entry number>:<sha256 of the entry>`."),
		},
	}
}

func (r *testResultResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() || req.Plan.Raw.IsNull() {
		return
	}
	var plan testResultModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !req.State.Raw.IsNull() {
		r.planNewReport(ctx, &plan, req, resp)
		return
	}
	pipeline := plan.Pipeline.ValueString()
	resultKnown := !plan.JUnitReport.IsUnknown() && (!plan.JUnitReport.IsNull() || !plan.Outcome.IsUnknown())
	if !resultKnown || !known(ctx, plan.Pipeline, plan.Environment, plan.Release, plan.EmergencyFix, plan.Suite) || r.walk.unsure(pipeline) {
		r.walk.supposeVague(pipeline, "test")
		return
	}
	command, diags := plan.command(!plan.JUnitReport.IsUnknown() && !plan.JUnitReport.IsNull())
	if diags.HasError() && !missing(plan.JUnitReport) {
		resp.Diagnostics.Append(diags...)
		return
	}
	resp.Diagnostics.Append(r.preview(ctx, "the test result of "+plan.Suite.ValueString(), pipeline, command)...)
}

// missing reports whether a report is not there, or not yet: its tests may be
// run by this very apply.
func missing(report types.String) bool {
	_, err := os.Stat(report.ValueString())
	return report.IsUnknown() || errors.Is(err, os.ErrNotExist)
}

// planNewReport plans a new record where the bytes of the report have changed.
func (r *testResultResource) planNewReport(ctx context.Context, plan *testResultModel, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state testResultModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || plan.JUnitReport.IsNull() || plan.JUnitReport.IsUnknown() || !plan.JUnitReport.Equal(state.JUnitReport) {
		return
	}
	found, err := junit.Read(plan.JUnitReport.ValueString())
	if errors.Is(err, os.ErrNotExist) || (err == nil && found.SHA256 == state.ReportSHA256.ValueString()) {
		return
	}
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("junit_report"), "The report cannot be read", portal.Sentence(err.Error()))
		return
	}
	plan.ID, plan.Outcome, plan.ReportSHA256 = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	plan.Tests, plan.Failures = types.Int64Unknown(), types.Int64Unknown()
	plan.ContentDigest, plan.RecordedAt, plan.RecordedBy, plan.Receipt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	resp.RequiresReplace = append(resp.RequiresReplace, path.Root("report_sha256"))
}

// command makes the command that records the result, reading the report where
// there is one.
func (m *testResultModel) command(withReport bool) (portal.RecordTest, diagnostics) {
	var diags diagnostics
	c := portal.RecordTest{
		Environment: m.Environment.ValueString(), Release: m.Release.ValueString(), Fix: m.EmergencyFix.ValueString(), Suite: m.Suite.ValueString(),
		Passed: m.Outcome.ValueString() == outcomePassed, ReportURL: m.ReportURL.ValueString(), Summary: m.Summary.ValueString(), RunID: m.Run.ValueString(),
	}
	if !withReport {
		return c, nil
	}
	c.Passed = true // until the report says otherwise
	found, err := junit.Read(m.JUnitReport.ValueString())
	verdict, err := junit.Judge(junit.Run{Report: found, Err: err})
	if err != nil {
		diags.AddAttributeError(path.Root("junit_report"), "The report cannot be read", portal.Sentence(err.Error())+" Nothing was recorded.")
		return c, diags
	}
	c.Passed, c.Tests, c.Failures, c.ReportSHA256 = verdict.Passed, int(verdict.Tests), int(verdict.Failures), found.SHA256
	return c, diags
}

func (r *testResultResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan testResultModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.create(ctx, &plan)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

func (r *testResultResource) create(ctx context.Context, plan *testResultModel) diagnostics {
	command, diags := plan.command(!plan.JUnitReport.IsNull())
	if diags.HasError() {
		return diags
	}
	doing := "recording the test result of " + command.Suite
	pipeline := plan.Pipeline.ValueString()
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
			return errors.New("another process has recorded something newer since; plan again")
		})
	}
	if err != nil {
		return explain(doing, err)
	}
	found, err := findRecorded[portal.TestRecorded](ctx, r.session, recordID(pipeline, receipt))
	if err == nil && found == nil {
		err = errors.New("the ledger does not have the entry it has just recorded")
	}
	if err == nil {
		plan.encode(pipeline, found)
	}
	return explain(doing, err)
}

// encode writes a recorded result over the model.
func (m *testResultModel) encode(pipeline string, r *recorded[portal.TestRecorded]) {
	e := r.event
	m.ID, m.Pipeline, m.Environment, m.Suite = types.StringValue(recordID(pipeline, r.receipt)), types.StringValue(pipeline), types.StringValue(e.Environment), types.StringValue(e.Suite)
	m.Release, m.EmergencyFix = types.StringValue(e.Release), types.StringNull()
	if e.Fix != "" {
		m.Release, m.EmergencyFix = types.StringNull(), types.StringValue(e.Fix)
	}
	m.Outcome = types.StringValue(outcomeFailed)
	if e.Passed {
		m.Outcome = types.StringValue(outcomePassed)
	}
	m.ReportURL, m.Summary, m.Run = stringOrNull(e.ReportURL, m.ReportURL), stringOrNull(e.Summary, m.Summary), stringOrNull(e.RunID, m.Run)
	m.Tests, m.Failures = types.Int64Value(int64(e.Tests)), types.Int64Value(int64(e.Failures))
	m.ReportSHA256, m.ContentDigest = stringOrNull(e.ReportSHA256, types.StringNull()), types.StringValue(e.Digest)
	m.RecordedAt, m.RecordedBy, m.Receipt = types.StringValue(portal.FormatTime(r.entry.At)), types.StringValue(r.entry.By.Name), types.StringValue(r.receipt)
}

func (r *testResultResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state testResultModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	found, err := findRecorded[portal.TestRecorded](ctx, r.session, state.ID.ValueString())
	resp.Diagnostics.Append(explain("reading test result "+state.ID.ValueString(), err)...)
	if found != nil {
		pipeline, _, _ := cut(state.ID.ValueString())
		state.encode(pipeline, found)
	}
	keep(ctx, found != nil, &resp.State, &state, &resp.Diagnostics)
}

// Update is never asked for: every change makes a new record.
func (*testResultResource) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("A test result is not changed", "Every change makes a new record; that Terraform asks for an update is a defect of the provider.")
}

// Delete forgets the result in state: the record stays.
func (*testResultResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

func (r *testResultResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
