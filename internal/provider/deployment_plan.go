package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

const deploymentType = "portal_release_deployment"

// ModifyPlan shows what a deployment will change and which rules are in the
// way. Terraform calls it in the plan walk and again, with everything known, in
// the apply walk, and a value that was known before must come out the same. So
// for a deployment that is there, everything derives from the state and from
// what the last refresh saw; whether the ledger has moved since is left to the
// transaction that starts the deployment.
func (r *deploymentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.session == nil {
		return
	}
	r.planning(req)
	if id, _ := rawText(req.State.Raw, "id"); unchanged(req.State.Raw, req.Plan.Raw) {
		if status, _ := rawText(req.State.Raw, "status"); !needsRepair(status) {
			resp.Diagnostics.Append(r.walk.once(deploymentType, id, kept)...)
			return
		}
	}
	resp.Diagnostics.Append(r.walk.planned(deploymentType, "environment", req.State.Raw, req.Plan.Raw)...)
	resp.Diagnostics.Append(mayMove(req.State.Raw, req.Plan.Raw)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	var state, plan deploymentModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		r.planRemoval(ctx, &state, resp)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	create := req.State.Raw.IsNull()
	if !create && (!plan.Pipeline.Equal(state.Pipeline) || !plan.Environment.Equal(state.Environment)) {
		r.planRemoval(ctx, &state, resp)
		return // it is planned once more, as a new one
	}
	if !plan.Pipeline.IsUnknown() && !plan.Environment.IsUnknown() {
		plan.ID = types.StringValue(plan.Pipeline.ValueString() + "/" + plan.Environment.ValueString())
	}
	known := known(ctx, plan.Pipeline, plan.Environment, plan.Release, plan.Redeploy)
	switch {
	case create && known:
		r.planCreate(ctx, &plan, resp)
	case create:
		plan.computedUnknown()
		r.walk.supposeVague(plan.Pipeline.ValueString(), "deployment/"+plan.Environment.ValueString())
	case plan.asksFor(&state) && !r.onlyExcused(ctx, &plan, &state, req, resp):
		r.planUpdate(ctx, &plan, &state, known, readSeen(ctx, req.Private, &resp.Diagnostics), resp)
	default:
		plan.keepComputed(&state)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	}
}

// asksFor reports whether the plan asks for a deployment: of another release, of
// the same one again, or to repair the current content. Leaving redeploy out asks for
// nothing.
func (m *deploymentModel) asksFor(state *deploymentModel) bool {
	return !m.Release.Equal(state.Release) || m.again(state) || needsRepair(state.Status.ValueString())
}

// onlyExcused reports whether nothing but drift is asked to be repaired that this walk
// declares to be none.
func (r *deploymentResource) onlyExcused(ctx context.Context, plan, state *deploymentModel, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) bool {
	return plan.Release.Equal(state.Release) && !plan.again(state) && state.Status.ValueString() == statusDrifted &&
		r.excused(ctx, plan.Pipeline.ValueString(), plan.Environment.ValueString(), readSeen(ctx, req.Private, &resp.Diagnostics))
}

// again reports whether the same release is to be deployed again, on purpose.
func (m *deploymentModel) again(state *deploymentModel) bool {
	return !m.Redeploy.IsNull() && !m.Redeploy.Equal(state.Redeploy)
}

// actionAfter names what a plan that asks for a deployment does to one that is there. It
// comes from the plan and the state alone, so that nothing that moves between the walks
// changes it.
func (m *deploymentModel) actionAfter(state *deploymentModel) string {
	switch {
	case m.Release.Equal(state.Release) && m.again(state):
		return actionRedeploy
	case m.Release.Equal(state.Release):
		return actionRepair
	case portal.ComparePrecedence(m.Release.ValueString(), state.Release.ValueString()) < 0:
		return actionRollback
	}
	return actionPromotion
}

// needsRepair reports whether a deployment with this status is repaired by repeating it.
// From a target that could not be reached nothing is planned.
func needsRepair(status string) bool {
	return slices.Contains([]string{statusFailed, statusInterrupted, statusUnknown, statusDrifted}, status)
}

func (m *deploymentModel) computedUnknown() {
	m.Changes, m.EmergencyFixes = types.ListUnknown(types.StringType), types.ListUnknown(types.StringType)
	m.Running, m.Status, m.PreviousRelease = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.DeployedAt, m.Receipt, m.ContentDigest = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Action, m.Components = types.StringUnknown(), types.MapUnknown(shownComponentType)
	m.Checks, m.Drift = types.ListUnknown(shownCheckType), types.ListUnknown(types.StringType)
}

func (m *deploymentModel) keepComputed(state *deploymentModel) {
	m.Changes, m.EmergencyFixes, m.Running, m.Status = state.Changes, state.EmergencyFixes, state.Running, state.Status
	m.PreviousRelease, m.DeployedAt, m.Receipt, m.ContentDigest = state.PreviousRelease, state.DeployedAt, state.Receipt, state.ContentDigest
	m.Action, m.Components, m.Checks, m.Drift = state.Action, state.Components, state.Checks, state.Drift
}

// judged is what a plan takes from a judgement. Nothing of the ledger's state is
// in it, which must not be kept.
type judged struct {
	effective string
	fixes     []string // applied on top of the release
	to        portal.Content
	own       portal.Content       // of the release, without fixes
	receipt   string               // of what is in service
	declared  *portal.Installation // what the environment is to run now
	adopts    bool                 // what is wished is there already
	status    string
	inForce   []string // emergency fixes, on the environment
	events    []portal.Event
	needs     rollout.Needs
	delivery  rollout.Delivery
	warnings  diagnostics
}

// judgeWish judges a deployment at plan, by the ledger and by what this walk
// will have done.
func (r *deploymentResource) judgeWish(ctx context.Context, pipeline string, wish portal.Deploy) (*judged, error) {
	var j *judged
	err := r.judge(ctx, pipeline, wish.Subjects(), func(f portal.Facts) error {
		proposal, err := f.Propose(wish)
		if err != nil {
			return err
		}
		site := proposal.Site
		j = &judged{
			effective: proposal.Effective(), fixes: slices.Clone(proposal.Fixes), to: proposal.To, status: statusOf(f, site), inForce: f.InForceNamesOn(site.Name),
			adopts: adopts(f, site, wish), warnings: warnings(proposal.Verdict),
		}
		j.own, _ = f.ContentOf(wish.Release) // a base that is missing is a rule's to refuse
		j.receipt = seenOf(site, nil).Receipt
		if declared := site.Declared(); declared != nil {
			copied := *declared
			j.declared = &copied
		}
		j.needs = rollout.NeedsOf(proposal.To, f.Sources(wish.Release))
		j.delivery = rollout.DeliveryOf(site.Environment, proposal.Effective(), proposal.To)
		j.events = f.Foresee(proposal, wish)
		if refusal := proposal.Verdict.Refusal(); refusal != nil {
			return refusal
		}
		return nil
	})
	return j, err
}

// planCreate plans a deployment where Terraform knows of none. Where the ledger
// has the release there already it will be adopted. Terraform gives a create nothing to
// remember from one walk to the other, so that nothing is known of it but what follows
// from the release: whether it is adopted, and which fixes are applied on top of it, may change
// in the meantime, which only Terraform's own complaint would show.
func (r *deploymentResource) planCreate(ctx context.Context, plan *deploymentModel, resp *resource.ModifyPlanResponse) {
	plan.computedUnknown()
	pipeline, wish, id := plan.Pipeline.ValueString(), plan.wish(), plan.ID.ValueString()
	j, err := r.judgeWish(ctx, pipeline, wish)
	if err == nil && !j.adopts {
		j, err = r.withNotedFixes(ctx, pipeline, wish, j)
	}
	if err != nil && r.walk.unsure(pipeline) {
		r.walk.supposeVague(pipeline, "deployment/"+wish.Environment)
		return
	}
	if fix := r.landedOn(ctx, pipeline, wish.Environment); fix != "" {
		resp.Diagnostics.AddError("stale-plan: release "+wish.Release+" may not enter \""+wish.Environment+"\"",
			"Emergency fix "+fix+" was applied in the same run after this was planned, so the planned content of "+wish.Environment+" may be out of date. Nothing was changed.\nPlan again and read the new plan.")
		return
	}
	runs := j != nil && j.declared != nil
	if runs && j.declared.Release != wish.Release {
		resp.Diagnostics.AddError("Environment \""+id+"\" runs "+j.declared.Effective()+" already",
			"Another root module, or an earlier state, deployed it. To manage it here, import it first and then read what the plan changes: terraform import portal_release_deployment.NAME "+id+
				"\nIf it was empty when this was planned, the plan is out of date (stale-plan): plan again. Nothing was changed.")
		return
	}
	if runs && j.adopts {
		resp.Diagnostics.AddWarning("Environment \""+id+"\" runs "+j.declared.Effective()+" already",
			"The deployment is in the ledger, but not in Terraform's state. It is adopted as it is: nothing is deployed, and changes lists what runs there.\n"+
				"If this plan also destroys it, the resource is tainted and its content would be removed first: do not apply, but run terraform untaint with its address.")
	} else {
		resp.Diagnostics.Append(explain("planning the deployment of "+wish.Release+" to "+id, err)...)
		if err != nil {
			return
		}
		resp.Diagnostics.Append(j.warnings...)
		if len(j.fixes) > 0 {
			resp.Diagnostics.AddWarning("Environment \""+id+"\" gets "+j.effective+": emergency fixes are in force there",
				"changes lists only the components of the release. Those of "+strings.Join(j.fixes, ", ")+" are applied on top.")
		}
		r.checkBytes(ctx, plan, j, resp)
		r.changes(ctx, plan, j, &resp.Diagnostics)
	}
	plan.Changes = stringList(portal.DescribeChanges(nil, j.own))
}

// fixesInForce is under which name it is noted which fixes a new deployment was planned
// with.
const fixesInForce = "fixes in force"

// withNotedFixes judges a new deployment by the fixes that were in force when it was
// planned, if they are known to be others now.
func (r *deploymentResource) withNotedFixes(ctx context.Context, pipeline string, wish portal.Deploy, j *judged) (*judged, error) {
	noted, stale := r.asNoted(ctx, pipeline, wish.Environment, fixesInForce, portal.HashEntry([]byte(wish.Release+"\n"+wish.Redeploy)), strings.Join(append([]string{"fixes"}, j.inForce...), " "))
	if !stale {
		return j, nil
	}
	wish.Planned = &portal.Planned{Receipt: j.receipt, InForce: strings.Fields(noted)[1:]}
	return r.judgeWish(ctx, pipeline, wish)
}

// landedOn names an emergency fix that has landed in this walk and concerns the
// environment; "" if there is none.
func (r *deploymentResource) landedOn(ctx context.Context, pipeline, environment string) string {
	landed, found := r.walk.landed(pipeline), ""
	if len(landed) == 0 {
		return ""
	}
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		for _, name := range landed {
			if x := f.Fixes[name]; x == nil || x.Reaches(environment) {
				found = name
			}
		}
		return nil
	})
	if err != nil {
		return landed[0]
	}
	return found
}

