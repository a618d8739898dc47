package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type testResultModel struct {
	ID            types.String `tfsdk:"id"`
	Pipeline      types.String `tfsdk:"pipeline"`
	Environment   types.String `tfsdk:"environment"`
	Release       types.String `tfsdk:"release"`
	EmergencyFix  types.String `tfsdk:"emergency_fix"`
	Suite         types.String `tfsdk:"suite"`
	Outcome       types.String `tfsdk:"outcome"`
	JUnitReport   types.String `tfsdk:"junit_report"`
	JUnitReports  types.List   `tfsdk:"junit_reports"`
	RunnerExit    types.Int64  `tfsdk:"runner_exit"`
	MinimumTests  types.Int64  `tfsdk:"minimum_tests"`
	ReportURL     types.String `tfsdk:"report_url"`
	Summary       types.String `tfsdk:"summary"`
	Run           types.String `tfsdk:"run"`
	Tests         types.Int64  `tfsdk:"tests"`
	Failures      types.Int64  `tfsdk:"failures"`
	Skipped       types.Int64  `tfsdk:"skipped"`
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
	counted := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, PlanModifiers: staysInt64(), MarkdownDescription: description}
	}
	origin := []path.Expression{path.MatchRoot("outcome"), path.MatchRoot("junit_report"), path.MatchRoot("junit_reports")}
	withoutOutcome := []validator.Int64{int64validator.ConflictsWith(path.MatchRoot("outcome"))}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A recorded result of a test suite. It counts only for the content that runs on the environment when it is recorded. The newest result of a suite counts.\n\n" +
			"Changing the resource records a new result with a new `id`; destroying it only removes it from the state. " +
			"The guide [Test reports](../guides/test-reports.md) says how reports are read and what `runner_exit` adds.",
		Attributes: map[string]schema.Attribute{
			"pipeline":    pipelineAttribute(),
			"environment": schema.StringAttribute{Required: true, MarkdownDescription: "Environment on which the suite ran."},
			"suite":       schema.StringAttribute{Required: true, MarkdownDescription: "Name of the suite, as in `required_tests`."},

			"release": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("release"), path.MatchRoot("emergency_fix"))},
				MarkdownDescription: "Release that was tested. In a configuration that also deploys, `release = portal_release_deployment.NAME.release` puts the result after the deployment; " +
					"in a pipeline that tests between two applies, pass the release as a value that was captured before the tests. Exactly one of `release` and `emergency_fix`.",
			},
			"emergency_fix": schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the emergency fix that was tested, whatever release it runs on. First bring the fix to its test environment, with `advance_to` of `portal_emergency_fix`."},
			"outcome": schema.StringAttribute{
				Optional: true, Computed: true,
				Validators:          append(oneOf(outcomePassed, outcomeFailed), stringvalidator.ExactlyOneOf(origin...)),
				PlanModifiers:       stays(),
				MarkdownDescription: alternatives(outcomePassed, outcomeFailed) + ". Exactly one of `outcome`, `junit_report` and `junit_reports`; with reports it is read from there.",
			},
			"junit_report": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Path of a JUnit report: outcome, counts and sha256 are read from it. If its bytes change, a new result is recorded; if the file is gone, the recorded result stays.",
			},
			"junit_reports": schema.ListAttribute{
				Optional: true, ElementType: types.StringType,
				Validators:          []validator.List{someOf("Name the reports, by paths or patterns: [\"reports/**/*.xml\"]. If the runner wrote none, leave it out and set outcome.")},
				MarkdownDescription: "Paths and patterns of JUnit reports that are one result, for runners that write a report for each class: `[\"reports/**/*.xml\"]`. `**` stands for any number of folders. Each must match a file when the result is recorded.",
			},
			"runner_exit": schema.Int64Attribute{
				Optional: true, Validators: withoutOutcome,
				MarkdownDescription: "Exit status of the test runner itself, not of a program that converts its output. Any value but 0 makes the result failed, whatever the report says, and also without a report. With 0 the report decides. Many runners write reports that do not show why they failed.",
			},
			"minimum_tests": schema.Int64Attribute{
				Optional: true, Validators: append([]validator.Int64{int64validator.AtLeast(1)}, withoutOutcome...),
				MarkdownDescription: "Number of tests that have to run; with fewer the result is failed.",
			},
			"content_digest": schema.StringAttribute{
				Optional: true, Computed: true, PlanModifiers: stays(),
				MarkdownDescription: "Digest of the content that was tested. Set it to the value of `content_digest` of the deployment that was captured when the tests began: if something else runs there when the result is recorded, it is refused. A direct reference proves nothing.",
			},
			"report_url": schema.StringAttribute{Optional: true, MarkdownDescription: "Address of the report."},
			"summary":    schema.StringAttribute{Optional: true, MarkdownDescription: "Short text for people."},
			"run":        schema.StringAttribute{Optional: true, MarkdownDescription: "Id of the CI run. A new id records another result of the same suite."},

			"id":            schema.StringAttribute{Computed: true, PlanModifiers: stays(), MarkdownDescription: "`PIPELINE/ENTRY`, for import. A change records a new entry."},
			"tests":         counted("Number of test cases that ran."),
			"failures":      counted("Number of test cases that failed or could not run."),
			"skipped":       counted("Number of test cases that were skipped."),
			"report_sha256": computed("sha256 of the report. For several reports: a sha256 over their names and sha256."),
			"recorded_at":   computed("When it was recorded, in the ledger's time."),
			"recorded_by":   computed("Who recorded it."),
			"receipt":       computed("The ledger entry that records it: `<entry number>:<sha256 of the entry>`."),
		},
	}
}

