package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// elsewhere deploys from a root module that declares neither pipeline nor
// release: it names them.
func elsewhere(environment, version string) string { return elsewhereWith(environment, version, "") }

func elsewhereWith(environment, version, more string) string {
	return fmt.Sprintf(`
resource "portal_release_deployment" %q {
  pipeline    = "intranet"
  environment = %[1]q
  release     = %q
  %s
}
`, environment, version, more)
}

func TestRealOneRootModulePerStageOneLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.root("platform").write(simple(fiveStages...), releases("2.4.0")).apply()
	production := w.root("production").write(elsewhere("production", "2.4.0"))
	still := w.still()
	still.remember()
	production.refuses([]string{"apply", "-auto-approve"}, `stage-order: release 2.4.0 may not enter "production"`, `development never deployed`, `staging never deployed`)
	still.compare()
	for _, stage := range fiveStages {
		r := w.root(stage).write(elsewhere(stage, "2.4.0"))
		r.apply()
		w.mustRun(stage, "app", "app 2.4.0")
		r.must("apply", "-refresh-only", "-auto-approve")
		r.mustBeEmpty()
	}
	entries := w.entries()
	if by := entries[len(entries)-1].By.Name; by != "production@example.com" {
		t.Errorf("the last entry is by %s", by)
	}
}

func TestRealAPipelineStaysWhileAnotherRootHasAnEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	platform := w.root("platform").write(simple("development", "production"), releases("2.4.0"))
	platform.apply()
	other := w.root("other").write(strings.ReplaceAll(environment("blue", "development", directoryOf("blue"), ""), "portal_pipeline.this.name", `"intranet"`))
	other.apply()
	// The target belongs to the other root's environment, whoever claims it.
	platform.write(simple("development", "production"), releases("2.4.0"), environment("green", "development", directoryOf("blue"), "")).
		refuses([]string{"plan"}, `target of environment "intranet/green" belongs to environment "intranet/blue"`)
	platform.write(simple("development", "production"), releases("2.4.0")).
		refuses([]string{"destroy", "-auto-approve"}, `pipeline "intranet" still has environments`, `Destroy them first: blue. Some may be managed by another root module.`)
	other.must("destroy", "-auto-approve")
	platform.must("destroy", "-auto-approve")
	entries := w.entries()
	if last := entries[len(entries)-1].Kind; last != "pipeline.retired" {
		t.Errorf("the last entry is %s", last)
	}
}

func TestRealAMapOfReleasesLosesAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(versions string) string {
		return simple("development", "production") + `
resource "portal_release" "all" {
  for_each   = toset([` + versions + `])
  pipeline   = portal_pipeline.this.name
  version    = each.key
  components = { app = { version = each.key, source = "{dir}/files/app-${each.key}" } }
}` + deploy("development", `portal_release.all["2.5.0"].version`) + deploy("production", releaseOf("development"))
	}
	r := w.root("all").write(config(`"2.4.0", "2.5.0"`))
	r.apply()
	r.write(config(`"2.5.0", "2.6.0"`))
	r.apply()
	r.mustBeEmpty()
	w.mustRun("production", "app", "app 2.5.0")
	// It is forgotten in state; its record is there.
	r.write(config(`"2.4.0", "2.5.0", "2.6.0"`))
	r.apply()
	if n := len(events[portal.ReleaseRegistered](t, w.entries())); n != 3 {
		t.Errorf("%d releases were registered", n)
	}
	r.must("destroy", "-auto-approve")
	w.mustRun("development")
	w.mustRun("production")
}

