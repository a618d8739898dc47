package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

const environmentType = "portal_environment"

type environmentResource struct {
	declared[environmentModel, portal.Environment]
}

var (
	_ resource.ResourceWithConfigure      = &environmentResource{}
	_ resource.ResourceWithImportState    = &environmentResource{}
	_ resource.ResourceWithModifyPlan     = &environmentResource{}
	_ resource.ResourceWithValidateConfig = &environmentResource{}
)

func newEnvironmentResource() resource.Resource {
	return &environmentResource{declared[environmentModel, portal.Environment]{
		noun: "environment", named: "name",
		key: func(m *environmentModel) (pipeline, id string) {
			return m.Pipeline.ValueString(), m.ID.ValueString()
		},
		known: func(ctx context.Context, m *environmentModel) bool { return m.known(ctx) },
		decode: func(ctx context.Context, m *environmentModel, base string) (portal.Environment, diagnostics) {
			return m.decode(ctx, base)
		},
		problems: (*portal.Environment).Validate,
		same:     portal.SameEnvironment,
		command: func(e portal.Environment, update bool, planned string) portal.Command {
			return portal.DeclareEnvironment{Environment: e, Update: update, Planned: planned}
		},
		find: func(ctx context.Context, m *environmentModel, base string, f portal.Facts) (bool, diagnostics) {
			site := f.Sites[m.Name.ValueString()]
			if site == nil {
				return false, nil
			}
			return true, m.encode(ctx, base, f.Name, &site.Environment, site.Receipt)
		},
	}}
}

func (r *environmentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.session == nil {
		return
	}
	if !r.cannotPlan() {
		r.reading()
		r.tellAbsent(ctx, &resp.Diagnostics)
	}
	id := pairOf(req.State.Raw, "name")
	if r.cannotPlan() || r.isKnown(ctx, req.State.Raw) {
		resp.Diagnostics.Append(r.walk.refresh(environmentType, id)...)
		return
	}
	var state environmentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	there, diags := r.read(ctx, &state)
	resp.Diagnostics.Append(diags...)
	if there {
		resp.Diagnostics.Append(r.walk.refresh(environmentType, id)...)
	}
	keep(ctx, there, &resp.State, &state, &resp.Diagnostics)
}

// isKnown reports whether the state has what the ledger has. The receipt stands
// for all of it but one: a path that is written relative to the working
// directory, which may be another one now.
func (r *environmentResource) isKnown(ctx context.Context, state tftypes.Value) bool {
	receipt, recorded := rawText(state, "receipt")
	pipeline, _ := rawText(state, "pipeline")
	name, _ := rawText(state, "name")
	var attributes map[string]tftypes.Value
	if !recorded || state.As(&attributes) != nil {
		return false
	}
	same := false
	err := r.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if site := f.Sites[name]; site != nil && site.Receipt == receipt {
			same = sameTargetPlace(attributes["target"], r.baseDirectory(), site.Target)
		}
		return nil
	})
	return err == nil && same
}

func (r *environmentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state environmentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.spares(environmentType, state.ID.ValueString(), &resp.Diagnostics) {
		return
	}
	left, byFix := "", false
	err := r.view(ctx, state.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		if site := f.Sites[state.Name.ValueString()]; site != nil && site.Running != nil && site.InService() != nil {
			left, byFix = site.Running.Effective(), site.FixLeftovers()
		}
		_, err := state.removal().Decide(f) // before anything is taken off the target
		return err
	})
	if err == nil && byFix {
		left, err = r.removeLeftovers(ctx, &state, left, &resp.Diagnostics)
	}
	if err == nil {
		_, err = r.record(ctx, state.Pipeline.ValueString(), state.removal())
	}
	if err == nil && left != "" {
		resp.Diagnostics.AddWarning("Release "+left+" stays on the target of "+state.ID.ValueString(),
			"An attempt to remove it did not succeed.")
	}
	resp.Diagnostics.Append(explain("removing environment "+state.ID.ValueString(), err)...)
}

// removeLeftovers takes off a target what an emergency fix has left there, which
// no portal_release_deployment will. It returns what is still there; a target
// that is gone must not keep its environment from being destroyed, but a rule
// that was broken since does.
func (r *environmentResource) removeLeftovers(ctx context.Context, state *environmentModel, left string, diags *diagnostics) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, defaultDeploymentTimeout)
	defer cancel()
	opened, err := r.open(ctx)
	if err == nil {
		err = opened.Remove(ctx, state.Pipeline.ValueString(), r.by, portal.StartRemoval{Environment: state.Name.ValueString()})
	}
	var refusal *portal.RefusalError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &refusal):
		return left, err
	}
	diags.AddWarning("What an emergency fix has left on "+state.ID.ValueString()+" could not be removed", portal.Sentence(err.Error()))
	return left, nil
}
