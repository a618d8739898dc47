package acceptance

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func actions(of string, action plancheck.ResourceActionType) plancheck.PlanCheck {
	return plancheck.ExpectResourceAction(of, action)
}

func TestOneReleaseResourceIsBumpedFromVersionToVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(version string) string {
		return w.config(simple("development", "production"), fmt.Sprintf(`
locals {
  version = %q
}
resource "portal_release" "this" {
  pipeline   = portal_pipeline.this.name
  version    = local.version
  components = { app = { version = local.version, source = "{dir}/files/app-${local.version}" } }
}`, version), deploy("development", "portal_release.this.version"), deploy("production", releaseOf("development")))
	}
	w.run(
		resource.TestStep{Config: config("2.4.0")},
		resource.TestStep{
			Config: config("2.5.0"),
			ConfigPlanChecks: preApply(
				actions("portal_release.this", plancheck.ResourceActionReplace),
				actions(deployment("development"), plancheck.ResourceActionUpdate),
				actions(deployment("production"), plancheck.ResourceActionUpdate),
				planned(deployment("production"), "changes", lines("~ app 2.4.0 -> 2.5.0")),
				planned(deployment("production"), "running", text("2.5.0")),
				planned(deployment("production"), "previous_release", text("2.4.0")),
			),
			ConfigStateChecks: []statecheck.StateCheck{has(deployment("production"), "previous_release", text("2.4.0"))},
		},
		resource.TestStep{PreConfig: func() { w.mustRun("production", "app", "app 2.5.0") }, Config: config("2.5.0"), PlanOnly: true},
	)
}

func TestAnEnvironmentThatCannotBeReachedDoesNotBlockAPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	all := pipeline(`name = "development"`, `name = "production"`) +
		environment("development", "development", directoryOf("development"), "") +
		environment("broken", "development", directoryOf("broken"), "") +
		environment("dead", "development", server.hcl(""), "") +
		releases("2.4.0", "2.5.0") + deploy("broken", versionOf("2.4.0")) + deploy("dead", versionOf("2.4.0"))
	w.run(
		resource.TestStep{Config: w.config(all, deploy("development", versionOf("2.4.0")))},
		resource.TestStep{
			PreConfig: func() {
				server.set(isUnreachable)
				if err := os.Rename(w.path("env/broken"), w.path("elsewhere")); err != nil {
					t.Fatal(err)
				}
				w.write("env/broken", "a file")
			},
			Config: w.config(all, deploy("development", versionOf("2.5.0"))),
			ConfigPlanChecks: preApply(
				actions(deployment("development"), plancheck.ResourceActionUpdate),
				actions(deployment("broken"), plancheck.ResourceActionNoop),
				actions(deployment("dead"), plancheck.ResourceActionNoop),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				has(deployment("broken"), "status", text("unreachable")),
				has(deployment("dead"), "status", text("unreachable")),
				has(deployment("dead"), "running", text("2.4.0")),
				has(deployment("development"), "running", text("2.5.0")),
			},
		},
		resource.TestStep{
			PreConfig: func() {
				server.set(behaves)
				w.remove("env/broken")
				if err := os.Rename(w.path("elsewhere"), w.path("env/broken")); err != nil {
					t.Fatal(err)
				}
			},
			Config: w.config(all, deploy("development", versionOf("2.5.0"))),
			ConfigStateChecks: []statecheck.StateCheck{
				has(deployment("broken"), "status", text("running")),
				has(deployment("dead"), "status", text("running")),
			},
		},
	)
	if got := fmt.Sprint(server.deployed()); got != "[2.4.0 nothing]" {
		t.Errorf("deployed to the dead server: %s", got)
	}
}

