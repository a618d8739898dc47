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

// defaultDeploymentTimeout is how long a deployment may take where no timeout
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
			"Setting `release` to another one deploys it, after every rule was judged: at plan, where it can be known, and always in the transaction that starts it. " +
			"One of lower precedence that succeeded here before is a rollback and is allowed by what was proven then. " +
			"Content that was changed on the target by hand shows as `status = \"drifted\"` with the `changes` that put it right. A target that cannot be asked is a warning, never an error.\n\n" +
			"Where the ledger already has the declared release on the environment it is adopted: nothing is deployed, a warning says so, and `changes` lists what runs there. Anything else there has to be imported first.\n\n" +
			"Destroying it removes the content from the target. That is refused if something else runs there than the state says, during a freeze, and while somebody else works there. Replacing it is refused: change `redeploy` instead. The guide \"Removing and replacing\" has every case.",
		Attributes: map[string]schema.Attribute{
			"pipeline":    pipelineAttribute(),
			"environment": schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the environment."},
			"release":     schema.StringAttribute{Required: true, MarkdownDescription: "Version of the release. `release = portal_release_deployment.staging.release` chains stages: it orders them too."},

			"redeploy": schema.StringAttribute{Optional: true, Validators: oneLine(), MarkdownDescription: "Change it to deploy the same release again on purpose: to take emergency fixes along, or to bring back a release that this environment was rolled back from."},
			"timeouts": timeoutsAttribute("30m", "create", "update", "delete"),

			"id":               idAttribute("PIPELINE/ENVIRONMENT"),
			"changes":          schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "What changes on the environment, known at plan: `\"+ theme 1.0.0\"`, `\"~ login-portlet 3.1.4 -> 3.2.0\"`, `\"- old-skin 0.9.0\"`."},
			"running":          schema.StringAttribute{Computed: true, MarkdownDescription: "The effective version that the target was last observed to run: the release, with emergency fixes as build metadata, such as `2.4.0+EF-2026-017`. After a deployment that did not succeed this may be the one that failed, or `unknown`: `release` stays what is declared, and `status` says whether all is well."},
			"emergency_fixes":  schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Emergency fixes laid over the release."},
			"status":           schema.StringAttribute{Computed: true, MarkdownDescription: "`running`, `suspended` (an emergency fix holds the environment), `failed`, `interrupted`, `unknown`, `drifted` or `unreachable`."},
			"previous_release": schema.StringAttribute{Computed: true, MarkdownDescription: "The release that ran here before this one."},
			"content_digest":   schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the content that runs: the release's components with the emergency fixes; null where it cannot be told. Capture its value when tests begin, and give it to `content_digest` of `portal_test_result` and `portal_approval`."},
			"deployed_at":      schema.StringAttribute{Computed: true, MarkdownDescription: "When it came to run here, by the ledger's time."},
			"receipt":          receiptAttribute(),
		},
	}
	maps.Copy(resp.Schema.Attributes, shownAttributes())
}

// encode writes what is in service on an environment over the model. What the
// user wrote stays as it is where it means the same. The release is the declared
// one, also while an emergency fix makes it wait.
func (m *deploymentModel) encode(pipeline string, site *portal.Site, status string) {
	declared, there := site.Declared(), site.InService()
	m.ID, m.Pipeline, m.Environment = types.StringValue(pipeline+"/"+site.Name), types.StringValue(pipeline), types.StringValue(site.Name)
	// What is left out is not managed; an import takes what is there.
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
// emergency fix may be at work there by now; the next refresh tells.
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
