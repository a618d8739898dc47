package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// empty is the state of a resource that is not there.
func empty(t *testing.T, r resource.Resource) tfsdk.State {
	t.Helper()
	var schema resource.SchemaResponse
	r.Schema(t.Context(), resource.SchemaRequest{}, &schema)
	return tfsdk.State{Schema: schema.Schema, Raw: tftypes.NewValue(schema.Schema.Type().TerraformType(t.Context()), nil)}
}

func stateOf(t *testing.T, r resource.Resource, model any) tfsdk.State {
	t.Helper()
	state := empty(t, r)
	if model != nil {
		if diags := state.Set(t.Context(), model); diags.HasError() {
			t.Fatal(diags)
		}
	}
	return state
}

// plan asks a resource what it makes of a change; nil is no resource.
func plan(t *testing.T, r resource.ResourceWithModifyPlan, before, after any) resource.ModifyPlanResponse {
	t.Helper()
	state, planned := stateOf(t, r, before), stateOf(t, r, after)
	asked := tfsdk.Plan(planned)
	resp := resource.ModifyPlanResponse{Plan: asked}
	r.ModifyPlan(t.Context(), resource.ModifyPlanRequest{State: state, Plan: asked, Config: tfsdk.Config(asked)}, &resp)
	return resp
}

// resourceOf is a resource that is configured.
func resourceOf[R resource.Resource](create func() resource.Resource, s *session) R {
	r := create()
	r.(resource.ResourceWithConfigure).Configure(context.Background(), resource.ConfigureRequest{ProviderData: s}, nil)
	return r.(R)
}

func aDeployment(t *testing.T, environment, release string) *deploymentModel {
	t.Helper()
	m := &deploymentModel{
		ID: types.StringUnknown(), Pipeline: types.StringValue("shop"), Environment: types.StringValue(environment), Release: types.StringValue(release),
		Redeploy: types.StringNull(),
		Timeouts: types.ObjectNull(map[string]attr.Type{"create": durationType{}, "update": durationType{}, "delete": durationType{}}),
	}
	m.computedUnknown()
	return m
}

// lines lists diagnostics by their severity and summary.
func lines(diags diagnostics) string {
	var all []string
	for _, d := range diags {
		all = append(all, d.Severity().String()+": "+d.Summary())
	}
	return strings.Join(all, "\n")
}

