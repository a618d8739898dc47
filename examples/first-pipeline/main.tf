terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

variable "staging" {
  description = "The release on staging."
  type        = string
  default     = "1.0.0"
}

variable "tested" {
  description = "The release that somebody has tested on staging."
  type        = string
  default     = null
}

variable "production" {
  description = "The release on production; null for none yet."
  type        = string
  default     = null
}

# The entries of a stage are what a release needs to leave it.
resource "portal_pipeline" "site" {
  name = "site"
  stages = [
    { name = "staging", required_tests = ["acceptance"], soak_time = "1m" },
    { name = "production" },
  ]
}

resource "portal_environment" "this" {
  for_each = toset(["staging", "production"])

  pipeline = portal_pipeline.site.name
  name     = each.key
  stage    = each.key
  target   = { directory = { path = "env/${each.key}" } }
}

resource "portal_release" "this" {
  for_each = toset(compact([var.staging, var.production]))

  pipeline   = portal_pipeline.site.name
  version    = each.key
  components = { theme = { version = each.key, source = "theme-${each.key}.css" } }
}

resource "portal_release_deployment" "staging" {
  pipeline    = portal_pipeline.site.name
  environment = portal_environment.this["staging"].name
  release     = portal_release.this[var.staging].version
}

resource "portal_test_result" "acceptance" {
  count = var.tested == var.staging ? 1 : 0

  pipeline    = portal_pipeline.site.name
  environment = portal_release_deployment.staging.environment
  release     = portal_release_deployment.staging.release # so this is recorded after the deployment
  suite       = "acceptance"
  outcome     = "passed" # or junit_report = "…", to read the outcome from a report
}

resource "portal_release_deployment" "production" {
  count = var.production == null ? 0 : 1

  pipeline    = portal_pipeline.site.name
  environment = portal_environment.this["production"].name
  release     = portal_release.this[var.production].version

  depends_on = [portal_test_result.acceptance, portal_release_deployment.staging]
}
