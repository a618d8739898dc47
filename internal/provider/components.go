package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/safehttp"
)

// componentModel is one component of a release or of an emergency fix.
type componentModel struct {
	Version types.String `tfsdk:"version"`
	Source  types.String `tfsdk:"source"`
	SHA256  types.String `tfsdk:"sha256"`
	Kind    types.String `tfsdk:"kind"`
	Strip   types.Int64  `tfsdk:"strip_components"`
}

var componentType = objectType(componentObject())

// The descriptions of a component's attributes.
const (
	componentVersionText = "Version of the component."
	componentSourceText  = "Where the component is: a path, or an `https://` address (`http://` only for loopback). A path is recorded as an absolute path."
	componentSHA256Text  = "sha256 of the component's bytes. Optional for a path: it is computed from the file. If the file is gone later, the recorded value stays; if it has other bytes, the component has changed."
	componentStripText   = "For kind `archive`: number of leading folders to remove from each name when it is unpacked, like `tar --strip-components`; default 0."
	componentKindText    = "Kind of the component; default `\"file\"`. A directory target unpacks components of kind `archive`."
)

func componentObject() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"version": schema.StringAttribute{Required: true, MarkdownDescription: componentVersionText},
		"source":  schema.StringAttribute{Required: true, MarkdownDescription: componentSourceText},
		"sha256":  schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: componentSHA256Text},
		"kind": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(portal.DefaultKind), MarkdownDescription: componentKindText,
		},
		"strip_components": schema.Int64Attribute{Optional: true, MarkdownDescription: componentStripText},
	}}
}

// componentsKnown reports whether everything about components is known but,
// perhaps, what is computed of them.
func componentsKnown(ctx context.Context, written types.Map) bool {
	var components map[string]componentModel
	if written.IsUnknown() || written.ElementsAs(ctx, &components, false).HasError() {
		return false
	}
	for _, c := range components {
		if !known(ctx, c.Version, c.Source, c.Kind, c.Strip) {
			return false
		}
	}
	return true
}

// decodeComponents makes components out of what the user wrote. A sha256 that is
// not known stays empty.
func decodeComponents(ctx context.Context, written types.Map, diags *diagnostics) map[string]portal.Component {
	decoded := map[string]portal.Component{}
	if written.IsNull() || written.IsUnknown() {
		return decoded
	}
	var components map[string]componentModel
	diags.Append(written.ElementsAs(ctx, &components, false)...)
	for name, c := range components {
		source := c.Source.ValueString()
		if !artifact.IsRemote(source) {
			source = absolute(source)
		}
		decoded[name] = portal.Component{
			Version: c.Version.ValueString(), Source: source, SHA256: c.SHA256.ValueString(), Kind: first(c.Kind.ValueString(), portal.DefaultKind),
			StripComponents: int(c.Strip.ValueInt64()),
		}
	}
	return decoded
}

// encodeComponents writes recorded components, keeping how the user wrote a
// source.
func encodeComponents(ctx context.Context, written types.Map, recorded map[string]portal.Component, diags *diagnostics) types.Map {
	var before map[string]componentModel
	if !written.IsNull() && !written.IsUnknown() {
		diags.Append(written.ElementsAs(ctx, &before, false)...)
	}
	components := map[string]componentModel{}
	for name, c := range recorded {
		source := types.StringValue(c.Source)
		if w := before[name].Source; !w.IsNull() && absolute(w.ValueString()) == c.Source {
			source = w
		}
		components[name] = componentModel{
			Version: types.StringValue(c.Version), Source: source, SHA256: types.StringValue(c.SHA256), Kind: types.StringValue(c.Kind),
			Strip: int64OrNull(int64(c.StripComponents), before[name].Strip),
		}
	}
	encoded, d := types.MapValueFrom(ctx, componentType, components)
	diags.Append(d...)
	return encoded
}

// withDigests writes the digests that are there into what the user wrote; others
// are unknown.
func withDigests(ctx context.Context, written types.Map, digested map[string]portal.Component, diags *diagnostics) types.Map {
	var components map[string]componentModel
	diags.Append(written.ElementsAs(ctx, &components, false)...)
	for name, c := range components {
		c.SHA256 = types.StringUnknown()
		if digest := digested[name].SHA256; digest != "" {
			c.SHA256 = types.StringValue(digest)
		}
		components[name] = c
	}
	encoded, d := types.MapValueFrom(ctx, componentType, components)
	diags.Append(d...)
	return encoded
}

// digestsToCome counts the components whose sha256 the configuration gives, but
// not yet: what another resource will provide must not be computed here.
func digestsToCome(ctx context.Context, configured types.Map, diags *diagnostics) int {
	if configured.IsUnknown() {
		return 1
	}
	var components map[string]componentModel
	diags.Append(configured.ElementsAs(ctx, &components, false)...)
	count := 0
	for _, c := range components {
		if c.SHA256.IsUnknown() {
			count++
		}
	}
	return count
}

// needDigests refuses components without sha256 whose bytes are elsewhere.
func needDigests(components map[string]portal.Component, diags *diagnostics) {
	for name, c := range components {
		if c.SHA256 == "" && artifact.IsRemote(c.Source) {
			diags.AddAttributeError(path.Root("components").AtMapKey(name), "Component "+name+" has no sha256",
				"It is optional only if source is a path: add the sha256 of what "+safehttp.Redact(c.Source)+" is to deliver.")
		}
	}
}
