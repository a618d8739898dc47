package acceptance

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

func TestAFileOfAReleaseThatHasChangedIsAnotherRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "production") + releases("2.4.0", "2.5.0") + chain("2.4.0", "development")
	pinned := strings.Replace(base, `source = "{dir}/files/app-2.4.0"`, `source = "{dir}/files/app-2.4.0", sha256 = "`+sum("app 2.4.0")+`"`, 1)
	rebuild := func() { w.write("files/app-2.4.0", "app 2.4.0, rebuilt") }
	refused := says("digest-match: component app of release 2.4.0 is not what was registered", "files/app-2.4.0 has sha256", sum("app 2.4.0, rebuilt"), "is registered", "under a new version")
	w.run(
		resource.TestStep{Config: w.config(base)},
		resource.TestStep{PreConfig: rebuild, Config: w.config(base), PlanOnly: true, ExpectError: refused},
		resource.TestStep{Config: w.config(pinned), PlanOnly: true},
		resource.TestStep{Config: w.config(base), PlanOnly: true, ExpectError: refused},
		resource.TestStep{PreConfig: func() { w.remove("files/app-2.4.0") }, Config: w.config(base), PlanOnly: true},
		resource.TestStep{
			PreConfig: func() { w.write("elsewhere/app", "app 2.4.0") },
			Config:    w.config(strings.Replace(base, "{dir}/files/app-2.4.0", "{dir}/elsewhere/app", 1)),
			ConfigPlanChecks: preApply(
				actions("portal_release.v2_4_0", plancheck.ResourceActionUpdate), actions("portal_release.v2_5_0", plancheck.ResourceActionNoop),
			),
		},
	)
}

func TestAFileOfAFixThatHasChangedAmendsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "staging", "production") + releases("2.4.0") + chain("2.4.0", "development", "staging", "production")
	const approved = `approvals = { "bob@example.com" = data.portal_fast_path.ef_1.statement_digest }`
	write := func(text string) func() { return func() { w.write("files/app-2.5.0", text) } }
	fix := func(more string) string { return w.config(base, repair(approved, "", more)) }
	w.run(
		resource.TestStep{Config: w.config(base)},
		resource.TestStep{Config: fix(`advance_to = "staging"`)},
		resource.TestStep{PreConfig: func() { w.mustRun("staging", "app", "app 2.5.0") }, Config: fix(`advance_to = "staging"`), PlanOnly: true},
		resource.TestStep{
			PreConfig: write("app 2.5.0, corrected"), Config: fix(`advance_to = "staging"`),
			ConfigStateChecks: []statecheck.StateCheck{has("portal_emergency_fix.ef_1", "status", text("open"))},
		},
		resource.TestStep{PreConfig: func() { w.mustRun("staging", "app", "app 2.5.0, corrected") }, Config: fix("")},
		resource.TestStep{PreConfig: func() { w.mustRun("production", "app", "app 2.5.0, corrected") }, Config: fix(""), PlanOnly: true},
		// Once it is on its targets, a build folder is only a build folder.
		resource.TestStep{PreConfig: write("app 2.6.0"), Config: fix(""), PlanOnly: true},
		resource.TestStep{Config: fix(`withdraw = { reason = "it made it worse" }`)},
		resource.TestStep{PreConfig: func() { w.mustRun("production", "app", "app 2.4.0") }, RefreshState: true}, // and nothing is planned
	)
}
