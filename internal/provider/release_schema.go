package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type releaseModel struct {
	ID           types.String `tfsdk:"id"`
	Pipeline     types.String `tfsdk:"pipeline"`
	Version      types.String `tfsdk:"version"`
	Type         types.String `tfsdk:"type"`
	Base         types.String `tfsdk:"base"`
	Components   types.Map    `tfsdk:"components"`
	Removes      types.Set    `tfsdk:"removes"`
	Requires     types.Map    `tfsdk:"requires"`
	Incorporates types.Set    `tfsdk:"incorporates"`
	Notes        types.String `tfsdk:"notes"`
	Digest       types.String `tfsdk:"digest"`
	Receipt      types.String `tfsdk:"receipt"`
}

func (*releaseResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A release: a version with its list of components. It is immutable once it is registered: another declaration of the same version, or a file with other bytes, is refused by `digest-match`. Only `notes`, and a `source` with the same sha256, may change.\n\n" +
			"Destroying the resource only removes it from the state: the release stays registered, and keeps running where it runs.",
		Attributes: map[string]schema.Attribute{
			"pipeline":   pipelineAttribute(),
			"version":    schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "`MAJOR.MINOR.PATCH` with an optional `-PRERELEASE`, without a leading `v` and without `+`."},
			"components": schema.MapNestedAttribute{Required: true, NestedObject: componentObject(), MarkdownDescription: "The components by name: all components of a full release, or the added and changed ones of a differential release."},

			"type": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("full"), Validators: oneOf("full", "differential"),
				MarkdownDescription: "`\"full\"` (default) or `\"differential\"`.",
			},
			"base":         schema.StringAttribute{Optional: true, MarkdownDescription: "The release that a differential one was built against. It may be registered later."},
			"removes":      schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Components of the base that a differential release removes."},
			"requires":     schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Component or installed software to version constraint, such as `\">= 9.5, < 10\"`. Only numbers are compared, unless the constraint itself has a suffix such as `-hotfix.1`."},
			"incorporates": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Names of emergency fixes that this release contains."},
			"notes":        schema.StringAttribute{Optional: true, MarkdownDescription: "Release notes."},

			"id":      idAttribute("PIPELINE/VERSION"),
			"digest":  schema.StringAttribute{Computed: true, MarkdownDescription: "sha256 of the release's own declaration: type, base, components without their sources, removes."},
			"receipt": receiptAttribute(),
		},
	}
}

// knownButDigests reports whether everything is known but, perhaps, what is
// computed of components.
func (m *releaseModel) knownButDigests(ctx context.Context) bool {
	return known(ctx, m.Pipeline, m.Version, m.Type, m.Base, m.Removes, m.Requires, m.Incorporates, m.Notes) && componentsKnown(ctx, m.Components)
}

// decode makes the declaration out of what the user wrote. A sha256 that is not
// known stays empty.
func (m *releaseModel) decode(ctx context.Context) (portal.Release, diagnostics) {
	var diags diagnostics
	r := portal.Release{
		Version: m.Version.ValueString(), Type: portal.ReleaseType(first(m.Type.ValueString(), string(portal.Full))), Base: m.Base.ValueString(),
		Removes: stringsOf(ctx, m.Removes, &diags), Requires: stringMapOf(ctx, m.Requires, &diags),
		Incorporates: stringsOf(ctx, m.Incorporates, &diags), Notes: textOf(m.Notes), Components: decodeComponents(ctx, m.Components, &diags),
	}
	return r, diags
}

// lookAtFiles prepares a release for having its files looked at: what was computed
// before is forgotten. It reports false if the configuration gives a sha256 that is
// not known yet.
func (*releaseModel) lookAtFiles(ctx context.Context, config tfsdk.Config, release *portal.Release, diags *diagnostics) bool {
	var written releaseModel
	diags.Append(config.Get(ctx, &written)...)
	if diags.HasError() || digestsToCome(ctx, written.Components, diags) > 0 {
		return false
	}
	forgetComputed(ctx, written.Components, release.Components, diags)
	return !diags.HasError()
}

// encode writes a registered release over the model, keeping how the user wrote
// a source.
func (m *releaseModel) encode(ctx context.Context, pipeline string, dossier *portal.RegisteredRelease) diagnostics {
	var diags diagnostics
	m.Components = encodeComponents(ctx, m.Components, dossier.Components, &diags)
	m.ID, m.Pipeline, m.Version = types.StringValue(pipeline+"/"+dossier.Version), types.StringValue(pipeline), types.StringValue(dossier.Version)
	m.Type, m.Base = types.StringValue(string(dossier.Type)), stringOrNull(dossier.Base, m.Base)
	m.Removes, m.Requires = setOrNull(dossier.Removes, m.Removes), mapOrNull(dossier.Requires, m.Requires)
	m.Incorporates, m.Notes = setOrNull(dossier.Incorporates, m.Incorporates), stringOrNull(dossier.Notes, m.Notes)
	m.Digest, m.Receipt = types.StringValue(dossier.Digest()), types.StringValue(dossier.Receipt)
	return diags
}
