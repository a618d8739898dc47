package acceptance

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// The guide "Removing and replacing" has a table of every way in which Terraform
// removes or replaces a deployment or an environment. Each of its rows is a case
// here.

// everyWay is a configuration with a resource for every such way. Pairs of texts
// change it: what is there, and what there is instead.
func everyWay(changes ...string) string {
	return strings.NewReplacer(changes...).Replace(pipeline(`name = "development"`, `name = "production"`) + releases("2.4.0") + `
locals {
  listed = ["one", "two"]
}
resource "terraform_data" "trigger" {
  input = "first"
}
resource "terraform_data" "pipeline" {
  input            = portal_pipeline.this.name
  triggers_replace = "once"
}
resource "portal_environment" "all" {
  for_each = toset(["plain", "triggered", "eu", "one", "two", "here", "there", "vague"])
  pipeline = portal_pipeline.this.name
  name     = each.key
  stage    = "development"
  target   = { directory = { path = "{dir}/env/${each.key}" } }
}
resource "portal_environment" "renamed" {
  pipeline = portal_pipeline.this.name
  name     = "old-name"
  stage    = "development"
  target   = { directory = { path = "{dir}/env/renamed" } }
}
resource "portal_environment" "unknown" {
  pipeline = terraform_data.pipeline.output
  name     = "unknown"
  stage    = "development"
  target   = { directory = { path = "{dir}/env/unknown" } }
}
resource "portal_release_deployment" "plain" {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.all["plain"].name
  release     = portal_release.v2_4_0.version
}
resource "portal_release_deployment" "triggered" {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.all["triggered"].name
  release     = portal_release.v2_4_0.version
  lifecycle {
    replace_triggered_by = [terraform_data.trigger]
  }
}
resource "portal_release_deployment" "keyed" {
  for_each    = { north = "eu" }
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.all[each.value].name
  release     = portal_release.v2_4_0.version
}
resource "portal_release_deployment" "counted" {
  count       = length(local.listed)
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.all[local.listed[count.index]].name
  release     = portal_release.v2_4_0.version
}
resource "portal_release_deployment" "moving" {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.all["here"].name
  release     = portal_release.v2_4_0.version
}
resource "portal_release_deployment" "renamed" {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.renamed.name
  release     = portal_release.v2_4_0.version
}
resource "portal_release_deployment" "unknown" {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.unknown.name
  release     = portal_release.v2_4_0.version
}
resource "portal_release_deployment" "vague" {
  pipeline    = terraform_data.pipeline.output
  environment = portal_environment.all["vague"].name
  release     = portal_release.v2_4_0.version
}
`)
}

const (
	plainBlock   = `resource "portal_release_deployment" "plain" {`
	anotherBlock = `resource "portal_release_deployment" "another" {`
)

func moved(from, to string) string {
	return `
moved {
  from = ` + from + `
  to   = ` + to + `
}
`
}

func removedBlock(from, destroy string) string {
	return `
removed {
  from = ` + from + `
  lifecycle {
    destroy = ` + destroy + `
  }
}
`
}

// started counts the deployments and removals that were begun, by environment.
func (w *world) started() map[string]int {
	w.t.Helper()
	counts := map[string]int{}
	for _, e := range events[portal.DeploymentStarted](w.t, w.entries()) {
		counts[e.Environment]++
	}
	return counts
}

// mustHaveStarted fails unless just these were begun since: environment, and how
// many.
func (w *world) mustHaveStarted(before map[string]int, want map[string]int) {
	w.t.Helper()
	got := w.started()
	for environment, n := range before {
		got[environment] -= n
	}
	maps.DeleteFunc(got, func(_ string, n int) bool { return n == 0 })
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("begun since (-want +got):\n%s", diff)
	}
}

