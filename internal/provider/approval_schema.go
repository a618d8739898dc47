package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type approvalModel struct {
	ID            types.String `tfsdk:"id"`
	Pipeline      types.String `tfsdk:"pipeline"`
	Release       types.String `tfsdk:"release"`
	Stage         types.String `tfsdk:"stage"`
	Approver      types.String `tfsdk:"approver"`
	Comment       types.String `tfsdk:"comment"`
	ContentDigest types.String `tfsdk:"content_digest"`
	Revoke        types.Object `tfsdk:"revoke"`
	Statement     types.String `tfsdk:"statement"`
	RecordedAt    types.String `tfsdk:"recorded_at"`
	RevokedAt     types.String `tfsdk:"revoked_at"`
	Receipt       types.String `tfsdk:"receipt"`
}

var revokeObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
	"reason": schema.StringAttribute{Required: true, MarkdownDescription: "Why the approval is withdrawn."},
}}

func (*approvalResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, PlanModifiers: stays(), MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A recorded approval: one person lets a release leave a stage. An approval by the person who deploys does not count for `required_approvals`.\n\n" +
			"An approval is for the content that runs on the stage when it is recorded. To enter the final stage, exactly that content must go on: " +
			"if an emergency fix is added or withdrawn afterwards, a new approval is needed.\n\n" +
			"Changing the resource records a new approval with a new `id`; the earlier one still counts. Destroying it only removes it from the state; `revoke` withdraws the approval. " +
			"If the pipeline lists `approvers`, an approval needs a signature. This version cannot verify signatures yet, so it refuses the approval.",
		Attributes: map[string]schema.Attribute{
			"pipeline": pipelineAttribute(),
			"release":  schema.StringAttribute{Required: true, MarkdownDescription: "Release that is approved."},
			"stage":    schema.StringAttribute{Required: true, MarkdownDescription: "Stage that the release may leave."},
			"approver": schema.StringAttribute{Required: true, MarkdownDescription: "Person who approves."},

			"comment": schema.StringAttribute{Optional: true, MarkdownDescription: "Comment of the approver."},
			"content_digest": schema.StringAttribute{
				Optional: true, Computed: true, PlanModifiers: stays(),
				MarkdownDescription: "Digest of the approved content. Set it to the value of `content_digest` of the deployment that was captured when the approver looked at it: if something else runs there when the approval is recorded, it is refused.",
			},
			"revoke": schema.SingleNestedAttribute{
				Optional: true, Attributes: revokeObject.Attributes,
				MarkdownDescription: "Withdraws all approvals by this approver for this release to leave this stage. Set it on the recorded approval and change nothing else with it. This cannot be undone.",
			},

			"id":          schema.StringAttribute{Computed: true, PlanModifiers: stays(), MarkdownDescription: "`PIPELINE/ENTRY`, for import. A change records a new entry."},
			"statement":   computed("Exact text that is approved."),
			"recorded_at": computed("When it was recorded, in the ledger's time."),
			"revoked_at":  computed("When it was revoked; null as long as it counts."),
			"receipt":     computed("The ledger entry that records it: `<entry number>:<sha256 of the entry>`."),
		},
	}
}

// recordUnknown is what a new record will know. What the user wrote stays.
func (m *approvalModel) recordUnknown(config *approvalModel) {
	m.ID, m.Statement, m.RecordedAt, m.RevokedAt, m.Receipt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	if config.ContentDigest.IsNull() {
		m.ContentDigest = types.StringUnknown()
	}
}

// sameWish reports whether two models ask for the same record.
func (m *approvalModel) sameWish(other *approvalModel) bool {
	return m.Release.Equal(other.Release) && m.Stage.Equal(other.Stage) && m.Approver.Equal(other.Approver) &&
		m.Comment.Equal(other.Comment) && m.ContentDigest.Equal(other.ContentDigest)
}

func (m *approvalModel) command() portal.RecordApproval {
	c := portal.RecordApproval{Release: m.Release.ValueString(), Stage: m.Stage.ValueString(), Approver: m.Approver.ValueString(), Comment: textOf(m.Comment)}
	if !m.ContentDigest.IsUnknown() {
		c.Digest = m.ContentDigest.ValueString()
	}
	return c
}

// revocation makes the command that takes the approval back.
func (m *approvalModel) revocation(ctx context.Context) (portal.RevokeApproval, diagnostics) {
	var revoked revokeModel
	diags := m.Revoke.As(ctx, &revoked, basetypes.ObjectAsOptions{})
	return portal.RevokeApproval{
		Release: m.Release.ValueString(), Stage: m.Stage.ValueString(), Approver: m.Approver.ValueString(), Reason: textOf(revoked.Reason),
	}, diags
}

type revokeModel struct {
	Reason types.String `tfsdk:"reason"`
}

// encode writes a recorded approval over the model.
func (r *approvalResource) encode(ctx context.Context, m *approvalModel, pipeline string, found *recorded[portal.ApprovalRecorded]) error {
	e := found.event
	m.ID, m.Pipeline, m.Release, m.Stage, m.Approver = types.StringValue(recordID(pipeline, found.receipt)), types.StringValue(pipeline), types.StringValue(e.Release), types.StringValue(e.Stage), types.StringValue(e.Approver)
	m.Comment, m.Statement = stringOrNull(e.Comment, m.Comment), types.StringValue(e.Statement)
	m.ContentDigest = stringOrNull(e.Digest, types.StringNull())
	m.RecordedAt, m.Receipt = types.StringValue(portal.FormatTime(found.entry.At)), types.StringValue(found.receipt)
	var err error
	m.RevokedAt, err = r.revokedAt(ctx, pipeline, e.Release, found.receipt)
	return err
}

// revokedAt is when an approval was revoked, null while it counts.
func (r *approvalResource) revokedAt(ctx context.Context, pipeline, release, receipt string) (types.String, error) {
	at := types.StringNull()
	err := r.view(ctx, pipeline, portal.Subjects{Releases: []string{release}}, func(f portal.Facts) error {
		for _, approval := range f.Approvals(release) {
			if approval.Receipt == receipt {
				at = timeOrNull(approval.Revoked)
			}
		}
		return nil
	})
	return at, err
}
