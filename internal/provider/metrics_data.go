package provider

import (
	"context"
	"math"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// defaultWindow is how far back metrics look if nothing is said.
const defaultWindow = 30 * 24 * time.Hour

type metricsDataSource struct{ configuredData }

func newMetricsDataSource() datasource.DataSource { return &metricsDataSource{} }

func (*metricsDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "portal_metrics"
}

type metricsModel struct {
	ID                      types.String     `tfsdk:"id"`
	Pipeline                types.String     `tfsdk:"pipeline"`
	Window                  duration         `tfsdk:"window"`
	Since                   types.String     `tfsdk:"since"`
	Deployments             types.Int64      `tfsdk:"deployments"`
	LeadTime                types.String     `tfsdk:"lead_time"`
	ChangeFailureRate       types.Float64    `tfsdk:"change_failure_rate"`
	TimeToRestore           types.String     `tfsdk:"time_to_restore"`
	EmergencyFixes          types.Int64      `tfsdk:"emergency_fixes"`
	BypassesByRule          map[string]int64 `tfsdk:"bypasses_by_rule"`
	InterruptedTestingHours types.Float64    `tfsdk:"interrupted_testing_hours"`
	ObligationsOpen         types.Int64      `tfsdk:"obligations_open"`
	ObligationsOverdue      types.Int64      `tfsdk:"obligations_overdue"`
}

func (*metricsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	count := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
	}
	number := func(description string) schema.Float64Attribute {
		return schema.Float64Attribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Delivery metrics of a pipeline from the ledger, over a window of time that ends now.\n\n" +
			"`deployments`, `lead_time`, `change_failure_rate` and `time_to_restore` follow [DORA's four keys](https://dora.dev/guides/dora-metrics-four-keys/), but the ledger knows releases instead of commits, and emergency fixes instead of incidents. " +
			"A deployment or an emergency fix belongs to the window in which it began. The final stage is the one without a successor; its present regular environments count.\n\n" +
			"Durations have the form `\"1h30m\"`. A metric without data is null. Times are the ledger's.",
		Attributes: map[string]schema.Attribute{
			"pipeline": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the pipeline."},
			"window":   schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "How far to look back, such as `\"72h\"` or `\"7d\"`. Default: `\"30d\"`."},

			"id":          dataString("Natural key: the name of the pipeline."),
			"since":       dataString("When the window begins."),
			"deployments": count("Deployments that brought a release to an environment of the final stage, or brought it there again on purpose (`redeploy`). Rollbacks, repairs of drift, removals and steps of emergency fixes do not count. DORA's deployment frequency is this number over the window."),
			"lead_time":   dataString("Median time from the registration of a release to its first success on the final stage in the window, for the releases that reached it. DORA's change lead time begins with the commit; here it begins with `portal_release`."),
			"change_failure_rate": number("Share, from 0 to 1, of the deployments to the final stage that failed, were rolled back, or whose release needed an emergency fix on that environment. " +
				"Deployments that failed before touching the target, and interrupted ones, do not count. DORA: the share of deployments to production that need a hotfix, a rollback or the like."),
			"time_to_restore":           dataString("Median time from the opening of an emergency fix to its success on its first target. DORA's failed deployment recovery time, formerly time to restore service, begins with the failure; here it begins when somebody declares the fix."),
			"emergency_fixes":           count("Emergency fixes opened in the window."),
			"bypasses_by_rule":          schema.MapAttribute{Computed: true, ElementType: types.Int64Type, MarkdownDescription: "Number of these fixes that bypassed a rule, by the rule's id. Rules that no fix bypassed are left out."},
			"interrupted_testing_hours": number("Hours, with two decimals, that releases under test waited for emergency fixes, for the waits that ended in the window."),
			"obligations_open":          count("Obligations that are open now, of emergency fixes of any age: see `open_fixes` of `portal_pipeline`."),
			"obligations_overdue":       count("Number of these that are overdue."),
		},
	}
}

// Read implements datasource.DataSource.
func (d *metricsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m metricsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	d.reading()
	err := d.measure(ctx, &m)
	resp.Diagnostics.Append(explain("measuring pipeline "+m.Pipeline.ValueString(), err)...)
	if err == nil {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (d *metricsDataSource) measure(ctx context.Context, m *metricsModel) error {
	pipeline, window := m.Pipeline.ValueString(), defaultWindow
	if !m.Window.IsNull() {
		window = m.Window.of()
	}
	opened, err := d.open(ctx)
	if err != nil {
		return err
	}
	var metrics *portal.Metrics
	var since time.Time
	err = d.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if f.Pipeline == nil {
			return notInLedger("pipeline", f.Name)
		}
		metrics, since = portal.NewMetrics(f.State), f.Now.Add(-window)
		return nil
	})
	if err == nil {
		err = opened.Ledger.Since(ctx, pipeline, since, metrics.Add)
	}
	if err != nil {
		return err
	}
	return d.view(ctx, pipeline, portal.Subjects{Releases: metrics.Arrived()}, func(f portal.Facts) error {
		m.ID, m.Since = m.Pipeline, types.StringValue(portal.FormatTime(since))
		m.encode(metrics.Figures(f))
		return nil
	})
}

func (m *metricsModel) encode(figures portal.Figures) {
	span := func(d *time.Duration) types.String {
		if d == nil {
			return types.StringNull()
		}
		return types.StringValue(portal.FormatDuration(*d))
	}
	m.Deployments, m.LeadTime, m.TimeToRestore = types.Int64Value(int64(figures.Deployments)), span(figures.LeadTime), span(figures.TimeToRestore)
	m.ChangeFailureRate = types.Float64PointerValue(figures.ChangeFailureRate)
	m.EmergencyFixes, m.BypassesByRule = types.Int64Value(int64(figures.Fixes)), map[string]int64{}
	for rule, n := range figures.Bypasses {
		m.BypassesByRule[string(rule)] = int64(n)
	}
	m.InterruptedTestingHours = types.Float64Value(math.Round(figures.Interrupted.Hours()*100) / 100)
	m.ObligationsOpen, m.ObligationsOverdue = types.Int64Value(int64(figures.Open)), types.Int64Value(int64(figures.Overdue))
}
