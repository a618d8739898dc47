package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// notEmpty refuses "": it is neither a value nor left out, and comes from a variable
// or a file that was never filled.
func notEmpty() []validator.String { return []validator.String{notEmptyValidator{}} }

type notEmptyValidator struct{}

// Description implements validator.Describer.
func (notEmptyValidator) Description(context.Context) string { return "is not empty" }

// MarkdownDescription implements validator.Describer.
func (v notEmptyValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (notEmptyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || req.ConfigValue.ValueString() != "" {
		return
	}
	name := req.Path.String()
	resp.Diagnostics.AddAttributeError(req.Path, "Attribute "+name+" is empty",
		name+" is \"\". If it comes from a variable, an output or a file, that was not filled. Write a value; null leaves an optional attribute out.")
}
