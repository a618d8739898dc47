package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/command"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
	targets "github.com/releaseportal/terraform-provider-portal/internal/target/kinds"
)

// outage is the pipeline intranet on the day of an incident: production runs
// 2.4.0, and staging, which runs the tests of the emergency fix, has the
// differential 2.5.0 under test. It is set up without Terraform, which is slow.
type outage struct {
	*world
	staging, production *commandTarget
}

// directories is the target of production where it is no program.
const directories = true

func newOutage(t *testing.T, productionIsADirectory bool) *outage {
	t.Helper()
	o := emptyOutage(t, productionIsADirectory)
	o.deploy("staging", "2.4.0")
	o.deploy("production", "2.4.0")
	o.deploy("staging", "2.5.0")
	return o
}

// emptyOutage is before anything was deployed.
func emptyOutage(t *testing.T, productionIsADirectory bool) *outage {
	t.Helper()
	w := newWorld(t)
	o := &outage{world: w, staging: newCommandTarget(t, w.path("staging")), production: newCommandTarget(t, w.path("production"))}
	for _, name := range []string{"app-2.4.1", "app-2.4.2", "theme-1.0", "theme-1.1", "theme-1.2"} {
		w.write("files/"+name, strings.ReplaceAll(name, "-", " "))
	}
	stages := []portal.Stage{{Name: "staging", RequiredTests: []string{"smoke"}, Exclusive: true}, {Name: "production"}}
	portal.ResolveAfter(stages, make([]bool, len(stages)))
	policy := portal.DefaultEmergencyPolicy()
	policy.RequiredTests = []string{"smoke"}
	o.record(portal.DeclarePipeline{Pipeline: portal.Pipeline{Name: "intranet", Stages: stages, Emergency: policy}})
	o.declare("staging", o.staging.config(), "smoke")
	if productionIsADirectory {
		o.declare("production", portal.Target{Kind: directory.Kind.Name, Config: mustJSON(t, map[string]string{"path": w.path("env", "production")})})
	} else {
		o.declare("production", o.production.config(), "health")
	}
	o.register("2.4.0", "", "app-2.4.0", "theme-1.0")
	o.register("2.5.0", "2.4.0", "theme-1.1")
	o.register("2.6.0", "", "app-2.6.0", "theme-1.2")
	return o
}

// config is the target of an environment whose content the server is.
func (c *commandTarget) config() portal.Target {
	c.t.Helper()
	executable, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	return portal.Target{Kind: command.Kind.Name, Config: mustJSON(c.t, map[string][]string{
		"deploy":  {executable, programArgument, "deploy", c.dir},
		"observe": {executable, programArgument, "observe", c.dir},
	})}
}

