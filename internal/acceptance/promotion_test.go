package acceptance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

var fiveStages = []string{"development", "qa", "uat", "staging", "production"}

func emptyPlan() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

func deployment(environment string) string { return "portal_release_deployment." + environment }

func text(value string) knownvalue.Check { return knownvalue.StringExact(value) }

func lines(values ...string) knownvalue.Check {
	checks := make([]knownvalue.Check, len(values))
	for i, value := range values {
		checks[i] = text(value)
	}
	return knownvalue.ListExact(checks)
}

// planned checks an attribute of a plan.
func planned(address, attribute string, check knownvalue.Check) plancheck.PlanCheck {
	return plancheck.ExpectKnownValue(address, tfjsonpath.New(attribute), check)
}

func preApply(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// has checks an attribute of the state.
func has(address, attribute string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), check)
}

func TestFromEmptyToProductionInOneApply(t *testing.T) {
	t.Parallel()
	byDependsOn := ""
	for i, environment := range fiveStages {
		after := `[portal_environment.development, portal_environment.qa, portal_environment.uat, portal_environment.staging, portal_environment.production, portal_release.` + releaseName("2.4.0") + `]`
		if i > 0 {
			after = "[" + deployment(fiveStages[i-1]) + "]"
		}
		byDependsOn += fmt.Sprintf(`
resource "portal_release_deployment" %q {
  pipeline    = "intranet"
  environment = %[1]q
  release     = "2.4.0"
  depends_on  = %[2]s
}`, environment, after)
	}
	cases := map[string]string{
		"by references": chain("2.4.0", fiveStages...),
		"by depends_on": byDependsOn,
	}
	for name, deployments := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			config := w.config(simple(fiveStages...), releases("2.4.0"), deployments)
			checks := []plancheck.PlanCheck{}
			for _, environment := range fiveStages {
				checks = append(checks, planned(deployment(environment), "changes", lines("+ app 2.4.0")), plancheck.ExpectUnknownValue(deployment(environment), tfjsonpath.New("running")))
			}
			w.run(
				resource.TestStep{
					Config: config, ConfigPlanChecks: preApply(checks...),
					ConfigStateChecks: []statecheck.StateCheck{
						has(deployment("production"), "id", text("intranet/production")),
						has(deployment("production"), "status", text("running")),
						has(deployment("production"), "running", text("2.4.0")),
						has(deployment("production"), "changes", lines("+ app 2.4.0")),
						has(deployment("production"), "emergency_fixes", lines()),
						has(deployment("production"), "previous_release", knownvalue.Null()),
						has(deployment("production"), "receipt", knownvalue.StringRegexp(says(":"))),
					},
				},
				resource.TestStep{RefreshState: true},
				resource.TestStep{PreConfig: func() {
					for _, environment := range fiveStages {
						w.mustRun(environment, "app", "app 2.4.0")
					}
				}, Config: config, PlanOnly: true},
			)
			for name := range w.tree() {
				if strings.Contains(name, "current") || strings.Contains(name, "releases") {
					t.Errorf("destroying everything has left %s", name)
				}
			}
		})
	}
}
