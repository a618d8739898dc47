package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// declared is what resources have in common that are declared in a ledger under a name:
// what is there is adopted, and what the ledger has is read back. M is the model of the
// resource, and D what is declared.
type declared[M, D any] struct {
	configured

	noun  string // what messages call it: "freeze"
	named string // the attribute that names it within its pipeline

	// key is the pipeline, and the id, of a model.
	key func(m *M) (pipeline, id string)
	// known reports whether everything that the user writes is known.
	known func(ctx context.Context, m *M) bool
	// decode makes the declaration, with the base directory of the provider.
	decode func(ctx context.Context, m *M, base string) (D, diagnostics)
	// problems are what is wrong with a declaration.
	problems func(d *D) []portal.Problem
	// same reports whether two declarations differ only in how they are written.
	same func(a, b D) bool
	// command declares it. If it is an update, planned is the receipt that it was
	// planned from.
	command func(d D, update bool, planned string) portal.Command
	// write brings a plan into the ledger, and fills it from there, if that takes more
	// than command does; nil: it does not.
	write func(ctx context.Context, plan *M) diagnostics
	// subjects are what find needs of the pipeline; nil: nothing but itself.
	subjects func(m *M) portal.Subjects
	// find fills the model from the ledger, and reports whether it is there.
	find func(ctx context.Context, m *M, base string, f portal.Facts) (there bool, diags diagnostics)
	// removal is the command that ends it; nil: the resource has its own Delete.
	removal func(m *M) portal.Command
}

func (r *declared[M, D]) resourceType() string { return "portal_" + r.noun }

// Metadata implements resource.Resource.
func (r *declared[M, D]) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.resourceType()
}

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (r *declared[M, D]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m M
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || !r.known(ctx, &m) {
		return
	}
	d, diags := r.decode(ctx, &m, "")
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	name, _ := rawText(req.Config.Raw, r.named)
	resp.Diagnostics.Append(problems(r.noun+" "+name, r.problems(&d))...)
}

// declare brings a declaration into the ledger, and fills the plan from the ledger. before is the
// state that an update was planned from, nil if it is created; planned is its receipt.
func (r *declared[M, D]) declare(ctx context.Context, plan, before *M, planned string) diagnostics {
	if r.write != nil {
		return r.write(ctx, plan)
	}
	pipeline, id := r.key(plan)
	d, diags := r.decode(ctx, plan, r.baseDirectory())
	if diags.HasError() {
		return diags
	}
	if before != nil {
		if old, _ := r.decode(ctx, before, r.baseDirectory()); r.same(old, d) {
			return diags // only how it is written was changed
		}
	}
	if _, err := r.record(ctx, pipeline, r.command(d, before != nil, planned)); err != nil {
		return append(diags, explain("declaring "+r.noun+" "+id, err)...)
	}
	return append(diags, r.readBack(ctx, plan)...)
}

// Create implements resource.Resource.
func (r *declared[M, D]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		_, id := r.key(&plan)
		r.adopt(r.resourceType(), id)
		resp.Diagnostics.Append(r.declare(ctx, &plan, nil, "")...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

// Update implements resource.Resource.
func (r *declared[M, D]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	planned, _ := rawText(req.State.Raw, "receipt")
	resp.Diagnostics.Append(r.declare(ctx, &plan, &state, planned)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// read fills the model from the ledger, and reports whether it is there.
func (r *declared[M, D]) read(ctx context.Context, m *M) (there bool, diags diagnostics) {
	pipeline, id := r.key(m)
	var subjects portal.Subjects
	if r.subjects != nil {
		subjects = r.subjects(m)
	}
	err := r.view(ctx, pipeline, subjects, func(f portal.Facts) error {
		there, diags = r.find(ctx, m, r.baseDirectory(), f)
		return nil
	})
	return there, append(diags, explain("reading "+r.noun+" "+id, err)...)
}

// readBack fills a plan from what it has just brought into the ledger.
func (r *declared[M, D]) readBack(ctx context.Context, plan *M) diagnostics {
	there, diags := r.read(ctx, plan)
	if !there && !diags.HasError() {
		_, id := r.key(plan)
		return vanished(r.noun, id)
	}
	return diags
}

// Read implements resource.Resource.
func (r *declared[M, D]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state M
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	there, diags := r.read(ctx, &state)
	resp.Diagnostics.Append(diags...)
	keep(ctx, there, &resp.State, &state, &resp.Diagnostics)
}

// Delete implements resource.Resource.
func (r *declared[M, D]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state M
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	pipeline, id := r.key(&state)
	if r.spares(r.resourceType(), id, &resp.Diagnostics) {
		return
	}
	_, err := r.record(ctx, pipeline, r.removal(&state))
	resp.Diagnostics.Append(explain("ending "+r.noun+" "+id, err)...)
}

// ImportState implements resource.ResourceWithImportState.
func (r *declared[M, D]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importPair(ctx, req.ID, r.named, resp)
}
