package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
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

const testEnvironmentsText = "Environments on which the fix is tested, emergency lanes included. They must belong to the stages on which fixes are tested. " +
	"By default the provider chooses the environment that is disturbed least on each of these stages; if several are disturbed equally, one with the same kind of target as the first target. " +
	"If several of one stage are named, the fix is tested on each; for a stage without a named one, the default applies. May be changed (amending the fix) until a deployment to a target has succeeded."

// What to do where a list names no environment.
const (
	environmentsMissing     = "Name the targets, or leave it out for every regular environment of the final stage."
	testEnvironmentsMissing = "Name the environments for the test, or leave it out: then the environment that is disturbed least is chosen on each stage. To skip the test, name fix-tested in bypass."
)

const scopeText = "Where the fix is in force: on the whole `\"pipeline\"` (default), or only on its own `\"environments\"`, for example if one of two regions is broken. " +
	"With `\"environments\"` the fix is removed from the test environment afterwards, and its environments accept only releases that contain it. A rollback there carries it. It is reconciled when each of them runs a release that contains it. Other environments are not affected. " +
	"May be changed (amending the fix) until a deployment to a target has succeeded."

const strategyText = "How the fix is tested before it goes to its targets: `\"auto\"` (default), the least disturbing that is sufficient; `\"dedicated\"`, on an emergency lane; `\"preempt\"`, on top of the release under test; `\"rollback\"`, after rolling staging back to what production runs."

