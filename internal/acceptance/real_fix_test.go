package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// ended lists the steps of fixes that have ended, in order: "0/3 deploy on
// staging succeeded" is the fourth one of the first round.
func (o *outage) ended() []string {
	o.t.Helper()
	var lines []string
	for _, e := range events[portal.FixStepEnded](o.t, o.entries()) {
		lines = append(lines, fmt.Sprintf("%d/%d %s on %s %s", e.Round, e.Index, e.Action, e.Environment, e.Outcome))
	}
	return lines
}

// mustEndOnce fails where a step has succeeded twice, or out of order, or the
// last round is not at its end.
func (o *outage) mustEndOnce() {
	o.t.Helper()
	next, round := 0, 0 // of the last round that has steps
	for _, e := range events[portal.FixStepEnded](o.t, o.entries()) {
		if e.Round != round {
			next, round = 0, e.Round
		}
		if e.Outcome != portal.Succeeded {
			continue
		}
		if e.Index != next {
			o.t.Errorf("step %d of round %d has ended where %d was to: %v", e.Index, round, next, o.ended())
		}
		next++
	}
	o.facts(func(f portal.Facts) {
		if x := f.Fixes["EF-1"]; x == nil || x.Active() || (len(x.Plan.Steps) > 0 && (x.Round != round || x.Done != next)) {
			o.t.Errorf("round %d is to be at its end after %d steps: %+v", round, next, x)
		}
	})
}

// mustBeOver fails unless the fix has come to this and gave everything back.
func (o *outage) mustBeOver(status portal.FixStatus) {
	o.t.Helper()
	entries := o.entries()
	if n := len(events[portal.FixOpened](o.t, entries)); n != 1 {
		o.t.Errorf("the fix was opened %d times", n)
	}
	finished, taken := len(events[portal.FixFinished](o.t, entries)), len(events[portal.FixWithdrawn](o.t, entries))
	if finished > 1 || taken > 1 || (status == portal.StatusApplied && finished != 1) || (status == portal.StatusWithdrawn && taken != 1) {
		o.t.Errorf("the fix was finished %d times and withdrawn %d times", finished, taken)
	}
	o.facts(func(f portal.Facts) {
		if x := f.Fixes["EF-1"]; len(f.Fixes) != 1 || x == nil || x.Status() != status {
			o.t.Errorf("fixes are %+v", f.Fixes)
		}
		for name, site := range f.Sites {
			if holder := f.HoldingFix(name); holder != nil {
				o.t.Errorf("%s holds %s", holder.Name, name)
			}
			if site.Suspended != nil {
				o.t.Errorf("%s is suspended on %s", site.Suspended.Effective(), name)
			}
			if site.Attempt.Open() || !site.Intact() {
				o.t.Errorf("the last deployment of %s is %+v", name, site.Attempt)
			}
		}
		if len(f.Leases) != 0 {
			o.t.Errorf("leases are left: %v", f.Leases)
		}
	})
	o.mustEndOnce()
}

// mustStand fails unless the record says that an environment runs this release,
// with these files in service there.
func (o *outage) mustStand(environment, effective string, files ...string) {
	o.t.Helper()
	want := portal.Content{}
	for _, file := range files {
		name, version, _ := strings.Cut(file, "-")
		want[name] = portal.Item{Version: version, Kind: portal.DefaultKind, SHA256: sum(name + " " + version)}
	}
	o.facts(func(f portal.Facts) {
		site := f.Sites[environment]
		if site.Running == nil || site.Running.Effective() != effective || !site.Running.Content.Equal(want) {
			o.t.Errorf("%s runs %+v, want %s", environment, site.Running, effective)
		}
		if site.Target.Kind == directory.Kind.Name {
			var pairs []string
			for name, item := range want {
				pairs = append(pairs, name, name+" "+item.Version)
			}
			o.mustRun(environment, pairs...)
			return
		}
		var there map[string]struct {
			Version string
			SHA256  string `json:"sha256"`
		}
		text, err := os.ReadFile(o.path(environment, "content.json"))
		if err == nil {
			err = json.Unmarshal(text, &there)
		}
		if err != nil {
			o.t.Fatal(err)
		}
		for name, item := range want {
			if there[name].SHA256 != item.SHA256 || len(there) != len(want) {
				o.t.Errorf("%s has %s", environment, text)
			}
		}
	})
}

