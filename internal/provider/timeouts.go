package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
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
	return schema.SingleNestedAttribute{Optional: true, Attributes: attributes, MarkdownDescription: "Time limit of each operation, as durations."}
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
