package acceptance

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestEveryResourceIsImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	config := w.config(
		pipelineWith(`
  description = "the intranet"
  rules       = { "soak-time" = "warn" }
  emergency   = { required_approvals = 2, reconcile_within = "48h" }`,
			`name = "development", soak_time = "1h30m"`, `name = "qa", required_tests = ["smoke"], quorum = "all", exclusive = true`, `name = "side", after = []`, `name = "production", after = ["qa", "side"]`),
		environment("development", "development", directoryOf("development"), `
  installed = { java = "21" }
  checks    = [{ name = "up", command = ["true"], timeout = "1m30s" }]
  deletion_protection = false`),
		environment("qa", "qa", server.hcl(`timeout = "1m"`), `installed = { java = "21.0.1" }`),
		releaseWith("2.4.0", `
  requires = { java = ">= 17" }
  notes    = "the first one"`),
		releaseWith("2.5.0", "type = \"differential\"\n base = \"2.4.0\"\n removes = [\"old\"]"),
		deploy("development", versionOf("2.4.0")), deploy("qa", releaseOf("development")),
		testResult("smoke", "qa", "smoke", "passed", `
  run        = "17"
  report_url = "https://ci.example/17"
  summary    = "all green"`),
		approval("bob@example.com"), freeze(1e12, 2e12),
	)
	names := []string{
		"portal_pipeline.this", "portal_environment.development", "portal_environment.qa", "portal_release.v2_4_0", "portal_release.v2_5_0",
		"portal_release_deployment.development", "portal_release_deployment.qa", "portal_test_result.smoke", "portal_approval.bob", "portal_freeze.this",
	}
	steps := []resource.TestStep{{Config: config}}
	for _, name := range names {
		steps = append(steps, resource.TestStep{
			ResourceName: name, ImportState: true, ImportStateVerify: true,
			// False, where nothing means the same, is not in the ledger.
			ImportStateVerifyIgnore: []string{"deletion_protection"},
		})
	}
	w.run(steps...)
}

func TestImportRefusesAnIDOfAnotherForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := w.config(simple("development", "production"), releases("2.4.0"), deploy("development", versionOf("2.4.0")))
	steps := []resource.TestStep{{Config: config}}
	for name, c := range map[string][2]string{
		"portal_environment.development":        {"development", `PIPELINE/NAME`},
		"portal_release_deployment.development": {"intranet", `PIPELINE/ENVIRONMENT`},
		"portal_release.v2_4_0":                 {"intranet/9.9.9", `Cannot import non-existent remote object`},
	} {
		steps = append(steps, resource.TestStep{ResourceName: name, ImportState: true, ImportStateId: c[0], ExpectError: says(c[1])})
	}
	w.run(steps...)
}

func TestADeploymentOfAnotherRoot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "production") + releases("2.4.0", "2.5.0")
	forget := `
removed {
  from = portal_release_deployment.development
  lifecycle {
    destroy = false
  }
}`
	still := w.still()
	w.run(
		resource.TestStep{Config: w.config(base, deploy("development", versionOf("2.4.0")))},
		resource.TestStep{Config: w.config(base, forget)},
		resource.TestStep{
			PreConfig: still.remember, Config: w.config(base, deploy("development", versionOf("2.5.0"))), PlanOnly: true,
			ExpectError: says(`Environment "intranet/development" runs 2.4.0 already`, `import it first`, `terraform import portal_release_deployment.NAME intranet/development`),
		},
		// The same release is adopted: nothing happens there. It is planned as a
		// deployment to an empty environment is, so that a race cannot make the
		// walks differ.
		resource.TestStep{
			PreConfig: still.compare, Config: w.config(base, deploy("development", versionOf("2.4.0"))),
			ConfigPlanChecks: preApply(
				actions(deployment("development"), plancheck.ResourceActionCreate),
				planned(deployment("development"), "changes", lines("+ app 2.4.0")),
				plancheck.ExpectUnknownValue(deployment("development"), tfjsonpath.New("running")),
			),
			ConfigStateChecks: []statecheck.StateCheck{has(deployment("development"), "changes", lines("+ app 2.4.0"))},
		},
		resource.TestStep{PreConfig: still.compare, Config: w.config(base, forget)},
		// After an import another release may follow.
		resource.TestStep{
			Config:       w.config(base, deploy("development", versionOf("2.4.0"))),
			ResourceName: deployment("development"), ImportState: true, ImportStateId: "intranet/development", ImportStatePersist: true,
		},
		resource.TestStep{
			Config:           w.config(base, deploy("development", versionOf("2.5.0"))),
			ConfigPlanChecks: preApply(planned(deployment("development"), "changes", lines("~ app 2.4.0 -> 2.5.0"))),
		},
	)
}