// mustHave fails unless the server was told exactly this, each to its end.
func (c *commandTarget) mustHave(begun ...string) {
	c.t.Helper()
	for what, got := range map[string][]string{"begun": c.begun(), "deployed": c.deployed()} {
		if diff := cmp.Diff(begun, got); diff != "" && len(begun)+len(got) > 0 {
			c.t.Errorf("%s on %s (-want +got):\n%s", what, filepath.Base(c.dir), diff)
		}
	}
}

// mustBeKilled fails unless the provider died under Terraform.
func (r *root) mustBeKilled(point string) {
	r.w.t.Helper()
	killed := r.run([]string{"PORTAL_CRASH_AT=" + point}, "apply", "-auto-approve")
	if killed.code == 0 || !strings.Contains(killed.output, "lugin") {
		r.w.t.Fatalf("it was not killed at %s:\n%s", point, killed.output)
	}
	r.mustNotBeTainted()
}

// passes tells how often a fix of these steps passes each point.
func passes(steps []portal.Step) map[rollout.Point]int {
	deployments := len(slices.DeleteFunc(slices.Clone(steps), func(s portal.Step) bool { return !s.Deploys() }))
	return map[rollout.Point]int{
		rollout.BeforeOpen: 1, rollout.AfterOpen: 1, rollout.BeforeStep: len(steps), rollout.AfterStep: len(steps),
		rollout.AfterStart: deployments, rollout.BeforeApply: deployments, rollout.AfterApply: deployments, rollout.BeforeEnd: deployments, rollout.AfterEnd: deployments,
	}
}

// comesRight are the refusals that the next apply has overcome: a holder is not
// seen to be dead yet, a step had to be recovered first, and the plan had rested
// on what could not be told then, or what a target has is nothing known.
var comesRight = regexp.MustCompile(`environment-held:|stale-plan:|neither\s+what\s+it\s+ran\s+before\s+nor`)

// pause waits longer each time, two seconds at most: an apply costs more than a
// look at a file does.
type pause struct{ next time.Duration }

func (p *pause) wait() {
	p.next = min(max(2*p.next, 100*time.Millisecond), 2*time.Second)
	time.Sleep(p.next)
}

// settle applies until it works.
func (r *root) settle() {
	r.w.t.Helper()
	for began, again := time.Now(), (pause{}); ; again.wait() {
		got := r.run(nil, "apply", "-auto-approve")
		r.mustNotBeTainted()
		if got.code == 0 {
			return
		}
		if r.approve(got.output) {
			continue
		}
		if time.Since(began) > leaseIsOver || !comesRight.MatchString(got.output) {
			r.w.t.Fatalf("%s after the kill:\n%s", time.Since(began), got.fault())
		}
	}
}

// asksForApproval is the statement that nobody has approved yet.
var asksForApproval = regexp.MustCompile(`approvals\s+=\s+{\s+"NAME"\s+=\s+"([0-9a-f]{64})"`)

// approve has bob read the statement that a run of Terraform asks an approval for,
// if it does: the situation, or the fix, is another one than he has approved.
func (r *root) approve(output string) bool {
	r.w.t.Helper()
	asked := asksForApproval.FindStringSubmatch(output)
	if asked == nil {
		return false
	}
	path := filepath.Join(r.dir, "main.tf")
	text, err := os.ReadFile(path)
	if err != nil {
		r.w.t.Fatal(err)
	}
	approved := regexp.MustCompile(`"bob@example.com" = "[0-9a-f]*"`).ReplaceAllString(string(text), `"bob@example.com" = "`+asked[1]+`"`)
	if approved == string(text) {
		return false
	}
	if err := os.WriteFile(path, []byte(approved), 0o644); err != nil {
		r.w.t.Fatal(err)
	}
	return true
}

// read has bob approve what a plan shows now.
func (r *root) read() *root {
	r.w.t.Helper()
	if planned := r.run(nil, "plan", "-lock=false"); !r.approve(planned.output) {
		r.w.t.Fatalf("it asks for no approval:\n%s", planned.output)
	}
	return r
}

// fault is what Terraform said of what went wrong.
func (g result) fault() string {
	_, fault, _ := strings.Cut(g.output, "Error:")
	return fault
}