func (*fixResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An emergency fix: the fast path of a change to production, ahead of the releases in the pipeline.\n\n" +
			"The plan shows every step, every rule that the fix breaks, and the statement that approvers read. Apply carries out the steps: the fix is tested on the environment that is disturbed least, then deployed to its targets, and the interrupted releases are restored. " +
			"If a step does not succeed, the fix is `halted`: the environments stay held and nothing is tainted; the next apply continues with that step. " +
			"After that, every release that is deployed on the pipeline carries the fix until a release contains it; a release that would lose the fix is refused by `fix-regression`. With `scope = \"environments\"` this applies only to the fix's own environments.\n\n" +
			"Destroying the resource only removes it from the state: the record, the protection and the obligations remain. To withdraw the fix, set `withdraw`.",
		Attributes: map[string]schema.Attribute{
			"pipeline":      pipelineAttribute(),
			"name":          schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the fix, such as `EF-2026-017`: letters, digits and hyphens. It becomes the build metadata of versions: `2.4.0+EF-2026-017`."},
			"components":    schema.MapNestedAttribute{Required: true, NestedObject: componentObject(), MarkdownDescription: "Components that the fix replaces or adds, by name. May be changed (amending the fix) until a deployment to a target has succeeded."},
			"justification": schema.SingleNestedAttribute{Required: true, Attributes: justificationObject.Attributes, MarkdownDescription: "Why the change takes the fast path. Changing this later adds an entry to the ledger and rewrites nothing."},
			"bypass":        schema.SetAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: "Ids of the rules that the author is ready to break; may be empty. If the fix breaks another rule, the plan fails. Naming more rules than are broken is allowed. These may be bypassed: " + ruleList(portal.BypassableRules()) + "."},

			"environments": schema.ListAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.List{someOf(environmentsMissing), listvalidator.UniqueValues()},
				PlanModifiers:       []planmodifier.List{listplanmodifier.RequiresReplace()},
				MarkdownDescription: "Environments that must get the fix (its targets); default: every regular environment of the final stage.",
			},
			"test_environments": schema.ListAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.List{someOf(testEnvironmentsMissing), listvalidator.UniqueValues()},
				MarkdownDescription: testEnvironmentsText,
			},
			"scope": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(string(portal.ScopePipeline)), MarkdownDescription: scopeText,
			},
			"expect": schema.StringAttribute{Optional: true, MarkdownDescription: "`data.portal_fast_path.NAME.statement_digest`. If the situation changes between plan and apply, the apply is refused with `stale-plan`."},
			"strategy": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(string(portal.StrategyAuto)), MarkdownDescription: strategyText,
			},
			"advance_to":          schema.StringAttribute{Optional: true, MarkdownDescription: "Stop after this stage. The environments stay held. With `\"staging\"` the steps end after the deployment to staging and its checks. Default: the final stage."},
			"approvals":           schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Approver to the `statement_digest` that they have read. `\"\"` counts only for the first statement: an amended fix needs the digest. If there are too few, the plan warns and the apply is refused before the first step. A plan with approvals is refused if it cannot show the statement yet."},
			"approvals_expire_at": schema.StringAttribute{Optional: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "Time until which the approvals count, in RFC 3339; part of the statement."},
			"review":              schema.SingleNestedAttribute{Optional: true, Attributes: reviewObject.Attributes, MarkdownDescription: "Post-implementation review, recorded afterwards."},
			"withdraw":            schema.SingleNestedAttribute{Optional: true, Attributes: withdrawObject.Attributes, MarkdownDescription: "Withdraws the fix: the environments return to what they should run without it, first the targets, then the rest of the final stage, then the earlier stages one by one. Needs no approval."},
			"timeouts":            timeoutsAttribute("60m", "create", "update"),

			"id":                   idAttribute("PIPELINE/NAME"),
			"statement":            schema.StringAttribute{Computed: true, MarkdownDescription: "The exact text that approvers sign: what goes where, the current content, which rules are bypassed, and why. Known at plan."},
			"statement_digest":     schema.StringAttribute{Computed: true, MarkdownDescription: "sha256 of the statement. Known at plan."},
			"resolved_strategy":    schema.StringAttribute{Computed: true, MarkdownDescription: "`dedicated`, `in-place`, `preempt` or `rollback`; with several test stages, the most disruptive one. Known at plan."},
			"baseline_release":     schema.StringAttribute{Computed: true, MarkdownDescription: "Release that the first target ran when the fix was opened. Known at plan."},
			"interrupted_releases": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Releases whose test or deployment is interrupted. Known at plan."},
			"steps":                schema.ListNestedAttribute{Computed: true, NestedObject: stepObject, MarkdownDescription: "Steps of the fix, in order. Known at plan."},
			"bypassed_rules":       schema.ListNestedAttribute{Computed: true, NestedObject: bypassedObject, MarkdownDescription: "Every rule that a regular deployment of the same content would have broken. Known at plan."},
			"content_digests":      schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Environment to the digest of its content with the fix. Known at plan. Capture the value when tests of the fix begin, and give it to `content_digest` of `portal_test_result`."},
			"status":               schema.StringAttribute{Computed: true, MarkdownDescription: "`open` (steps remain), `halted` (a step did not succeed), `applied`, `reconciled` (every target runs a release that contains it) or `withdrawn`."},
			"applied_at":           schema.StringAttribute{Computed: true, MarkdownDescription: "When the last step was done."},
			"reconcile_by":         schema.StringAttribute{Computed: true, MarkdownDescription: "Time by which every target must run a release that contains the fix."},
			"review_by":            schema.StringAttribute{Computed: true, MarkdownDescription: "Time by which the review must be recorded."},
			"obligations":          schema.ListNestedAttribute{Computed: true, NestedObject: obligationObject, MarkdownDescription: "Obligations of the fix, met or not."},
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

// known reports whether everything that the user writes is known but, perhaps,
// what is computed of components.
func (m *fixModel) known(ctx context.Context) bool {
	return m.knownButExpect(ctx) && !m.Expect.IsUnknown()
}

func (m *fixModel) knownButExpect(ctx context.Context) bool {
	return componentsKnown(ctx, m.Components) && known(ctx, m.Pipeline, m.Name, m.Environments, m.TestEnvironments, m.Scope, m.Justification, m.Bypass,
		m.Strategy, m.AdvanceTo, m.Approvals, m.ApprovalsExpireAt, m.Review, m.Withdraw)
}

