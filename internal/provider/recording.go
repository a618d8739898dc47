package provider

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// recording is what resources have in common that stand for one entry of a ledger. A
// change records another entry, and destroying only forgets it in state. M is the model
// of the resource, and E the event of the entry.
type recording[M any, E portal.Event] struct {
	configured

	noun string // what messages call it: "test result"

	// id is the id of a model, which is not known where an entry is to be recorded.
	id func(m *M) types.String
	// enter records the entry of a plan, and fills the plan from it.
	enter func(ctx context.Context, plan *M) diagnostics
	// amend is what an update does to an entry that stays; nil: nothing.
	amend func(ctx context.Context, plan *M) diagnostics
	// encode fills the model from its entry.
	encode func(ctx context.Context, m *M, pipeline string, found *recorded[E]) error
}

// Metadata implements resource.Resource.
func (r *recording[M, E]) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "portal_" + strings.ReplaceAll(r.noun, " ", "_")
}

// Create implements resource.Resource.
func (r *recording[M, E]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.enter(ctx, &plan)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

// Update records another entry. The one before stays in the record.
func (r *recording[M, E]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case r.id(&plan).IsUnknown():
		resp.Diagnostics.Append(r.enter(ctx, &plan)...)
	case r.amend != nil:
		resp.Diagnostics.Append(r.amend(ctx, &plan)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// recordOnce records the entry that a command makes, or finds it if it is there already,
// and fills the plan from it. receipt finds it; its error says why it is gone again.
func (r *recording[M, E]) recordOnce(ctx context.Context, plan *M, pipeline string, command portal.Command, receipt func(portal.Facts) (string, error)) error {
	metas, err := r.record(ctx, pipeline, command)
	entry := ""
	switch {
	case err == nil && len(metas) > 0:
		entry = metas[0].Receipt()
	case err == nil:
		err = r.view(ctx, pipeline, command.Subjects(), func(f portal.Facts) (err error) {
			entry, err = receipt(f)
			return err
		})
	}
	if err != nil {
		return err
	}
	found, err := findRecorded[E](ctx, r.session, recordID(pipeline, entry))
	if err == nil && found == nil {
		err = errors.New("the ledger does not have the entry that was just recorded")
	}
	if err != nil {
		return err
	}
	return r.encode(ctx, plan, pipeline, found)
}

// Read implements resource.Resource.
func (r *recording[M, E]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state M
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	id := r.id(&state).ValueString()
	found, err := findRecorded[E](ctx, r.session, id)
	if err == nil && found != nil {
		pipeline, _, _ := cut(id)
		err = r.encode(ctx, &state, pipeline, found)
	}
	resp.Diagnostics.Append(explain("reading "+r.noun+" "+id, err)...)
	keep(ctx, found != nil, &resp.State, &state, &resp.Diagnostics)
}

// Delete forgets the entry in state: the record stays.
func (*recording[M, E]) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// ImportState implements resource.ResourceWithImportState.
func (*recording[M, E]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
