package acceptance

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestDataSourcesTellWhatTheLedgerKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := pipelineWith(`description = "the intranet"`, `name = "development"`, `name = "qa", soak_time = "1h"`, `name = "production"`) +
		environments("development", "qa", "production") + releases("2.4.0", "2.5.0", "2.6.0") + releaseWith("2.7.0", "type = \"differential\"\n base = \"2.3.0\"") +
		deploy("development", versionOf("2.5.0")) + deploy("qa", releaseOf("development"))
	data := `
data "portal_pipeline" "this" {
  name = "intranet"
}
data "portal_environment" "qa" {
  pipeline = "intranet"
  name     = "qa"
}
data "portal_environment" "production" {
  pipeline = "intranet"
  name     = "production"
}
data "portal_release" "by_version" {
  pipeline = "intranet"
  version  = "2.4.0"
}
data "portal_release" "for_development" {
  pipeline     = "intranet"
  eligible_for = "development"
}
data "portal_release" "for_qa" {
  pipeline     = "intranet"
  eligible_for = "qa"
}
data "portal_promotion_check" "this" {
  pipeline    = "intranet"
  release     = "2.5.0"
  environment = "production"
}
data "portal_promotion_check" "allowed" {
  pipeline    = "intranet"
  release     = "2.6.0"
  environment = "development"
}
data "portal_promotion_check" "short_cut" {
  pipeline    = "intranet"
  release     = "2.6.0"
  environment = "production"
}`
	at := statecheck.ExpectKnownValue
	overview := func(name, release, running, status string) knownvalue.Check {
		checks := map[string]knownvalue.Check{"name": text(name), "stage": text(name), "lane": text("regular"), "status": text(status), "held_by": knownvalue.Null()}
		if release != "" {
			checks["release"], checks["running"] = text(release), text(running)
		}
		return knownvalue.ObjectPartial(checks)
	}
	gate := func(check string, rule, status string, detail ...string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.portal_promotion_check."+check, tfjsonpath.New("gates"), listWith(map[string]knownvalue.Check{
			"rule": text(rule), "status": text(status), "detail": knownvalue.StringRegexp(says(detail...)),
		}))
	}
	w.run(
		resource.TestStep{Config: w.config(base)},
		resource.TestStep{Config: w.config(base, data), ConfigStateChecks: []statecheck.StateCheck{
			at("data.portal_pipeline.this", tfjsonpath.New("description"), text("the intranet")),
			at("data.portal_pipeline.this", tfjsonpath.New("stages").AtSliceIndex(1).AtMapKey("after"), lines("development")),
			at("data.portal_pipeline.this", tfjsonpath.New("stages").AtSliceIndex(1).AtMapKey("soak_time"), text("1h")),
			at("data.portal_pipeline.this", tfjsonpath.New("environments"), knownvalue.ListExact([]knownvalue.Check{
				overview("development", "2.5.0", "2.5.0", "running"), overview("qa", "2.5.0", "2.5.0", "running"), overview("production", "", "", "empty"),
			})),
			has("data.portal_environment.qa", "release", text("2.5.0")),
			has("data.portal_environment.qa", "status", text("running")),
			at("data.portal_environment.qa", tfjsonpath.New("content").AtMapKey("app").AtMapKey("sha256"), text(sum("app 2.5.0"))),
			has("data.portal_environment.production", "status", text("empty")),
			has("data.portal_environment.production", "release", knownvalue.Null()),
			at("data.portal_release.by_version", tfjsonpath.New("components").AtMapKey("app").AtMapKey("sha256"), text(sum("app 2.4.0"))),
			has("data.portal_release.for_development", "version", text("2.6.0")), // 2.7.0 has no base
			has("data.portal_release.for_qa", "version", text("2.5.0")),
			has("data.portal_promotion_check.this", "allowed", knownvalue.Bool(false)),
			has("data.portal_promotion_check.this", "eligible_at", soon(time.Hour)),
			has("data.portal_promotion_check.this", "changes", lines("+ app 2.5.0")),
			has("data.portal_promotion_check.this", "statement", knownvalue.StringRegexp(says("2.5.0"))),
			gate("this", "stage-order", "passed", "It has been on every stage before."),
			gate("this", "soak-time", "refused", "it ran less than 1h on qa", "Wait until"),
			has("data.portal_promotion_check.allowed", "allowed", knownvalue.Bool(true)),
			has("data.portal_promotion_check.allowed", "eligible_at", knownvalue.Null()),
			has("data.portal_promotion_check.short_cut", "eligible_at", knownvalue.Null()),
			gate("short_cut", "stage-order", "refused", "2.6.0 never ran on development and qa"),
		}},
		resource.TestStep{
			Config: w.config(base, `
data "portal_release" "for_production" {
  pipeline     = "intranet"
  eligible_for = "production"
}`), PlanOnly: true, ExpectError: says(`no release of intranet may enter production now`),
		},
		resource.TestStep{
			Config: w.config(base, `
data "portal_environment" "missing" {
  pipeline = "intranet"
  name     = "nowhere"
}`), PlanOnly: true, ExpectError: says(`environment "intranet/nowhere" is not in the ledger`, `depends_on`),
		},
	)
}
