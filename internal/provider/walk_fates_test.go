package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestWhatAWalkMayPlanForOneName(t *testing.T) {
	const refresh fate = 0
	for _, c := range []struct {
		name  string
		order []fate // what the walk does, one after the other
		says  string // of the last of them; "" is nothing
	}{
		{"it is created", []fate{created}, ""},
		{"it is refreshed and kept", []fate{refresh, kept}, ""},
		{"it is refreshed and destroyed", []fate{refresh, removed}, ""},
		{"it is planned twice", []fate{refresh, kept, kept}, ""},
		{"it is tainted", []fate{refresh, created}, "is tainted"},
		{"one address is forgotten, another one created first", []fate{created, refresh}, "has two addresses"},
		{"it is replaced", []fate{refresh, kept, created}, "cannot be destroyed and created in the same plan"},
		{"its address has changed", []fate{refresh, removed, created}, "cannot be destroyed and created in the same plan"},
		{"its address has changed, the other way round", []fate{created, removed}, "cannot be destroyed and created in the same plan"},
		{"two addresses, one of them new", []fate{refresh, kept, created}, "have this name, remove one of them"},
		{"the same, the other way round", []fate{created, kept}, "has two addresses"},
		{"two addresses, one of them going", []fate{refresh, kept, refresh, removed}, "is kept and destroyed in the same plan"},
		{"one of them going, the other way round", []fate{refresh, removed, refresh, kept}, "is kept and destroyed in the same plan"},
	} {
		for _, kind := range []string{deploymentType, environmentType} {
			t.Run(c.name+", "+kind, func(t *testing.T) {
				w := newWalk()
				for i, next := range c.order {
					do := func(id string) diagnostics {
						if next == refresh {
							return w.refresh(kind, id)
						}
						return w.once(kind, id, next)
					}
					diags := do("shop/dev")
					got := lines(diags)
					for _, d := range diags {
						got += "\n" + d.Detail()
					}
					last := i == len(c.order)-1
					if (!last || c.says == "") && got != "" || last && !strings.Contains(got, c.says) {
						t.Errorf("in step %d it says %q", i, got)
					}
				}
				if got := w.once(kind, "shop/qa", created); len(got) > 0 {
					t.Errorf("another one is refused: %v", got)
				}
			})
		}
	}
}

// refresh asks a resource what has become of what the state has. It returns the
// state then, and what was said.
func refresh(t *testing.T, r resource.Resource, model any) resource.ReadResponse {
	t.Helper()
	state := stateOf(t, r, model)
	resp := resource.ReadResponse{State: state}
	r.Read(t.Context(), resource.ReadRequest{State: state}, &resp)
	return resp
}

