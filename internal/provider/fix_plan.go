package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

const fixType = "portal_emergency_fix"

// ModifyPlan shows what a fix will do and which rules forbid it.
func (r *fixResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() {
		return
	}
	r.planning(req)
	var state, plan fixModel
	create := req.State.Raw.IsNull()
	if !create {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		r.planForgetting(ctx, &state, &resp.Diagnostics)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !create && (!plan.Pipeline.Equal(state.Pipeline) || !plan.Name.Equal(state.Name) || !plan.Environments.Equal(state.Environments)) {
		resp.Diagnostics.Append(r.warningsOfNew(ctx, req.Config, &plan, &state)...)
		return // it is planned once more, as a new one
	}
	if !plan.Pipeline.IsUnknown() && !plan.Name.IsUnknown() {
		plan.ID = types.StringValue(plan.Pipeline.ValueString() + "/" + plan.Name.ValueString())
		resp.Diagnostics.Append(r.walk.once(fixType, plan.ID.ValueString(), fateOf(create))...)
	}
	noted := notedWithdrawal(ctx, req.Private, &resp.Diagnostics)
	r.plan(ctx, req.Config, &plan, &state, noted, create, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	}
}

// planForgetting says that destroying a fix in effect only forgets it.
func (r *fixResource) planForgetting(ctx context.Context, state *fixModel, diags *diagnostics) {
	id := state.ID.ValueString()
	diags.Append(r.walk.once(fixType, id, removed)...)
	diags.Append(r.forgetting(ctx, state)...)
}

// forgetting says what stays of a fix that the state forgets.
func (r *fixResource) forgetting(ctx context.Context, state *fixModel) (diags diagnostics) {
	id := state.ID.ValueString()
	err := r.view(ctx, state.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		x := f.Fixes[state.Name.ValueString()]
		if x == nil {
			return nil
		}
		switch x.Status() {
		case portal.StatusReconciled, portal.StatusWithdrawn:
			if owed := f.Obligations(x); slices.ContainsFunc(owed, func(o portal.Obligation) bool { return !o.Met }) {
				diags.AddWarning("Emergency fix "+id+" still needs its review",
					"Destroying the resource only removes it from Terraform's state. When the review is overdue, reconcile-overdue refuses releases. To record the review, first set review and apply.")
			}
		case portal.StatusApplied:
			diags.AddWarning("Emergency fix "+id+" stays in force", "Destroying the resource only removes it from Terraform's state. The record, the protection against losing the fix, and its obligations remain. To withdraw the fix, first set withdraw and apply.")
		default:
			diags.AddWarning("Emergency fix "+id+" is "+string(x.Status())+" and still holds its environments", "Destroying the resource only removes it from Terraform's state: regular deployments to its environments are still refused. To release them, first set withdraw and apply.")
		}
		return nil
	})
	diags.Append(explain("planning to forget "+id, err)...)
	return diags
}

// warningsOfNew are those of planning a fix that takes another one's place in the
// state. Terraform plans it twice, first as a change, and drops the warnings of the
// second time.
func (r *fixResource) warningsOfNew(ctx context.Context, config tfsdk.Config, plan, state *fixModel) diagnostics {
	diags := r.forgetting(ctx, state)
	if r.unknown(ctx, plan) != "" {
		return diags.Warnings()
	}
	wish, complete := r.wish(ctx, config, plan, &fixModel{}, "", &diags)
	if diags.HasError() || !complete {
		return diags.Warnings()
	}
	if p, err := r.proposal(ctx, plan.Pipeline.ValueString(), wish); err == nil {
		diags.Append(r.warns(ctx, p, plan, wish)...)
	}
	return diags.Warnings()
}

func (r *fixResource) plan(ctx context.Context, config tfsdk.Config, plan, state *fixModel, noted string, create bool, diags *diagnostics) {
	if why := r.unknown(ctx, plan); why != "" {
		r.lookAhead(ctx, plan, diags)
		r.vague(ctx, plan, why, diags)
		return
	}
	wish, complete := r.wish(ctx, config, plan, state, noted, diags)
	if diags.HasError() {
		return
	}
	plan.Components = withDigests(ctx, plan.Components, wish.Components, diags)
	if !complete {
		r.vague(ctx, plan, "The sha256 of a component is not known yet.", diags)
		return
	}
	r.propose(ctx, plan, state, wish, create, diags)
}

// wish is what a planned fix asks for, and whether the sha256 of each component is
// known.
func (r *fixResource) wish(ctx context.Context, config tfsdk.Config, plan, state *fixModel, noted string, diags *diagnostics) (portal.FixWish, bool) {
	var written fixModel
	diags.Append(config.Get(ctx, &written)...)
	wish, d := plan.decode(ctx)
	diags.Append(d...)
	if diags.HasError() {
		return wish, false
	}
	if wish.Withdraw != "" {
		wish.Steps = noted
	}
	if digestsToCome(ctx, written.Components, diags) > 0 {
		return wish, false
	}
	forgetComputed(ctx, written.Components, wish.Components, diags)
	return wish, r.digests(ctx, plan, state, &wish, false, diags)
}

