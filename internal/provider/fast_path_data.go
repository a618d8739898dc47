package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// rehearsalName stands for the name of a fix that has none yet.
const rehearsalName = "rehearsal"

type fastPathDataSource struct{ configuredData }

func newFastPathDataSource() datasource.DataSource { return &fastPathDataSource{} }

func (*fastPathDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "portal_fast_path"
}

type fastPathModel struct {
	ID                types.String      `tfsdk:"id"`
	Pipeline          types.String      `tfsdk:"pipeline"`
	Name              types.String      `tfsdk:"name"`
	Components        types.Map         `tfsdk:"components"`
	Environments      types.List        `tfsdk:"environments"`
	TestEnvironments  types.List        `tfsdk:"test_environments"`
	Scope             types.String      `tfsdk:"scope"`
	Justification     types.Object      `tfsdk:"justification"`
	Bypass            types.Set         `tfsdk:"bypass"`
	Strategy          types.String      `tfsdk:"strategy"`
	AdvanceTo         types.String      `tfsdk:"advance_to"`
	Approvals         types.Map         `tfsdk:"approvals"`
	ApprovalsExpireAt timetypes.RFC3339 `tfsdk:"approvals_expire_at"`
	Withdraw          types.Object      `tfsdk:"withdraw"`

	Statement          types.String `tfsdk:"statement"`
	StatementDigest    types.String `tfsdk:"statement_digest"`
	ResolvedStrategy   types.String `tfsdk:"resolved_strategy"`
	BaselineRelease    types.String `tfsdk:"baseline_release"`
	InterruptedRelease types.List   `tfsdk:"interrupted_releases"`
	Steps              types.List   `tfsdk:"steps"`
	BypassedRules      types.List   `tfsdk:"bypassed_rules"`
	Allowed            types.Bool   `tfsdk:"allowed"`
	Gates              []gateModel  `tfsdk:"gates"`
	EstimatedDuration  types.String `tfsdk:"estimated_duration"`
	EstimateBasis      types.List   `tfsdk:"estimate_basis"`
}

func (*fastPathDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A rehearsal of an emergency fix: what `portal_emergency_fix` with these arguments would do now, which rules it would break, how long it might take, and the statement to approve. It records nothing and refuses nothing.\n\n" +
			"Pass its `statement_digest` to `expect` of the fix with the same arguments. For a fix that is already recorded, it shows the record.",
		Attributes: map[string]schema.Attribute{
			"pipeline": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the pipeline."},
			"components": schema.MapNestedAttribute{Required: true, MarkdownDescription: "Components that the fix replaces or adds, by name.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"version": schema.StringAttribute{Required: true, MarkdownDescription: componentVersionText},
				"source":  schema.StringAttribute{Required: true, MarkdownDescription: componentSourceText},
				"sha256":  schema.StringAttribute{Optional: true, MarkdownDescription: "sha256 of the component's bytes. Optional for a path."},
				"kind":    schema.StringAttribute{Optional: true, MarkdownDescription: componentKindText},

				"strip_components": schema.Int64Attribute{Optional: true, MarkdownDescription: componentStripText},
			}}},
			"name":         schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the fix; default `\"" + rehearsalName + "\"`."},
			"environments": schema.ListAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.List{someOf(environmentsMissing)}, MarkdownDescription: "Environments that must get the fix (its targets); default: every regular environment of the final stage."},
			"test_environments": schema.ListAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.List{someOf(testEnvironmentsMissing), listvalidator.UniqueValues()}, MarkdownDescription: testEnvironmentsText,
			},
			"scope":               schema.StringAttribute{Optional: true, Validators: oneOf(scopes()...), MarkdownDescription: scopeText},
			"justification":       schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Why the change takes the fast path. Without it, the statement says that it is not given yet.", Attributes: dataTexts(justificationObject).Attributes},
			"bypass":              schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Ids of the rules that the author is ready to break. Other broken rules are in `gates`, as `refused`."},
			"strategy":            schema.StringAttribute{Optional: true, Validators: oneOf(strategies()...), MarkdownDescription: strategyText},
			"advance_to":          schema.StringAttribute{Optional: true, MarkdownDescription: "Stage after which to stop; default: the final one."},
			"approvals":           schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Approver to the `statement_digest` that they have read, or to `\"\"`."},
			"approvals_expire_at": schema.StringAttribute{Optional: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "Time until which the approvals count, in RFC 3339."},
			"withdraw":            schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Shows what withdrawing a recorded fix would do.", Attributes: dataTexts(withdrawObject).Attributes},

			"id":                   dataString("`PIPELINE/NAME`."),
			"statement":            dataString("The exact text that approvers sign."),
			"statement_digest":     dataString("sha256 of the statement: what a fix takes as `expect`."),
			"resolved_strategy":    dataString("`dedicated`, `in-place`, `preempt` or `rollback`."),
			"baseline_release":     dataString("Release that the first target runs."),
			"interrupted_releases": dataList("Releases whose test or deployment would be interrupted."),
			"steps":                schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Steps that would be taken, in order.", NestedObject: dataTexts(stepObject)},
			"bypassed_rules":       schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Every rule that a regular deployment of the same content would break, named in `bypass` or not.", NestedObject: dataTexts(bypassedObject)},
			"allowed":              schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether such a fix could be applied now, approvals included."},
			"gates": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Results of the rules. A rule that is not listed does not apply.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"rule":   dataString("Id of the rule."),
				"status": dataString("`refused`, `bypassed` (broken, and named in `bypass`), `warned` or `passed`."),
				"detail": dataString("What was found, and what would satisfy the rule."),
			}}},
			"estimated_duration": dataString("Estimated duration of the steps, based on recorded deployments; null if there are none."),
			"estimate_basis":     dataList("What the estimate is based on, and what it does not include."),
		},
	}
}

