package acceptance

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// unknown is a value that Terraform knows only once it has applied.
func unknown(name, value string) string {
	return "\nresource \"terraform_data\" \"" + name + "\" {\n  input = " + value + "\n}\n"
}

func TestWhatIsKnownOnlyWhenItIsApplied(t *testing.T) {
	t.Parallel()
	type replacement struct{ from, to string }
	cases := map[string][]replacement{
		"the name of the pipeline": {{`name = "intranet"`, `name = terraform_data.name.output`}},
		"the version of a release": {{`version    = "2.4.0"`, `version    = terraform_data.version.output`}},
		"the source of a component and the tests of a stage": {
			{`source = "{dir}/files/app-2.4.0"`, `source = terraform_data.source.output`},
			{`name = "development"`, `name = "development", required_tests = terraform_data.tests.output`},
		},
		"the stage and the target of an environment": {
			{`stage    = "development"`, `stage    = terraform_data.stage.output`},
			{`path = "{dir}/env/development"`, `path = terraform_data.path.output`},
		},
		"the environment":             {{`environment = portal_environment.development.name`, `environment = terraform_data.stage.output` + "\n  depends_on = [portal_environment.development]"}},
		"the release of a deployment": {{`release     = portal_release.v2_4_0.version`, `release     = terraform_data.deployed.output`}},
		"the ledger":                  {{`ledger_url = "sqlite:{dir}/ledger.db"`, `ledger_url = terraform_data.ledger.output`}},
		"what is recorded": {
			{`release     = portal_release.v2_4_0.version`, `release     = portal_release.v2_4_0.version` + "\n  redeploy = terraform_data.version.output"},
			{`suite       = "smoke"`, `suite       = terraform_data.suite.output`},
			{`approver = "bob@example.com"`, `approver = terraform_data.approver.output`},
			{`ends_at   = `, `ends_at   = terraform_data.ends_at.output #`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			values := unknown("name", `"intranet"`) + unknown("version", `"2.4.0"`) + unknown("source", `"{dir}/files/app-2.4.0"`) + unknown("tests", `["smoke"]`) +
				unknown("stage", `"development"`) + unknown("path", `"{dir}/env/development"`) + unknown("deployed", versionOf("2.4.0")) +
				unknown("ledger", `"sqlite:{dir}/ledger.db"`) + unknown("suite", `"smoke"`) + unknown("approver", `"bob@example.com"`) + unknown("ends_at", `"2099-01-01T00:00:00Z"`)
			everything := `
provider "portal" {
  ledger_url = "sqlite:{dir}/ledger.db"
  actor      = "jane@example.com"
}
` + simple("development", "qa", "production") + releases("2.4.0") + deploy("development", versionOf("2.4.0")) +
				testResult("smoke", "development", "smoke", "passed", "") + strings.Replace(approval("bob@example.com"), `"qa"`, `"development"`, 1) +
				freeze(1e13, 2e13) +
				deployWith("qa", releaseOf("development"), "depends_on = [portal_test_result.smoke]")
			for _, r := range c {
				if !strings.Contains(everything, r.from) {
					t.Fatalf("%q is not there", r.from)
				}
				everything = strings.ReplaceAll(everything, r.from, r.to)
			}
			config := w.hcl(values, everything)
			w.run(
				resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
					has(deployment("qa"), "running", text("2.4.0")),
					has(deployment("development"), "id", text("intranet/development")),
				}},
				resource.TestStep{Config: config, PlanOnly: true},
			)
		})
	}
}

func TestAReleaseThatIsKnownOnlyWhenItIsAppliedIsJudgedThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "production") + releases("2.4.0", "2.5.0", "2.6.0")
	w.run(
		resource.TestStep{Config: w.config(base, unknown("release", `"2.4.0"`), deploy("development", "terraform_data.release.output"))},
		resource.TestStep{
			Config: w.config(base, unknown("release", `"2.5.0"`), deploy("development", "terraform_data.release.output")),
			ConfigPlanChecks: preApply(
				actions(deployment("development"), plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(deployment("development"), tfjsonpath.New("changes")),
			),
			ConfigStateChecks: []statecheck.StateCheck{has(deployment("development"), "changes", lines("~ app 2.4.0 -> 2.5.0"))},
		},
		resource.TestStep{
			Config:      w.config(base, unknown("release", `"2.5.0"`), deploy("development", "terraform_data.release.output"), unknown("short_cut", versionOf("2.6.0")), deploy("production", "terraform_data.short_cut.output")),
			ExpectError: says(`stage-order`),
		},
	)
	w.mustRun("production")
}
