package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
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

type componentModel struct {
	Version types.String `tfsdk:"version"`
	Source  types.String `tfsdk:"source"`
	SHA256  types.String `tfsdk:"sha256"`
	Kind    types.String `tfsdk:"kind"`
}

var componentType = objectType(componentObject())

func (*releaseResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A release: a bill of materials under a version. It never changes once it is registered: another declaration under the same version is refused by `digest-match`; only `notes`, and a `source` with the same sha256, may change.\n\n" +
			"Destroying it only forgets it in state: its record stays, and what runs keeps running.",
		Attributes: map[string]schema.Attribute{
			"pipeline":   pipelineAttribute(),
			"version":    schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "`MAJOR.MINOR.PATCH` with an optional `-PRERELEASE`, without a leading `v` and without `+`."},
			"components": schema.MapNestedAttribute{Required: true, NestedObject: componentObject(), MarkdownDescription: "The components by name: everything there is for a full release, what is added or changed for a differential one."},

			"type": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("full"), Validators: oneOf("full", "differential"),
				MarkdownDescription: "`\"full\"` (default) or `\"differential\"`.",
			},
			"base":         schema.StringAttribute{Optional: true, Validators: notEmpty(), MarkdownDescription: "The release that a differential one was built against. It may be registered later."},
			"removes":      schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Components of the base that a differential release removes."},
			"requires":     schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Component or installed software to version constraint, such as `\">= 9.5, < 10\"`."},
			"incorporates": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Names of emergency fixes whose change this release contains."},
			"notes":        schema.StringAttribute{Optional: true, MarkdownDescription: "Release notes."},

			"id":      idAttribute("PIPELINE/VERSION"),
			"digest":  schema.StringAttribute{Computed: true, MarkdownDescription: "sha256 of the release's own declaration: type, base, components without their sources, removes."},
			"receipt": receiptAttribute(),
		},
	}
}

func componentObject() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"version": schema.StringAttribute{Required: true, MarkdownDescription: "Version of the component."},
		"source":  schema.StringAttribute{Required: true, MarkdownDescription: "Where its bytes are: a path, or an `https://` address (`http://` for loopback only). Recorded as an absolute path."},
		"sha256": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "sha256 of its bytes. It may be left out for a path: it is computed when the release is first planned and kept from then on; the file may be gone later.",
		},
		"kind": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(portal.DefaultKind),
			MarkdownDescription: "What it is; default `\"file\"`. Targets give some kinds a meaning: a directory unpacks an `archive`.",
		},
	}}
}

// known reports whether everything that the user writes is known.
func (m *releaseModel) known(ctx context.Context) bool { return m.knownButDigests(ctx) }

// knownButDigests reports whether everything is known but, perhaps, what is
// computed of components.
func (m *releaseModel) knownButDigests(ctx context.Context) bool {
	if !known(ctx, m.Pipeline, m.Version, m.Base, m.Removes, m.Requires, m.Incorporates, m.Notes) || m.Components.IsUnknown() {
		return false
	}
	var components map[string]componentModel
	if m.Components.ElementsAs(ctx, &components, false).HasError() {
		return false
	}
	for _, c := range components {
		if !known(ctx, c.Version, c.Source, c.Kind) {
			return false
		}
	}
	return true
}

// decode makes the declaration out of what the user wrote. A sha256 that is not
// known stays empty.
func (m *releaseModel) decode(ctx context.Context) (portal.Release, diagnostics) {
	var diags diagnostics
	r := portal.Release{
		Version: m.Version.ValueString(), Type: portal.ReleaseType(first(m.Type.ValueString(), string(portal.Full))), Base: m.Base.ValueString(),
		Removes: stringsOf(ctx, m.Removes, &diags), Requires: stringMapOf(ctx, m.Requires, &diags),
		Incorporates: stringsOf(ctx, m.Incorporates, &diags), Notes: m.Notes.ValueString(), Components: map[string]portal.Component{},
	}
	var components map[string]componentModel
	if !m.Components.IsNull() && !m.Components.IsUnknown() {
		diags.Append(m.Components.ElementsAs(ctx, &components, false)...)
	}
	for name, c := range components {
		source := c.Source.ValueString()
		if !artifact.IsRemote(source) {
			source = absolute(source)
		}
		r.Components[name] = portal.Component{Version: c.Version.ValueString(), Source: source, SHA256: c.SHA256.ValueString(), Kind: first(c.Kind.ValueString(), portal.DefaultKind)}
	}
	return r, diags
}

// digestsToCome counts the components whose sha256 the configuration gives, but
// not yet: what another resource will tell must not be computed here.
func (*releaseModel) digestsToCome(ctx context.Context, config tfsdk.Config, release *portal.Release, diags *diagnostics) int {
	var written releaseModel
	var components map[string]componentModel
	diags.Append(config.Get(ctx, &written)...)
	if diags.HasError() || written.Components.IsUnknown() {
		return len(release.Components)
	}
	diags.Append(written.Components.ElementsAs(ctx, &components, false)...)
	count := 0
	for _, c := range components {
		if c.SHA256.IsUnknown() {
			count++
		}
	}
	return count
}

// setDigests writes the digests that are there into the model; others are
// unknown.
func (m *releaseModel) setDigests(ctx context.Context, release *portal.Release) diagnostics {
	var components map[string]componentModel
	diags := m.Components.ElementsAs(ctx, &components, false)
	for name, c := range components {
		c.SHA256 = types.StringUnknown()
		if digest := release.Components[name].SHA256; digest != "" {
			c.SHA256 = types.StringValue(digest)
		}
		components[name] = c
	}
	var d diagnostics
	m.Components, d = types.MapValueFrom(ctx, componentType, components)
	diags.Append(d...)
	return diags
}

// encode writes a registered release over the model, keeping how the user wrote
// a source.
func (m *releaseModel) encode(ctx context.Context, pipeline string, dossier *portal.Dossier) diagnostics {
	var diags diagnostics
	var written map[string]componentModel
	if !m.Components.IsNull() && !m.Components.IsUnknown() {
		diags.Append(m.Components.ElementsAs(ctx, &written, false)...)
	}
	components := map[string]componentModel{}
	for name, c := range dossier.Components {
		source := types.StringValue(c.Source)
		if w := written[name].Source; !w.IsNull() && absolute(w.ValueString()) == c.Source {
			source = w
		}
		components[name] = componentModel{Version: types.StringValue(c.Version), Source: source, SHA256: types.StringValue(c.SHA256), Kind: types.StringValue(c.Kind)}
	}
	var d diagnostics
	m.Components, d = types.MapValueFrom(ctx, componentType, components)
	diags.Append(d...)
	m.ID, m.Pipeline, m.Version = types.StringValue(pipeline+"/"+dossier.Version), types.StringValue(pipeline), types.StringValue(dossier.Version)
	m.Type, m.Base = types.StringValue(string(dossier.Type)), stringOrNull(dossier.Base, m.Base)
	m.Removes, m.Requires = setOrNull(dossier.Removes, m.Removes), mapOrNull(dossier.Requires, m.Requires)
	m.Incorporates, m.Notes = setOrNull(dossier.Incorporates, m.Incorporates), stringOrNull(dossier.Notes, m.Notes)
	m.Digest, m.Receipt = types.StringValue(dossier.Digest()), types.StringValue(dossier.Receipt)
	return diags
}