// wish is what the fix would be declared as.
func (m *fastPathModel) wish(ctx context.Context) (portal.FixWish, diagnostics) {
	fix := fixModel{
		Pipeline: m.Pipeline, Name: types.StringValue(first(m.Name.ValueString(), rehearsalName)), Components: m.Components, Environments: m.Environments,
		TestEnvironments: m.TestEnvironments, Scope: m.Scope,
		Justification: m.Justification, Bypass: m.Bypass, Strategy: m.Strategy, AdvanceTo: m.AdvanceTo, Approvals: m.Approvals,
		ApprovalsExpireAt: m.ApprovalsExpireAt, Withdraw: m.Withdraw,
	}
	wish, diags := fix.decode(ctx)
	if m.Justification.IsNull() {
		const later = portal.NotGivenYet
		wish.Justification = portal.Justification{Reason: later, Incident: later, Severity: later, RequestedBy: later, WhyNotNormalPath: later}
	}
	return wish, diags
}

// completeFrom takes what is left out from the record of a fix: leaving it out
// does not ask for another one.
func (m *fastPathModel) completeFrom(wish *portal.FixWish, x *portal.FixState) {
	if m.Justification.IsNull() {
		wish.Justification = x.Justification
	}
	if m.Bypass.IsNull() {
		wish.Bypass = x.Bypass
	}
	if m.TestEnvironments.IsNull() {
		wish.TestEnvironments = x.TestEnvironments
	}
	if m.Scope.IsNull() {
		wish.Scope = x.Scope
	}
	if m.Strategy.IsNull() {
		wish.Strategy = x.Strategy
	}
	if m.ApprovalsExpireAt.IsNull() {
		wish.ApprovalsExpireAt = x.ApprovalsExpireAt
	}
}

// Read implements datasource.DataSource.
func (d *fastPathDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m fastPathModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || d.session == nil {
		return
	}
	d.reading()
	wish, diags := m.wish(ctx)
	resp.Diagnostics.Append(diags...)
	needDigests(wish.Components, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	pipeline := m.Pipeline.ValueString()
	err := d.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if x := f.Fixes[wish.Name]; x != nil {
			m.completeFrom(&wish, x)
		}
		return nil
	})
	var recorded *recordedFix
	if err == nil {
		recorded, err = d.recordedFix(ctx, pipeline, wish.Name)
	}
	if err == nil {
		if complete, _ := recorded.look(&wish, nil, true).fill(wish.Components, &resp.Diagnostics); !complete {
			return
		}
	}
	if err == nil {
		var needs rollout.Needs
		var deliveries []rollout.Delivery
		err = d.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
			proposal, err := f.PlanFix(wish)
			if err == nil {
				m.encode(ctx, f, proposal, &resp.Diagnostics)
				needs, deliveries = rollout.NeedsOfFix(f, proposal), rollout.DeliveriesOfFix(f, proposal)
				d.walk.rehearse(pipeline, portal.StatementDigest(proposal.Plan.Statement), wish.Fix)
			}
			return err
		})
		if err == nil {
			err = d.deliverable(ctx, pipeline, deliveries...)
		}
		bytesErr := d.bytesOfFix(ctx, wish.Name, d.withoutKept(ctx, pipeline, needs, deliveries...))
		if refusal := (*portal.RefusalError)(nil); errors.As(bytesErr, &refusal) {
			m.addBytes(refusal)
		} else if err == nil {
			err = bytesErr
		}
	}
	resp.Diagnostics.Append(explain("rehearsing emergency fix "+wish.Name, err)...)
	if !resp.Diagnostics.HasError() {
		m.ID = types.StringValue(pipeline + "/" + wish.Name)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (m *fastPathModel) encode(ctx context.Context, f portal.Facts, p *portal.FixProposal, diags *diagnostics) {
	var shown fixModel
	shown.show(ctx, &p.Plan, p.Stop, diags)
	m.Statement, m.StatementDigest, m.ResolvedStrategy, m.BaselineRelease = shown.Statement, shown.StatementDigest, shown.ResolvedStrategy, shown.BaselineRelease
	m.InterruptedRelease, m.Steps, m.BypassedRules = shown.InterruptedRelease, shown.Steps, shown.BypassedRules
	m.Allowed = types.BoolValue(p.Refusal() == nil)
	m.Gates = gateModels(append(p.Verdict.Gates(), p.Approval))
	estimate := f.EstimateFix(p)
	m.EstimatedDuration, m.EstimateBasis = types.StringNull(), stringList(estimate.Basis)
	if estimate.Duration > 0 {
		m.EstimatedDuration = types.StringValue(portal.FormatDuration(estimate.Duration))
	}
}

// addBytes adds that bytes are not as they have to be.
func (m *fastPathModel) addBytes(refusal *portal.RefusalError) {
	m.Allowed = types.BoolValue(false)
	m.Gates = append(m.Gates, gateModels(refusal.Verdict.Gates())...)
}