// proposed is what a plan takes from a proposal. Nothing of the ledger's state is
// in it, which must not be kept.
type proposed struct {
	plan      portal.FixPlan
	stop      int
	goes      bool
	opens     bool // or amends: its steps are new ones
	records   bool // something is recorded besides its steps, of which only what it owes changes
	changes   bool
	withdraws bool
	withdrawn string // when it was; "": it was not
	begun     string // where it goes on, and why it has not ended; "": no step of it is left
	approval  portal.Gate
	events    []portal.Event
	needs     rollout.Needs
	delivers  []rollout.Delivery
	warnings  []portal.Gate
}

// statementRead is under which name the digest of the statement of a planned fix is noted.
const statementRead = "statement"

// propose judges the wish and shows the result.
func (r *fixResource) propose(ctx context.Context, plan, state *fixModel, wish portal.FixWish, create bool, diags *diagnostics) {
	pipeline, id := plan.Pipeline.ValueString(), plan.ID.ValueString()
	p, err := r.proposal(ctx, pipeline, wish)
	if err != nil && (r.walk.unsure(pipeline) || isNew(err) && r.walk.plans(pipeline)) {
		r.lookAhead(ctx, plan, diags)
		r.vague(ctx, plan, "What it needs is not in the ledger yet: "+uncapitalized(err), diags)
		return
	}
	diags.Append(explainPlan("planning emergency fix "+id, err)...)
	if err != nil {
		return
	}
	if (p.opens || p.goes) && !p.withdraws {
		if noted, stale := r.asNoted(ctx, pipeline, wish.Name, statementRead, declaredAs(wish.Fix), portal.StatementDigest(p.plan.Statement)); stale {
			r.refuseStale(ctx, id, pipeline, noted, wish, diags)
			return
		}
	}
	if create && p.withdrawn != "" && wish.Withdraw == "" {
		diags.AddAttributeError(path.Root("name"), "Emergency fix "+id+" was withdrawn at "+p.withdrawn,
			"The name of a fix cannot be used again. Give the new fix another name.")
		return
	}
	if p.goes {
		for _, environment := range environmentsOf(p.plan.Steps) {
			diags.Append(r.walk.engage(pipeline, environment, fixType+" "+id)...)
		}
		diags.Append(explain("planning", r.deliverable(ctx, pipeline, p.delivers...))...)
		diags.Append(explain("planning", r.bytesOfFix(ctx, wish.Name, r.withoutKept(ctx, pipeline, p.needs, p.delivers...)))...)
	}
	diags.Append(r.warns(ctx, p, plan, wish)...)
	if diags.HasError() {
		return
	}
	plan.show(ctx, &p.plan, p.stop, diags)
	if create || p.goes {
		plan.outcomeUnknown()
	} else {
		plan.keepOutcome(state)
		if p.records {
			plan.Obligations, plan.Receipt = types.ListUnknown(objectType(obligationObject)), types.StringUnknown()
		}
	}
	if p.changes {
		r.remind(ctx, pipeline, wish.Name, diags)
	}
	r.walk.suppose(pipeline, p.events...)
}

// warns says what an approver and the person who applies have to know.
func (r *fixResource) warns(ctx context.Context, p *proposed, plan *fixModel, wish portal.FixWish) (diags diagnostics) {
	pipeline := plan.Pipeline.ValueString()
	id := pipeline + "/" + wish.Name
	if where, why, begun := strings.Cut(p.begun, "\n"); begun && !r.toldAtPlan(ctx, pipeline, fixType+" "+wish.Name, p.begun) {
		next := "The next apply continues with this step; completed steps are not repeated."
		if p.withdraws {
			next = "The next apply withdraws it."
		}
		diags.AddWarning("Emergency fix "+id+" is "+where, why+"\n"+next)
	}
	for _, gate := range p.warnings {
		diags.AddWarning(fmt.Sprintf("%s: emergency fix %s goes ahead although it breaks this rule", gate.Rule, wish.Name), gate.Detail+"\n"+gate.Cure)
	}
	if p.opens && plan.Expect.IsNull() && !r.toldAtPlan(ctx, pipeline, fixType+" "+wish.Name+" expect", "") {
		diags.AddWarning("Emergency fix "+id+" sets no expect",
			"If something changes between plan and apply, nothing is deployed either way. With expect = data.portal_fast_path.NAME.statement_digest you get a clear stale-plan error; without it, Terraform may report an inconsistent plan.")
	}
	if p.approval.Status == portal.Refused {
		diags.AddWarning(fmt.Sprintf("%s: emergency fix %s cannot be applied yet", p.approval.Rule, id), p.approval.Detail+"\n"+p.approval.Cure)
	}
	return diags
}