// decode makes the wish out of what the user wrote.
func (m *fixModel) decode(ctx context.Context) (portal.FixWish, diagnostics) {
	var diags diagnostics
	w := portal.FixWish{
		Fix: portal.Fix{
			Name: m.Name.ValueString(), Components: decodeComponents(ctx, m.Components, &diags), Environments: stringsOf(ctx, m.Environments, &diags),
			TestEnvironments: stringsOf(ctx, m.TestEnvironments, &diags), Scope: portal.Scope(m.Scope.ValueString()),
			Strategy: portal.Strategy(first(m.Strategy.ValueString(), string(portal.StrategyAuto))),
		},
		Expect: m.Expect.ValueString(), AdvanceTo: m.AdvanceTo.ValueString(), Approvals: stringMapOf(ctx, m.Approvals, &diags),
	}
	for _, rule := range stringsOf(ctx, m.Bypass, &diags) {
		w.Bypass = append(w.Bypass, portal.Rule(rule))
	}
	if j := objectOf[justificationModel](ctx, m.Justification, &diags); j != nil {
		w.Justification = portal.Justification{
			Reason: textOf(j.Reason), Incident: j.Incident.ValueString(), Severity: j.Severity.ValueString(),
			RequestedBy: j.RequestedBy.ValueString(), WhyNotNormalPath: textOf(j.WhyNotNormalPath), SecurityImpact: textOf(j.SecurityImpact),
		}
	}
	if !m.ApprovalsExpireAt.IsNull() && !m.ApprovalsExpireAt.IsUnknown() {
		at, d := m.ApprovalsExpireAt.ValueRFC3339Time()
		diags.Append(d...)
		w.ApprovalsExpireAt = at.UTC()
	}
	if review := objectOf[reviewModel](ctx, m.Review, &diags); review != nil {
		w.Review = &portal.Review{Reviewer: review.Reviewer.ValueString(), Outcome: review.Outcome.ValueString(), Notes: textOf(review.Notes)}
	}
	if withdraw := objectOf[withdrawModel](ctx, m.Withdraw, &diags); withdraw != nil {
		w.Withdraw = textOf(withdraw.Reason)
	}
	return w, diags
}

// computedUnknown makes unknown what is computed.
func (m *fixModel) computedUnknown() {
	m.Statement, m.StatementDigest, m.ResolvedStrategy, m.BaselineRelease = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.InterruptedRelease = types.ListUnknown(types.StringType)
	m.Steps, m.BypassedRules = types.ListUnknown(objectType(stepObject)), types.ListUnknown(objectType(bypassedObject))
	m.ContentDigests = types.MapUnknown(types.StringType)
	m.outcomeUnknown()
}

// outcomeUnknown makes unknown what only carrying it out shows.
func (m *fixModel) outcomeUnknown() {
	m.Status, m.AppliedAt, m.ReconcileBy, m.ReviewBy, m.Receipt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Obligations = types.ListUnknown(objectType(obligationObject))
}

// keepOutcome takes the outcome from the state.
func (m *fixModel) keepOutcome(state *fixModel) {
	m.Status, m.AppliedAt, m.ReconcileBy, m.ReviewBy, m.Receipt = state.Status, state.AppliedAt, state.ReconcileBy, state.ReviewBy, state.Receipt
	m.Obligations = state.Obligations
}

// keepPlanned takes what was known of the outcome when nothing was to be done:
// another may have changed it since, and the next refresh shows it.
func (m *fixModel) keepPlanned(planned *fixModel) {
	for _, attribute := range []struct{ is, was *types.String }{
		{&m.Status, &planned.Status},
		{&m.AppliedAt, &planned.AppliedAt},
		{&m.ReconcileBy, &planned.ReconcileBy},
		{&m.ReviewBy, &planned.ReviewBy},
		{&m.Receipt, &planned.Receipt},
	} {
		if !attribute.was.IsUnknown() {
			*attribute.is = *attribute.was
		}
	}
	if !planned.Obligations.IsUnknown() {
		m.Obligations = planned.Obligations
	}
}

// show writes what a fix will do, or has done, as far as it is to go.
func (m *fixModel) show(ctx context.Context, plan *portal.FixPlan, stop int, diags *diagnostics) {
	m.Statement, m.StatementDigest = types.StringValue(plan.Statement), types.StringValue(portal.StatementDigest(plan.Statement))
	m.ResolvedStrategy, m.BaselineRelease = types.StringValue(string(plan.Strategy)), types.StringValue(plan.Baseline())
	m.InterruptedRelease = stringList(plan.Interrupted)
	m.Steps = stepList(ctx, plan.Steps[:min(stop, len(plan.Steps))], diags)
	m.BypassedRules = bypassedList(ctx, plan.Bypassed, diags)
	m.ContentDigests = mapOf(plan.ContentDigests(stop))
}

