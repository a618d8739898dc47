package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

var (
	stageType     = objectType(stageObject())
	approverType  = objectType(approverObject())
	emergencyType = objectType(schema.NestedAttributeObject{Attributes: emergencyAttributes()})
)

func (*pipelineResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A pipeline: the stages that a release goes through on its way to the final one, and what it needs to leave each of them.\n\n" +
			"Destroying it is refused while it has environments; its record stays in the ledger.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the pipeline: a lower-case letter, then up to 62 lower-case letters, digits and hyphens."},
			"stages": schema.ListNestedAttribute{
				Required: true, Validators: []validator.List{listvalidator.SizeAtLeast(2)}, NestedObject: stageObject(),
				MarkdownDescription: "The stages, in order. Exactly one, the final one, is followed by no other. A stage on which an environment stands is not removed or moved.",
			},

			"description": schema.StringAttribute{Optional: true, MarkdownDescription: "What the pipeline is for."},
			"approvers": schema.MapNestedAttribute{
				Optional: true, NestedObject: approverObject(),
				MarkdownDescription: "People whose approvals carry a signature, by name. Once any is listed, only listed people count. This version cannot verify signatures yet: it records no approval on a pipeline that lists approvers.",
			},
			"rules": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				Validators:          []validator.Map{mapvalidator.KeysAre(stringvalidator.OneOf(rulesAsText(portal.TunableRules())...)), mapvalidator.ValueStringsAre(stringvalidator.OneOf("error", "warn", "off"))},
				MarkdownDescription: "What a broken rule does: `\"error\"` refuses (default), `\"warn\"` tells, `\"off\"` says nothing. Rules: " + alternatives(rulesAsText(portal.TunableRules())...) + ".",
			},
			"emergency": schema.SingleNestedAttribute{
				Optional: true, Attributes: emergencyAttributes(),
				MarkdownDescription: "What an emergency fix on this pipeline still owes.",
			},

			"id":      idAttribute("PIPELINE"),
			"receipt": receiptAttribute(),
		},
	}
}

func stageObject() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"name":               schema.StringAttribute{Required: true, MarkdownDescription: "Name of the stage, unique in the pipeline."},
		"after":              schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Stages that come directly before. Default: the one above; `[]` starts a branch."},
		"required_tests":     schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Suites that must have passed on this stage before a release may leave it. The newest result of a suite counts."},
		"soak_time":          schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "How long a release must have run here before it may leave, such as `\"90m\"`, `\"72h\"` or `\"3d\"`."},
		"required_approvals": schema.Int64Attribute{Optional: true, MarkdownDescription: "Distinct approvals needed to leave this stage. Whoever deploys does not count."},
		"quorum": schema.StringAttribute{
			Optional: true, Validators: oneOf("any", "all"),
			MarkdownDescription: "How many of the stage's regular environments must meet the above: `\"any\"` (default) or `\"all\"`.",
		},
		"exclusive": schema.BoolAttribute{Optional: true, MarkdownDescription: "A release under test here is not displaced by another regular release. It is under test from its arrival until it ran on every next stage, or the newest result of a required suite failed, or it was suspended."},
	}}
}

func approverObject() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"public_key": schema.StringAttribute{Required: true, MarkdownDescription: "Public key in OpenSSH's form."},
		"may": schema.SetAttribute{
			Required: true, ElementType: types.StringType,
			Validators:          []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf("release", "emergency", "review"))},
			MarkdownDescription: "What the person may approve: " + alternatives("release", "emergency", "review") + ".",
		},
	}}
}

func emergencyAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"test_stages":        schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Stages that a fix must still pass. Default: every direct predecessor of the final one."},
		"required_tests":     schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Suites that a fix must pass on each of them. Default: none."},
		"required_approvals": schema.Int64Attribute{Optional: true, MarkdownDescription: "Distinct approvals of a fix; default 1. Approver and requester are never the same person."},
		"bypassable_rules": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			Validators:          []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf(rulesAsText(portal.BypassableRules())...))},
			MarkdownDescription: "Rules that a fix may bypass. Default: every one that can be: " + alternatives(rulesAsText(portal.BypassableRules())...) + ".",
		},
		"reconcile_within": schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "How soon a release that contains the fix has to be on the final stage; default `\"72h\"`."},
		"review_within":    schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "How soon the review has to be recorded; default `\"120h\"`."},
	}
}

func rulesAsText(rules []portal.Rule) []string {
	texts := make([]string, len(rules))
	for i, rule := range rules {
		texts[i] = string(rule)
	}
	return texts
}
