package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
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
	"reason": schema.StringAttribute{Required: true, MarkdownDescription: "Why it is taken back."},
}}

func (*approvalResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, PlanModifiers: stays(), MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A recorded approval: one person lets a release leave a stage. Whoever deploys does not count for `required_approvals`.\n\n" +
			"It is for the content that runs on the stage when it is recorded. To leave the stage before the final one, that has to be exactly the content that goes on: " +
			"if an emergency fix is added to it or withdrawn afterwards, a new approval is needed.\n\n" +
			"It is a record: a change records a new approval, with a new `id`, and the one before goes on counting. Destroying it only forgets it in state; `revoke` takes it back. " +
			"Where the pipeline lists `approvers` an approval has to carry a signature, which this version cannot verify yet: there it is refused.",
		Attributes: map[string]schema.Attribute{
			"pipeline": pipelineAttribute(),
			"release":  schema.StringAttribute{Required: true, MarkdownDescription: "The release that is approved."},
			"stage":    schema.StringAttribute{Required: true, MarkdownDescription: "The stage that it may leave."},
			"approver": schema.StringAttribute{Required: true, MarkdownDescription: "Who approves."},

			"comment": schema.StringAttribute{Optional: true, MarkdownDescription: "What the approver says to it."},
			"content_digest": schema.StringAttribute{
				Optional: true, Computed: true, PlanModifiers: stays(),
				MarkdownDescription: "Digest of the approved content. Set it to the value of `content_digest` of the deployment that was captured when the approver looked at it: if something else runs there by the time it is recorded, it is refused.",
			},
			"revoke": schema.SingleNestedAttribute{
				Optional: true, Attributes: revokeObject.Attributes,
				MarkdownDescription: "Takes back everything that this approver has approved of this release leaving this stage. Set it on the recorded approval and change nothing else with it; it stays.",
			},

			"id":          schema.StringAttribute{Computed: true, PlanModifiers: stays(), MarkdownDescription: "`PIPELINE/ENTRY`, by which it is imported. A change records a new entry."},
			"statement":   computed("The exact text that is approved."),
			"recorded_at": computed("When it was recorded, by the ledger's time."),
			"revoked_at":  computed("When it was revoked; null while it counts."),
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
