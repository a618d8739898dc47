package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type freezeResource struct {
	declared[freezeModel, portal.Freeze]
}

var (
	_ resource.ResourceWithConfigure      = &freezeResource{}
	_ resource.ResourceWithImportState    = &freezeResource{}
	_ resource.ResourceWithModifyPlan     = &freezeResource{}
	_ resource.ResourceWithValidateConfig = &freezeResource{}
)

func newFreezeResource() resource.Resource {
	return &freezeResource{declared[freezeModel, portal.Freeze]{
		noun: "freeze", named: "name",
		key: func(m *freezeModel) (pipeline, id string) {
			return m.Pipeline.ValueString(), m.ID.ValueString()
		},
		known: func(ctx context.Context, m *freezeModel) bool { return m.known(ctx) },
		decode: func(ctx context.Context, m *freezeModel, _ string) (portal.Freeze, diagnostics) {
			return m.decode(ctx)
		},
		problems: (*portal.Freeze).Validate,
		same:     portal.SameFreeze,
		command: func(z portal.Freeze, update bool, planned string) portal.Command {
			return portal.DeclareFreeze{Freeze: z, Update: update, Planned: planned}
		},
		find: func(ctx context.Context, m *freezeModel, _ string, f portal.Facts) (bool, diagnostics) {
			z := f.Freezes[m.Name.ValueString()]
			if z == nil {
				return false, nil
			}
			m.encode(ctx, f.Name, z)
			return true, nil
		},
		removal: func(m *freezeModel) portal.Command { return portal.RemoveFreeze{Name: m.Name.ValueString()} },
	}}
}
