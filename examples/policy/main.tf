# A pipeline with a policy for its plans, and tests of its refusals.

terraform {
  required_version = ">= 1.11"
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

provider "portal" {}

variable "runs" {
  description = "Which release runs on each stage."
  type        = object({ staging = string, production = string })
  default     = { staging = "2.4.0", production = "2.4.0" }
}

variable "next" {
  description = "The release of which is asked whether it may enter production."
  type        = string
  default     = "2.5.0"
}

variable "soak_time" {
  description = "How long a release runs on staging before it may go to production."
  type        = string
  default     = "24h"
}

resource "portal_pipeline" "intranet" {
  name = "intranet"
  stages = [
    { name = "staging", required_tests = ["acceptance"], soak_time = var.soak_time },
    { name = "production" },
  ]
  emergency = { required_approvals = 0 }
}

resource "portal_environment" "this" {
  for_each = toset(["staging", "production"])

  pipeline = portal_pipeline.intranet.name
  name     = each.key
  stage    = each.key
  target   = { directory = { path = "env/${each.key}" } }
  checks   = each.key == "staging" ? [{ name = "acceptance", command = ["test", "-s", "env/staging/current/theme"] }] : []
}

resource "portal_release" "this" {
  for_each = { "2.4.0" = "1.0.0", "2.5.0" = "1.1.0" }

  pipeline   = portal_pipeline.intranet.name
  version    = each.key
  components = { theme = { version = each.value, source = "theme-${each.value}.css" } }
}

resource "portal_release_deployment" "staging" {
  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["staging"].name
  release     = portal_release.this[var.runs.staging].version
}

resource "portal_release_deployment" "production" {
  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["production"].name
  release     = portal_release.this[var.runs.production].version

  depends_on = [portal_release_deployment.staging]
}

# For policies and tests: the result of every rule, and the approvals.
data "portal_promotion_check" "production" {
  pipeline    = portal_pipeline.intranet.name
  release     = portal_release.this[var.next].version
  environment = portal_environment.this["production"].name

  depends_on = [portal_release_deployment.staging]
}
