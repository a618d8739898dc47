package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
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
		diags.AddAttributeError(at, "Attribute "+at.String()+" is empty", at.String()+" is [], which names nothing. "+v.what)
	}
}
