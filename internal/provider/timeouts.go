package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// timeoutsAttribute says how long operations may take. It is that of
// terraform-plugin-framework-timeouts, but its durations are those of every other
// attribute: "3d" is one, and no time at all is none.
func timeoutsAttribute(byDefault string, operations ...string) schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, operation := range operations {
		what := map[string]string{"create": "the first deployment", "update": "a change", "delete": "the removal"}[operation]
		attributes[operation] = schema.StringAttribute{
			Optional: true, CustomType: durationType{}, Validators: []validator.String{someTime{}},
			MarkdownDescription: "How long " + what + " may take; default `\"" + byDefault + "\"`.",
		}
	}
	return schema.SingleNestedAttribute{Optional: true, Attributes: attributes, MarkdownDescription: "How long each operation may take, as durations."}
}

// timeoutOf is the timeout of an operation.
func timeoutOf(timeouts types.Object, operation string, byDefault time.Duration) time.Duration {
	if written, is := timeouts.Attributes()[operation].(duration); is {
		if d := written.of(); d > 0 {
			return d
		}
	}
	return byDefault
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
		resp.Diagnostics.AddAttributeError(req.Path, "Nothing can be done in no time", req.Path.String()+" is \""+req.ConfigValue.ValueString()+"\". Write a longer one, such as \"30m\", or leave it out.")
	}
}
