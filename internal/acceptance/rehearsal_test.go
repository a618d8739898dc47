package acceptance

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
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
