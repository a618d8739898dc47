package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

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

// objectOf reads a nested object; nil where it is null or not known.
func objectOf[M any](ctx context.Context, object types.Object, diags *diagnostics) *M {
	if object.IsNull() || object.IsUnknown() {
		return nil
	}
	var m M
	diags.Append(object.As(ctx, &m, basetypes.ObjectAsOptions{UnhandledUnknownAsEmpty: true})...)
	return &m
}

// written reads a nested object as the user wrote it; one of nulls where it is not there.
func written[M any](ctx context.Context, object types.Object, diags *diagnostics) M {
	if m := objectOf[M](ctx, object, diags); m != nil {
		return *m
	}
	var none M
	return none
}

// computedUnknown makes unknown what is computed.
func (m *fixModel) computedUnknown() {
	m.Statement, m.StatementDigest, m.ResolvedStrategy, m.BaselineRelease = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.InterruptedRelease = types.ListUnknown(types.StringType)
	m.Steps, m.BypassedRules = types.ListUnknown(objectType(stepObject)), types.ListUnknown(objectType(bypassedObject))
	m.ContentDigests = types.MapUnknown(types.StringType)
	m.outcomeUnknown()
}

// outcomeUnknown makes unknown what only carrying it out tells.
func (m *fixModel) outcomeUnknown() {
	m.Status, m.AppliedAt, m.ReconcileBy, m.ReviewBy, m.Receipt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Obligations = types.ListUnknown(objectType(obligationObject))
}

// keepOutcome takes what carrying it out told from the state.
func (m *fixModel) keepOutcome(state *fixModel) {
	m.Status, m.AppliedAt, m.ReconcileBy, m.ReviewBy, m.Receipt = state.Status, state.AppliedAt, state.ReconcileBy, state.ReviewBy, state.Receipt
	m.Obligations = state.Obligations
}

// keepPlanned takes what was known of the outcome when nothing was to be done:
// another may have changed it since, and the next refresh tells.
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

func stepList(ctx context.Context, steps []portal.Step, diags *diagnostics) types.List {
	models := make([]stepModel, len(steps))
	for i, step := range steps {
		models[i] = stepModel{
			types.StringValue(string(step.Action)), types.StringValue(step.Environment),
			types.StringValue(step.Effective()), types.StringValue(step.Detail),
		}
	}
	return listOf(ctx, stepObject, models, diags)
}

func bypassedList(ctx context.Context, rows []portal.Bypass, diags *diagnostics) types.List {
	models := make([]bypassedModel, len(rows))
	for i, row := range rows {
		models[i] = bypassedModel{
			types.StringValue(string(row.Rule)), types.StringValue(row.Environment), types.StringValue(row.Detail),
			types.StringValue(string(cmp.Or(row.Level, portal.LevelError))),
		}
	}
	return listOf(ctx, bypassedObject, models, diags)
}

func listOf[M any](ctx context.Context, object schema.NestedAttributeObject, models []M, diags *diagnostics) types.List {
	list, d := types.ListValueFrom(ctx, objectType(object), models)
	diags.Append(d...)
	return list
}

// shownSteps are the steps that the model shows, as far as it shows them.
func (m *fixModel) shownSteps(ctx context.Context, diags *diagnostics) []portal.Step {
	if m.Steps.IsNull() || m.Steps.IsUnknown() {
		return nil
	}
	var models []stepModel
	diags.Append(m.Steps.ElementsAs(ctx, &models, false)...)
	steps := make([]portal.Step, len(models))
	for i, s := range models {
		steps[i] = portal.Step{
			Action: portal.StepAction(s.Action.ValueString()), Environment: s.Environment.ValueString(),
			Release: s.Release.ValueString(), Detail: s.Detail.ValueString(),
		}
	}
	return steps
}

// encode writes a recorded fix over the model. What the user wrote, or left out,
// stays as it is where it means the same.
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
	// What has come to its targets, or is taken back, needs no approval any more.
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

func objectValue[M any](ctx context.Context, object schema.NestedAttributeObject, model M, diags *diagnostics) types.Object {
	value, d := types.ObjectValueFrom(ctx, objectType(object).AttrTypes, model)
	diags.Append(d...)
	return value
}

func setOf[S ~string](items []S) types.Set {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(string(item))
	}
	return types.SetValueMust(types.StringType, values)
}

func sameTime(written timetypes.RFC3339, recorded portal.Time) bool {
	at, diags := written.ValueRFC3339Time()
	return !diags.HasError() && at.Equal(recorded)
}

func timeText(at portal.Time) string {
	if at.IsZero() {
		return ""
	}
	return portal.FormatTime(at)
}

func timeOrNull(at portal.Time) types.String { return stringOrNull(timeText(at), types.StringNull()) }
