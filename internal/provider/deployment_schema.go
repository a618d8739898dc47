package provider

import (
	"context"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// defaultDeploymentTimeout is how long a deployment may take if no timeout
// is given.
const defaultDeploymentTimeout = 30 * time.Minute

// refreshTimeout is how long a target is waited for while Terraform refreshes.
const refreshTimeout = 30 * time.Second

// The statuses of a deployment, as users see them.
const (
	statusRunning     = "running"
	statusSuspended   = "suspended"
	statusFailed      = "failed"
	statusInterrupted = "interrupted"
	statusUnknown     = "unknown"
	statusDrifted     = "drifted"
	statusUnreachable = "unreachable"
)

type deploymentModel struct {
	ID              types.String `tfsdk:"id"`
	Pipeline        types.String `tfsdk:"pipeline"`
	Environment     types.String `tfsdk:"environment"`
	Release         types.String `tfsdk:"release"`
	Redeploy        types.String `tfsdk:"redeploy"`
	Timeouts        types.Object `tfsdk:"timeouts"`
	Changes         types.List   `tfsdk:"changes"`
	Running         types.String `tfsdk:"running"`
	EmergencyFixes  types.List   `tfsdk:"emergency_fixes"`
	Status          types.String `tfsdk:"status"`
	PreviousRelease types.String `tfsdk:"previous_release"`
	ContentDigest   types.String `tfsdk:"content_digest"`
	DeployedAt      types.String `tfsdk:"deployed_at"`
	Receipt         types.String `tfsdk:"receipt"`
	Action          types.String `tfsdk:"action"`
	Components      types.Map    `tfsdk:"components"`
	Checks          types.List   `tfsdk:"checks"`
	Drift           types.List   `tfsdk:"drift"`
}

func (*deploymentResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Which release an environment runs.\n\n" +
			"Changing `release` deploys another release. All rules are checked first: at plan, as far as the situation is known, and again when the deployment starts. " +
			"Changing it to an earlier release that succeeded here before is a rollback, and needs no new tests or approvals. " +
			"If somebody changed the content on the target, `status` is `drifted`, and `changes` lists what the next apply repairs. A target that cannot be reached causes a warning, never an error.\n\n" +
			"If the environment already runs the declared release according to the ledger, it is adopted: nothing is deployed, a warning says so, and `changes` lists what runs there. If it runs anything else, import it first.\n\n" +
			"Destroying the resource removes the content from the target. That is refused if something else runs there than the state says, during a freeze, and while a deployment or an emergency fix is in progress there. Replacing it is refused: change `redeploy` instead. See the guide \"Removing and replacing\" for every case.",
		Attributes: map[string]schema.Attribute{
			"pipeline":    pipelineAttribute(),
			"environment": schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the environment."},
			"release":     schema.StringAttribute{Required: true, MarkdownDescription: "Version of the release. `release = portal_release_deployment.staging.release` chains the stages and also orders them in the graph."},

			"redeploy": schema.StringAttribute{Optional: true, Validators: oneLine(), MarkdownDescription: "Change this value to deploy the same release again: so that it carries new emergency fixes, or to bring back a release that this environment was rolled back from."},
			"timeouts": timeoutsAttribute("30m", "create", "update", "delete"),

			"id":               idAttribute("PIPELINE/ENVIRONMENT"),
			"changes":          schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "What changes on the environment, known at plan: `\"+ theme 1.0.0\"`, `\"~ login-portlet 3.1.4 -> 3.2.0\"`, `\"- old-skin 0.9.0\"`."},
			"running":          schema.StringAttribute{Computed: true, MarkdownDescription: "Effective version that the target was last observed to run: the release, with emergency fixes as build metadata, such as `2.4.0+EF-2026-017`. After an unsuccessful deployment this may be the version that failed, or `unknown`; `release` stays what is declared, and `status` shows the problem."},
			"emergency_fixes":  schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Emergency fixes that the release carries."},
			"status":           schema.StringAttribute{Computed: true, MarkdownDescription: "`running`, `suspended` (an emergency fix holds the environment), `failed`, `interrupted`, `unknown`, `drifted` or `unreachable`."},
			"previous_release": schema.StringAttribute{Computed: true, MarkdownDescription: "Release that ran here before this one."},
			"content_digest":   schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the content that runs: the release's components with the emergency fixes; null if it could not be determined. Capture its value when tests begin, and pass it to `content_digest` of `portal_test_result` and `portal_approval`."},
			"deployed_at":      schema.StringAttribute{Computed: true, MarkdownDescription: "When this content was deployed here, in the ledger's time."},
			"receipt":          receiptAttribute(),
		},
	}
	maps.Copy(resp.Schema.Attributes, shownAttributes())
}

