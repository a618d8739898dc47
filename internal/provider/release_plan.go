package provider

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// ValidateConfig also refuses components whose bytes are elsewhere and that have no digest.
func (r *releaseResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	r.declared.ValidateConfig(ctx, req, resp)
	var m releaseModel
	if req.Config.Get(ctx, &m).HasError() || !r.known(ctx, &m) {
		return
	}
	if release, diags := m.decode(ctx); !diags.HasError() {
		needDigests(release.Components, &resp.Diagnostics)
	}
}

func (r *releaseResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.cannotPlan() || req.Plan.Raw.IsNull() {
		return // destroying only forgets it
	}
	r.planning(req)
	var state, plan releaseModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	create := req.State.Raw.IsNull()
	if !create && (!plan.Pipeline.Equal(state.Pipeline) || !plan.Version.Equal(state.Version)) {
		resp.Diagnostics.Append(r.warningsOfNew(ctx, req, &plan)...)
		return // it is planned once more, as a new one
	}
	plan.Digest, plan.Receipt = types.StringUnknown(), types.StringUnknown()
	if !plan.Pipeline.IsUnknown() && !plan.Version.IsUnknown() {
		plan.ID = types.StringValue(plan.Pipeline.ValueString() + "/" + plan.Version.ValueString())
	}
	if !plan.knownButDigests(ctx) {
		r.walk.supposeVague(plan.Pipeline.ValueString(), "release/"+plan.Version.ValueString())
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	release, diags := plan.decode(ctx)
	resp.Diagnostics.Append(diags...)
	before, _ := state.decode(ctx)
	complete := plan.lookAtFiles(ctx, req.Config, &release, &resp.Diagnostics) &&
		r.fillDigests(ctx, plan.Pipeline.ValueString(), &release, before.Components, true, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.Components = withDigests(ctx, plan.Components, release.Components, &resp.Diagnostics)
	if !complete {
		r.walk.supposeVague(plan.Pipeline.ValueString(), "release/"+release.Version)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	plan.Digest = types.StringValue(release.Digest())
	if !create && portal.SameRelease(before, release) {
		plan.Receipt = state.Receipt
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if create {
		resp.Diagnostics.Append(r.checkSources(ctx, plan.Pipeline.ValueString(), &release)...)
	}
	if resp.Diagnostics.HasError() || r.walk.vague(plan.Pipeline.ValueString(), "pipeline") {
		r.walk.supposeVague(plan.Pipeline.ValueString(), "release/"+release.Version)
		return
	}
	resp.Diagnostics.Append(r.preview(ctx, "release "+plan.ID.ValueString(), plan.Pipeline.ValueString(), portal.RegisterRelease{Release: release})...)
	r.checkIncorporated(ctx, plan.Pipeline.ValueString(), &release, &resp.Diagnostics)
	if create {
		r.tellRebuilt(ctx, plan.Pipeline.ValueString(), &release, &resp.Diagnostics)
	}
}

// tellRebuilt warns of components that have other bytes than under the same version in
// another release.
func (r *releaseResource) tellRebuilt(ctx context.Context, pipeline string, release *portal.Release, diags *diagnostics) {
	var rebuilt []portal.Rebuilt
	_ = r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		rebuilt = f.RebuiltIn(release)
		r.walk.imagine(f, portal.Subjects{}, func(imagined portal.Facts) { rebuilt = imagined.RebuiltIn(release) })
		return nil // who judges the plan says what kept it from being looked at
	})
	for _, c := range rebuilt {
		diags.AddAttributeWarning(path.Root("components").AtMapKey(c.Component),
			"Component "+c.Component+" "+c.Version+" of release "+release.Version+" has other bytes than in "+c.Release,
			"It has sha256 "+release.Components[c.Component].SHA256+", but "+c.SHA256+" in "+c.Release+", under the same version. In changes, both look the same. "+
				"An archive that is packed again can differ only in its timestamps: pack it once and use that file, or give the changed component a new version.")
	}
}

// checkIncorporated reports fixes that a release says it contains and that the
// ledger does not know: a release never changes, so a slip of the pen would show
// only when it is refused.
func (r *releaseResource) checkIncorporated(ctx context.Context, pipeline string, release *portal.Release, diags *diagnostics) {
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		for _, name := range release.Incorporates {
			if f.Fixes[name] == nil {
				diags.AddAttributeWarning(path.Root("incorporates"), "Release "+release.Version+" incorporates "+name+", which is not an emergency fix of \""+pipeline+"\" yet",
					"That is fine if the fix comes later; otherwise correct the name before the release is registered. The known fixes are: "+first(strings.Join(slices.Sorted(maps.Keys(f.Fixes)), ", "), "none")+".")
			}
		}
		return nil
	})
	diags.Append(explain("planning release "+release.Version, err)...)
}

