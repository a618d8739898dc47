// Package provider is Terraform's face of the product: schemas, conversion,
// planning and messages. No rule lives here; the domain judges.
package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/ci"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Address is where Terraform finds the provider.
const Address = "registry.terraform.io/releaseportal/portal"

// Provider is the portal provider. Close it when it is no longer served.
type Provider struct {
	version string
	getenv  func(string) string
	clock   func() time.Time // of ledgers that have none of their own; nil: that of this machine

	mu       sync.Mutex
	sessions []*session
}

// New returns a provider of that version. getenv is where it looks for
// environment variables.
func New(version string, getenv func(string) string, options ...Option) *Provider {
	p := &Provider{version: version, getenv: getenv}
	for _, option := range options {
		option(p)
	}
	return p
}

// Option changes how a provider works.
type Option func(*Provider)

// WithClock sets the clock of ledgers that have none of their own.
func WithClock(now func() time.Time) Option { return func(p *Provider) { p.clock = now } }

// Close closes whatever was opened. Terraform gives a provider no sign at its
// end, so it is called when serving has ended.
func (p *Provider) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, s := range p.sessions {
		errs = append(errs, s.close())
	}
	p.sessions = nil
	return errors.Join(errs...)
}

// Metadata implements provider.Provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "portal", p.version
}

// Schema implements provider.Provider.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Promotes releases through the stages of a pipeline, from development to production, and refuses short cuts at plan time. " +
			"Everything is addressed by name, checked by one set of rules and recorded in a ledger that several root modules can share.",
		Attributes: map[string]schema.Attribute{
			"ledger_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Address of the ledger: `sqlite:PATH` for the embedded ledger on this host, relative to the working directory. Default: `sqlite:.portal/ledger.db`. Environment variable: `PORTAL_LEDGER_URL`.",
			},
			"actor": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name of the person or job that acts, recorded with every entry. Default: environment variable `PORTAL_ACTOR`, else the user that the CI system names, else the user of the operating system.",
			},
			"run_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Address of the CI run, recorded with every entry. Default: environment variable `PORTAL_RUN_URL`, else built from the variables of the CI system.",
			},
			"artifact_cache": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Directory that caches the bytes of components, by sha256. Default: environment variable `PORTAL_ARTIFACT_CACHE`, else beside an embedded ledger. If sources are paths, share it between the hosts that deploy.",
			},
			"base_directory": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Base of relative paths of programs: `working_directory` of command targets, and the programs of checks. If it is set, these paths are recorded as relative, so that runners with checkouts in different places agree: " +
					"`base_directory = abspath(path.root)`. Default: environment variable `PORTAL_BASE_DIRECTORY`, else the working directory, and then targets are recorded with absolute paths.",
			},
			"lease": schema.StringAttribute{
				Optional: true, CustomType: durationType{},
				MarkdownDescription: "How long a process owns its deployment without a sign of life: `\"5s\"` to `\"10m\"`, default `\"15s\"`. " +
					"The lease is renewed after each third of this time. When it has expired, another process takes over the unfinished deployment of a process that died on another host; a process that died on the same host is recognised at once. Increase it if the ledger's disk stalls.",
			},
			"credentials": schema.MapNestedAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Credentials by name, for targets that name one. They are never written to state, plan, ledger or log. Each value may also come from an environment variable: `PORTAL_CREDENTIAL_<NAME>_USERNAME`, `_PASSWORD` or `_TOKEN`, the name in upper case with `-` as `_`.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"username": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "User name."},
					"password": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Password."},
					"token":    schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Token."},
				}},
			},
		},
	}
}

type providerModel struct {
	LedgerURL     types.String `tfsdk:"ledger_url"`
	Actor         types.String `tfsdk:"actor"`
	RunURL        types.String `tfsdk:"run_url"`
	ArtifactCache types.String `tfsdk:"artifact_cache"`
	BaseDirectory types.String `tfsdk:"base_directory"`
	Lease         duration     `tfsdk:"lease"`
	Credentials   types.Map    `tfsdk:"credentials"`
}

