package main

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
)

const (
	portalAddress = "releaseportal/portal"
	timeAddress   = "hashicorp/time"
)

// components are the files of the release: name to bytes.
var components = map[string]string{
	"login": strings.Repeat("a login portlet\n", 64),
	"pages": strings.Repeat("some pages\n", 64),
	"theme": strings.Repeat("a theme\n", 64),
}

// promotion is the root module that is measured: a pipeline, a release, and n
// environments with a deployment each. Half of them are on the first stage and
// half on the second, where each deployment follows one on the first.
//
// Every resource has its own block. With for_each, each deployment would
// wait for all environments: Terraform's graph would have n*n edges, and what
// Terraform does with them would hide everything else.
func promotion(n int, target string) string {
	var hcl strings.Builder
	hcl.WriteString(`
terraform {
  required_providers {
    portal = { source = "registry.terraform.io/releaseportal/portal" }
  }
}

resource "portal_pipeline" "this" {
  name   = "bench"
  stages = [{ name = "test" }, { name = "acceptance" }, { name = "production" }]
}

resource "portal_release" "this" {
  pipeline = portal_pipeline.this.name
  version  = "1.0.0"
  components = {
`)
	for _, name := range []string{"login", "pages", "theme"} {
		fmt.Fprintf(&hcl, "    %s = { version = \"1.0.0\", source = \"${path.module}/%s\", sha256 = \"%x\" }\n", name, name, sha256.Sum256([]byte(components[name])))
	}
	hcl.WriteString("  }\n}\n")
	for i := range n {
		stage, release := "test", "portal_release.this.version"
		if i%2 == 1 {
			stage, release = "acceptance", fmt.Sprintf("portal_release_deployment.e%d.release", i-1)
		}
		fmt.Fprintf(&hcl, `
resource "portal_environment" "e%[1]d" {
  pipeline = portal_pipeline.this.name
  name     = "%[2]s-%04[1]d"
  stage    = "%[2]s"
  target   = %[3]s
}

resource "portal_release_deployment" "e%[1]d" {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.e%[1]d.name
  release     = %[4]s
}
`, i, stage, fmt.Sprintf(target, i), release)
	}
	return hcl.String()
}

// directories are targets below the root module.
const directories = `{ directory = { path = "${path.module}/targets/%d" } }`

// plain is a root module with as many resources of another type, in the same
// order.
func plain(n int, provider, resource string) string {
	var hcl strings.Builder
	fmt.Fprintf(&hcl, "%[1]s\nresource %[2]q \"pipeline\" {}\n\nresource %[2]q \"release\" {\n  depends_on = [%[2]s.pipeline]\n}\n", provider, resource)
	for i := range n {
		after := "release"
		if i%2 == 1 {
			after = fmt.Sprintf("deployment%d", i-1)
		}
		fmt.Fprintf(&hcl, `
resource %[1]q "environment%[2]d" {
  depends_on = [%[1]s.pipeline]
}

resource %[1]q "deployment%[2]d" {
  depends_on = [%[1]s.environment%[2]d, %[1]s.%[3]s]
}
`, resource, i, after)
	}
	return hcl.String()
}

// contender is one of what is compared.
type contender struct {
	name      string
	hcl       string
	small     string // where it is not a provider of ours: the same of two environments
	overrides map[string]string
}

func (b *bench) contenders(n int) []contender {
	timeBlock := "terraform {\n  required_providers {\n    time = { source = \"registry.terraform.io/hashicorp/time\" }\n  }\n}\n"
	return []contender{
		{"portal", promotion(n, directories), "", map[string]string{portalAddress: b.real}},
		{"hollow", promotion(n, directories), "", map[string]string{portalAddress: b.hollow}},
		{"time_static", plain(n, timeBlock, "time_static"), plain(2, timeBlock, "time_static"), map[string]string{timeAddress: filepath.Dir(b.timeProvider)}},
		{"terraform_data", plain(n, "", "terraform_data"), plain(2, "", "terraform_data"), nil},
	}
}
