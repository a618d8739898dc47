package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type freezeModel struct {
	ID       types.String      `tfsdk:"id"`
	Pipeline types.String      `tfsdk:"pipeline"`
	Name     types.String      `tfsdk:"name"`
	Stages   types.Set         `tfsdk:"stages"`
	StartsAt timetypes.RFC3339 `tfsdk:"starts_at"`
	EndsAt   timetypes.RFC3339 `tfsdk:"ends_at"`
	Reason   types.String      `tfsdk:"reason"`
	Receipt  types.String      `tfsdk:"receipt"`
}

func (*freezeResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A period in which the rule `freeze` refuses regular deployments to the given stages, in the ledger's time. A rollback is always possible and only warns.",
		Attributes: map[string]schema.Attribute{
			"pipeline":  pipelineAttribute(),
			"name":      schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the freeze, unique in the pipeline."},
			"starts_at": schema.StringAttribute{Required: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "Start, in RFC 3339."},
			"ends_at":   schema.StringAttribute{Required: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "End, in RFC 3339; this moment itself is no longer frozen."},
			"reason":    schema.StringAttribute{Required: true, MarkdownDescription: "Reason, shown to those whose deployment is refused."},

			"stages": schema.SetAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.Set{someOf("Name the stages that are frozen, or leave it out to freeze the final one.")}, MarkdownDescription: "The stages; default: the final one."},

			"id":      idAttribute("PIPELINE/NAME"),
			"receipt": receiptAttribute(),
		},
	}
}

func (m *freezeModel) known(ctx context.Context) bool {
	return known(ctx, m.Pipeline, m.Name, m.Stages, m.StartsAt, m.EndsAt, m.Reason) && !m.StartsAt.IsNull() && !m.EndsAt.IsNull()
}

func (m *freezeModel) decode(ctx context.Context) (portal.Freeze, diagnostics) {
	var diags diagnostics
	z := portal.Freeze{Name: m.Name.ValueString(), Stages: stringsOf(ctx, m.Stages, &diags), Reason: textOf(m.Reason)}
	starts, d := m.StartsAt.ValueRFC3339Time()
	diags.Append(d...)
	ends, d := m.EndsAt.ValueRFC3339Time()
	diags.Append(d...)
	z.StartsAt, z.EndsAt = starts.UTC(), ends.UTC()
	return z, diags
}

func (m *freezeModel) encode(ctx context.Context, pipeline string, z *portal.DeclaredFreeze) {
	written, diags := m.decode(ctx)
	m.ID, m.Pipeline, m.Name = types.StringValue(pipeline+"/"+z.Name), types.StringValue(pipeline), types.StringValue(z.Name)
	if m.StartsAt.IsNull() || diags.HasError() || !written.StartsAt.Equal(z.StartsAt) {
		m.StartsAt = timetypes.NewRFC3339TimeValue(z.StartsAt)
	}
	if m.EndsAt.IsNull() || diags.HasError() || !written.EndsAt.Equal(z.EndsAt) {
		m.EndsAt = timetypes.NewRFC3339TimeValue(z.EndsAt)
	}
	m.Stages, m.Reason, m.Receipt = setOrNull(z.Stages, m.Stages), asWritten(z.Reason, m.Reason), types.StringValue(z.Receipt)
}
