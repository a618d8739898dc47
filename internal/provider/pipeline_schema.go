package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

var (
	stageType     = objectType(stageObject())
	approverType  = objectType(approverObject())
	emergencyType = objectType(schema.NestedAttributeObject{Attributes: emergencyAttributes()})
)

func (*pipelineResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A pipeline: the stages that a release goes through, and what it needs to leave each of them.\n\n" +
			"A pipeline with environments cannot be destroyed. Its record stays in the ledger.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the pipeline: a lower-case letter, then up to 62 lower-case letters, digits and hyphens."},
			"stages": schema.ListNestedAttribute{
				Required: true, NestedObject: stageObject(),
				MarkdownDescription: "The stages, in order. Exactly one, the final stage, has no successor. A stage with environments cannot be removed or moved.",
			},

			"description": schema.StringAttribute{Optional: true, MarkdownDescription: "What the pipeline is for."},
			"approvers": schema.MapNestedAttribute{
				Optional: true, NestedObject: approverObject(),
				MarkdownDescription: "People whose approvals must be signed, by name. If any are listed, only their approvals count. This version cannot verify signatures yet, so it records no approvals on a pipeline that lists approvers.",
			},
			"rules": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Level of a rule: `\"error\"` refuses (default), `\"warn\"` only warns, `\"off\"` does nothing. Rules: " + alternatives(rulesAsText(portal.TunableRules())...) + ".",
			},
			"emergency": schema.SingleNestedAttribute{
				Optional: true, Attributes: emergencyAttributes(),
				MarkdownDescription: "Requirements for emergency fixes on this pipeline.",
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
		"required_approvals": schema.Int64Attribute{Optional: true, MarkdownDescription: "Distinct approvals needed to leave this stage. The person who deploys does not count."},
		"quorum": schema.StringAttribute{
			Optional: true, Validators: oneOf("any", "all"),
			MarkdownDescription: "How many of the stage's regular environments must meet these requirements: `\"any\"` (default) or `\"all\"`.",
		},
		"exclusive": schema.BoolAttribute{Optional: true, MarkdownDescription: "Protects a release under test here from being replaced by another regular release. A release is under test from its arrival until it has run on every next stage, the newest result of a required suite is failed, or it was suspended."},
	}}
}

func approverObject() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"public_key": schema.StringAttribute{Required: true, MarkdownDescription: "Public key in OpenSSH format."},
		"may": schema.SetAttribute{
			Required: true, ElementType: types.StringType,
			MarkdownDescription: "What the person may approve: " + alternatives("release", "emergency", "review") + ".",
		},
	}}
}

func emergencyAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"test_stages":        schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Stages on which a fix is tested. Default: every direct predecessor of the final stage."},
		"required_tests":     schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Suites that a fix must pass on each of these stages. Default: none."},
		"required_approvals": schema.Int64Attribute{Optional: true, MarkdownDescription: "Distinct approvals of a fix; default 1. The requester cannot approve."},
		"bypassable_rules": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Rules that a fix may bypass. Default: all rules that can be bypassed: " + alternatives(rulesAsText(portal.BypassableRules())...) + ".",
		},
		"reconcile_within": schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "Time within which a release that contains the fix must reach the final stage; default `\"72h\"`."},
		"review_within":    schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "Time within which the review must be recorded; default `\"120h\"`."},
	}
}

func rulesAsText(rules []portal.Rule) []string {
	texts := make([]string, len(rules))
	for i, rule := range rules {
		texts[i] = string(rule)
	}
	return texts
}

type pipelineModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Stages      types.List   `tfsdk:"stages"`
	Approvers   types.Map    `tfsdk:"approvers"`
	Rules       types.Map    `tfsdk:"rules"`
	Emergency   types.Object `tfsdk:"emergency"`
	Receipt     types.String `tfsdk:"receipt"`
}

