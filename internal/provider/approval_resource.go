package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type approvalResource struct{ configured }

var (
	_ resource.ResourceWithConfigure   = &approvalResource{}
	_ resource.ResourceWithImportState = &approvalResource{}
	_ resource.ResourceWithModifyPlan  = &approvalResource{}
)

func newApprovalResource() resource.Resource { return &approvalResource{} }

func (*approvalResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "portal_approval"
}

type approvalModel struct {
	ID         types.String `tfsdk:"id"`
	Pipeline   types.String `tfsdk:"pipeline"`
	Release    types.String `tfsdk:"release"`
	Stage      types.String `tfsdk:"stage"`
	Approver   types.String `tfsdk:"approver"`
	Comment    types.String `tfsdk:"comment"`
	Statement  types.String `tfsdk:"statement"`
	RecordedAt types.String `tfsdk:"recorded_at"`
	Receipt    types.String `tfsdk:"receipt"`
}

func (*approvalResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, PlanModifiers: stays(), MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A recorded approval: one person lets a release leave a stage. Whoever deploys does not count for `required_approvals`.\n\n" +
			"It is a record: any change makes a new one, and destroying it only forgets it in state. Where the pipeline lists `approvers` an approval has to carry a signature, which this version cannot verify yet: there it is refused.",
		Attributes: map[string]schema.Attribute{
			"pipeline": pipelineAttribute(),
			"release":  schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "The release that is approved."},
			"stage":    schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "The stage that it may leave."},
			"approver": schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Who approves."},

			"comment": schema.StringAttribute{Optional: true, PlanModifiers: replaces(), MarkdownDescription: "What the approver says to it."},

			"id":          idAttribute("PIPELINE/ENTRY"),
			"statement":   computed("The exact text that is approved."),
			"recorded_at": computed("When it was recorded, by the ledger's time."),
			"receipt":     computed("The ledger entry that records it: `<entry number>:<sha256 of the entry>`."),
		},
	}
}

func (m *approvalModel) command() portal.RecordApproval {
	return portal.RecordApproval{Release: m.Release.ValueString(), Stage: m.Stage.ValueString(), Approver: m.Approver.ValueString(), Comment: m.Comment.ValueString()}
}

func (r *approvalResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() || req.Plan.Raw.IsNull() || !req.State.Raw.IsNull() {
		return
	}
	var plan approvalModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !known(ctx, plan.Pipeline, plan.Release, plan.Stage, plan.Approver, plan.Comment) ||
		r.walk.vague(plan.Pipeline.ValueString(), "pipeline", "release/"+plan.Release.ValueString()) {
		r.walk.supposeVague(plan.Pipeline.ValueString(), "approval")
		return
	}
	resp.Diagnostics.Append(r.preview(ctx, "the approval of "+plan.Release.ValueString(), plan.Pipeline.ValueString(), plan.command())...)
}

func (r *approvalResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan approvalModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.create(ctx, &plan)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

func (r *approvalResource) create(ctx context.Context, plan *approvalModel) diagnostics {
	command := plan.command()
	doing := "recording the approval of " + command.Release
	pipeline := plan.Pipeline.ValueString()
	metas, err := r.record(ctx, pipeline, command)
	receipt := ""
	switch {
	case err == nil && len(metas) > 0:
		receipt = metas[0].Receipt()
	case err == nil: // it is there already
		err = r.view(ctx, pipeline, command.Subjects(), func(f portal.Facts) error {
			if approval := f.RecordedApproval(command); approval != nil {
				receipt = approval.Receipt
			}
			return nil
		})
	}
	if err != nil {
		return explain(doing, err)
	}
	found, err := findRecorded[portal.ApprovalRecorded](ctx, r.session, recordID(pipeline, receipt))
	if err == nil && found == nil {
		err = errors.New("the ledger does not have the entry it has just recorded")
	}
	if err == nil {
		plan.encode(pipeline, found)
	}
	return explain(doing, err)
}

func (m *approvalModel) encode(pipeline string, r *recorded[portal.ApprovalRecorded]) {
	e := r.event
	m.ID, m.Pipeline, m.Release, m.Stage, m.Approver = types.StringValue(recordID(pipeline, r.receipt)), types.StringValue(pipeline), types.StringValue(e.Release), types.StringValue(e.Stage), types.StringValue(e.Approver)
	m.Comment, m.Statement = stringOrNull(e.Comment, m.Comment), types.StringValue(e.Statement)
	m.RecordedAt, m.Receipt = types.StringValue(portal.FormatTime(r.entry.At)), types.StringValue(r.receipt)
}

func (r *approvalResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state approvalModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.cannotPlan() {
		return
	}
	r.reading()
	found, err := findRecorded[portal.ApprovalRecorded](ctx, r.session, state.ID.ValueString())
	resp.Diagnostics.Append(explain("reading approval "+state.ID.ValueString(), err)...)
	if found != nil {
		pipeline, _, _ := cut(state.ID.ValueString())
		state.encode(pipeline, found)
	}
	keep(ctx, found != nil, &resp.State, &state, &resp.Diagnostics)
}

// Update is never asked for: every change makes a new record.
func (*approvalResource) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("An approval is not changed", "Every change makes a new record; that Terraform asks for an update is a defect of the provider.")
}

// Delete forgets the approval in state: the record stays.
func (*approvalResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (r *approvalResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
