package acceptance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// refusals lists what was refused: the environment, and by which rules.
func (w *world) refusals() []string {
	w.t.Helper()
	var lines []string
	for _, e := range events[portal.DeploymentRefused](w.t, w.entries()) {
		line := e.Environment
		for _, rule := range e.Rules {
			line += " " + string(rule)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestRealADestroyOfWhatWasNotPlannedIsRefused(t *testing.T) {
	t.Parallel()
	proofs := proves(t)
	w := newWorld(t)
	r := w.root("all").write(simple("development", "production"), releases("2.4.0", "2.5.0"), chain("2.4.0", "development", "production"),
		environment("spare", "development", directoryOf("spare"), ""), environment("vacant", "development", directoryOf("vacant"), ""))
	r.apply()
	r.must("plan", "-destroy", "-out=saved", "-target="+deployment("production"))
	r.must("plan", "-destroy", "-out=saved.spare", "-target=portal_environment.spare")
	r.must("plan", "-destroy", "-out=saved.vacant", "-target=portal_environment.vacant")
	changed := strings.ReplaceAll(environment("spare", "development", directoryOf("spare"), `installed = { java = "17.0.1" }`), "portal_pipeline.this.name", `"intranet"`)
	w.root("other").write(`import {
  to = portal_environment.spare
  id = "intranet/spare"
}`, changed, elsewhere("vacant", "2.4.0"), `import {
  to = portal_release_deployment.development
  id = "intranet/development"
}
import {
  to = portal_release_deployment.production
  id = "intranet/production"
}`, elsewhere("development", "2.5.0"), strings.Replace(elsewhere("production", "2.5.0"), `"2.5.0"`, releaseOf("development"), 1)).apply()
	says := []string{
		`stale-plan: what runs on "production" may not be removed`,
		`Environment "production" has changed since this was planned: it runs 2.5.0 since 20`, `Plan again, with refresh`,
	}
	r.refuses([]string{"apply", "saved"}, says...)
	w.mustRun("production", "app", "app 2.5.0")
	if got := w.refusals(); !slices.Equal(got, []string{"production stale-plan"}) {
		t.Errorf("recorded are %v", got)
	}
	still := w.still()
	still.remember()
	r.refuses([]string{"apply", "saved.spare"}, `stale-plan: environment "intranet/spare" may not be removed`, `Somebody else has changed it after this was planned`)
	r.refuses([]string{"apply", "saved.vacant"}, `environment "intranet/vacant" still runs 2.4.0`)
	still.compare()
	proofs.row("a saved plan that destroys, applied later", ofADeployment, ofAnEnvironment)
	r.refuses([]string{"destroy", "-auto-approve", "-refresh=false", "-target=" + deployment("production")}, says...)
	still.compare()
	// Its plan has said now what goes.
	r.must("destroy", "-auto-approve", "-target="+deployment("production"))
	w.mustRun("production")
	w.mustRun("development", "app", "app 2.5.0")
}

func TestRealNothingIsRemovedInAFreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parts := []string{simple("development", "production"), releases("2.4.0"), chain("2.4.0", "development", "production")}
	r := w.root("all").write(parts...)
	r.apply()
	r.must("plan", "-destroy", "-out=saved", "-target="+deployment("production"))
	z := freeze(-time.Hour, time.Hour)
	w.root("management").write(strings.ReplaceAll(z, "portal_pipeline.this.name", `"intranet"`)).apply()
	refusal := []string{
		`freeze: what runs on "production" may not be removed`, `Freeze "christmas" is in force on production from 20`, `nobody is there`,
		`or end the freeze`, `terraform destroy -target=portal_freeze.NAME`,
	}
	r.refuses([]string{"apply", "saved"}, refusal...)
	r.must("taint", deployment("production"))
	r.refuses([]string{"apply", "-auto-approve", "-refresh=false"}, refusal...)
	r.must("untaint", deployment("production"))
	w.mustRun("production", "app", "app 2.4.0")
	if got := w.refusals(); !slices.Equal(got, []string{"production freeze", "production freeze"}) {
		t.Errorf("recorded are %v", got)
	}
	// A freeze that the same run destroys is destroyed by itself first.
	r.write(append(parts, z)...).apply()
	still := w.still()
	still.remember()
	r.refuses([]string{"destroy", "-auto-approve"}, refusal...)
	still.compare()
	r.must("destroy", "-auto-approve", "-target=portal_freeze.this")
	r.must("destroy", "-auto-approve")
	w.mustRun("production")
}

// A provisioner that fails marks what it belongs to as tainted.
func TestRealAProvisionerThatFailsTakesNothingOutOfService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("health", "1")
	config := func(redeploy string) []string {
		return []string{simple("development", "production"), releases("2.4.0"), deployWith("development", versionOf("2.4.0"), redeploy+`
  # a smoke test of one's own
  provisioner "local-exec" { command = "exit $(cat {dir}/health)" }`)}
	}
	r := w.root("all").write(config("")...)
	r.refuses([]string{"apply", "-auto-approve"}, "local-exec provisioner error")
	w.write("health", "0")
	still := w.still()
	still.remember()
	r.refuses([]string{"apply", "-auto-approve"}, "portal_release_deployment intranet/development is tainted",
		"A provisioner failed", "Run terraform untaint", "change redeploy")
	still.compare()
	r.must("untaint", deployment("development"))
	r.mustBeEmpty()
	before := w.started()
	r.write(config(`redeploy = "once more"`)...).apply()
	w.mustHaveStarted(before, map[string]int{"development": 1})
	w.mustRun("development", "app", "app 2.4.0")
}

func TestRealAnotherRootDoesNotTakeAnEnvironmentAway(t *testing.T) {
	t.Parallel()
	proofs := proves(t)
	w := newWorld(t)
	platform := w.root("platform").write(simple("development", "production"), releases("2.4.0", "2.5.0"))
	platform.apply()
	app := w.root("app").write(elsewhere("development", "2.4.0"))
	app.apply()
	platform.refuses([]string{"destroy", "-auto-approve", "-target=portal_environment.development"},
		`environment "intranet/development" still runs 2.4.0`,
		`Destroy its portal_release_deployment first; it may be managed by another root module`)
	w.mustRun("development", "app", "app 2.4.0")
	app.mustBeEmpty()
	// A deployment is any root's that declares it: the one deploys again what the
	// other has destroyed.
	here := strings.ReplaceAll(environment("development", "development", directoryOf("development"), ""), "portal_pipeline.this.name", `"intranet"`)
	declared := w.declarations()
	second := w.root("second").write(inside(here, `"development" {`, "\n}", "\n  lane = \"emergency\"\n}"), elsewhere("development", "2.5.0"))
	got := second.run(nil, "plan")
	w.mustRefuse(got, `environment "intranet/development" is already declared with other values`, "import it")
	w.mustRefuse(got, "terraform import portal_release_deployment")
	second.write(here, elsewhere("development", "2.4.0")).apply()
	w.mustHaveDeclared(declared, map[string]int{})
	second.must("destroy", "-auto-approve", "-target="+deployment("development"))
	w.mustRun("development")
	app.apply()
	w.mustRun("development", "app", "app 2.4.0")
	second.refuses([]string{"destroy", "-auto-approve"}, `environment "intranet/development" still runs 2.4.0`)
	proofs.row("declared by another root module as well", ofADeployment, ofAnEnvironment)
	proofs.row("destroyed by another root module", ofADeployment, ofAnEnvironment)
	app.must("destroy", "-auto-approve")
	platform.must("destroy", "-auto-approve")
}

// What cannot be removed, because its target is gone, keeps its environment only
// until that was tried.
func TestRealADeadEnvironmentCanBeDestroyed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	base := pipeline(`name = "development"`, `name = "production"`) + releases("2.4.0") +
		environment("development", "development", server.hcl(""), "")
	r := w.root("all").write(base, deploy("development", versionOf("2.4.0")))
	r.apply()
	server.set(isDown)
	r.must("state", "rm", deployment("development"))
	r.refuses([]string{"destroy", "-auto-approve"}, `environment "intranet/development" still runs 2.4.0`, "then import it, and destroy it")
	r.must("import", deployment("development"), "intranet/development")
	if got := r.run(nil, "destroy", "-auto-approve", "-target="+deployment("development")); got.code == 0 {
		t.Error("a target that is down was emptied")
	}
	r.must("state", "rm", deployment("development"))
	if output := r.must("destroy", "-auto-approve"); !says("Release 2.4.0 stays on the target of intranet/development").MatchString(output) {
		t.Errorf("what is left is not told:\n%s", output)
	}
}
