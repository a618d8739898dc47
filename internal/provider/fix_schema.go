package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// fixModel is an emergency fix as Terraform has it.
type fixModel struct {
	ID                 types.String      `tfsdk:"id"`
	Pipeline           types.String      `tfsdk:"pipeline"`
	Name               types.String      `tfsdk:"name"`
	Components         types.Map         `tfsdk:"components"`
	Environments       types.List        `tfsdk:"environments"`
	TestEnvironments   types.List        `tfsdk:"test_environments"`
	Scope              types.String      `tfsdk:"scope"`
	Justification      types.Object      `tfsdk:"justification"`
	Bypass             types.Set         `tfsdk:"bypass"`
	Expect             types.String      `tfsdk:"expect"`
	Strategy           types.String      `tfsdk:"strategy"`
	AdvanceTo          types.String      `tfsdk:"advance_to"`
	Approvals          types.Map         `tfsdk:"approvals"`
	ApprovalsExpireAt  timetypes.RFC3339 `tfsdk:"approvals_expire_at"`
	Review             types.Object      `tfsdk:"review"`
	Withdraw           types.Object      `tfsdk:"withdraw"`
	Timeouts           types.Object      `tfsdk:"timeouts"`
	Statement          types.String      `tfsdk:"statement"`
	StatementDigest    types.String      `tfsdk:"statement_digest"`
	ResolvedStrategy   types.String      `tfsdk:"resolved_strategy"`
	BaselineRelease    types.String      `tfsdk:"baseline_release"`
	InterruptedRelease types.List        `tfsdk:"interrupted_releases"`
	Steps              types.List        `tfsdk:"steps"`
	BypassedRules      types.List        `tfsdk:"bypassed_rules"`
	ContentDigests     types.Map         `tfsdk:"content_digests"`
	Status             types.String      `tfsdk:"status"`
	AppliedAt          types.String      `tfsdk:"applied_at"`
	ReconcileBy        types.String      `tfsdk:"reconcile_by"`
	ReviewBy           types.String      `tfsdk:"review_by"`
	Obligations        types.List        `tfsdk:"obligations"`
	Receipt            types.String      `tfsdk:"receipt"`
}

type justificationModel struct {
	Reason           types.String `tfsdk:"reason"`
	Incident         types.String `tfsdk:"incident"`
	Severity         types.String `tfsdk:"severity"`
	RequestedBy      types.String `tfsdk:"requested_by"`
	WhyNotNormalPath types.String `tfsdk:"why_not_normal_path"`
	SecurityImpact   types.String `tfsdk:"security_impact"`
}

type reviewModel struct {
	Reviewer types.String `tfsdk:"reviewer"`
	Outcome  types.String `tfsdk:"outcome"`
	Notes    types.String `tfsdk:"notes"`
}

type withdrawModel struct {
	Reason types.String `tfsdk:"reason"`
}

type stepModel struct {
	Action      types.String `tfsdk:"action"`
	Environment types.String `tfsdk:"environment"`
	Release     types.String `tfsdk:"release"`
	Detail      types.String `tfsdk:"detail"`
}

type bypassedModel struct {
	Rule        types.String `tfsdk:"rule"`
	Environment types.String `tfsdk:"environment"`
	Detail      types.String `tfsdk:"detail"`
	Level       types.String `tfsdk:"level"`
}

type obligationModel struct {
	What types.String `tfsdk:"what"`
	Due  types.String `tfsdk:"due"`
	Met  types.Bool   `tfsdk:"met"`
}

