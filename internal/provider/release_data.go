package provider

import (
	"context"

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
	AllowNone    types.Bool                `tfsdk:"allow_none"`
	WhyNot       types.List                `tfsdk:"why_not"`
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

const stripText = "Number of leading folders removed from each name when the archive is unpacked."

const eligibleForText = "A stage: finds the highest version that may be deployed to every regular environment of the stage now, or already runs there. " +
	"For an environment that an emergency fix holds, the release that will be restored counts. " +
	"A release that would be a rollback on one environment counts only if another environment of the stage was rolled back from the release that runs there."

// whyNotOf is for how many releases the reasons are given.
const whyNotOf = 3

func (*releaseDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A registered release, by its version, or the highest version that may enter a stage now.",
		Attributes: map[string]schema.Attribute{
			"pipeline": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the pipeline."},
			"version": schema.StringAttribute{
				Optional: true, Computed: true, MarkdownDescription: "Version of the release. Exactly one of `version` and `eligible_for`.",
				Validators: []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("version"), path.MatchRoot("eligible_for"))},
			},
			"eligible_for": schema.StringAttribute{Optional: true, MarkdownDescription: eligibleForText},
			"allow_none":   schema.BoolAttribute{Optional: true, MarkdownDescription: "With `eligible_for`: if no release may enter, return a null `version` instead of an error; `why_not` has the reasons."},
			"why_not":      dataList("With `eligible_for`: why newer releases than the one found are refused; at most the newest three."),
			"id":           dataString("Natural key: `PIPELINE/VERSION`."),
			"type":         dataString("`full` or `differential`."),
			"base":         dataString("The release that a differential one was built against."),
			"components": schema.MapNestedAttribute{Computed: true, MarkdownDescription: "The components by name.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"version": dataString("Version of the component."),
				"source":  dataString("Source of the component."),
				"sha256":  dataString("sha256 of the component's bytes."),

				"strip_components": schema.Int64Attribute{Computed: true, MarkdownDescription: stripText},
				"kind":             dataString("Its kind."),
			}}},
			"removes":      dataList("Components of the base that it removes."),
			"requires":     schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Component or installed software to version constraint."},
			"incorporates": dataList("Names of emergency fixes that the release contains."),
			"notes":        dataString("Release notes."),
			"digest":       dataString("sha256 of the release's declaration."),
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
	d.reading()
	pipeline, version := m.Pipeline.ValueString(), m.Version.ValueString()
	m.WhyNot = stringList(nil)
	var err error
	if stage := m.EligibleFor.ValueString(); stage != "" {
		var found eligible
		if found, err = d.newestEligible(ctx, pipeline, stage); err == nil {
			version = found.version
			m.WhyNot = stringList(found.lines())
			err = found.tell(pipeline, stage, m.AllowNone.ValueBool(), &resp.Diagnostics)
		}
		if err == nil && version == "" {
			m.encodeNone()
			resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
			return
		}
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

func (m *releaseDataModel) encode(pipeline string, dossier *portal.RegisteredRelease) {
	m.ID, m.Version, m.Type = types.StringValue(pipeline+"/"+dossier.Version), types.StringValue(dossier.Version), types.StringValue(string(dossier.Type))
	m.Base, m.Notes = stringOrNull(dossier.Base, types.StringNull()), stringOrNull(dossier.Notes, types.StringNull())
	m.Components = map[string]componentModel{}
	for name, c := range dossier.Components {
		m.Components[name] = componentModel{Version: types.StringValue(c.Version), Source: types.StringValue(c.Source), SHA256: types.StringValue(c.SHA256), Kind: types.StringValue(c.Kind), Strip: types.Int64Value(int64(c.StripComponents))}
	}
	m.Removes, m.Incorporates = stringList(dossier.Removes), stringList(dossier.Incorporates)
	m.Requires = mapOrNull(dossier.Requires, types.MapValueMust(types.StringType, nil))
	m.Digest, m.Receipt = types.StringValue(dossier.Digest()), types.StringValue(dossier.Receipt)
}

// encodeNone writes that there is no release.
func (m *releaseDataModel) encodeNone() {
	m.ID, m.Version, m.Type, m.Base, m.Notes = types.StringNull(), types.StringNull(), types.StringNull(), types.StringNull(), types.StringNull()
	m.Removes, m.Incorporates, m.Requires = types.ListNull(types.StringType), types.ListNull(types.StringType), types.MapNull(types.StringType)
	m.Digest, m.Receipt = types.StringNull(), types.StringNull()
}