// encode writes a recorded fix over the model. What the user wrote, or left out,
// stays as it is if it means the same.
func (m *fixModel) encode(ctx context.Context, f portal.Facts, x *portal.FixState, diags *diagnostics) {
	imported := m.Bypass.IsNull()
	m.ID, m.Pipeline, m.Name = types.StringValue(f.Name+"/"+x.Name), types.StringValue(f.Name), types.StringValue(x.Name)
	m.Components = encodeComponents(ctx, m.Components, x.Components, diags)
	if imported && len(x.Environments) > 0 {
		m.Environments = stringList(x.Environments)
	}
	m.TestEnvironments = types.ListNull(types.StringType)
	if len(x.TestEnvironments) > 0 {
		m.TestEnvironments = stringList(x.TestEnvironments)
	}
	m.Scope = types.StringValue(string(cmp.Or(x.Scope, portal.ScopePipeline)))
	j, before := x.Justification, written[justificationModel](ctx, m.Justification, diags)
	m.Justification = objectValue(ctx, justificationObject, justificationModel{
		asWritten(j.Reason, before.Reason), types.StringValue(j.Incident), types.StringValue(j.Severity), types.StringValue(j.RequestedBy),
		asWritten(j.WhyNotNormalPath, before.WhyNotNormalPath), stringOrNull(j.SecurityImpact, before.SecurityImpact),
	}, diags)
	m.Bypass = setOf(x.Bypass)
	m.Strategy = types.StringValue(string(x.Strategy))
	// What has come to its targets, or is withdrawn, needs no approval any more.
	counts := imported || (x.InForce == 0 && x.Withdrawal == nil)
	if counts && !x.ApprovalsExpireAt.IsZero() && (m.ApprovalsExpireAt.IsNull() || !sameTime(m.ApprovalsExpireAt, x.ApprovalsExpireAt)) {
		m.ApprovalsExpireAt = timetypes.NewRFC3339TimeValue(x.ApprovalsExpireAt)
	}
	if imported && len(x.Approvals) > 0 {
		approvals := map[string]attr.Value{}
		for _, name := range x.Approvals {
			approvals[name] = types.StringValue("")
		}
		m.Approvals = types.MapValueMust(types.StringType, approvals)
	}
	if x.Review != nil && (imported || !m.Review.IsNull()) {
		notes := asWritten(x.Review.Notes, written[reviewModel](ctx, m.Review, diags).Notes)
		m.Review = objectValue(ctx, reviewObject, reviewModel{types.StringValue(x.Review.Reviewer), types.StringValue(x.Review.Outcome), notes}, diags)
	}
	if x.Withdrawal != nil && (imported || !m.Withdraw.IsNull()) {
		m.Withdraw = objectValue(ctx, withdrawObject, withdrawModel{asWritten(x.Withdrawal.Reason, written[withdrawModel](ctx, m.Withdraw, diags).Reason)}, diags)
	}
	stop, err := f.Stop(x, m.AdvanceTo.ValueString())
	if err != nil {
		stop = len(x.Plan.Steps) // the plan says what is wrong with advance_to
	}
	m.show(ctx, &x.Plan, stop, diags)
	m.Status, m.Receipt = types.StringValue(string(x.Status())), types.StringValue(x.Receipt)
	m.AppliedAt, m.ReconcileBy, m.ReviewBy = timeOrNull(x.Applied), timeOrNull(x.ReconcileBy()), timeOrNull(x.ReviewBy())
	owed := f.Obligations(x)
	models := make([]obligationModel, len(owed))
	for i, o := range owed {
		models[i] = obligationModel{types.StringValue(o.What), timeOrNull(o.Due), types.BoolValue(o.Met)}
	}
	m.Obligations = listOf(ctx, obligationObject, models, diags)
}