var (
	justificationObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"reason":              schema.StringAttribute{Required: true, MarkdownDescription: "What is broken and what the fix does about it."},
		"incident":            schema.StringAttribute{Required: true, MarkdownDescription: "The incident's number or address."},
		"severity":            schema.StringAttribute{Required: true, MarkdownDescription: "How bad it is, in your own terms."},
		"requested_by":        schema.StringAttribute{Required: true, MarkdownDescription: "Who asks for the fix. They neither approve nor review it."},
		"why_not_normal_path": schema.StringAttribute{Required: true, MarkdownDescription: "Why it cannot wait for the normal path."},
		"security_impact":     schema.StringAttribute{Optional: true, MarkdownDescription: "What it means for security, if anything."},
	}}
	reviewObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"reviewer": schema.StringAttribute{Required: true, MarkdownDescription: "Who has reviewed it; not the requester."},
		"outcome":  schema.StringAttribute{Required: true, Validators: oneOf(portal.ReviewOutcomes()...), MarkdownDescription: alternatives(portal.ReviewOutcomes()...) + "."},
		"notes":    schema.StringAttribute{Required: true, MarkdownDescription: "What was found."},
	}}
	withdrawObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"reason": schema.StringAttribute{Required: true, MarkdownDescription: "Why the fix is taken back."},
	}}
	stepObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"action":      schema.StringAttribute{Computed: true, MarkdownDescription: "`hold`, `suspend`, `roll_back`, `deploy`, `test`, `restore`, `resume` or `unhold`."},
		"environment": schema.StringAttribute{Computed: true, MarkdownDescription: "Where."},
		"release":     schema.StringAttribute{Computed: true, MarkdownDescription: "The effective version that it is about, such as `2.4.0+EF-1`; empty where it is about none."},
		"detail":      schema.StringAttribute{Computed: true, MarkdownDescription: "What changes, or what it is for."},
	}}
	bypassedObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"rule":        schema.StringAttribute{Computed: true, MarkdownDescription: "Id of the rule."},
		"environment": schema.StringAttribute{Computed: true, MarkdownDescription: "The environment for which it is broken."},
		"detail":      schema.StringAttribute{Computed: true, MarkdownDescription: "How it is broken."},
		"level":       schema.StringAttribute{Computed: true, MarkdownDescription: "What the pipeline makes of it: `error`, and then the fix has to name it in `bypass`, `warn` or `off`."},
	}}
	obligationObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"what": schema.StringAttribute{Computed: true, MarkdownDescription: "What is owed."},
		"due":  schema.StringAttribute{Computed: true, MarkdownDescription: "Until when, in RFC 3339; null where it has no date."},
		"met":  schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it is paid."},
	}}
)

const testEnvironmentsText = "Where it is tested: environments of the stages on which fixes are tested, emergency lanes among them. " +
	"Without it, on each of these stages the environment that is disturbed least is chosen and, of those disturbed alike, one with the same kind of target as the (first) target. " +
	"If several of one stage are named, it is tested on each of them; on a stage of which none is named, the choice stays. May be changed (amending the fix) until a deployment to a target has succeeded."

// What to do where a list names no environment.
const (
	environmentsMissing     = "Name the targets, or leave it out: then every regular environment of the final stage is one."
	testEnvironmentsMissing = "Name where the fix is tested, or leave it out: then on each stage the environment that is disturbed least is taken. To go untested, name fix-tested in bypass."
)

const scopeText = "Where it is in force: `\"pipeline\"` (default) or `\"environments\"`, on its `environments` alone, as when one of two regions is broken. " +
	"Then it does not stay where it was tested. Its environments accept only releases that contain it, a rollback there carries it, and it is reconciled when each of them runs a release that contains it; other environments are not affected. " +
	"May be changed (amending the fix) until a deployment to a target has succeeded."

const strategyText = "How it is tested before it goes to its targets: `\"auto\"` (default), the least that will do; `\"dedicated\"`, on an emergency lane; `\"preempt\"`, over the release under test; `\"rollback\"`, after staging was taken back to what production runs."