// encode writes what is in service on an environment over the model. What the
// user wrote stays as it is if it means the same. The release is the declared
// one, also while an emergency fix makes it wait.
func (m *deploymentModel) encode(pipeline string, site *portal.Site, status string) {
	declared, there := site.Declared(), site.InService()
	m.ID, m.Pipeline, m.Environment = types.StringValue(pipeline+"/"+site.Name), types.StringValue(pipeline), types.StringValue(site.Name)
	// What is left out is not managed; an import takes what exists.
	if imported := m.Release.IsNull(); imported || !m.Redeploy.IsNull() {
		m.Redeploy = stringOrNull(site.Redeploy, types.StringNull())
	}
	m.Release = types.StringValue(declared.Release)
	m.Status, m.PreviousRelease = types.StringValue(status), stringOrNull(declared.Previous, types.StringNull())
	m.Running, m.ContentDigest, m.DeployedAt = types.StringNull(), types.StringNull(), types.StringNull()
	if there == nil {
		m.Changes, m.EmergencyFixes, m.Receipt = stringList(nil), stringList(nil), types.StringNull()
		return
	}
	if m.Changes.IsNull() || m.Changes.IsUnknown() || m.Receipt.ValueString() != there.Receipt {
		m.Changes = stringList(there.Changes)
	}
	m.Running, m.EmergencyFixes = types.StringValue(there.Effective()), stringList(there.Fixes)
	m.DeployedAt, m.Receipt = types.StringValue(portal.FormatTime(there.At)), types.StringValue(there.Receipt)
	m.ContentDigest = stringOrNull(there.Digest, types.StringNull())
}

// keepPlanned takes what was known when it was planned: that is what was done. An
// emergency fix may be at work there now; the next refresh shows it.
func (m *deploymentModel) keepPlanned(planned *deploymentModel) {
	for _, attribute := range []struct{ is, was *types.String }{
		{&m.Running, &planned.Running}, {&m.Status, &planned.Status}, {&m.PreviousRelease, &planned.PreviousRelease}, {&m.Action, &planned.Action},
	} {
		if !attribute.was.IsUnknown() {
			*attribute.is = *attribute.was
		}
	}
	for _, attribute := range []struct{ is, was *types.List }{{&m.Changes, &planned.Changes}, {&m.EmergencyFixes, &planned.EmergencyFixes}, {&m.Drift, &planned.Drift}} {
		if !attribute.was.IsUnknown() {
			*attribute.is = *attribute.was
		}
	}
	if !planned.Components.IsUnknown() {
		m.Components = withSources(planned.Components, m.Components)
	}
}

// wish is the deployment that the model asks for.
func (m *deploymentModel) wish() portal.Deploy {
	return portal.Deploy{Environment: m.Environment.ValueString(), Release: m.Release.ValueString(), Redeploy: m.Redeploy.ValueString()}
}

// removal is the removal of what the state says runs.
func (m *deploymentModel) removal() portal.StartRemoval {
	return portal.StartRemoval{Environment: m.Environment.ValueString(), Planned: &portal.Planned{Receipt: m.Receipt.ValueString()}}
}