type stageModel struct {
	Name              types.String `tfsdk:"name"`
	After             types.List   `tfsdk:"after"`
	RequiredTests     types.Set    `tfsdk:"required_tests"`
	SoakTime          duration     `tfsdk:"soak_time"`
	RequiredApprovals types.Int64  `tfsdk:"required_approvals"`
	Quorum            types.String `tfsdk:"quorum"`
	Exclusive         types.Bool   `tfsdk:"exclusive"`
}

type approverModel struct {
	PublicKey types.String `tfsdk:"public_key"`
	May       types.Set    `tfsdk:"may"`
}

type emergencyModel struct {
	TestStages        types.List  `tfsdk:"test_stages"`
	RequiredTests     types.Set   `tfsdk:"required_tests"`
	RequiredApprovals types.Int64 `tfsdk:"required_approvals"`
	BypassableRules   types.Set   `tfsdk:"bypassable_rules"`
	ReconcileWithin   duration    `tfsdk:"reconcile_within"`
	ReviewWithin      duration    `tfsdk:"review_within"`
}

// known reports whether everything that the user writes is known.
func (m *pipelineModel) known(ctx context.Context) bool {
	return known(ctx, m.Name, m.Description, m.Stages, m.Approvers, m.Rules, m.Emergency)
}

// decode makes the declaration out of what the user wrote.
func (m *pipelineModel) decode(ctx context.Context) (portal.Pipeline, diag.Diagnostics) {
	var diags diag.Diagnostics
	p := portal.Pipeline{Name: m.Name.ValueString(), Description: textOf(m.Description), Emergency: portal.DefaultEmergencyPolicy()}
	var stages []stageModel
	diags.Append(m.Stages.ElementsAs(ctx, &stages, false)...)
	declared := make([]bool, len(stages))
	for i, s := range stages {
		declared[i] = !s.After.IsNull()
		stage := portal.Stage{
			Name: s.Name.ValueString(), After: stringsOf(ctx, s.After, &diags), RequiredTests: stringsOf(ctx, s.RequiredTests, &diags),
			SoakTime: s.SoakTime.of(), RequiredApprovals: int(s.RequiredApprovals.ValueInt64()), Exclusive: s.Exclusive.ValueBool(),
		}
		if s.Quorum.ValueString() == string(portal.QuorumAll) {
			stage.Quorum = portal.QuorumAll
		}
		p.Stages = append(p.Stages, stage)
	}
	portal.ResolveAfter(p.Stages, declared)
	if !m.Approvers.IsNull() {
		var approvers map[string]approverModel
		diags.Append(m.Approvers.ElementsAs(ctx, &approvers, false)...)
		p.Approvers = map[string]portal.Approver{}
		for name, a := range approvers {
			p.Approvers[name] = portal.Approver{PublicKey: a.PublicKey.ValueString(), May: stringsOf(ctx, a.May, &diags)}
		}
	}
	for rule, level := range stringMapOf(ctx, m.Rules, &diags) {
		if p.Rules == nil {
			p.Rules = map[portal.Rule]portal.Level{}
		}
		p.Rules[portal.Rule(rule)] = portal.Level(level)
	}
	if !m.Emergency.IsNull() {
		var e emergencyModel
		diags.Append(m.Emergency.As(ctx, &e, basetypes.ObjectAsOptions{})...)
		e.decode(ctx, &p.Emergency, &diags)
	}
	return p, diags
}

func (e *emergencyModel) decode(ctx context.Context, policy *portal.EmergencyPolicy, diags *diag.Diagnostics) {
	policy.TestStages = stringsOf(ctx, e.TestStages, diags)
	policy.RequiredTests = stringsOf(ctx, e.RequiredTests, diags)
	if !e.RequiredApprovals.IsNull() {
		policy.RequiredApprovals = int(e.RequiredApprovals.ValueInt64())
	}
	for _, rule := range stringsOf(ctx, e.BypassableRules, diags) {
		policy.BypassableRules = append(policy.BypassableRules, portal.Rule(rule))
	}
	if !e.BypassableRules.IsNull() && policy.BypassableRules == nil {
		policy.BypassableRules = []portal.Rule{}
	}
	if !e.ReconcileWithin.IsNull() {
		policy.ReconcileWithin = e.ReconcileWithin.of()
	}
	if !e.ReviewWithin.IsNull() {
		policy.ReviewWithin = e.ReviewWithin.of()
	}
}

