package acceptance

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// repair is an emergency fix of app with its rehearsal, which takes some of its
// arguments only.
func repair(fix, rehearsal, more string) string {
	arguments := `
  pipeline   = "intranet"
  name       = "EF-1"
  components = { app = { version = "2.5.0", source = "{dir}/files/app-2.5.0" } }
  bypass     = ["stage-order"]
  justification = {
    reason              = "nobody can log in"
    incident            = "INC-4711"
    severity            = "sev1"
    requested_by        = "ann@example.com"
    why_not_normal_path = "the next release needs two more weeks"
  }`
	return strings.Join([]string{
		`data "portal_fast_path" "ef_1" {`, arguments, rehearsal, "}",
		`resource "portal_emergency_fix" "ef_1" {`, arguments, fix, "expect = data.portal_fast_path.ef_1.statement_digest", more, "}",
	}, "\n")
}

func TestAnArgumentThatTheRehearsalLacksIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "staging", "production") + releases("2.4.0") + chain("2.4.0", "development", "staging", "production")
	const approved = `approvals = { "bob@example.com" = "" }`
	for _, missing := range []struct{ argument, says string }{
		{`approvals_expire_at = "2099-01-01T00:00:00Z"`, "approvals_expire_at: 2099-01-01T00:00:00Z in the fix, left out in the rehearsal"},
		{`strategy = "rollback"`, ""},
		{`environments = ["production"]`, ""},
	} {
		step := resource.TestStep{Config: w.config(base, repair(missing.argument, "", approved)), PlanOnly: true}
		if missing.says != "" {
			step.ExpectError = says("stale-plan: emergency fix EF-1 may not go ahead", missing.says, "Planning again does not help")
		} else {
			step.ExpectNonEmptyPlan = true // it makes no difference here
		}
		w.run(resource.TestStep{Config: w.config(base)}, step)
	}
}

// An approval is of a text that somebody has read. A plan that cannot show it yet is
// refused where the fix has one, and says what to apply first.
func TestAFixIsNotApprovedBeforeItsStatementIsKnown(t *testing.T) {
	t.Parallel()
	const approved = `approvals = { "bob@example.com" = "" }`
	base := func(version string) string {
		return simple("development", "staging", "production") + releases("2.4.0", "2.6.0") + chain(version, "development", "staging", "production")
	}
	waiting := `depends_on = [portal_release_deployment.production]`
	t.Run("everything is new", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{
				Config: w.config(base("2.4.0"), repair(approved, waiting, "")), PlanOnly: true,
				ExpectError: says("Emergency fix intranet/EF-1 has approvals, but its statement is not known yet", "data.portal_fast_path", "the deployment to development, to production, to staging"),
			},
			resource.TestStep{Config: w.config(base("2.4.0"), repair("", waiting, "")), PlanOnly: true, ExpectNonEmptyPlan: true},
			resource.TestStep{Config: w.config(base("2.4.0"))},
		)
	})
	t.Run("without a rehearsal", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		fix := strings.ReplaceAll(repair(approved, "", ""), "expect = data.portal_fast_path.ef_1.statement_digest", waiting)
		_, fix, _ = strings.Cut(fix, "\nresource ")
		w.run(
			resource.TestStep{
				Config: w.config(base("2.4.0"), "resource "+fix), PlanOnly: true,
				ExpectError: says("has approvals, but its statement is not known yet", `pipeline "intranet" is not declared`, "the deployment to development"),
			},
			resource.TestStep{Config: w.config(base("2.4.0"))},
		)
	})
	t.Run("the rehearsal waits for a deployment", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(
			resource.TestStep{Config: w.config(base("2.4.0"))},
			resource.TestStep{
				Config: w.config(base("2.6.0"), repair(approved, waiting, "")), PlanOnly: true,
				ExpectError: says("has approvals, but its statement is not known yet", "First apply what the fix depends on", "to production"),
			},
			resource.TestStep{Config: w.config(base("2.4.0"), repair(approved, waiting, ""))},
			// The fix is done: what its rehearsal waits for is nothing to it.
			resource.TestStep{
				Config: w.config(strings.ReplaceAll(base("2.4.0"), "release     = portal_release_deployment.staging.release", "release     = portal_release_deployment.staging.release\n  redeploy = \"again\""), repair(approved, waiting, "")),
				ConfigPlanChecks: preApply(
					actions(deployment("production"), plancheck.ResourceActionUpdate),
					plancheck.ExpectKnownValue("portal_emergency_fix.ef_1", tfjsonpath.New("status"), text("applied")),
				),
			},
		)
		w.mustRun("production")
	})
}
