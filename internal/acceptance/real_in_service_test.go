package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// watcher is a root module of somebody who only looks, by data sources.
type watcher struct {
	*scene
	by *root
}

func watch(s *scene) *watcher {
	s.t.Helper()
	w := &watcher{scene: s, by: s.world.root("watch")}
	w.by.write(`
data "portal_pipeline" "this" {
  name = "intranet"
}
data "portal_environment" "staging" {
  pipeline = "intranet"
  name     = "staging"
}
data "portal_environment" "production" {
  pipeline = "intranet"
  name     = "production"
}
output "pipeline" { value = { for e in data.portal_pipeline.this.environments : e.name => { running = e.running, status = e.status } } }
output "environments" { value = { staging = data.portal_environment.staging, production = data.portal_environment.production } }`)
	return w
}

// serves fails unless exactly these components are on an environment's disk, and
// the state of its deployment and every data source say so.
func (w *watcher) serves(environment, release, running, status string, components ...string) {
	w.t.Helper()
	w.has(environment, components...)
	w.refreshed()
	w.runsAs(environment, release, running, status)
	w.by.must("apply", "-auto-approve")
	var shown struct {
		Outputs struct {
			Pipeline struct {
				Value map[string]struct{ Running, Status string }
			}
			Environments struct {
				Value map[string]struct {
					Release, Running, Status string
					Digest                   string `json:"content_digest"`
					Content                  map[string]struct{ Version string }
				}
			}
		}
	}
	bytes, err := os.ReadFile(filepath.Join(w.by.dir, "terraform.tfstate"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.readJSON(string(bytes), &shown)
	if got := shown.Outputs.Pipeline.Value[environment]; got.Running != running || got.Status != status {
		w.t.Errorf("data.portal_pipeline shows %+v of %s, want %s, %s", got, environment, running, status)
	}
	got := shown.Outputs.Environments.Value[environment]
	if got.Release != release || got.Running != running || got.Status != status {
		w.t.Errorf("data.portal_environment shows %+v of %s, want %s, %s, %s", got, environment, release, running, status)
	}
	var content []string
	for name, item := range got.Content {
		content = append(content, name+" "+item.Version)
	}
	slices.Sort(content)
	w.equal("content of "+environment, content, components...)
	var state struct {
		Digest string `json:"content_digest"`
	}
	w.state(deployment(environment), &state)
	if state.Digest == "" || state.Digest != got.Digest {
		w.t.Errorf("the deployment to %s has the digest %q, and the data source %q", environment, state.Digest, got.Digest)
	}
}

// TestRealWhatRunsIsWhatIsOnDisk: through a halt, an amendment, another halt and
// the withdrawal of a fix.
func TestRealWhatRunsIsWhatIsOnDisk(t *testing.T) {
	t.Parallel()
	s, places := preempting(t, "")
	w := watch(s)
	before := func() { w.serves("production", "1.0.0", "1.0.0", "suspended", "app 1", "web 1") }
	w.serves("staging", "1.1.0", "1.1.0", "running", "app 1", "web 2")

	bad := ef("").bringing("app 1.bad")
	s.declare(places, bad.hcl()).refuses([]string{"apply", "-auto-approve"}, `emergency fix EF-1 is halted at step 3 of`)
	w.serves("staging", "1.1.0", "1.1.0+EF-1", "suspended", "app 1.bad", "web 2")
	before()

	// The correction is none: it is planned over what is there, and halts too.
	worse := ef("").bringing("app 1.bad", "web 1.bad")
	shown := s.declare(places, worse.hcl()).plan(worse)
	var details []string
	for _, step := range shown.Steps {
		if step.Environment == "staging" && (step.Action == "deploy" || step.Action == "roll_back") {
			details = append(details, step.Action+" "+step.Detail)
		}
	}
	s.equal("steps on staging", details, "roll_back ~ app 1.bad -> 1, ~ web 2 -> 1", "deploy ~ app 1 -> 1.bad, ~ web 1 -> 1.bad")
	worse.approvals = fmt.Sprintf(`{ "bob@example.com" = %q }`, shown.Digest)
	s.declare(places, worse.hcl()).refuses([]string{"apply", "-auto-approve"}, `is halted at step 2 of`, `check "smoke" failed`)
	w.serves("staging", "1.1.0", "1.0.0+EF-1", "suspended", "app 1.bad", "web 1.bad")
	before()

	back := s.declare(places, worse.withdrawn().hcl()).plan(worse)
	s.equal("steps", back.did(), "restore staging 1.1.0", "resume staging 1.1.0", "unhold staging")
	s.equal("what is restored", []string{back.Steps[0].Detail}, "~ app 1.bad -> 1, ~ web 1.bad -> 2")
	s.must("apply", "saved")
	s.mustBeEmpty()
	w.serves("staging", "1.1.0", "1.1.0", "running", "app 1", "web 2")
	w.serves("production", "1.0.0", "1.0.0", "running", "app 1", "web 1")
}

// TestRealAFailedDeploymentShowsWhatIsOnDisk: what is declared stays the release
// that last succeeded, and a repair brings exactly that.
func TestRealAFailedDeploymentShowsWhatIsOnDisk(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.more["staging"] = notBad
	s.bills = append(s.bills, bill("1.1.0", "", "app 1.bad", "web 2"))
	s.declare(stand(everywhere...)).apply()
	w := watch(s)
	s.declare(stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")).refuses([]string{"apply", "-auto-approve"}, `check "smoke" failed`)
	// The state says so at once, and nothing is tainted.
	s.runsAs("staging", "1.0.0", "1.1.0", "failed")
	if again := s.must("plan", "-refresh=false"); !strings.Contains(again, deployment("staging")+" will be updated in-place") || strings.Contains(again, "tainted") {
		s.t.Errorf("it would be applied again as\n%s", again)
	}
	w.serves("staging", "1.0.0", "1.1.0", "failed", "app 1.bad", "web 2")
	s.declare(stand("development 1.1.0", "staging 1.0.0", "production 1.0.0")).must("plan", "-out=saved")
	var plan struct {
		Changes []struct {
			Address string
			Change  struct {
				After struct {
					Changes         []string
					Running, Status string
				}
			}
		} `json:"resource_changes"`
	}
	s.readJSON(s.must("show", "-json", "saved"), &plan)
	for _, change := range plan.Changes {
		if change.Address == deployment("staging") {
			s.equal("changes", change.Change.After.Changes, "~ app 1.bad -> 1", "~ web 2 -> 1")
			s.equal("what will run", []string{change.Change.After.Running, change.Change.After.Status}, "1.0.0", "running")
		}
	}
	s.must("apply", "saved")
	s.mustBeEmpty()
	w.serves("staging", "1.0.0", "1.0.0", "running", "app 1", "web 1")

	// What is there can be taken away after another failure.
	s.declare(stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")).refuses([]string{"apply", "-auto-approve"}, `check "smoke" failed`)
	s.declare(stand("development 1.1.0", "production 1.0.0")).apply()
	s.has("staging")
	s.mustBeEmpty()
}