func mustJSON(t testing.TB, value any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// with opens the ledger for as long as the function runs.
func (o *outage) with(do func(*rollout.Rollout)) {
	o.t.Helper()
	engine, err := engines.Open(o.t.Context(), "sqlite:"+o.path("ledger.db"))
	if err != nil {
		o.t.Fatal(err)
	}
	record := ledger.New(engine)
	defer func() {
		if err := record.Close(); err != nil {
			o.t.Error(err)
		}
	}()
	cache, err := artifact.Open(o.path("artifacts"))
	if err != nil {
		o.t.Fatal(err)
	}
	do(&rollout.Rollout{
		Ledger: record, Artifacts: cache,
		Target: func(pipeline string, e portal.Environment) (target.Target, error) {
			kind, err := targets.Find(e.Target.Kind)
			if err != nil {
				return nil, err
			}
			return kind.Open(e.Target.Config, "", target.Credential{}, target.Place{Pipeline: pipeline, Environment: e.Name})
		},
		Check: func(_ context.Context, request check.Request) portal.CheckResult {
			return portal.CheckResult{Name: request.Name, Passed: true}
		},
	})
}

var setup = portal.Actor{Name: "setup@example.com"}

func (o *outage) record(command portal.Command) {
	o.t.Helper()
	o.with(func(r *rollout.Rollout) {
		if _, err := r.Ledger.Record(o.t.Context(), "intranet", setup, command); err != nil {
			o.t.Fatalf("%T: %v", command, err)
		}
	})
}

// declare declares an environment of its stage's name. Its checks fail for the
// releases that are spoiled.
func (o *outage) declare(name string, goes portal.Target, checks ...string) {
	o.t.Helper()
	e := portal.Environment{Name: name, Stage: name, Lane: portal.LaneRegular, Target: goes}
	kind, err := targets.Find(goes.Kind)
	if err == nil {
		e.Target.Address, err = kind.Address(goes.Config)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	for _, check := range checks {
		e.Checks = append(e.Checks, portal.Check{Name: check, Command: []string{"sh", "-c", `test ! -e "$0/$PORTAL_ENVIRONMENT $PORTAL_RELEASE"`, o.path("spoiled")}})
	}
	o.record(portal.DeclareEnvironment{Environment: e})
}

// register registers a release of files; one that has a base is differential.
func (o *outage) register(version, base string, files ...string) {
	o.t.Helper()
	release := portal.Release{Version: version, Type: portal.Full, Base: base, Components: map[string]portal.Component{}}
	if base != "" {
		release.Type = portal.Differential
	}
	for _, file := range files {
		name, version, _ := strings.Cut(file, "-")
		release.Components[name] = portal.Component{
			Version: version, Kind: portal.DefaultKind, Source: o.path("files", file), SHA256: sum(name + " " + version),
		}
	}
	o.record(portal.RegisterRelease{Release: release})
}

func (o *outage) deploy(environment, release string) {
	o.t.Helper()
	o.with(func(r *rollout.Rollout) {
		if err := r.Deploy(o.t.Context(), "intranet", setup, portal.Deploy{Environment: environment, Release: release}); err != nil {
			o.t.Fatalf("deploying %s to %s: %v", release, environment, err)
		}
	})
}

func (o *outage) facts(look func(portal.Facts)) {
	o.t.Helper()
	o.with(func(r *rollout.Rollout) {
		err := r.Ledger.View(o.t.Context(), "intranet", setup, portal.Subjects{}, func(f portal.Facts) error { look(f); return nil })
		if err != nil {
			o.t.Fatal(err)
		}
	})
}

// spoil makes the checks of an environment fail for a release, and mend makes
// them pass.
func (o *outage) spoil(environment, effective string) {
	o.write(filepath.Join("spoiled", environment+" "+effective), "")
}

func (o *outage) mend(environment, effective string) {
	o.remove(filepath.Join("spoiled", environment+" "+effective))
}

// emergencyFix declares EF-1 with the named version of app.
func emergencyFix(app, more string) string { return emergencyFixNamed("EF-1", app, more) }

func emergencyFixNamed(name, app, more string) string {
	return fmt.Sprintf(`
resource "portal_emergency_fix" "fix" {
  pipeline   = "intranet"
  name       = %q
  components = { app = { version = %[2]q, source = "{dir}/files/app-%[2]s" } }
  justification = {
    reason = "nobody can log in", incident = "INC-4711", severity = "sev1"
    requested_by = "ann@example.com", why_not_normal_path = "2.5.0 needs two more weeks"
  }
  bypass    = ["stage-order", "stage-occupied", "tests-passed"]
  approvals = { "bob@example.com" = "" }
  %[3]s
}`, name, app, more)
}

// expecting is EF-1 that expects what its rehearsal has shown.
func expecting(app string) string {
	shown := strings.Replace(emergencyFix(app, ""), `resource "portal_emergency_fix"`, `data "portal_fast_path"`, 1)
	return shown + emergencyFix(app, "expect = data.portal_fast_path.fix.statement_digest")
}

const withdrawn = `withdraw = { reason = "it made things worse" }`

// regular declares what an environment runs that runs something already, in a
// configuration of its own.
func regular(environment, release string) string {
	return fmt.Sprintf(`
import {
  to = portal_release_deployment.%[1]s
  id = "intranet/%[1]s"
}
resource "portal_release_deployment" %[1]q {
  pipeline    = "intranet"
  environment = %[1]q
  release     = %[2]q
}`, environment, release)
}