func (*fixResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An emergency fix: the fast path of a change to production, past the releases that are on their way.\n\n" +
			"The plan shows every step, every rule that it breaks, and the statement that approvers read. Applying carries the steps out: the fix is tested on the environment that is disturbed least, goes to its targets, and what it interrupted comes back. " +
			"A step that does not succeed leaves it `halted`, with the environments held and nothing tainted; the next apply goes on from there. " +
			"From then on every deployment on the pipeline carries the fix, until a release contains it; one that would lose it is refused by `fix-regression`. With `scope = \"environments\"` that holds for its environments alone.\n\n" +
			"Destroying it only forgets it in state: the record, the guard and what it owes stay. To take it back, set `withdraw`.",
		Attributes: map[string]schema.Attribute{
			"pipeline":      pipelineAttribute(),
			"name":          schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the fix, such as `EF-2026-017`: letters, digits and hyphens. It becomes the build metadata of versions: `2.4.0+EF-2026-017`."},
			"components":    schema.MapNestedAttribute{Required: true, NestedObject: componentObject(), MarkdownDescription: "What the fix replaces or adds, by component name. It may change until a deployment to a target has succeeded (amending): here is the corrected one."},
			"justification": schema.SingleNestedAttribute{Required: true, Attributes: justificationObject.Attributes, MarkdownDescription: "Why it takes the fast path. Changing it later adds to the record and rewrites nothing."},
			"bypass":        schema.SetAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: "Ids of the rules that the author is ready to break; may be empty. A plan fails that would break another one. Naming more than is broken is allowed. These may be bypassed: " + ruleList(portal.BypassableRules()) + "."},

			"environments": schema.ListAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.List{someOf(environmentsMissing), listvalidator.UniqueValues()},
				PlanModifiers:       []planmodifier.List{listplanmodifier.RequiresReplace()},
				MarkdownDescription: "Where it must end up, the targets; default: every regular environment of the final stage.",
			},
			"test_environments": schema.ListAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.List{someOf(testEnvironmentsMissing), listvalidator.UniqueValues()},
				MarkdownDescription: testEnvironmentsText,
			},
			"scope": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(string(portal.ScopePipeline)), Validators: oneOf(scopes()...), MarkdownDescription: scopeText,
			},
			"expect": schema.StringAttribute{Optional: true, MarkdownDescription: "`data.portal_fast_path.NAME.statement_digest`. It is kept in the plan, so that a situation that has changed before apply is refused as `stale-plan`."},
			"strategy": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(string(portal.StrategyAuto)), Validators: oneOf(strategies()...), MarkdownDescription: strategyText,
			},
			"advance_to":          schema.StringAttribute{Optional: true, MarkdownDescription: "Take the fix as far as this stage and stop there, holding on to it: with `\"staging\"` the steps end after the deployment to staging and its checks. Default: the final stage."},
			"approvals":           schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Approver to the `statement_digest` that they have read. `\"\"` counts only until the fix is in the ledger: for the statement of an amended fix it has to be the digest. Too few are a warning in the plan and a refusal before the first step. A plan that cannot show the statement yet is refused if there are any."},
			"approvals_expire_at": schema.StringAttribute{Optional: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "Until when the approvals count, in RFC 3339; part of the statement."},
			"review":              schema.SingleNestedAttribute{Optional: true, Attributes: reviewObject.Attributes, MarkdownDescription: "The post-implementation review, recorded after the fact."},
			"withdraw":            schema.SingleNestedAttribute{Optional: true, Attributes: withdrawObject.Attributes, MarkdownDescription: "Takes the fix back: the environments return to what they should run without it: targets first, then the rest of the final stage, then stage by stage before it. It needs no approval."},
			"timeouts":            timeoutsAttribute("60m", "create", "update"),

			"id":                   idAttribute("PIPELINE/NAME"),
			"statement":            schema.StringAttribute{Computed: true, MarkdownDescription: "The exact text that approvers sign: what goes where, what is there now, which rules are bypassed, and why. Known at plan."},
			"statement_digest":     schema.StringAttribute{Computed: true, MarkdownDescription: "sha256 of the statement. Known at plan."},
			"resolved_strategy":    schema.StringAttribute{Computed: true, MarkdownDescription: "`dedicated`, `in-place`, `preempt` or `rollback`; over several test stages the one that disturbs most. Known at plan."},
			"baseline_release":     schema.StringAttribute{Computed: true, MarkdownDescription: "What the (first) target ran when the fix was opened. Known at plan."},
			"interrupted_releases": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Releases whose test, or deployment in flight, is interrupted. Known at plan."},
			"steps":                schema.ListNestedAttribute{Computed: true, NestedObject: stepObject, MarkdownDescription: "What is done, in order. Known at plan."},
			"bypassed_rules":       schema.ListNestedAttribute{Computed: true, NestedObject: bypassedObject, MarkdownDescription: "Every rule that a regular deployment of the same content would have broken. Known at plan."},
			"content_digests":      schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Environment to the digest of the content that the fix is deployed there as. Known at plan. Capture the value when tests of the fix begin, and give it to `content_digest` of `portal_test_result`."},
			"status":               schema.StringAttribute{Computed: true, MarkdownDescription: "`open` (steps are left), `halted` (a step did not succeed), `applied`, `reconciled` (every target runs a release that contains it) or `withdrawn`."},
			"applied_at":           schema.StringAttribute{Computed: true, MarkdownDescription: "When the last step was done."},
			"reconcile_by":         schema.StringAttribute{Computed: true, MarkdownDescription: "Until when a release that contains it has to be on every target."},
			"review_by":            schema.StringAttribute{Computed: true, MarkdownDescription: "Until when the review has to be recorded."},
			"obligations":          schema.ListNestedAttribute{Computed: true, NestedObject: obligationObject, MarkdownDescription: "What it owes, paid or not."},
			"receipt":              receiptAttribute(),
		},
	}
}

func strategies() []string {
	var names []string
	for _, s := range portal.DeclarableStrategies() {
		names = append(names, string(s))
	}
	return names
}

func scopes() []string {
	var names []string
	for _, s := range portal.Scopes() {
		names = append(names, string(s))
	}
	return names
}

func ruleList(rules []portal.Rule) string {
	var names []string
	for _, rule := range rules {
		names = append(names, string(rule))
	}
	return alternatives(names...)
}