func TestWhatWasChangedByHandShowsAsDriftAndIsPutRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := w.config(simple("development", "production"), `
resource "portal_release" "this" {
  pipeline = portal_pipeline.this.name
  version  = "2.4.0"
  components = {
    app   = { version = "2.4.0", source = "{dir}/files/app-2.4.0" }
    theme = { version = "1.0.0", source = "{dir}/files/app-2.3.0" }
  }
}`, deploy("development", "portal_release.this.version"))
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				w.write("env/development/current/app", "changed by hand")
				w.write("env/development/current/notes.txt", "put there by hand")
				w.remove("env/development/current/theme")
			},
			RefreshState: true, ExpectNonEmptyPlan: true,
			RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: []plancheck.PlanCheck{
				actions(deployment("development"), plancheck.ResourceActionUpdate),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				has(deployment("development"), "status", text("drifted")),
				has(deployment("development"), "drift", knownvalue.ListExact([]knownvalue.Check{
					knownvalue.StringRegexp(regexp.MustCompile(`^app: changed: sha256 [0-9a-f]{12}, and [0-9a-f]{12} was deployed$`)),
					text("notes.txt: present, but not deployed"), text("theme: gone"),
				})),
			},
		},
		resource.TestStep{
			Config: config,
			ConfigPlanChecks: preApply(
				planned(deployment("development"), "status", text("running")),
				plancheck.ExpectKnownValue(deployment("development"), tfjsonpath.New("changes"), knownvalue.ListSizeExact(3)),
				planned(deployment("development"), "previous_release", knownvalue.Null()),
				planned(deployment("development"), "action", text("repair")),
				planned(deployment("development"), "drift", knownvalue.ListSizeExact(0)),
			),
			ConfigStateChecks: []statecheck.StateCheck{has(deployment("development"), "status", text("running"))},
		},
		resource.TestStep{
			PreConfig: func() { w.mustRun("development", "app", "app 2.4.0", "theme", "app 2.3.0") },
			Config:    config, PlanOnly: true,
		},
	)
}

func TestARollbackAndTheWayForwardAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(version, more string) string {
		return w.config(simple("development", "production"), releases("2.4.0", "2.5.0"),
			deployWith("development", versionOf(version), more), deployWith("production", releaseOf("development"), more))
	}
	production := deployment("production")
	still := w.still()
	w.run(
		resource.TestStep{Config: config("2.4.0", "")},
		resource.TestStep{Config: config("2.5.0", "")},
		resource.TestStep{
			Config: config("2.4.0", ""),
			ConfigPlanChecks: preApply(
				actions(production, plancheck.ResourceActionUpdate),
				planned(production, "changes", lines("~ app 2.5.0 -> 2.4.0")),
				planned(production, "previous_release", text("2.5.0")),
			),
		},
		resource.TestStep{
			PreConfig: func() { w.mustRun("production", "app", "app 2.4.0"); still.remember() },
			Config:    config("2.5.0", ""), PlanOnly: true,
			ExpectError: says(`rolled-back: release 2.5.0 may not enter "development"`, `Environment "development" was rolled back from 2.5.0.`,
				`set redeploy to a new value to bring this one back on purpose`),
		},
		resource.TestStep{
			PreConfig: still.compare,
			Config:    config("2.5.0", `redeploy = "the cause was elsewhere"`),
			ConfigStateChecks: []statecheck.StateCheck{
				has(production, "running", text("2.5.0")), has(production, "redeploy", text("the cause was elsewhere")),
			},
		},
		resource.TestStep{
			PreConfig: func() { w.mustRun("production", "app", "app 2.5.0") },
			Config:    config("2.5.0", `redeploy = "once more"`),
			ConfigPlanChecks: preApply(
				actions(production, plancheck.ResourceActionUpdate), planned(production, "changes", lines()),
				planned(production, "previous_release", text("2.4.0")),
			),
		},
	)
}

func TestAnEmptyEnvironmentIsRenamedAndKeepsItsTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(pipeline, name string, more ...string) string {
		return w.config(append([]string{
			strings.Replace(simple("development", "production"), `"intranet"`, `"`+pipeline+`"`, 1),
			strings.Replace(environment("blue", "development", directoryOf("blue"), ""), `name     = "blue"`, `name     = "`+name+`"`, 1), releases("2.4.0"),
		}, more...)...)
	}
	runs := deploy("blue", versionOf("2.4.0"))
	still := w.still()
	w.run(
		resource.TestStep{Config: config("intranet", "blue")},
		resource.TestStep{Config: config("intranet", "azure"), ConfigPlanChecks: preApply(actions("portal_environment.blue", plancheck.ResourceActionReplace))},
		resource.TestStep{Config: config("intranet", "azure", runs)},
		resource.TestStep{
			PreConfig: still.remember, Config: config("extranet", "azure", runs), PlanOnly: true,
			ExpectError: says(`Environment "intranet/azure" cannot be renamed while it runs 2.4.0`, `Or remove its portal_release_deployment first`),
		},
		resource.TestStep{PreConfig: still.compare, Config: config("intranet", "azure")},
		resource.TestStep{PreConfig: func() { w.mustRun("blue") }, Config: config("extranet", "azure", runs), ConfigPlanChecks: preApply(
			actions("portal_pipeline.this", plancheck.ResourceActionReplace), actions("portal_environment.blue", plancheck.ResourceActionReplace),
		)},
	)
}
