package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type promotionCheckDataSource struct{ configuredData }

func newPromotionCheckDataSource() datasource.DataSource { return &promotionCheckDataSource{} }

func (*promotionCheckDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "portal_promotion_check"
}

type promotionCheckModel struct {
	ID          types.String `tfsdk:"id"`
	Pipeline    types.String `tfsdk:"pipeline"`
	Release     types.String `tfsdk:"release"`
	Environment types.String `tfsdk:"environment"`
	Allowed     types.Bool   `tfsdk:"allowed"`
	Gates       []gateModel  `tfsdk:"gates"`
	Changes     types.List   `tfsdk:"changes"`
	EligibleAt  types.String `tfsdk:"eligible_at"`
	Statement   types.String `tfsdk:"statement"`
}

type gateModel struct {
	Rule   types.String `tfsdk:"rule"`
	Status types.String `tfsdk:"status"`
	Detail types.String `tfsdk:"detail"`
}

func (*promotionCheckDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Whether a release may enter an environment now, rule by rule. Nothing is recorded or refused.",
		Attributes: map[string]schema.Attribute{
			"pipeline":    schema.StringAttribute{Required: true, MarkdownDescription: "Name of the pipeline."},
			"release":     schema.StringAttribute{Required: true, MarkdownDescription: "Version of the release."},
			"environment": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the environment."},
			"id":          dataString("`PIPELINE/ENVIRONMENT/RELEASE`."),
			"allowed":     schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the deployment would be allowed."},
			"gates": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Result of every rule that applies to the deployment.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"rule":   dataString("Id of the rule."),
				"status": dataString("`passed`, `refused`, `warned` (broken, but the pipeline only warns) or `off`."),
				"detail": dataString("What was found, what is required, and what would satisfy the rule."),
			}}},
			"changes":     dataList("What would change on the environment."),
			"eligible_at": dataString("When every broken rule will be satisfied just by waiting; null if no rule is broken or waiting is not enough."),
			"statement":   dataString("The exact text that approvers sign, for the release to leave the stages directly before; null for an environment of a first stage."),
		},
	}
}

// Read implements datasource.DataSource.
func (d *promotionCheckDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m promotionCheckModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	d.reading()
	pipeline, environment, release := m.Pipeline.ValueString(), m.Environment.ValueString(), m.Release.ValueString()
	subjects := portal.Deploy{Environment: environment, Release: release}.Subjects()
	err := d.view(ctx, pipeline, subjects, func(f portal.Facts) error {
		proposal, err := f.Check(environment, release)
		if err != nil {
			return err
		}
		m.encode(f, proposal)
		return nil
	})
	resp.Diagnostics.Append(explain("checking "+release+" for "+pipeline+"/"+environment, err)...)
	if err == nil {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (m *promotionCheckModel) encode(f portal.Facts, p *portal.Proposal) {
	m.ID = types.StringValue(f.Name + "/" + p.Site.Name + "/" + p.Release)
	m.Allowed, m.Changes = types.BoolValue(p.Verdict.Allowed()), stringList(p.Changes())
	m.Gates = gateModels(p.Verdict.Gates())
	m.EligibleAt, m.Statement = types.StringNull(), types.StringNull()
	if at := p.Verdict.EligibleAt(); !at.IsZero() {
		m.EligibleAt = types.StringValue(portal.FormatTime(at))
	}
	if statement := f.LeavingStatement(p); statement != "" {
		m.Statement = types.StringValue(statement)
	}
}

// gateModels are gates as data sources show them.
func gateModels(gates []portal.Gate) []gateModel {
	models := make([]gateModel, len(gates))
	for i, gate := range gates {
		detail := gate.Detail
		if gate.Cure != "" && gate.Status != portal.Passed {
			detail += "\n" + gate.Cure
		}
		models[i] = gateModel{Rule: types.StringValue(string(gate.Rule)), Status: types.StringValue(string(gate.Status)), Detail: types.StringValue(detail)}
	}
	return models
}
