package acceptance

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestAReleaseKeepsItsDigestsWhenItsFilesAreGoneOrMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "production")
	sha256 := statecheck.ExpectKnownValue("portal_release.v2_4_0", tfjsonpath.New("components").AtMapKey("app").AtMapKey("sha256"), text(sum("app 2.4.0")))
	moved := strings.Replace(releaseWith("2.4.0", `notes = "moved"`), "files/app-2.4.0", "elsewhere/app", 1)
	w.run(
		resource.TestStep{
			Config: w.config(base, releases("2.4.0")), ConfigStateChecks: []statecheck.StateCheck{sha256},
			ConfigPlanChecks: preApply(
				plancheck.ExpectKnownValue("portal_release.v2_4_0", tfjsonpath.New("components").AtMapKey("app").AtMapKey("sha256"), text(sum("app 2.4.0"))),
				planned("portal_release.v2_4_0", "digest", knownvalue.NotNull()),
			),
		},
		resource.TestStep{
			PreConfig: func() { w.remove("files/app-2.4.0") },
			Config:    w.config(base, releases("2.4.0")), PlanOnly: true,
		},
		resource.TestStep{
			PreConfig: func() { w.write("elsewhere/app", "app 2.4.0") },
			Config:    w.config(base, moved),
			ConfigPlanChecks: preApply(
				actions("portal_release.v2_4_0", plancheck.ResourceActionUpdate),
			),
			ConfigStateChecks: []statecheck.StateCheck{sha256, has("portal_release.v2_4_0", "notes", text("moved"))},
		},
		// The bytes that were cached are deployed, although both files are gone.
		resource.TestStep{
			PreConfig: func() { w.remove("elsewhere") },
			Config:    w.config(base, moved, deploy("development", versionOf("2.4.0"))),
		},
		resource.TestStep{
			PreConfig: func() { w.mustRun("development", "app", "app 2.4.0") },
			Config:    w.config(base, deploy("development", `"2.4.0"`)), // destroying it forgets it only
		},
	)
	if n := len(events[portal.ReleaseRegistered](t, w.entries())); n != 2 {
		t.Errorf("the release was registered %d times", n)
	}
}

func TestAFreezeIsMovedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "production") + releases("2.4.0") + chain("2.4.0", "development")
	production := deploy("production", releaseOf("development"))
	frozen := freeze(-time.Hour, time.Hour)
	w.run(
		resource.TestStep{Config: w.config(base, frozen)},
		resource.TestStep{Config: w.config(base, frozen, production), PlanOnly: true, ExpectError: says(`freeze: release 2.4.0 may not enter "production"`)},
		// Moved by the same apply that deploys.
		resource.TestStep{
			Config: w.config(base, freeze(time.Hour, 2*time.Hour), strings.Replace(production, "\n}", "\n  depends_on = [portal_freeze.this]\n}", 1)),
			ConfigPlanChecks: preApply(
				actions("portal_freeze.this", plancheck.ResourceActionUpdate),
			),
		},
		resource.TestStep{Config: w.config(base, production), ConfigPlanChecks: preApply(
			actions("portal_freeze.this", plancheck.ResourceActionDestroy), actions(deployment("production"), plancheck.ResourceActionNoop),
		)},
	)
}

func TestWhatAnEnvironmentMayNotBecome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	two := pipeline(`name = "development"`, `name = "qa"`, `name = "production"`)
	at := func(stage, more string) string { return environment("blue", stage, directoryOf("blue"), more) }
	blue := deploy("blue", versionOf("2.4.0"))
	w.run(
		resource.TestStep{Config: w.config(two, at("development", ""), releases("2.4.0"), blue)},
		resource.TestStep{
			Config: w.config(two, at("qa", ""), releases("2.4.0"), blue), PlanOnly: true,
			ExpectError: says(`environment "intranet/blue" cannot move to stage "qa"`, `It runs 2.4.0, which was tested for stage "development"`),
		},
		resource.TestStep{
			Config: w.config(two, at("development", ""), environment("green", "development", directoryOf("blue"), ""), releases("2.4.0"), blue), PlanOnly: true,
			ExpectError: says(`target of environment "intranet/green" belongs to environment "intranet/blue"`, `env/blue can be the target of one environment`),
		},
		resource.TestStep{Config: w.config(two, at("development", "deletion_protection = true"), releases("2.4.0"), blue)},
		resource.TestStep{
			Config: w.config(two, at("development", "deletion_protection = true"), releases("2.4.0")), PlanOnly: true,
			ExpectError: says(`deletion_protection`),
		},
		resource.TestStep{
			Config: w.config(two), PlanOnly: true, ExpectError: says(`deletion_protection`),
		},
		// A pipeline keeps the stages that environments stand on.
		resource.TestStep{
			Config:      w.config(pipeline(`name = "qa"`, `name = "production"`), at("development", ""), releases("2.4.0"), blue),
			ExpectError: says(`pipeline "intranet" cannot be changed like that`, `stage "development" is removed, but environment "blue" is on it`, `Destroy these environments, or move them to another stage, first.`),
		},
		// Empty it may move.
		resource.TestStep{Config: w.config(two, at("development", ""), releases("2.4.0"), blue)},
		resource.TestStep{Config: w.config(two, at("development", ""), releases("2.4.0"))},
		resource.TestStep{
			Config:           w.config(two, at("qa", ""), releases("2.4.0")),
			ConfigPlanChecks: preApply(actions("portal_environment.blue", plancheck.ResourceActionUpdate)),
		},
	)
}

func TestTwoEnvironmentsOfOnePlanWithOneTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(resource.TestStep{
		Config:   w.config(pipeline(`name = "development"`, `name = "production"`), environment("blue", "development", directoryOf("blue"), ""), environment("green", "development", directoryOf("../env/blue"), "")),
		PlanOnly: true, ExpectError: says(`The target of environment`, `belongs to environment`, `Give this environment another target.`),
	})
}

func TestAPipelineThatIsNotOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(
		resource.TestStep{Config: w.config(pipeline(`name = "a", after = ["b"]`, `name = "b"`)), PlanOnly: true, ExpectError: says(`is not valid`)},
		resource.TestStep{Config: w.config(pipeline(`name = "a"`, `name = "b", after = []`)), PlanOnly: true, ExpectError: says(`is not valid`, `final`)},
		resource.TestStep{Config: w.config(pipelineWith(`rules = { "environment-held" = "off" }`, `name = "a"`, `name = "b"`)), PlanOnly: true, ExpectError: says(`environment-held`)},
	)
}
