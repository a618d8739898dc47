package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// replaces says that a change of the attribute makes a new resource.
func replaces() []planmodifier.String {
	return []planmodifier.String{stringplanmodifier.RequiresReplace()}
}

// stays says that a computed attribute never changes once it is known.
func stays() []planmodifier.String {
	return []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
}

func staysInt64() []planmodifier.Int64 {
	return []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}
}

func idAttribute(form string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, PlanModifiers: stays(), MarkdownDescription: "Natural key `" + form + "`, for import."}
}

func pipelineAttribute() schema.StringAttribute {
	return schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the pipeline."}
}

func receiptAttribute() schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: "The ledger entry that records it: `<entry number>:<sha256 of the entry>`."}
}

// objectType is the type of one object of a nested attribute.
func objectType(object schema.NestedAttributeObject) types.ObjectType {
	return types.ObjectType{AttrTypes: attributeTypes(object.Attributes)}
}

func attributeTypes(attributes map[string]schema.Attribute) map[string]attr.Type {
	found := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		found[name] = attribute.GetType()
	}
	return found
}
