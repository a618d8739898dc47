package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// everyWay is a configuration with a resource for every way in which Terraform
// removes or replaces a deployment or an environment. Pairs of texts change it:
// what is there, and what there is instead.
func everyWay(changes ...string) string {
	return strings.NewReplacer(changes...).Replace(pipeline(`name = "development"`, `name = "production"`) + releases("2.4.0", "2.5.0") + `
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
resource "terraform_data" "name" {
  input            = "unknown-name"
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
resource "portal_environment" "unknown_name" {
  pipeline = portal_pipeline.this.name
  name     = terraform_data.name.output
  stage    = "development"
  target   = { directory = { path = "{dir}/env/unknown-name" } }
}
# Nothing runs on those below: what is said of them is said of the environment.
resource "portal_environment" "spare" {
  pipeline = portal_pipeline.this.name
  name     = "spare"
  stage    = "development"
  target   = { directory = { path = "{dir}/env/spare" } }
}
resource "portal_environment" "triggered" {
  pipeline = portal_pipeline.this.name
  name     = "spare-triggered"
  stage    = "development"
  target   = { directory = { path = "{dir}/env/spare-triggered" } }
  lifecycle {
    replace_triggered_by = [terraform_data.trigger]
  }
}
resource "portal_environment" "keyed" {
  for_each = { north = "spare-eu" }
  pipeline = portal_pipeline.this.name
  name     = each.value
  stage    = "development"
  target   = { directory = { path = "{dir}/env/${each.value}" } }
}
resource "portal_environment" "counted" {
  count    = length(local.listed)
  pipeline = portal_pipeline.this.name
  name     = "spare-${local.listed[count.index]}"
  stage    = "development"
  target   = { directory = { path = "{dir}/env/spare-${local.listed[count.index]}" } }
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
resource "portal_release_deployment" "unknown_name" {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.unknown_name.name
  release     = portal_release.v2_4_0.version
}
resource "portal_release_deployment" "vague" {
  pipeline    = terraform_data.pipeline.output
  environment = portal_environment.all["vague"].name
  release     = portal_release.v2_4_0.version
}
`)
}

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

// declarations counts the declarations of each environment less its removals.
func (w *world) declarations() map[string]int {
	w.t.Helper()
	counts := map[string]int{}
	entries := w.entries()
	for _, e := range events[portal.EnvironmentDeclared](w.t, entries) {
		counts[e.Environment.Name]++
	}
	for _, e := range events[portal.EnvironmentRemoved](w.t, entries) {
		counts[e.Environment]--
	}
	return counts
}

// mustHaveDeclared fails unless just these declarations of environments were
// recorded since: 1 for a declaration, -1 for a removal.
func (w *world) mustHaveDeclared(before map[string]int, want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, since(before, w.declarations())); diff != "" {
		w.t.Errorf("declared since (-want +got):\n%s", diff)
	}
}

// since is by how much counts differ.
func since(before, after map[string]int) map[string]int {
	for name, n := range before {
		after[name] -= n
	}
	maps.DeleteFunc(after, func(_ string, n int) bool { return n == 0 })
	return after
}

// without is a configuration without the blocks that begin so.
func without(config string, blocks ...string) string {
	for _, block := range blocks {
		before, rest, _ := strings.Cut(config, block)
		_, after, _ := strings.Cut(rest, "\n}\n")
		config = before + after
	}
	return config
}

// inside changes a text in one block of a configuration.
func inside(config, block, text, instead string) string {
	before, rest, _ := strings.Cut(config, block)
	return before + block + strings.Replace(rest, text, instead, 1)
}

// mustHaveStarted fails unless just these were begun since: environment, and how
// many.
func (w *world) mustHaveStarted(before map[string]int, want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, since(before, w.started())); diff != "" {
		w.t.Errorf("begun since (-want +got):\n%s", diff)
	}
}

// depose makes a copy of what the state has at these addresses, as ones that
// Terraform has deposed and has not come to destroy. It returns what undoes that.
func (r *root) depose(addresses ...string) func() {
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
		if slices.Contains(addresses, fmt.Sprintf("%v.%v", resource["type"], resource["name"])) {
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
