package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type releaseDataSource struct{ configuredData }

func newReleaseDataSource() datasource.DataSource { return &releaseDataSource{} }

func (*releaseDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "portal_release"
}

type releaseDataModel struct {
	ID           types.String              `tfsdk:"id"`
	Pipeline     types.String              `tfsdk:"pipeline"`
	Version      types.String              `tfsdk:"version"`
	EligibleFor  types.String              `tfsdk:"eligible_for"`
	Type         types.String              `tfsdk:"type"`
	Base         types.String              `tfsdk:"base"`
	Components   map[string]componentModel `tfsdk:"components"`
	Removes      types.List                `tfsdk:"removes"`
	Requires     types.Map                 `tfsdk:"requires"`
	Incorporates types.List                `tfsdk:"incorporates"`
	Notes        types.String              `tfsdk:"notes"`
	Digest       types.String              `tfsdk:"digest"`
	Receipt      types.String              `tfsdk:"receipt"`
}

func (*releaseDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A registered release: by its version, or the newest one that may enter a stage now.",
		Attributes: map[string]schema.Attribute{
			"pipeline": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the pipeline."},
			"version": schema.StringAttribute{
				Optional: true, Computed: true, MarkdownDescription: "Version of the release. Exactly one of `version` and `eligible_for`.",
				Validators: []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("version"), path.MatchRoot("eligible_for"))},
			},
			"eligible_for": schema.StringAttribute{Optional: true, MarkdownDescription: "A stage: the release with the highest precedence that no rule keeps from every regular environment of that stage now, whether it comes to it or runs there already."},
			"id":           dataString("The natural key, `PIPELINE/VERSION`."),
			"type":         dataString("`full` or `differential`."),
			"base":         dataString("The release that a differential one was built against."),
			"components": schema.MapNestedAttribute{Computed: true, MarkdownDescription: "The components by name.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"version": dataString("Version of the component."),
				"source":  dataString("Where its bytes are."),
				"sha256":  dataString("sha256 of its bytes."),
				"kind":    dataString("Its kind."),
			}}},
			"removes":      dataList("Components of the base that it removes."),
			"requires":     schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Component or installed software to version constraint."},
			"incorporates": dataList("Names of emergency fixes whose change it contains."),
			"notes":        dataString("Release notes."),
			"digest":       dataString("sha256 of its own declaration."),
			"receipt":      dataString("The ledger entry that records it."),
		},
	}
}

// Read implements datasource.DataSource.
func (d *releaseDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m releaseDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	pipeline, version := m.Pipeline.ValueString(), m.Version.ValueString()
	var err error
	if stage := m.EligibleFor.ValueString(); stage != "" {
		version, err = d.newestEligible(ctx, pipeline, stage)
	}
	if err == nil {
		err = d.view(ctx, pipeline, portal.Subjects{Releases: []string{version}}, func(f portal.Facts) error {
			dossier := f.Release(version)
			if dossier == nil {
				return notInLedger("release", pipeline+"/"+version)
			}
			m.encode(f.Name, dossier)
			return nil
		})
	}
	resp.Diagnostics.Append(explain("reading a release of "+pipeline, err)...)
	if err == nil {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (m *releaseDataModel) encode(pipeline string, dossier *portal.Dossier) {
	m.ID, m.Version, m.Type = types.StringValue(pipeline+"/"+dossier.Version), types.StringValue(dossier.Version), types.StringValue(string(dossier.Type))
	m.Base, m.Notes = stringOrNull(dossier.Base, types.StringNull()), stringOrNull(dossier.Notes, types.StringNull())
	m.Components = map[string]componentModel{}
	for name, c := range dossier.Components {
		m.Components[name] = componentModel{Version: types.StringValue(c.Version), Source: types.StringValue(c.Source), SHA256: types.StringValue(c.SHA256), Kind: types.StringValue(c.Kind)}
	}
	m.Removes, m.Incorporates = stringList(dossier.Removes), stringList(dossier.Incorporates)
	m.Requires = mapOrNull(dossier.Requires, types.MapValueMust(types.StringType, nil))
	m.Digest, m.Receipt = types.StringValue(dossier.Digest()), types.StringValue(dossier.Receipt)
}

// newestEligible finds the release with the highest precedence that may enter
// every regular environment of a stage now. It loads one release at a time, from
// the newest down, so that it costs by how many have to be looked at.
func (d *releaseDataSource) newestEligible(ctx context.Context, pipeline, stage string) (string, error) {
	opened, err := d.open(ctx)
	if err != nil {
		return "", err
	}
	versions, err := opened.Ledger.Releases(ctx, pipeline)
	if err != nil {
		return "", err
	}
	slices.SortFunc(versions, func(a, b string) int { return portal.ComparePrecedence(b, a) })
	for _, version := range versions {
		eligible := false
		err := d.view(ctx, pipeline, portal.Subjects{Releases: []string{version}}, func(f portal.Facts) error {
			var err error
			eligible, err = f.MayEnter(stage, version)
			return err
		})
		if err != nil || eligible {
			return version, err
		}
	}
	return "", &portal.Rejection{
		Summary: "no release of " + pipeline + " may enter " + stage + " now",
		Detail:  "Each registered release is kept from it by a rule. data.portal_promotion_check tells for one release what is in the way.",
	}
}
