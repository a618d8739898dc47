package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type releaseResource struct {
	declared[releaseModel, portal.Release]
}

var (
	_ resource.ResourceWithConfigure      = &releaseResource{}
	_ resource.ResourceWithImportState    = &releaseResource{}
	_ resource.ResourceWithModifyPlan     = &releaseResource{}
	_ resource.ResourceWithValidateConfig = &releaseResource{}
)

func newReleaseResource() resource.Resource {
	r := &releaseResource{}
	r.declared = declared[releaseModel, portal.Release]{
		noun: "release", named: "version",
		key: func(m *releaseModel) (pipeline, id string) {
			return m.Pipeline.ValueString(), m.ID.ValueString()
		},
		known: func(ctx context.Context, m *releaseModel) bool { return m.knownButDigests(ctx) },
		decode: func(ctx context.Context, m *releaseModel, _ string) (portal.Release, diagnostics) {
			return m.decode(ctx)
		},
		problems: (*portal.Release).Validate,
		write:    r.register,
		subjects: func(m *releaseModel) portal.Subjects {
			return portal.Subjects{Releases: []string{m.Version.ValueString()}}
		},
		find: func(ctx context.Context, m *releaseModel, _ string, f portal.Facts) (bool, diagnostics) {
			registered := f.Release(m.Version.ValueString())
			if registered == nil {
				return false, nil
			}
			return true, m.encode(ctx, f.Name, registered)
		},
	}
	return r
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
	for _, name := range slices.Sorted(maps.Keys(release.Components)) {
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
	if err != nil {
		return append(diags, explain("registering release "+release.Version, err)...)
	}
	return append(diags, r.readBack(ctx, plan)...)
}

// Delete forgets the release in state: its record stays, and what runs keeps
// running.
func (r *releaseResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
	r.changing()
}
