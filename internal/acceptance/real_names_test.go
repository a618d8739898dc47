package acceptance

import (
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Everything is addressed by names, so that Terraform's own identities, the
// addresses of resources, must not get in the way of it.

func TestRealADeploymentIsNotReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "production")
	r := w.root("platform").write(base, releases("2.4.0"), deploy("development", versionOf("2.4.0")))
	r.apply()
	r.refuses([]string{"plan", "-replace=" + deployment("development")}, `portal_release_deployment intranet/development cannot be destroyed and created in the same plan`, `change redeploy`)
	r.refuses([]string{"plan", "-replace=portal_environment.development"}, `portal_environment intranet/development cannot be destroyed and created in the same plan`)
	w.mustRun("development", "app", "app 2.4.0")
}

func TestRealAResourceThatIsRenamedIsMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "production") + releases("2.4.0")
	renamed := strings.Replace(deploy("development", versionOf("2.4.0")), `"development" {`, `"first" {`, 1)
	r := w.root("platform").write(base, deploy("development", versionOf("2.4.0")))
	r.apply()
	r.write(base, renamed).refuses([]string{"plan"}, `portal_release_deployment intranet/development`, `add a moved block`)
	r.write(base, renamed, `
moved {
  from = portal_release_deployment.development
  to   = portal_release_deployment.first
}`).apply()
	w.mustRun("development", "app", "app 2.4.0")
	if n := len(events[portal.DeploymentStarted](t, w.entries())); n != 1 {
		t.Errorf("%d deployments were started, want the first one alone", n)
	}
}

func TestRealASavedPlanOfWhatSomebodyElseHasDoneIsFulfilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.root("platform").write(simple("development", "production"), releases("2.4.0")).apply()
	slower, faster := w.root("slower").write(elsewhere("development", "2.4.0")), w.root("faster").write(elsewhere("development", "2.4.0"))
	slower.must("plan", "-out=saved")
	faster.apply()
	if output := slower.must("apply", "saved"); strings.Contains(output, "inconsistent") {
		t.Error(output)
	}
	if n := len(events[portal.DeploymentStarted](t, w.entries())); n != 1 {
		t.Errorf("%d deployments were started, want one", n)
	}
	slower.must("plan", "-detailed-exitcode")
}

func TestRealASavedPlanOfADeclarationThatSomebodyElseChangedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stages := func(tests string) string {
		return pipeline(`name = "development"`+tests, `name = "production"`)
	}
	mine := w.root("mine").write(stages(""))
	mine.apply()
	mine.write(stages(`, soak_time = "1h"`)).must("plan", "-out=saved")
	other := w.root("other").write(`import {
  to = portal_pipeline.this
  id = "intranet"
}`, stages(`, required_tests = ["smoke"]`))
	other.apply()
	mine.refuses([]string{"apply", "saved"}, `stale-plan: pipeline "intranet" may not be changed`, `Plan again, with refresh`)
	other.must("plan", "-detailed-exitcode")
}

func TestRealAnEnvironmentKeepsItsTargetWhileAReleaseRunsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := func(directory string) string {
		return pipeline(`name = "development"`, `name = "production"`) +
			environment("development", "development", directoryOf(directory), "") + environment("production", "production", directoryOf("production"), "") + releases("2.4.0")
	}
	r := w.root("platform").write(at("development"), deploy("development", versionOf("2.4.0")))
	r.apply()
	r.write(at("elsewhere"), deploy("development", versionOf("2.4.0")), deploy("production", releaseOf("development"))).
		refuses([]string{"plan"}, `environment "intranet/development" cannot get another target`, `Nothing was tested on the new target`)
	w.mustRun("production")
}

func TestRealAnEnvironmentThatIsMadeAgainVouchesForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := pipeline(`name = "development"`, `name = "production"`) + environment("production", "production", directoryOf("production"), "") + releases("2.4.0")
	development := environment("development", "development", directoryOf("development"), "")
	r := w.root("platform").write(base, development, deploy("development", versionOf("2.4.0")))
	r.apply()
	r.write(base).apply()
	r.write(base, development).apply()
	r.write(base, development, deploy("production", versionOf("2.4.0"))).
		refuses([]string{"plan"}, `stage-order: release 2.4.0 may not enter "production"`, `development never deployed`)
}

func TestRealAPasswordInAnAddressIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.root("platform").write(simple("development", "production"), strings.Replace(releases("2.4.0"), `source = "`, `sha256 = "`+sum("x")+`", source = "https://bob:secret@example.com/`, 1))
	r.refuses([]string{"plan"}, `has a user name or password in its address`)
}