// encode writes a declaration of the ledger over the model, keeping how the user
// wrote what means the same.
func (m *pipelineModel) encode(ctx context.Context, p *portal.Pipeline, receipt string) diag.Diagnostics {
	var diags diag.Diagnostics
	written, _ := m.decode(ctx)
	same := !m.Stages.IsNull() && portal.SameDeclaration(written, *p)
	m.ID, m.Name, m.Receipt = types.StringValue(p.Name), types.StringValue(p.Name), types.StringValue(receipt)
	if same {
		return diags
	}
	m.Description = stringOrNull(p.Description, m.Description)
	stages := make([]stageModel, len(p.Stages))
	for i, s := range p.Stages {
		stages[i] = stageModel{
			Name: types.StringValue(s.Name), After: types.ListNull(types.StringType),
			RequiredTests: setOrNull(s.RequiredTests, types.SetNull(types.StringType)),
			SoakTime:      durationOrNull(s.SoakTime), RequiredApprovals: int64OrNull(int64(s.RequiredApprovals), types.Int64Null()),
			Quorum: stringOrNull(string(s.Quorum), types.StringNull()), Exclusive: boolOrNull(s.Exclusive, types.BoolNull()),
		}
		byDefault := (i == 0 && len(s.After) == 0) || (i > 0 && len(s.After) == 1 && s.After[0] == p.Stages[i-1].Name)
		if !byDefault {
			stages[i].After = stringList(s.After)
		}
	}
	var d diag.Diagnostics
	m.Stages, d = types.ListValueFrom(ctx, stageType, stages)
	diags.Append(d...)
	m.Approvers = types.MapNull(approverType)
	if len(p.Approvers) > 0 {
		approvers := map[string]approverModel{}
		for name, a := range p.Approvers {
			approvers[name] = approverModel{PublicKey: types.StringValue(a.PublicKey), May: setOrNull(a.May, types.SetValueMust(types.StringType, nil))}
		}
		m.Approvers, d = types.MapValueFrom(ctx, approverType, approvers)
		diags.Append(d...)
	}
	rules := map[string]string{}
	for rule, level := range p.Rules {
		rules[string(rule)] = string(level)
	}
	m.Rules = mapOrNull(rules, types.MapNull(types.StringType))
	m.Emergency = types.ObjectNull(emergencyType.AttrTypes)
	if !portal.SamePolicy(p.Emergency, portal.DefaultEmergencyPolicy()) {
		m.Emergency, d = types.ObjectValueFrom(ctx, emergencyType.AttrTypes, encodeEmergency(p.Emergency))
		diags.Append(d...)
	}
	return diags
}

// encodeEmergency writes the policy, leaving out what is as by default.
func encodeEmergency(policy portal.EmergencyPolicy) emergencyModel {
	byDefault := portal.DefaultEmergencyPolicy()
	e := emergencyModel{
		TestStages: types.ListNull(types.StringType), RequiredTests: setOrNull(policy.RequiredTests, types.SetNull(types.StringType)),
		BypassableRules: types.SetNull(types.StringType),
	}
	if len(policy.TestStages) > 0 {
		e.TestStages = stringList(policy.TestStages)
	}
	if policy.RequiredApprovals != byDefault.RequiredApprovals {
		e.RequiredApprovals = types.Int64Value(int64(policy.RequiredApprovals))
	}
	if policy.BypassableRules != nil {
		rules := make([]string, len(policy.BypassableRules))
		for i, rule := range policy.BypassableRules {
			rules[i] = string(rule)
		}
		e.BypassableRules = setOrNull(rules, types.SetValueMust(types.StringType, nil))
	}
	if policy.ReconcileWithin != byDefault.ReconcileWithin {
		e.ReconcileWithin = durationOrNull(policy.ReconcileWithin)
	}
	if policy.ReviewWithin != byDefault.ReviewWithin {
		e.ReviewWithin = durationOrNull(policy.ReviewWithin)
	}
	return e
}