// fillDigests completes what the user left out of a release, from the files. What is
// known of it, from the ledger or the state, stays where a file is gone; other bytes
// under a registered version are refused. It reports whether all are there. plans is
// whether it is a plan that is made, and not applied.
func (r *releaseResource) fillDigests(ctx context.Context, pipeline string, release *portal.Release, before map[string]portal.Component, plans bool, diags *diagnostics) bool {
	registered := map[string]portal.Component{}
	err := r.view(ctx, pipeline, portal.Subjects{Releases: []string{release.Version}}, func(f portal.Facts) error {
		if dossier := f.Release(release.Version); dossier != nil {
			registered = dossier.Components
		}
		return nil
	})
	diags.Append(explain("planning release "+release.Version, err)...)
	if err != nil {
		return false
	}
	look := sources{what: "release " + release.Version, known: []map[string]portal.Component{registered, before}, keeps: true}
	if plans {
		look.planned = func(component, source, known, now string) bool {
			return r.asPlanned(ctx, pipeline, look.what, "", component, source, known, now, diags)
		}
	}
	complete, changed := look.fill(release.Components, diags)
	for _, c := range changed {
		diags.AddAttributeError(sourceOf(c.component), "digest-match: component "+c.component+" of release "+release.Version+" is not what was registered",
			c.source+" has sha256 "+c.found+", but "+c.known+" is registered. A registered release never changes.\n"+
				"Register the changed file under a new version, or restore the registered file. If the path is now used for another release, "+
				"set sha256 = \""+c.known+"\" beside its source, or remove the file: the registered bytes are then taken from the artifact cache."+destroyHint())
	}
	return complete
}

// warningsOfNew are those of planning a release that takes another one's place.
// Terraform plans it twice, first as a change, and drops the warnings of the second
// time.
func (r *releaseResource) warningsOfNew(ctx context.Context, req resource.ModifyPlanRequest, plan *releaseModel) diagnostics {
	if !plan.knownButDigests(ctx) {
		return nil
	}
	release, diags := plan.decode(ctx)
	if !diags.HasError() && plan.lookAtFiles(ctx, req.Config, &release, &diags) &&
		r.fillDigests(ctx, plan.Pipeline.ValueString(), &release, nil, false, &diags) {
		diags.Append(r.checkSources(ctx, plan.Pipeline.ValueString(), &release)...)
	}
	return diags.Warnings()
}

// checkSources reports at plan, as far as it is known, that bytes are not what
// they are said to be.
func (r *releaseResource) checkSources(ctx context.Context, pipeline string, release *portal.Release) diagnostics {
	var diags diagnostics
	session, err := r.open(ctx)
	if err != nil {
		return explain("planning release "+release.Version, err)
	}
	if r.isRegistered(ctx, pipeline, release.Version) {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(release.Components)) {
		c := release.Components[name]
		err := session.Artifacts.Check(ctx, artifact.Source{Location: c.Source, SHA256: c.SHA256, Kind: c.Kind, StripComponents: c.StripComponents})
		var unavailable *artifact.UnavailableError
		if errors.As(err, &unavailable) && errors.Is(err, os.ErrNotExist) {
			diags.AddAttributeWarning(path.Root("components").AtMapKey(name).AtName("source"), "The source of component "+name+" of release "+release.Version+" does not exist yet",
				portal.Sentence(err.Error())+" That is fine if this apply creates it; otherwise correct the path.")
		} else if err != nil {
			diags.AddAttributeError(path.Root("components").AtMapKey(name), "digest-match: component "+name+" of release "+release.Version+" cannot be registered", portal.Sentence(err.Error()))
		}
	}
	return diags
}

func (r *releaseResource) isRegistered(ctx context.Context, pipeline, version string) bool {
	there := false
	_ = r.view(ctx, pipeline, portal.Subjects{Releases: []string{version}}, func(f portal.Facts) error {
		there = f.Release(version) != nil
		return nil
	})
	return there
}
