package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type releaseResource struct{ configured }

var (
	_ resource.ResourceWithConfigure      = &releaseResource{}
	_ resource.ResourceWithImportState    = &releaseResource{}
	_ resource.ResourceWithModifyPlan     = &releaseResource{}
	_ resource.ResourceWithValidateConfig = &releaseResource{}
)

func newReleaseResource() resource.Resource { return &releaseResource{} }

func (*releaseResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "portal_release"
}

// register brings the bytes of paths into the cache, so that the files may go, and
// archives from elsewhere, to look into them, and registers the release.
func (r *releaseResource) register(ctx context.Context, plan *releaseModel) diagnostics {
	r.changing()
	release, diags := plan.decode(ctx)
	if diags.HasError() {
		return diags
	}
	pipeline := plan.Pipeline.ValueString()
	if !r.fillDigests(ctx, pipeline, &release, nil, false, &diags) {
		if !diags.HasError() {
			diags.AddError("digest-match: release "+release.Version+" cannot be registered", "The source of a component does not exist: see the warning. Nothing was registered.")
		}
		return diags
	}
	session, err := r.open(ctx)
	if err != nil {
		return explain("registering release "+release.Version, err)
	}
	registered := r.isRegistered(ctx, pipeline, release.Version)
	for _, name := range sortedNames(release.Components) {
		c := release.Components[name]
		if artifact.IsRemote(c.Source) && (registered || c.Kind != artifact.KindArchive) {
			continue // fetched, and checked, when it is deployed
		}
		if _, err := session.Artifacts.Fetch(ctx, artifact.Source{Location: c.Source, SHA256: c.SHA256, Kind: c.Kind, StripComponents: c.StripComponents}); err != nil && !registered {
			diags.AddAttributeError(path.Root("components").AtMapKey(name), "digest-match: component "+name+" of release "+release.Version+" cannot be registered", portal.Sentence(err.Error())+" Nothing was registered.")
		}
	}
	if diags.HasError() {
		return diags
	}
	_, err = r.record(ctx, pipeline, portal.RegisterRelease{Release: release})
	diags.Append(explain("registering release "+release.Version, err)...)
	if err == nil {
		diags.Append(r.read(ctx, plan, func() { diags.Append(vanished("release", plan.ID.ValueString())...) })...)
	}
	return diags
}

func (r *releaseResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan releaseModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.register(ctx, &plan)...)
	}
	setOrRemove(ctx, &resp.State, &plan, &resp.Diagnostics)
}

func (r *releaseResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan releaseModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.register(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// read fills the model from the ledger. gone is called where the release is not
// registered.
func (r *releaseResource) read(ctx context.Context, m *releaseModel, gone func()) diagnostics {
	var diags diagnostics
	version := m.Version.ValueString()
	err := r.view(ctx, m.Pipeline.ValueString(), portal.Subjects{Releases: []string{version}}, func(f portal.Facts) error {
		dossier := f.Release(version)
		if dossier == nil {
			gone()
			return nil
		}
		diags.Append(m.encode(ctx, f.Name, dossier)...)
		return nil
	})
	diags.Append(explain("reading release "+version, err)...)
	return diags
}

func (r *releaseResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state releaseModel
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

// Delete forgets the release in state: its record stays, and what runs keeps
// running.
func (r *releaseResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
	r.changing()
}

func (r *releaseResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importPair(ctx, req.ID, "version", "PIPELINE/VERSION", resp)
}