// changes notes what a planned deployment will have done, and says what is owed
// on the pipeline that it changes.
func (r *deploymentResource) changes(ctx context.Context, plan *deploymentModel, j *judged, diags *diagnostics) {
	pipeline := plan.Pipeline.ValueString()
	diags.Append(r.walk.engage(pipeline, plan.Environment.ValueString(), deploymentType+" "+plan.ID.ValueString())...)
	r.remind(ctx, pipeline, "", diags)
	r.walk.suppose(pipeline, j.events...)
}

// planUpdate plans a change of a deployment that is there, or its repair.
func (r *deploymentResource) planUpdate(ctx context.Context, plan, state *deploymentModel, known bool, before *seen, resp *resource.ModifyPlanResponse) {
	plan.computedUnknown()
	pipeline := plan.Pipeline.ValueString()
	if !known || before == nil {
		r.walk.supposeVague(pipeline, "deployment/"+plan.Environment.ValueString())
		return
	}
	wish := plan.wish()
	wish.Planned = before.planned()
	j, err := r.judgeWish(ctx, pipeline, wish)
	if err != nil && r.walk.unsure(pipeline) {
		r.walk.supposeVague(pipeline, "deployment/"+wish.Environment)
		return
	}
	resp.Diagnostics.Append(explainPlan("planning the deployment of "+wish.Release+" to "+plan.ID.ValueString(), err)...)
	if err != nil {
		return
	}
	to, effective, fixes := j.to, j.effective, stringList(j.fixes)
	repair := plan.Release.Equal(state.Release) && !plan.again(state)
	if repair {
		to, effective, fixes = before.Recorded, portal.Effective(plan.Release.ValueString(), before.Fixes), stringList(before.Fixes)
	}
	plan.Changes = stringList(portal.DescribeChanges(before.there(), to))
	plan.Running, plan.Status = types.StringValue(effective), types.StringValue(statusRunning)
	plan.EmergencyFixes, plan.Drift, plan.Components = fixes, stringList(nil), componentsPlanned(to, state.Components)
	plan.Action = types.StringValue(plan.actionAfter(state))
	plan.PreviousRelease = state.Release
	if plan.Release.Equal(state.Release) {
		plan.PreviousRelease = state.PreviousRelease
	}
	resp.Diagnostics.Append(j.warnings...)
	r.checkBytes(ctx, plan, j, resp)
	r.changes(ctx, plan, j, &resp.Diagnostics)
}