func TestRealASavedPlanOfAnEarlierSituationIsRefused(t *testing.T) {
	t.Parallel()
	platform := func(t *testing.T) *world {
		t.Parallel()
		w := newWorld(t)
		w.root("platform").write(simple("development", "production"), releases("2.4.0", "2.5.0", "2.6.0")).apply()
		return w
	}
	t.Run("of a change", func(t *testing.T) {
		w := platform(t)
		mine, other := w.root("mine").write(elsewhere("development", "2.4.0")), w.root("other")
		mine.apply()
		mine.write(elsewhere("development", "2.6.0")).must("plan", "-out=saved")
		other.write(`import {
  to = portal_release_deployment.development
  id = "intranet/development"
}`, elsewhere("development", "2.5.0")).apply()
		files := w.tree()
		mine.refuses([]string{"apply", "saved"}, `stale-plan: release 2.6.0 may not enter "development"`, `it runs 2.5.0 since 20`, `Plan again and read the new plan.`)
		if got := w.tree(); len(got) != len(files) {
			t.Errorf("files have changed: %v", got)
		}
		w.mustRun("development", "app", "app 2.5.0")
	})
	t.Run("of a creation", func(t *testing.T) {
		w := platform(t)
		r := w.root("first").write(elsewhere("development", "2.5.0"))
		r.must("plan", "-out=saved")
		w.root("faster").write(elsewhere("development", "2.4.0")).apply()
		r.refuses([]string{"apply", "saved"}, `Environment "intranet/development" runs 2.4.0 already`)
		w.mustRun("development", "app", "app 2.4.0")
	})
	t.Run("whose evidence was revoked", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.root("platform").write(pipeline(`name = "development", required_tests = ["smoke"]`, `name = "production"`)+environments("development", "production"), releases("2.4.0"),
			deploy("development", versionOf("2.4.0")), testResult("smoke", "development", "smoke", "passed", "")).apply()
		r := w.root("production").write(elsewhere("production", "2.4.0"))
		r.must("plan", "-out=saved")
		w.root("tester").write(`
resource "portal_test_result" "smoke" {
  pipeline    = "intranet"
  environment = "development"
  release     = "2.4.0"
  suite       = "smoke"
  outcome     = "failed"
}`).apply()
		r.refuses([]string{"apply", "saved"}, `tests-passed: release 2.4.0 may not enter "production"`, `smoke failed on development`)
		w.mustRun("production")
	})
	t.Run("of other bytes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		platform := w.root("platform").write(simple("development", "production"), strings.Replace(releases("2.4.0"), "files/app-2.4.0\"", "files/app-2.4.0\", sha256 = \""+sum("app 2.4.0")+"\"", 1), deploy("development", versionOf("2.4.0")))
		platform.must("plan", "-out=saved")
		w.write("files/app-2.4.0", "something else")
		platform.refuses([]string{"apply", "saved"}, `digest-match: component app of release 2.4.0 cannot be registered`)
		if n := len(events[portal.ReleaseRegistered](t, w.entries())); n != 0 {
			t.Errorf("%d releases were registered", n)
		}
	})
	t.Run("while a freeze began", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.root("platform").write(simple("development", "production"), releases("2.4.0"), deploy("development", versionOf("2.4.0"))).apply()
		r := w.root("production").write(elsewhere("production", "2.4.0"))
		r.must("plan", "-out=saved")
		w.root("management").write(strings.ReplaceAll(freeze(-time.Hour, time.Hour), "portal_pipeline.this.name", `"intranet"`)).apply()
		r.refuses([]string{"apply", "saved"}, `freeze: release 2.4.0 may not enter "production"`)
		w.mustRun("production")
	})
}

func TestRealTwoProcessesDeployToOneEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	platform := []string{pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(""), ""), releases("2.4.0", "2.5.0")}
	w.root("platform").write(platform...).apply()
	server.set(isSlow)
	first := w.root("first").write(elsewhere("development", "2.4.0"))
	second := w.root("second").write(elsewhere("development", "2.5.0"))
	deploying := first.start([]string{"PORTAL_RUN_URL=https://ci.example/1"}, "apply", "-auto-approve")
	eventually(t, "the deployment has begun", time.Minute, func() bool { return len(server.begun()) == 1 })
	held := []string{`environment-held: release 2.5.0 may not enter "development"`, `A deployment of 2.4.0 by first@example.com (https://ci.example/1) is in flight on development since 20`, `Wait until it has ended, then plan again.`}
	second.refuses([]string{"plan"}, held...)
	second.refuses([]string{"apply", "-auto-approve"}, held...)
	server.goOn()
	if got := deploying.wait(); got.code != 0 {
		t.Fatal(got.output)
	}
	first.mustBeEmpty()
	second.refuses([]string{"plan"}, `Environment "intranet/development" runs 2.4.0 already`, `import it first`)
	if got := fmt.Sprint(server.begun()); got != "[2.4.0]" {
		t.Errorf("begun: %s", got)
	}
}

func TestRealTwoProcessesAtTheVerySameMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	w.root("platform").write(pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(""), ""), releases("2.4.0", "2.5.0")).apply()
	server.set(isSlow)
	roots := []*root{w.root("first").write(elsewhere("development", "2.4.0")), w.root("second").write(elsewhere("development", "2.5.0"))}
	for _, r := range roots {
		r.must("plan", "-out=saved") // neither plan knows of the other
	}
	var both []*running
	for _, r := range roots {
		both = append(both, r.start(nil, "apply", "saved"))
	}
	loser := -1
	eventually(t, "one of them is refused", time.Minute, func() bool {
		for i, p := range both {
			select {
			case <-p.done:
				loser = i
			default:
			}
		}
		return loser >= 0
	})
	server.goOn()
	w.mustRefuse(both[loser].wait(), `environment-held`, "A deployment of", "by "+roots[1-loser].actor)
	if got := both[1-loser].wait(); got.code != 0 {
		t.Fatal(got.output)
	}
	roots[1-loser].mustBeEmpty()
	if n := len(server.begun()); n != 1 {
		t.Errorf("%d deployments were begun", n)
	}
	if started := events[portal.DeploymentStarted](t, w.entries()); len(started) != 1 {
		t.Errorf("%d deployments were started", len(started))
	}
}
