# Production runs already: apply what deploys to it first. Written once, for the rehearsal and the fix.
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
}
