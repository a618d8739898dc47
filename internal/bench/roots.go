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
// environments with a deployment each. The first half of them is on the first
// stage and the other half on the second, so that the whole of the first half
// vouches for each of the second.
//
// Names come from each.key: a reference to another resource with for_each would
// make Terraform itself quadratic in n, and hide everything else.
func promotion(n int, target string) string {
	var release strings.Builder
	for _, name := range []string{"login", "pages", "theme"} {
		fmt.Fprintf(&release, "    %s = { version = \"1.0.0\", source = \"${path.module}/%s\", sha256 = \"%x\" }\n", name, name, sha256.Sum256([]byte(components[name])))
	}
	return fmt.Sprintf(`
terraform {
  required_providers {
    portal = { source = "registry.terraform.io/releaseportal/portal" }
  }
}

locals {
  test       = toset([for i in range(%[1]d) : format("test-%%04d", i)])
  acceptance = toset([for i in range(%[2]d) : format("acceptance-%%04d", i)])
}

resource "portal_pipeline" "this" {
  name   = "bench"
  stages = [{ name = "test" }, { name = "acceptance" }, { name = "production" }]
}

resource "portal_release" "this" {
  pipeline = portal_pipeline.this.name
  version  = "1.0.0"
  components = {
%[3]s  }
}

resource "portal_environment" "test" {
  for_each = local.test
  pipeline = portal_pipeline.this.name
  name     = each.key
  stage    = "test"
  target   = %[4]s
}

resource "portal_environment" "acceptance" {
  for_each = local.acceptance
  pipeline = portal_pipeline.this.name
  name     = each.key
  stage    = "acceptance"
  target   = %[4]s
}

resource "portal_release_deployment" "test" {
  for_each    = local.test
  pipeline    = portal_pipeline.this.name
  environment = each.key
  release     = portal_release.this.version
  depends_on  = [portal_environment.test]
}

resource "portal_release_deployment" "acceptance" {
  for_each    = local.acceptance
  pipeline    = portal_pipeline.this.name
  environment = each.key
  release     = portal_release.this.version
  depends_on  = [portal_environment.acceptance, portal_release_deployment.test]
}
`, n-n/2, n/2, release.String(), target)
}

// directories are targets below the root module.
const directories = `{ directory = { path = "${path.module}/targets/${each.key}" } }`

// plain is a root module with as many resources of another type, in the same
// blocks and order.
func plain(n int, provider, resource, argument string) string {
	return fmt.Sprintf(`
%[3]s
locals {
  test       = toset([for i in range(%[1]d) : format("test-%%04d", i)])
  acceptance = toset([for i in range(%[2]d) : format("acceptance-%%04d", i)])
}

resource %[4]q "pipeline" {}
resource %[4]q "release" { 
  %[5]s
}

resource %[4]q "environment_test" {
  for_each = local.test
}

resource %[4]q "environment_acceptance" {
  for_each = local.acceptance
}

resource %[4]q "deployment_test" {
  for_each   = local.test
  depends_on = [%[4]s.environment_test]
}

resource %[4]q "deployment_acceptance" {
  for_each   = local.acceptance
  depends_on = [%[4]s.environment_acceptance, %[4]s.deployment_test]
}
`, n-n/2, n/2, provider, resource, argument)
}

// contender is one of what is compared.
type contender struct {
	name      string
	hcl       string
	overrides map[string]string
}

func (b *bench) contenders(n int) []contender {
	timeBlock := "terraform {\n  required_providers {\n    time = { source = \"registry.terraform.io/hashicorp/time\" }\n  }\n}\n"
	return []contender{
		{"portal", promotion(n, directories), map[string]string{portalAddress: b.real}},
		{"hollow", promotion(n, directories), map[string]string{portalAddress: b.hollow}},
		{"time_static", plain(n, timeBlock, "time_static", ""), map[string]string{timeAddress: filepath.Dir(b.timeProvider)}},
		{"terraform_data", plain(n, "", "terraform_data", ""), nil},
	}
}
