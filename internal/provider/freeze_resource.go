package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type freezeResource struct{ configured }

var (
	_ resource.ResourceWithConfigure      = &freezeResource{}
	_ resource.ResourceWithImportState    = &freezeResource{}
	_ resource.ResourceWithModifyPlan     = &freezeResource{}
	_ resource.ResourceWithValidateConfig = &freezeResource{}
)

func newFreezeResource() resource.Resource { return &freezeResource{} }

func (*freezeResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "portal_freeze"
}

type freezeModel struct {
	ID       types.String      `tfsdk:"id"`
	Pipeline types.String      `tfsdk:"pipeline"`
	Name     types.String      `tfsdk:"name"`
	Stages   types.Set         `tfsdk:"stages"`
	StartsAt timetypes.RFC3339 `tfsdk:"starts_at"`
	EndsAt   timetypes.RFC3339 `tfsdk:"ends_at"`
	Reason   types.String      `tfsdk:"reason"`
	Receipt  types.String      `tfsdk:"receipt"`
}

func (*freezeResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A time in which regular deployments to stages are refused by rule `freeze`. Time comes from the ledger. Rolling back is always possible and only warns.",
		Attributes: map[string]schema.Attribute{
			"pipeline":  pipelineAttribute(),
			"name":      schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the freeze, unique in the pipeline."},
			"starts_at": schema.StringAttribute{Required: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "From when on, in RFC 3339."},
			"ends_at":   schema.StringAttribute{Required: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "Until when, in RFC 3339; that moment is no longer frozen."},
			"reason":    schema.StringAttribute{Required: true, MarkdownDescription: "Why, for those whom it stops."},

			"stages": schema.SetAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.Set{someOf("Name the stages that are frozen, or leave it out to freeze the final one.")}, MarkdownDescription: "The stages; default: the final one."},

			"id":      idAttribute("PIPELINE/NAME"),
			"receipt": receiptAttribute(),
		},
	}
}

func (m *freezeModel) known(ctx context.Context) bool {
	return known(ctx, m.Pipeline, m.Name, m.Stages, m.StartsAt, m.EndsAt, m.Reason)
}

func (m *freezeModel) decode(ctx context.Context) (portal.Freeze, diagnostics) {
	var diags diagnostics
	z := portal.Freeze{Name: m.Name.ValueString(), Stages: stringsOf(ctx, m.Stages, &diags), Reason: textOf(m.Reason)}
	starts, d := m.StartsAt.ValueRFC3339Time()
	diags.Append(d...)
	ends, d := m.EndsAt.ValueRFC3339Time()
	diags.Append(d...)
	z.StartsAt, z.EndsAt = starts.UTC(), ends.UTC()
	return z, diags
}

func (m *freezeModel) encode(ctx context.Context, pipeline string, z *portal.DeclaredFreeze) {
	written, diags := m.decode(ctx)
	m.ID, m.Pipeline, m.Name = types.StringValue(pipeline+"/"+z.Name), types.StringValue(pipeline), types.StringValue(z.Name)
	if m.StartsAt.IsNull() || diags.HasError() || !written.StartsAt.Equal(z.StartsAt) {
		m.StartsAt = timetypes.NewRFC3339TimeValue(z.StartsAt)
	}
	if m.EndsAt.IsNull() || diags.HasError() || !written.EndsAt.Equal(z.EndsAt) {
		m.EndsAt = timetypes.NewRFC3339TimeValue(z.EndsAt)
	}
	m.Stages, m.Reason, m.Receipt = setOrNull(z.Stages, m.Stages), asWritten(z.Reason, m.Reason), types.StringValue(z.Receipt)
}

func (*freezeResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m freezeModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || !m.known(ctx) || m.StartsAt.IsNull() || m.EndsAt.IsNull() {
		return
	}
	z, diags := m.decode(ctx)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	resp.Diagnostics.Append(problems("freeze "+z.Name, z.Validate())...)
}

