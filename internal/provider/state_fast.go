package provider

import (
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Most of what Terraform asks is about resources in which nothing has changed.
// What follows tells so from single attributes: decoding a resource into its
// model, and back, costs several times as much as the answer.

// rawText reads an attribute that is a string; ok is false if it is null or
// not known.
func rawText(object tftypes.Value, name string) (text string, ok bool) {
	var attributes map[string]tftypes.Value
	if object.IsNull() || !object.IsKnown() || object.As(&attributes) != nil {
		return "", false
	}
	attribute, there := attributes[name]
	if !there || attribute.IsNull() || !attribute.IsKnown() || attribute.As(&text) != nil {
		return "", false
	}
	return text, true
}

// unchanged reports whether a plan differs from the state in nothing. If it
// does, Terraform's framework has made the receipt, which the provider computes,
// unknown.
func unchanged(state, plan tftypes.Value) bool {
	before, recorded := rawText(state, "receipt")
	after, known := rawText(plan, "receipt")
	return recorded && known && before == after
}
