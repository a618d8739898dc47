package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type environmentDataSource struct{ configuredData }

func newEnvironmentDataSource() datasource.DataSource { return &environmentDataSource{} }

func (*environmentDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "portal_environment"
}

type environmentDataModel struct {
	ID            types.String         `tfsdk:"id"`
	Pipeline      types.String         `tfsdk:"pipeline"`
	Name          types.String         `tfsdk:"name"`
	Stage         types.String         `tfsdk:"stage"`
	Lane          types.String         `tfsdk:"lane"`
	Release       types.String         `tfsdk:"release"`
	Running       types.String         `tfsdk:"running"`
	Content       map[string]itemModel `tfsdk:"content"`
	ContentDigest types.String         `tfsdk:"content_digest"`
	Status        types.String         `tfsdk:"status"`
	HeldBy        types.String         `tfsdk:"held_by"`
	DeployedAt    types.String         `tfsdk:"deployed_at"`
}

type itemModel struct {
	Version types.String `tfsdk:"version"`
	Kind    types.String `tfsdk:"kind"`
	SHA256  types.String `tfsdk:"sha256"`
	Strip   types.Int64  `tfsdk:"strip_components"`
}

func (*environmentDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An environment according to the ledger: the release that runs there and its content. The target is not contacted.",
		Attributes: map[string]schema.Attribute{
			"pipeline": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the pipeline."},
			"name":     schema.StringAttribute{Required: true, MarkdownDescription: "Name of the environment."},
			"id":       dataString("Natural key: `PIPELINE/NAME`."),
			"stage":    dataString("Stage that the environment belongs to."),
			"lane":     dataString("`regular` or `emergency`."),
			"release":  dataString(declaredReleaseText),
			"running":  dataString(runningText),
			"content": schema.MapNestedAttribute{Computed: true, MarkdownDescription: "Content that was last observed there, by component name. Null if it could not be determined.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"version": dataString("Version of the component."),
				"kind":    dataString("Its kind."),
				"sha256":  dataString("sha256 of the component's bytes."),

				"strip_components": schema.Int64Attribute{Computed: true, MarkdownDescription: stripText},
			}}},
			"content_digest": dataString("Digest of the content: sha256 over its entries sorted by name. Null if it could not be determined."),
			"status":         dataString(ledgerStatusText),
			"held_by":        dataString(heldByText),
			"deployed_at":    dataString("When this content was deployed there."),
		},
	}
}

// Read implements datasource.DataSource.
func (d *environmentDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m environmentDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	d.reading()
	id := m.Pipeline.ValueString() + "/" + m.Name.ValueString()
	err := d.view(ctx, m.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		site := f.Sites[m.Name.ValueString()]
		if site == nil {
			return notInLedger("environment", id)
		}
		o := overview(f, site)
		m.ID, m.Stage, m.Lane, m.Release, m.Running = types.StringValue(id), o.Stage, o.Lane, o.Release, o.Running
		m.Status, m.HeldBy, m.DeployedAt = o.Status, o.HeldBy, o.Since
		if there := site.InService(); there != nil && !there.Known() {
			return nil
		}
		m.Content, m.ContentDigest = map[string]itemModel{}, types.StringValue(site.Content().Digest())
		for name, item := range site.Content() {
			m.Content[name] = itemModel{
				Version: types.StringValue(item.Version), Kind: types.StringValue(item.Kind), SHA256: types.StringValue(item.SHA256),
				Strip: types.Int64Value(int64(item.StripComponents)),
			}
		}
		return nil
	})
	resp.Diagnostics.Append(explain("reading environment "+id, err)...)
	if err == nil {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}