func (r *freezeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() {
		return
	}
	var state, plan freezeModel
	create := req.State.Raw.IsNull()
	if !create {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.walk.once("portal_freeze", state.ID.ValueString(), removed)...)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !create && (!plan.Pipeline.Equal(state.Pipeline) || !plan.Name.Equal(state.Name)) {
		return // it is planned once more, as a new one
	}
	if !plan.Pipeline.IsUnknown() && !plan.Name.IsUnknown() {
		plan.ID = types.StringValue(plan.Pipeline.ValueString() + "/" + plan.Name.ValueString())
		resp.Diagnostics.Append(r.walk.once("portal_freeze", plan.ID.ValueString(), fateOf(create))...)
	}
	if !plan.known(ctx) {
		r.walk.supposeVague(plan.Pipeline.ValueString(), "freeze")
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	z, diags := plan.decode(ctx)
	resp.Diagnostics.Append(diags...)
	plan.Receipt = types.StringUnknown()
	if !create {
		if before, _ := state.decode(ctx); portal.SameFreeze(before, z) {
			plan.Receipt = state.Receipt
			resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
			return
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if r.walk.vague(plan.Pipeline.ValueString(), "pipeline") {
		return
	}
	resp.Diagnostics.Append(r.preview(ctx, "freeze "+plan.ID.ValueString(), plan.Pipeline.ValueString(), portal.DeclareFreeze{Freeze: z, Update: !create, Planned: state.Receipt.ValueString()})...)
}

// declare records the declaration, and fills the plan from the ledger. before is
// the state that an update was planned from, nil where it is created.
func (r *freezeResource) declare(ctx context.Context, plan, before *freezeModel) diagnostics {
	z, diags := plan.decode(ctx)
	if diags.HasError() {
		return diags
	}
	command := portal.DeclareFreeze{Freeze: z}
	if before != nil {
		if old, _ := before.decode(ctx); portal.SameFreeze(old, z) {
			return diags // only how it is written was changed
		}
		command.Update, command.Planned = true, before.Receipt.ValueString()
	}
	_, err := r.record(ctx, plan.Pipeline.ValueString(), command)
	diags.Append(explain("declaring freeze "+plan.ID.ValueString(), err)...)
	if err == nil {
		diags.Append(r.read(ctx, plan, func() { diags.Append(vanished("freeze", plan.ID.ValueString())...) })...)
	}
	return diags
}

func (r *freezeResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan freezeModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		r.adopt("portal_freeze", plan.ID.ValueString())
		resp.Diagnostics.Append(r.declare(ctx, &plan, nil)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

func (r *freezeResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state freezeModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.declare(ctx, &plan, &state)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

func (r *freezeResource) read(ctx context.Context, m *freezeModel, gone func()) diagnostics {
	err := r.view(ctx, m.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		z := f.Freezes[m.Name.ValueString()]
		if z == nil {
			gone()
			return nil
		}
		m.encode(ctx, f.Name, z)
		return nil
	})
	return explain("reading freeze "+m.ID.ValueString(), err)
}

func (r *freezeResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state freezeModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	r.tellAbsent(ctx, &resp.Diagnostics)
	there := true
	resp.Diagnostics.Append(r.read(ctx, &state, func() { there = false })...)
	keep(ctx, there, &resp.State, &state, &resp.Diagnostics)
}

func (r *freezeResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state freezeModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.spares("portal_freeze", state.ID.ValueString(), &resp.Diagnostics) {
		return
	}
	_, err := r.record(ctx, state.Pipeline.ValueString(), portal.RemoveFreeze{Name: state.Name.ValueString()})
	resp.Diagnostics.Append(explain("ending freeze "+state.ID.ValueString(), err)...)
}

func (r *freezeResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importPair(ctx, req.ID, "name", "PIPELINE/NAME", resp)
}