func environmentOf(t *testing.T, p *planner, name string) *environmentModel {
	t.Helper()
	m := &environmentModel{
		Target: types.ObjectNull(targetType.AttrTypes), Checks: types.ListNull(checkType),
		Installed: types.MapNull(types.StringType), DeletionProtection: types.BoolNull(),
	}
	err := p.view(t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error {
		site := f.Sites[name]
		if diags := m.encode(t.Context(), "", "shop", &site.Environment, site.Receipt); diags.HasError() {
			t.Fatal(diags)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestATaintedEnvironmentIsRefused(t *testing.T) {
	for _, empty := range []bool{true, false} {
		p := newPlanner(t, nil)
		if !empty {
			p.register("1.0.0")
			p.deployed("dev", "1.0.0")
		}
		r, m := resourceOf[*environmentResource](newEnvironmentResource, p.session), environmentOf(t, p, "dev")
		if resp := refresh(t, r, m); resp.Diagnostics.HasError() || resp.State.Raw.IsNull() {
			t.Fatalf("refreshing gives %v", resp.Diagnostics)
		}
		if got := lines(plan(t, r, nil, m).Diagnostics); got != "Error: portal_environment shop/dev is tainted" {
			t.Errorf("it says %q", got)
		}
	}
}

func TestWhatARefreshDoesNotFindMayBeCreated(t *testing.T) {
	p := newPlanner(t, nil)
	r, m := resourceOf[*environmentResource](newEnvironmentResource, p.session), environmentOf(t, p, "dev")
	p.must(portal.RemoveEnvironment{Name: "dev"})
	if resp := refresh(t, r, m); !resp.State.Raw.IsNull() {
		t.Error("an environment that is gone is still there")
	}
	if got := plan(t, r, nil, m); got.Diagnostics.HasError() {
		t.Errorf("it says %v", got.Diagnostics)
	}
}

// The provider's own configuration may be unknown at plan. Terraform replaces a
// tainted resource in spite of it.
func TestATaintedResourceIsRefusedWithoutALedgerToo(t *testing.T) {
	p := newPlanner(t, nil)
	environment := environmentOf(t, p, "dev")
	deployment := aDeployment(t, "dev", "1.0.0")
	deployment.ID = types.StringValue("shop/dev")
	s := newSession(variables{}.get)
	s.unknown = true
	for _, c := range []struct {
		r    resource.ResourceWithModifyPlan
		m    any
		says string
	}{
		{resourceOf[*environmentResource](newEnvironmentResource, s), environment, "Error: portal_environment shop/dev is tainted"},
		{&deploymentResource{configured{s}}, deployment, "Error: portal_release_deployment shop/dev is tainted"},
	} {
		if resp := refresh(t, c.r, c.m); len(resp.Diagnostics) > 0 || resp.State.Raw.IsNull() {
			t.Errorf("refreshing gives %v", resp.Diagnostics)
		}
		if got := lines(plan(t, c.r, nil, c.m).Diagnostics); got != c.says {
			t.Errorf("it says %q", got)
		}
	}
}

func TestADeploymentWhoseEnvironmentBecomesUnknownIsRefused(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0")
	p.deployed("dev", "1.0.0")
	r := &deploymentResource{configured{p.session}}
	state := aDeployment(t, "dev", "1.0.0")
	if err := p.view(t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error {
		state.encode("shop", f.Sites["dev"], statusRunning)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(m *deploymentModel){
		"pipeline":    func(m *deploymentModel) { m.Pipeline = types.StringUnknown() },
		"environment": func(m *deploymentModel) { m.Environment = types.StringUnknown() },
	} {
		wish := *state
		wish.computedUnknown()
		change(&wish)
		want := "Error: portal_release_deployment shop/dev would move to an environment that is not known yet"
		if got := lines(plan(t, r, state, &wish).Diagnostics); got != want {
			t.Errorf("%s: it says %q", name, got)
		}
		p.walk = newWalk()
		if got := plan(t, r, nil, &wish).Diagnostics; len(got) > 0 {
			t.Errorf("%s of a new one: it says %v", name, got)
		}
	}
}

func TestAnEnvironmentWhoseNameBecomesUnknown(t *testing.T) {
	for name, change := range map[string]func(m *environmentModel){
		"pipeline": func(m *environmentModel) { m.Pipeline = types.StringUnknown() },
		"name":     func(m *environmentModel) { m.Name = types.StringUnknown() },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlanner(t, nil)
			r, state := resourceOf[*environmentResource](newEnvironmentResource, p.session), environmentOf(t, p, "dev")
			wish := *state
			wish.Receipt = types.StringUnknown()
			change(&wish)
			if got := plan(t, r, state, &wish).Diagnostics; len(got) > 0 {
				t.Errorf("while nothing runs there it says %v", got)
			}
			p.register("1.0.0")
			p.deployed("dev", "1.0.0")
			p.walk = newWalk()
			if got := lines(plan(t, r, state, &wish).Diagnostics); got != `Error: Environment "shop/dev" cannot be replaced while it runs 1.0.0` {
				t.Errorf("it says %q", got)
			}
		})
	}
}

// A freeze that only warns is told when a removal is planned, as with a
// deployment.
func TestAPlannedRemovalTellsWhatItIsWarnedOf(t *testing.T) {
	p := newPlanner(t, func(pipeline *portal.Pipeline) {
		pipeline.Rules = map[portal.Rule]portal.Level{portal.FreezeInForce: portal.LevelWarn}
	})
	p.register("1.0.0")
	p.deployed("dev", "1.0.0")
	p.must(portal.DeclareFreeze{Freeze: portal.Freeze{
		Name: "night", Stages: []string{"dev"}, Reason: "nobody is there",
		StartsAt: portaltest.Start.AddDate(-10, 0, 0), EndsAt: portaltest.Start.AddDate(100, 0, 0),
	}})
	state := aDeployment(t, "dev", "1.0.0")
	if err := p.view(t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error {
		state.encode("shop", f.Sites["dev"], statusRunning)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	r := &deploymentResource{configured{p.session}}
	if got := lines(plan(t, r, state, nil).Diagnostics); got != `Warning: freeze: what runs on "dev" is removed anyway` {
		t.Errorf("it says %q", got)
	}
}
