package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// oneLine refuses text that could mislead those who read it in a list.
func oneLine() []validator.String { return []validator.String{lineValidator{}} }

type lineValidator struct{}

// Description implements validator.Describer.
func (lineValidator) Description(context.Context) string { return "is one line of text" }

// MarkdownDescription implements validator.Describer.
func (v lineValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (lineValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	for _, p := range portal.ValidateLine(req.Path.String(), req.ConfigValue.ValueString()) {
		resp.Diagnostics.AddAttributeError(req.Path, portal.Capitalize(p.Field)+" cannot be used", p.Field+" "+p.Text+".")
	}
}

// someOf refuses a list or a set without elements, which reads as if nothing was meant,
// and says what to write.
func someOf(what string) someValidator { return someValidator{what} }

type someValidator struct{ what string }

// Description implements validator.Describer.
func (someValidator) Description(context.Context) string { return "has an element" }

// MarkdownDescription implements validator.Describer.
func (v someValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateList implements validator.List.
func (v someValidator) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	v.validate(req.Path, req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || len(req.ConfigValue.Elements()) > 0, &resp.Diagnostics)
}

// ValidateSet implements validator.Set.
func (v someValidator) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	v.validate(req.Path, req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || len(req.ConfigValue.Elements()) > 0, &resp.Diagnostics)
}

func (v someValidator) validate(at path.Path, fine bool, diags *diagnostics) {
	if !fine {
		diags.AddAttributeError(at, "Attribute "+at.String()+" is empty", at.String()+" is [], an empty list. "+v.what)
	}
}

// someTime refuses a duration of nothing.
type someTime struct{}

// Description implements validator.Describer.
func (someTime) Description(context.Context) string { return "is longer than nothing" }

// MarkdownDescription implements validator.Describer.
func (v someTime) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (someTime) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := portal.ParseDuration(req.ConfigValue.ValueString()); err == nil && d <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "The timeout is zero", req.Path.String()+" is \""+req.ConfigValue.ValueString()+"\". Set a longer one, such as \"30m\", or leave it out.")
	}
}

// oneOf validates one of the allowed values; the same list feeds the
// description through alternatives.
func oneOf(values ...string) []validator.String {
	return []validator.String{stringvalidator.OneOf(values...)}
}

func alternatives(values ...string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "`\"" + v + "\"`"
	}
	return strings.Join(quoted, ", ")
}