// checkBytes refuses at plan, if it can be known, bytes that are not what was
// registered.
func (r *deploymentResource) checkBytes(ctx context.Context, plan *deploymentModel, j *judged, resp *resource.ModifyPlanResponse) {
	wish := plan.wish()
	if err := r.deliverable(ctx, plan.Pipeline.ValueString(), j.delivery); err != nil {
		resp.Diagnostics.Append(explain("planning", err)...)
		return
	}
	opened, err := r.open(ctx)
	if err != nil || r.walk.registers(plan.Pipeline.ValueString(), wish.Release) {
		return // the one who judged, or the plan of the release itself, has said so
	}
	needs := r.withoutKept(ctx, plan.Pipeline.ValueString(), j.needs, j.delivery)
	lines, err := badBytes(ctx, opened.Artifacts, needs)
	if len(lines) > 0 {
		err = portal.RefuseDigest(wish.Environment, wish.Release, lines)
	}
	resp.Diagnostics.Append(explain("planning", err)...)
}

// mayMove refuses a deployment that is there to become one to an environment
// that is not known yet: it may be the same one, which would be emptied first.
func mayMove(state, plan tftypes.Value) diagnostics {
	var diags diagnostics
	if id := pairOf(state, "environment"); id != "" && !plan.IsNull() && pairOf(plan, "environment") == "" {
		diags.AddError(deploymentType+" "+id+" would move to an environment that is not known yet",
			"Its pipeline or environment is known only after apply. "+
				"Terraform would first remove what runs on "+id+", even if it turns out to be the same environment. Nothing was changed.\n"+
				"Use names that are known at plan, or first apply what they depend on: terraform apply -target=RESOURCE"+destroyHint())
	}
	return diags
}

// planRemoval previews what the removal's own transaction will judge: Terraform
// does not plan it again when it is applied.
func (r *deploymentResource) planRemoval(ctx context.Context, state *deploymentModel, resp *resource.ModifyPlanResponse) {
	pipeline, environment, id := state.Pipeline.ValueString(), state.Environment.ValueString(), state.ID.ValueString()
	resp.Diagnostics.Append(r.walk.engage(pipeline, environment, deploymentType+" "+id)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.remind(ctx, pipeline, "", &resp.Diagnostics)
	removal := state.removal()
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		_, err := removal.Decide(f)
		var abandoned *portal.AbandonedError
		if err != nil && !errors.As(err, &abandoned) { // which is recovered first
			return err
		}
		resp.Diagnostics.Append(warnings(removal.Verdict(f))...)
		return nil
	})
	resp.Diagnostics.Append(explain("planning to remove what runs on "+id, err)...)
}