func TestAPlanWarnsOfARuleThatIsLetPass(t *testing.T) {
	p := newPlanner(t, func(pipeline *portal.Pipeline) {
		pipeline.Stages[0].RequiredTests = []string{"unit"}
		pipeline.Rules = map[portal.Rule]portal.Level{portal.TestsPassed: portal.LevelWarn}
	})
	p.register("1.0.0")
	p.deployed("dev", "1.0.0")
	p.walk.suppose("shop", portal.ReleaseRegistered{Release: portaltest.FullRelease("1.0.0")}) // its bytes are another one's concern
	cases := []struct{ name, environment, want string }{
		{"where it is broken", "qa", `Warning: tests-passed: release 1.0.0 goes to "qa" although it breaks this rule`},
		{"not where it is adopted", "dev", `Warning: Environment "shop/dev" runs 1.0.0 already`},
		{"and refuses the others all the same", "production", `Error: stage-order: release 1.0.0 may not enter "production"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p.walk = newWalk()
			p.walk.suppose("shop", portal.ReleaseRegistered{Release: portaltest.FullRelease("1.0.0")})
			resp := plan(t, &deploymentResource{configured{p.session}}, nil, aDeployment(t, c.environment, "1.0.0"))
			if got := lines(resp.Diagnostics); got != c.want {
				t.Errorf("it says\n%s", got)
			}
		})
	}
}

func TestAPlanShowsWhatADeploymentChanges(t *testing.T) {
	p := newPlanner(t, nil)
	p.walk.suppose("shop", portal.ReleaseRegistered{Release: portaltest.FullRelease("1.0.0")})
	resp := plan(t, &deploymentResource{configured{p.session}}, nil, aDeployment(t, "dev", "1.0.0"))
	var planned deploymentModel
	resp.Diagnostics.Append(resp.Plan.Get(t.Context(), &planned)...)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	if planned.ID.ValueString() != "shop/dev" || planned.Changes.String() != `["+ app 1.0.0"]` {
		t.Errorf("planned is %+v", planned)
	}
	if !planned.Receipt.IsUnknown() || !planned.DeployedAt.IsUnknown() || !planned.Running.IsUnknown() || !planned.Status.IsUnknown() {
		t.Error("what may move until it is applied is planned as known")
	}
}

// TestAPlanAdoptsWhatRunsAlready also holds that an adoption is planned as a
// deployment to an empty environment is: somebody may come first between the two
// walks of Terraform, and nothing planned may differ then.
func TestAPlanAdoptsWhatRunsAlready(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0", "1.1.0")
	p.deployed("dev", "1.0.0")
	r := &deploymentResource{configured{p.session}}
	resp := plan(t, r, nil, aDeployment(t, "dev", "1.0.0"))
	if got := lines(resp.Diagnostics); got != `Warning: Environment "shop/dev" runs 1.0.0 already` {
		t.Errorf("it says\n%s", got)
	}
	other := newPlanner(t, nil)
	other.register("1.0.0")
	other.walk.suppose("shop", portal.ReleaseRegistered{Release: portaltest.FullRelease("1.0.0")}) // its bytes are another one's concern
	fresh := plan(t, &deploymentResource{configured{other.session}}, nil, aDeployment(t, "dev", "1.0.0"))
	if fresh.Diagnostics.HasError() || !fresh.Plan.Raw.Equal(resp.Plan.Raw) {
		t.Errorf("an adoption is planned as\n%s\na deployment to an empty environment as\n%s, %v", resp.Plan.Raw, fresh.Plan.Raw, fresh.Diagnostics)
	}
	if got := lines(plan(t, r, nil, aDeployment(t, "dev", "1.1.0")).Diagnostics); got != `Error: Environment "shop/dev" runs 1.0.0 already` {
		t.Errorf("for another release it says\n%s", got)
	}
}

func TestAPlanIsSilentWhereTheProviderIsNotKnownYet(t *testing.T) {
	later := newSession(variables{}.get)
	later.unknown = true
	for name, s := range map[string]*session{"not configured": nil, "configured later": later} {
		t.Run(name, func(t *testing.T) {
			if resp := plan(t, &deploymentResource{configured{s}}, nil, aDeployment(t, "dev", "1.0.0")); len(resp.Diagnostics) > 0 {
				t.Error(resp.Diagnostics)
			}
		})
	}
}

// aPipeline is a pipeline as somebody wrote it.
func aPipeline(t *testing.T, stages ...string) *pipelineModel {
	t.Helper()
	p := portaltest.Line(stages...)
	m := &pipelineModel{
		Description: types.StringNull(), Stages: types.ListNull(stageType), Approvers: types.MapNull(approverType),
		Rules: types.MapNull(types.StringType), Emergency: types.ObjectNull(emergencyType.AttrTypes),
	}
	if diags := m.encode(t.Context(), &p, "1:ab"); diags.HasError() {
		t.Fatal(diags)
	}
	return m
}

func TestAPlanWarnsOfStagesInUse(t *testing.T) {
	p := newPlanner(t, nil)
	before := aPipeline(t, "dev", "qa", "production")
	err := p.view(t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error {
		before.Receipt = types.StringValue(f.Receipt)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		stages []string
		want   string
	}{
		{"removed with an environment on it", []string{"dev", "production"}, "Warning: Stages of pipeline shop are in use"},
		{"moved with an environment on it", []string{"qa", "dev", "production"}, "Warning: Stages of pipeline shop are in use"},
		{"not where one is added", []string{"dev", "qa", "staging", "production"}, ""},
		{"not where nothing changes", []string{"dev", "qa", "production"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			resp := plan(t, resourceOf[*pipelineResource](newPipelineResource, p.session), before, aPipeline(t, c.stages...))
			if got := lines(resp.Diagnostics); got != c.want {
				t.Errorf("it says\n%s", got)
			}
			if c.want != "" && !strings.Contains(resp.Diagnostics[0].Detail(), `qa`) {
				t.Errorf("it does not say which: %s", resp.Diagnostics[0].Detail())
			}
		})
	}
}

func TestAPlanRefusesATargetOfAnotherLedger(t *testing.T) {
	const refused = `Error: The target of environment "shop/dev" belongs to another ledger`
	for _, c := range []struct {
		name, ledger string
		want         bool
	}{{"of another ledger", "another", true}, {"of this one", "", false}} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			p.register("1.0.0", "1.1.0")
			opened, err := p.open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			writeEpoch(t, p, first(c.ledger, opened.Ledger.ID()), 1)
			r := &deploymentResource{configured{p.session}}
			resp := plan(t, r, nil, aDeployment(t, "dev", "1.0.0"))
			if got := strings.Contains(lines(resp.Diagnostics), refused); got != c.want {
				t.Errorf("it says %q", lines(resp.Diagnostics))
			}
			if c.want && !strings.Contains(resp.Diagnostics[0].Detail(), ".portal.json, then run this again") {
				t.Errorf("it says %s", resp.Diagnostics[0].Detail())
			}
		})
	}
}
