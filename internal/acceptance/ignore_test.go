package acceptance

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

func TestWhatAServerWritesBesideIsNoDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("files/app.war", "a web application")
	production := func(patterns string) string {
		return environment("production", "production", fmt.Sprintf(`{ directory = { path = "{dir}/env/production" %s } }`, patterns), "")
	}
	release := func(version, component string) string {
		return fmt.Sprintf(`
resource "portal_release" %q {
  pipeline   = portal_pipeline.this.name
  version    = %q
  components = { %q = { version = %q, source = "{dir}/files/app.war", kind = "war" } }
}`, releaseName(version), version, component, version)
	}
	base := pipeline(`name = "development"`, `name = "production"`) + environments("development") + release("2.4.0", "app.war") + release("2.5.0", "app.log") +
		deploy("development", versionOf("2.4.0")) + deploy("production", releaseOf("development"))
	onProduction := func(action plancheck.ResourceActionType) plancheck.PlanCheck {
		return plancheck.ExpectResourceAction(deployment("production"), action)
	}
	const everything = `, ignore_patterns = []`
	const logs = `, ignore_patterns = ["app/", "*.log"]`
	fix := `
%s "portal_emergency_fix" "this" {
  pipeline      = "intranet"
  name          = "EF-1"
  components    = { "fix.log" = { version = "1", source = "{dir}/files/app.war" } }
  environments  = ["production"]
  bypass        = ["stage-order", "fix-tested"]
  approvals     = { "bob@example.com" = "" }
  justification = { reason = "r", incident = "i", severity = "1", requested_by = "jane@example.com", why_not_normal_path = "w" }
}`
	w.run(
		resource.TestStep{Config: w.config(base, production(""))},
		resource.TestStep{
			PreConfig: func() { w.write("env/production/current/app/index.jsp", "unpacked") },
			Config:    w.config(base, production("")), PlanOnly: true,
		},
		// With other patterns nothing is deployed again.
		resource.TestStep{Config: w.config(base, production(logs)), ConfigPlanChecks: preApply(onProduction(plancheck.ResourceActionNoop))},
		resource.TestStep{
			PreConfig: func() { w.write("env/production/current/server.log", "started") },
			Config:    w.config(base, production(logs)), PlanOnly: true,
		},
		// What is ours is never hidden.
		resource.TestStep{
			Config: w.config(base, production(`, ignore_patterns = ["*.war"]`)), PlanOnly: true,
			ExpectError: says(`component "app.war" of 2.4.0 matches ignore_patterns of environment "intranet/production"`, `What matches "*.war"`),
		},
		resource.TestStep{
			Config:   w.config(base, production(logs), fmt.Sprintf(fix, "resource")),
			PlanOnly: true, ExpectError: says(`component "fix.log" of 2.4.0+EF-1 matches ignore_patterns of environment "intranet/production"`),
		},
		resource.TestStep{
			Config:   w.config(pipeline(`name = "development"`, `name = "production"`), environments("development"), production(logs), release("2.4.0", "app.war"), release("2.5.0", "app.log"), deploy("development", versionOf("2.5.0")), deploy("production", releaseOf("development"))),
			PlanOnly: true, ExpectError: says(`component "app.log" of 2.5.0 matches ignore_patterns of environment "intranet/production"`),
		},
		resource.TestStep{Config: w.config(base, production(`, ignore_patterns = ["app["]`)), PlanOnly: true, ExpectError: says(`ignore_patterns has "app["`)},
		// Nothing is ignored: all that was written beside is drift, and a repair leaves it behind.
		resource.TestStep{Config: w.config(base, production(everything)), ExpectNonEmptyPlan: true},
		resource.TestStep{Config: w.config(base, production(everything)), ConfigPlanChecks: preApply(onProduction(plancheck.ResourceActionUpdate))},
		resource.TestStep{PreConfig: func() { w.mustRun("production", "app.war", "a web application") }, Config: w.config(base, production(everything)), PlanOnly: true},
	)
}
