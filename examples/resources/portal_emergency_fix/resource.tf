# Written once, for the rehearsal and the fix.
locals {
  links = {
    pipeline = "intranet"
    name     = "EF-2026-017" # becomes part of the version: 2.4.0+EF-2026-017

    components = {
      "theme" = { version = "1.0.1", source = "theme-1.0.1.css" }
    }
    justification = {
      reason              = "Links cannot be told from text, and nobody finds the emergency numbers"
      incident            = "INC-4711"
      severity            = "sev1"
      requested_by        = "ann@example.com" # neither approves nor reviews it
      why_not_normal_path = "Releases are approved on Thursdays"
    }
    bypass = ["approvals"] # a plan that breaks another rule is refused, and names it
  }
}

resource "portal_emergency_fix" "links" {
  pipeline      = local.links.pipeline
  name          = local.links.name
  components    = local.links.components
  justification = local.links.justification
  bypass        = local.links.bypass

  expect    = data.portal_fast_path.links.statement_digest # what was planned is done, or nothing
  approvals = { "bob@example.com" = "" }

  timeouts = { create = "30m", update = "30m" }
}

data "portal_fast_path" "links" {
  pipeline      = local.links.pipeline
  name          = local.links.name
  components    = local.links.components
  justification = local.links.justification
  bypass        = local.links.bypass

  depends_on = [portal_release_deployment.production] # not needed where it runs already
}

resource "portal_pipeline" "intranet" {
  name = "intranet"
  stages = [
    { name = "staging", required_approvals = 1 },
    { name = "production" },
  ]
}

resource "portal_environment" "this" {
  for_each = toset(["staging", "production"])

  pipeline = portal_pipeline.intranet.name
  name     = each.key
  stage    = each.key
  target   = { directory = { path = "env/${each.key}" } }
}

resource "portal_release" "this" {
  pipeline = portal_pipeline.intranet.name
  version  = "2.4.0"
  components = {
    "theme" = { version = "1.0.0", source = "theme.css" }
  }
}

resource "portal_release_deployment" "staging" {
  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["staging"].name
  release     = portal_release.this.version
}

resource "portal_approval" "staging" {
  pipeline = portal_pipeline.intranet.name
  release  = portal_release.this.version
  stage    = "staging"
  approver = "jane@example.com"
}

resource "portal_release_deployment" "production" {
  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["production"].name
  release     = portal_release_deployment.staging.release

  depends_on = [portal_approval.staging]
}
