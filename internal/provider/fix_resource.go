package provider

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// defaultFixTimeout is how long the steps of a fix may take if no timeout is
// given.
const defaultFixTimeout = 60 * time.Minute

type fixResource struct{ configured }

var (
	_ resource.ResourceWithConfigure      = &fixResource{}
	_ resource.ResourceWithImportState    = &fixResource{}
	_ resource.ResourceWithModifyPlan     = &fixResource{}
	_ resource.ResourceWithValidateConfig = &fixResource{}
)

func newFixResource() resource.Resource { return &fixResource{} }

func (*fixResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = fixType
}

// Create opens the fix, or goes on with what the ledger has of it: after a crash,
// or after a step that did not succeed, Terraform knows of none.
func (r *fixResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan fixModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout := timeoutOf(plan.Timeouts, "create", defaultFixTimeout)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.carryOut(ctx, &plan, timeout)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.noteWithdrawal(context.WithoutCancel(ctx), &plan, resp.Private)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

// Update goes on with the fix, amends it, adds to its record, or takes it back.
func (r *fixResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan fixModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout := timeoutOf(plan.Timeouts, "update", defaultFixTimeout)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.carryOut(ctx, &plan, timeout)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.noteWithdrawal(context.WithoutCancel(ctx), &plan, resp.Private)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// carryOut does what the plan shows, and nothing else: if the ledger has moved
// it is refused by stale-plan.
func (r *fixResource) carryOut(ctx context.Context, plan *fixModel, timeout time.Duration) diagnostics {
	r.changing()
	wish, diags := plan.decode(ctx)
	id, pipeline := plan.ID.ValueString(), plan.Pipeline.ValueString()
	if !diags.HasError() {
		r.digests(ctx, plan, &fixModel{}, &wish, true, &diags)
	}
	if !plan.Statement.IsUnknown() {
		wish.Expect = first(wish.Expect, plan.StatementDigest.ValueString())
	}
	if steps := plan.shownSteps(ctx, &diags); wish.Withdraw != "" && steps != nil {
		wish.Steps = portal.StepsDigest(steps)
	}
	if diags.HasError() {
		return diags
	}
	opened, err := r.open(ctx)
	if err == nil {
		within, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		before := r.inForce(ctx, pipeline)
		// From here on, what was planned is history: the next walk is another plan.
		r.forgetNoted(ctx, pipeline, wish.Name, statementRead)
		err = opened.Fix(within, pipeline, r.by, wish)
		r.giveWarnings(&diags)
		if !slices.Equal(before, r.inForce(context.WithoutCancel(ctx), pipeline)) {
			r.walk.land(pipeline, wish.Name)
		}
	}
	diags.Append(explain("applying emergency fix "+id, err)...)
	if err != nil {
		return diags
	}
	r.walk.disengage(pipeline, fixType+" "+id)
	there, planned := true, *plan
	diags.Append(r.read(context.WithoutCancel(ctx), plan, func() { there = false })...)
	plan.keepPlanned(&planned)
	if !there {
		diags.Append(vanished("emergency fix", id)...)
	}
	return diags
}

// inForce names the fixes in force; none if they cannot be read, which the one who
// works on says.
func (r *fixResource) inForce(ctx context.Context, pipeline string) []string {
	var names []string
	_ = r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error { names = f.InForceNames(); return nil })
	return names
}

// read fills the model from the ledger. gone is called if the ledger does not
// have the fix.
func (r *fixResource) read(ctx context.Context, m *fixModel, gone func()) diagnostics {
	var diags diagnostics
	err := r.view(ctx, m.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		x := f.Fixes[m.Name.ValueString()]
		if x == nil {
			gone()
			return nil
		}
		m.encode(ctx, f, x, &diags)
		return nil
	})
	diags.Append(explain("reading emergency fix "+m.Name.ValueString(), err)...)
	return diags
}

func (r *fixResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state fixModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	r.tellClock(ctx, state.Pipeline.ValueString(), &resp.Diagnostics)
	there := true
	resp.Diagnostics.Append(r.read(ctx, &state, func() { there = false })...)
	if there && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.noteWithdrawal(ctx, &state, resp.Private)...)
	}
	keep(ctx, there, &resp.State, &state, &resp.Diagnostics)
}

// Delete forgets the fix in state: its record, the guard and what it owes stay.
func (*fixResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (r *fixResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importPair(ctx, req.ID, "name", resp)
}