// depose makes a copy of what the state has at an address, as one that Terraform
// has deposed and has not come to destroy. It returns what undoes that.
func (r *root) depose(name string) func() {
	r.w.t.Helper()
	path := filepath.Join(r.dir, "terraform.tfstate")
	before, err := os.ReadFile(path)
	if err != nil {
		r.w.t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(before, &state); err != nil {
		r.w.t.Fatal(err)
	}
	for _, resource := range state["resources"].([]any) {
		resource := resource.(map[string]any)
		if resource["type"] == "portal_release_deployment" && resource["name"] == name {
			instances := resource["instances"].([]any)
			deposed := maps.Clone(instances[0].(map[string]any))
			deposed["deposed"] = "0123abcd"
			resource["instances"] = append(instances, deposed)
		}
	}
	after, err := json.Marshal(state)
	if err == nil {
		err = os.WriteFile(path, after, 0o600)
	}
	if err != nil {
		r.w.t.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(path, before, 0o600); err != nil {
			r.w.t.Fatal(err)
		}
	}
}

func TestRealEveryWayToRemoveOrReplace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.root("all").write(everyWay())
	r.apply()
	plain := "portal_release_deployment.plain"
	environment := `portal_environment.all["plain"]`
	inOneGo := "cannot be destroyed and created in one go"
	still := w.still()
	for _, c := range []struct {
		name    string
		tainted string // an address
		deposed string
		changes []string
		args    []string
		// Of the two addresses of one thing Terraform takes one or the other first,
		// which makes it read as tainted or as replaced: both name the cure.
		says []string
	}{
		{
			name: "-replace", args: []string{"-replace=" + plain},
			says: []string{"portal_release_deployment intranet/plain " + inOneGo, "give redeploy a new value"},
		},
		{
			name: "-replace of an environment", args: []string{"-replace=" + environment},
			says: []string{"portal_environment intranet/plain " + inOneGo},
		},
		{
			name: "taint", tainted: plain,
			says: []string{"portal_release_deployment intranet/plain is tainted", "Run terraform untaint", "give redeploy a new value"},
		},
		{
			name: "taint of an environment", tainted: environment,
			says: []string{"portal_environment intranet/plain is tainted", "Run terraform untaint"},
		},
		{
			name: "taint, and destroy", tainted: plain, args: []string{"-destroy"},
			says: []string{"is tainted", "terraform destroy -refresh=false"},
		},
		{
			name: "replace_triggered_by", changes: []string{`"first"`, `"second"`},
			says: []string{"portal_release_deployment intranet/triggered " + inOneGo},
		},
		{
			name: "another key of for_each", changes: []string{"north", "south"},
			says: []string{"portal_release_deployment intranet/eu ", "moved block"},
		},
		{
			name: "a count that loses its first", changes: []string{`["one", "two"]`, `["two"]`},
			says: []string{"portal_release_deployment intranet/two ", "use for_each"},
		},
		{
			name: "another address", changes: []string{plainBlock, anotherBlock},
			says: []string{"portal_release_deployment intranet/plain ", "moved block"},
		},
		{
			name: "another name of an environment", changes: []string{`"old-name"`, `"new-name"`},
			says: []string{
				`Environment "intranet/old-name" cannot be renamed while it runs 2.4.0`,
				"Declare the new environment beside this one, with a target of its own",
			},
		},
		{
			name: "a pipeline that is not known yet", changes: []string{`"once"`, `"twice"`},
			says: []string{
				`Environment "intranet/unknown" cannot be replaced while it runs 2.4.0`,
				"portal_release_deployment intranet/vague would go to an environment that is not known yet",
			},
		},
		{
			name: "a deposed object", deposed: "plain",
			says: []string{"portal_release_deployment intranet/plain is kept and destroyed in one go", "terraform state rm ADDRESS"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t, still.w.t = t, t
			still.remember()
			r.write(everyWay(c.changes...))
			if c.tainted != "" {
				r.must("taint", c.tainted)
				defer r.must("untaint", c.tainted)
			}
			if c.deposed != "" {
				defer r.depose(c.deposed)()
			}
			got := r.run(nil, append([]string{"plan"}, c.args...)...)
			for _, part := range c.says {
				w.mustRefuse(got, part)
			}
			still.compare()
		})
	}
	w.t = t
	r.write(everyWay()).mustBeEmpty()
}

// TestRealWhatMayBeRemoved has the ways that are let pass, and what they do.
func TestRealWhatMayBeRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.root("all").write(everyWay())
	r.apply()
	plain := "portal_release_deployment.plain"

	before := w.started()
	r.write(
		everyWay(plainBlock, anotherBlock, `"portal_environment" "renamed"`, `"portal_environment" "called"`,
			"portal_environment.renamed.", "portal_environment.called."),
		moved(plain, "portal_release_deployment.another"), moved("portal_environment.renamed", "portal_environment.called"),
	).apply()
	w.mustHaveStarted(before, map[string]int{})

	back := moved("portal_release_deployment.another", plain) + moved("portal_environment.called", "portal_environment.renamed")

	// Forgotten in one run and declared in the next one, it is adopted.
	forgotten := strings.Replace(everyWay(), plainBlock+"\n", "/*\n", 1)
	next := `resource "portal_release_deployment" "triggered" {`
	forgotten = strings.Replace(forgotten, next, "*/\n"+next, 1)
	r.write(everyWay(), back).apply()
	r.write(forgotten, removedBlock(plain, "false")).apply()
	if output := r.write(everyWay()).apply(); !strings.Contains(output, "runs 2.4.0 already") {
		t.Errorf("nothing is told of the adoption:\n%s", output)
	}
	r.must("state", "rm", plain, `portal_environment.all["plain"]`)
	r.apply()
	w.mustHaveStarted(before, map[string]int{})
	w.mustRun("plain", "app", "app 2.4.0")

	// What is no longer declared is removed, as are the end of a count and what
	// moves to another environment.
	fewer := strings.NewReplacer(`["one", "two"]`, `["one"]`, `["here"].name`, `["there"].name`, `{ north = "eu" }`, "{}")
	r.write(fewer.Replace(forgotten), removedBlock(plain, "true")).apply()
	w.mustHaveStarted(before, map[string]int{"plain": 1, "two": 1, "here": 1, "there": 1, "eu": 1})
	for _, environment := range []string{"plain", "two", "here", "eu"} {
		w.mustRun(environment)
	}
	w.mustRun("there", "app", "app 2.4.0")
	r.mustBeEmpty()

	// Without a refresh nothing tells that it is tainted: it is removed, and
	// deployed again. Its environment is not forgotten.
	before = w.started()
	r.must("taint", "portal_release_deployment.moving")
	r.must("apply", "-auto-approve", "-refresh=false")
	w.mustHaveStarted(before, map[string]int{"there": 2})
	w.mustRun("there", "app", "app 2.4.0")
	still := w.still()
	still.remember()
	r.must("taint", `portal_environment.all["there"]`)
	r.refuses([]string{"apply", "-auto-approve", "-refresh=false"},
		`environment "intranet/there" still runs 2.4.0`, "Destroy its portal_release_deployment first")
	r.must("untaint", `portal_environment.all["there"]`)
	still.compare()

	r.must("destroy", "-auto-approve")
	for _, environment := range []string{"there", "one", "triggered", "renamed", "unknown", "vague"} {
		w.mustRun(environment)
	}
	entries := w.entries()
	if last := entries[len(entries)-1].Kind; last != "pipeline.retired" {
		t.Errorf("the last entry is %s", last)
	}
}
