package acceptance

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// record writes to the ledger what somebody else has done on the pipeline
// intranet: commands that are decided, and deployments that have succeeded.
func (w *world) record(commands ...portal.Command) {
	w.t.Helper()
	engine, err := engines.Open(w.t.Context(), "sqlite:"+w.path("ledger.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	record := ledger.New(engine)
	defer record.Close()
	bob := portal.Actor{Name: "bob@example.com"}
	for _, command := range commands {
		if _, err := record.Record(w.t.Context(), "intranet", bob, command); err != nil {
			w.t.Fatalf("%T: %v", command, err)
		}
		var ends []portal.Command
		err := record.View(w.t.Context(), "intranet", bob, portal.Subjects{}, func(f portal.Facts) error {
			for _, site := range f.Sites {
				if site.Attempt.Open() {
					ends = append(ends, portal.EndDeployment{Environment: site.Name, Epoch: site.Epoch, Outcome: portal.Succeeded})
				}
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, end := range ends {
			if _, err := record.Record(w.t.Context(), "intranet", bob, end); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// recordFix carries out steps of an emergency fix, from one on and up to another.
func (w *world) recordFix(name string, from, until int) {
	w.t.Helper()
	for i := from; i < until; i++ {
		w.record(portal.StartStep{Fix: name, Stop: i + 1})
	}
}

func TestMetricsAndResultsOfAnEmergencyFix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := portaltest.Line("qa", "production")
	line.Name = "intranet"
	line.Emergency.RequiredTests = []string{"smoke"}
	deployed := func(environment string) portal.Command {
		return portal.StartDeployment{Deploy: portal.Deploy{Environment: environment, Release: "1.0.0"}}
	}
	w.record(portal.DeclarePipeline{Pipeline: line},
		portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment("qa", "qa")}, portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment("production", "production")},
		portal.RegisterRelease{Release: portaltest.FullRelease("1.0.0")}, deployed("qa"), deployed("production"))
	fix := portaltest.Fix("EF-2026-017", "1.0.1")
	fix.Bypass = []portal.Rule{portal.RepresentativeTest}
	fix.AdvanceTo = "qa"
	data := `
data "portal_pipeline" "this" {
  name = "intranet"
}
data "portal_environment" "qa" {
  pipeline = "intranet"
  name     = "qa"
}
data "portal_metrics" "this" {
  pipeline = "intranet"
}
data "portal_metrics" "hour" {
  pipeline = "intranet"
  window   = "1h"
}`
	result := `
resource "portal_test_result" "smoke" {
  pipeline      = "intranet"
  environment   = "qa"
  emergency_fix = "EF-2026-017"
  suite         = "smoke"
  outcome       = "passed"
}`
	seconds := knownvalue.StringRegexp(regexp.MustCompile(`^[0-9hm.]+m?s$`))
	metrics := func(name string) string { return "data.portal_metrics." + name }
	opened := tfjsonpath.New("open_fixes").AtSliceIndex(0)
	w.run(
		resource.TestStep{
			Config:   w.config(strings.Replace(result, "  emergency_fix = \"EF-2026-017\"\n", "", 1)),
			PlanOnly: true, ExpectError: says(`one (and only one) of`, `release`, `emergency_fix`),
		},
		resource.TestStep{
			Config: w.config(result), ExpectError: says(`"intranet/qa" does not run emergency fix EF-2026-017`, `It runs 1.0.0`, `advance_to = "qa"`),
		},
		resource.TestStep{Config: w.config(data), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.portal_pipeline.this", tfjsonpath.New("open_fixes"), knownvalue.ListSizeExact(0)),
			has(metrics("this"), "deployments", knownvalue.Int64Exact(1)), has(metrics("this"), "lead_time", seconds),
			has(metrics("this"), "change_failure_rate", knownvalue.Float64Exact(0)), has(metrics("this"), "time_to_restore", knownvalue.Null()),
			has(metrics("this"), "window", knownvalue.Null()), has(metrics("hour"), "deployments", knownvalue.Int64Exact(1)),
		}},
		resource.TestStep{
			PreConfig: func() { w.record(portal.OpenFix{FixWish: fix}); w.recordFix(fix.Name, 0, 2) },
			Config:    w.config(data, result), ConfigStateChecks: []statecheck.StateCheck{
				has("portal_test_result.smoke", "release", knownvalue.Null()), has("portal_test_result.smoke", "content_digest", knownvalue.NotNull()),
				has("data.portal_environment.qa", "held_by", text("EF-2026-017")), has("data.portal_environment.qa", "status", text("suspended")),
				has("data.portal_environment.qa", "release", text("1.0.0")), has("data.portal_environment.qa", "running", text("1.0.0+EF-2026-017")),
				statecheck.ExpectKnownValue("data.portal_pipeline.this", opened.AtMapKey("status"), text("open")),
				statecheck.ExpectKnownValue("data.portal_pipeline.this", opened.AtMapKey("reconcile_by"), knownvalue.Null()),
			},
		},
		resource.TestStep{ResourceName: "portal_test_result.smoke", ImportState: true, ImportStateVerify: true},
		resource.TestStep{
			PreConfig: func() { w.recordFix(fix.Name, 2, 7) }, // the test asks for the result that was recorded
			Config:    w.config(data, result), ConfigPlanChecks: emptyPlan(), ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.portal_pipeline.this", opened.AtMapKey("status"), text("applied")),
				statecheck.ExpectKnownValue("data.portal_pipeline.this", opened.AtMapKey("obligations"), knownvalue.ListSizeExact(2)),
				has(metrics("hour"), "change_failure_rate", knownvalue.Float64Exact(1)), has(metrics("hour"), "time_to_restore", seconds),
				has(metrics("hour"), "emergency_fixes", knownvalue.Int64Exact(1)), has(metrics("hour"), "interrupted_testing_hours", knownvalue.Float64Exact(0)),
				has(metrics("hour"), "obligations_open", knownvalue.Int64Exact(2)), has(metrics("hour"), "obligations_overdue", knownvalue.Int64Exact(0)),
			},
		},
		resource.TestStep{
			Config:   w.config(result, "\ndata \"portal_metrics\" \"none\" {\n  pipeline = \"nowhere\"\n}"),
			PlanOnly: true, ExpectError: says(`pipeline "nowhere" is not in the ledger`),
		},
	)
}