// refuseStale refuses a fix whose statement is another one than when it was planned.
func (r *fixResource) refuseStale(ctx context.Context, id, pipeline, noted string, wish portal.FixWish, diags *diagnostics) {
	wish.Expect = noted // so that it is said what has changed
	_, err := r.proposal(ctx, pipeline, wish)
	if diags.Append(explainPlan("planning emergency fix "+id, err)...); err == nil {
		diags.AddError("stale-plan: emergency fix "+id+" is not as planned any more",
			"What it does, or which rules it breaks, has changed since the plan. Nothing was changed.\nPlan again and read the new plan.")
	}
}

func (r *fixResource) proposal(ctx context.Context, pipeline string, wish portal.FixWish) (*proposed, error) {
	wish.Rehearsed = r.walk.rehearsal(pipeline, wish.Expect)
	var p *proposed
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		proposal, err := f.PlanFix(wish)
		if err == nil && proposal.Withdraws {
			err = proposal.Known.CheckWithdrawal(wish)
		}
		if err != nil {
			return err
		}
		if refusal := proposal.Verdict.Refusal(); refusal != nil {
			return refusal
		}
		p = &proposed{
			plan: proposal.Plan, stop: proposal.Stop, goes: proposal.Goes(), opens: proposal.Planned && !proposal.Withdraws, changes: proposal.Changes(),
			records: proposal.Restated || proposal.Reviewed, withdraws: proposal.Withdraws, approval: proposal.Approval, warnings: proposal.Verdict.Warnings(),
		}
		p.tell(proposal)
		p.events = proposal.Foresee(wish, f)
		p.needs, p.delivers = rollout.NeedsOfFix(f, proposal), rollout.DeliveriesOfFix(f, proposal)
		return nil
	})
	return p, err
}

// tell takes from the record what a plan by itself would not show.
func (p *proposed) tell(proposal *portal.FixProposal) {
	x := proposal.Known
	if x == nil {
		return
	}
	if x.Status() == portal.StatusWithdrawn {
		p.withdrawn = portal.FormatTime(x.Withdrawal.Ended)
	}
	if x.Active() {
		step, why := x.Plan.Steps[x.Done], "Its process has died, or is still running."
		if x.Halted != "" {
			why = portal.Sentence(x.Halted)
		}
		p.begun = fmt.Sprintf("%s at step %d of %d, %s on %s\n%s", x.Status(), x.Done+1, len(x.Plan.Steps), step.Action, step.Environment, why)
	}
}

// isNew reports whether something that a fix needs is not there: it may come
// with this very walk.
func isNew(err error) bool {
	var rejection *portal.RejectionError
	return errors.As(err, &rejection) && rejection.Missing
}

func environmentsOf(steps []portal.Step) []string {
	seen := map[string]bool{}
	for _, step := range steps {
		seen[step.Environment] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// ValidateConfig says what is wrong with the declaration by itself.
func (*fixResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m fixModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || !m.known(ctx) {
		return
	}
	wish, diags := m.decode(ctx)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	resp.Diagnostics.Append(problems("emergency fix "+wish.Name, wish.Fix.Validate())...) // the wish has more to validate, against the pipeline
	needDigests(wish.Components, &resp.Diagnostics)
	if !m.Withdraw.IsNull() && wish.Withdraw == "" {
		resp.Diagnostics.AddAttributeError(path.Root("withdraw"), "The reason of withdraw is blank", "Say why the fix is withdrawn; the reason is recorded.")
	}
}

// lookAhead judges the archives of a fix that cannot be planned yet: they do not
// depend on what is still to come. What is recorded was judged before.
func (r *fixResource) lookAhead(ctx context.Context, plan *fixModel, diags *diagnostics) {
	if !plan.Withdraw.IsNull() || !componentsKnown(ctx, plan.Components) {
		return
	}
	opened, err := r.open(ctx)
	if err != nil || r.isRecorded(ctx, plan) {
		return
	}
	var lines []string
	components := decodeComponents(ctx, plan.Components, diags)
	for _, name := range slices.Sorted(maps.Keys(components)) {
		c := components[name]
		if c.Kind != artifact.KindArchive || artifact.IsRemote(c.Source) {
			continue
		}
		if c.SHA256 == "" {
			if c.SHA256, _, err = artifact.SumFile(c.Source); err != nil {
				continue // it may still be made
			}
		}
		err := opened.Artifacts.Check(ctx, artifact.Source{Location: c.Source, SHA256: c.SHA256, Kind: c.Kind, StripComponents: c.StripComponents})
		if refused := (*artifact.ArchiveError)(nil); errors.As(err, &refused) {
			lines = append(lines, name+" "+c.Version+": "+err.Error())
		}
	}
	if len(lines) > 0 {
		diags.Append(explain("planning", portal.RefuseFixDigest(plan.Name.ValueString(), lines))...)
	}
}

func (r *fixResource) isRecorded(ctx context.Context, plan *fixModel) bool {
	there := false
	_ = r.view(ctx, plan.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		there = f.Fixes[plan.Name.ValueString()] != nil
		return nil
	})
	return there
}
