package provider

import (
	"context"

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