// recordUnknown is what a new record will know. What the user wrote stays.
func (m *testResultModel) recordUnknown(config *testResultModel) {
	m.ID, m.RecordedAt, m.RecordedBy, m.Receipt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Tests, m.Failures, m.Skipped, m.ReportSHA256 = types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown(), types.StringUnknown()
	if config.Outcome.IsNull() {
		m.Outcome = types.StringUnknown()
	}
	if config.ContentDigest.IsNull() {
		m.ContentDigest = types.StringUnknown()
	}
}

// sameWish reports whether two models ask for the same record.
func (m *testResultModel) sameWish(other *testResultModel) bool {
	return m.Environment.Equal(other.Environment) && m.Release.Equal(other.Release) && m.EmergencyFix.Equal(other.EmergencyFix) &&
		m.Suite.Equal(other.Suite) && m.JUnitReport.Equal(other.JUnitReport) && m.JUnitReports.Equal(other.JUnitReports) &&
		m.RunnerExit.Equal(other.RunnerExit) && m.MinimumTests.Equal(other.MinimumTests) && m.ReportURL.Equal(other.ReportURL) &&
		m.Summary.Equal(other.Summary) && m.Run.Equal(other.Run) &&
		(m.Outcome.Equal(other.Outcome) || m.fromReport()) && m.ContentDigest.Equal(other.ContentDigest)
}

// fromReport reports whether the outcome is read from reports, or follows from the
// runner's exit status.
func (m *testResultModel) fromReport() bool {
	return !m.JUnitReport.IsNull() || !m.JUnitReports.IsNull()
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
	if e.RunnerExit != nil {
		m.RunnerExit = types.Int64Value(int64(*e.RunnerExit))
	}
	m.ReportURL, m.Summary, m.Run = stringOrNull(e.ReportURL, m.ReportURL), stringOrNull(e.Summary, m.Summary), stringOrNull(e.RunID, m.Run)
	m.Tests, m.Failures, m.Skipped = types.Int64Value(int64(e.Tests)), types.Int64Value(int64(e.Failures)), types.Int64Value(int64(e.Skipped))
	m.ReportSHA256, m.ContentDigest = stringOrNull(e.ReportSHA256, types.StringNull()), types.StringValue(e.Digest)
	m.RecordedAt, m.RecordedBy, m.Receipt = types.StringValue(portal.FormatTime(r.entry.At)), types.StringValue(r.entry.By.Name), types.StringValue(r.receipt)
}