// Configure implements provider.Provider. It opens nothing yet: a configuration
// may be unknown while Terraform plans.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	run := ci.Detect(p.getenv)
	s := newSession(p.getenv)
	s.clock = p.clock
	s.unknown = model.LedgerURL.IsUnknown() || model.ArtifactCache.IsUnknown() || model.BaseDirectory.IsUnknown()
	s.url = first(model.LedgerURL.ValueString(), p.getenv(engines.Variable), engines.Default)
	s.cacheDir = first(model.ArtifactCache.ValueString(), p.getenv("PORTAL_ARTIFACT_CACHE"))
	s.by.Name = first(model.Actor.ValueString(), ci.Actor(p.getenv))
	s.by.Run = first(model.RunURL.ValueString(), p.getenv("PORTAL_RUN_URL"), run.URL)
	resp.Diagnostics.Append(textProblems(path.Root("actor"), "actor", s.by.Name)...)
	resp.Diagnostics.Append(textProblems(path.Root("run_url"), "run_url", s.by.Run)...)
	if !s.unknown {
		address, err := engines.Parse(s.url)
		if err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("ledger_url"), "This ledger_url cannot be used", err.Error())
		} else if why := temporary(address.LocalPath(), p.getenv); why != "" {
			resp.Diagnostics.AddAttributeWarning(path.Root("ledger_url"), "The ledger is in a place where it is likely to be lost",
				why+" Without the ledger every release has to start over. Use an absolute path on a permanent disk.")
		}
		resp.Diagnostics.Append(p.twoLedgers(model.LedgerURL.ValueString(), address)...)
	}
	s.base = absolute(first(model.BaseDirectory.ValueString(), p.getenv("PORTAL_BASE_DIRECTORY")))
	if info, err := os.Stat(s.base); s.base != "" && (err != nil || !info.IsDir()) {
		resp.Diagnostics.AddAttributeError(path.Root("base_directory"), "This base_directory cannot be used", s.base+" is not an existing directory. Set it to the checkout, or to a directory in it.")
	}
	if !model.Lease.IsNull() && !model.Lease.IsUnknown() {
		s.lease = model.Lease.of()
	}
	if s.lease < shortestLease || s.lease > longestLease {
		resp.Diagnostics.AddAttributeError(path.Root("lease"), "This lease cannot be used",
			fmt.Sprintf("It is %s, but must be between %s and %s: a shorter lease expires if a disk stalls, and a longer one blocks an environment for too long after its process has died.",
				portal.FormatDuration(s.lease), portal.FormatDuration(shortestLease), portal.FormatDuration(longestLease)))
	}
	resp.Diagnostics.Append(s.readCredentials(ctx, model.Credentials)...)
	if resp.Diagnostics.HasError() {
		return
	}
	p.mu.Lock()
	p.sessions = append(p.sessions, s)
	p.mu.Unlock()
	resp.ResourceData, resp.DataSourceData = s, s
}

// twoLedgers warns if the provider block names another ledger than the environment
// does. Commands, and root modules that leave ledger_url out, use the other one.
func (p *Provider) twoLedgers(written string, address engines.Address) diagnostics {
	var diags diagnostics
	variable := p.getenv(engines.Variable)
	if written == "" || variable == "" {
		return diags
	}
	if other, err := engines.Parse(variable); err == nil && other == address {
		return diags
	}
	diags.AddAttributeWarning(path.Root("ledger_url"), "ledger_url differs from "+engines.Variable+" says",
		"ledger_url is "+written+" and is used here; "+engines.Variable+" is "+variable+", which commands and root modules without ledger_url use. "+
			"Neither ledger has the entries of the other. Remove ledger_url, or make the two the same.")
	return diags
}

// What a lease may be.
const (
	shortestLease = 5 * time.Second
	longestLease  = 10 * time.Minute
)

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// Resources implements provider.Provider.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newPipelineResource, newEnvironmentResource, newReleaseResource, newDeploymentResource,
		newTestResultResource, newApprovalResource, newFreezeResource, newFixResource,
	}
}

// DataSources implements provider.Provider.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newPipelineDataSource, newEnvironmentDataSource, newReleaseDataSource, newPromotionCheckDataSource, newFastPathDataSource, newMetricsDataSource,
	}
}
