# First apply what deploys to production. The arguments are written once, for the rehearsal and the fix.
locals {
  links = {
    pipeline = "intranet"
    name     = "EF-2026-017" # becomes part of the version: 2.4.0+EF-2026-017

    components = {
      "theme" = { version = "1.0.1", source = "theme-1.0.1.css" }
    }
    justification = {
      reason              = "Links look like text, and nobody finds the emergency numbers"
      incident            = "INC-4711"
      severity            = "sev1"
      requested_by        = "ann@example.com" # neither approves nor reviews it
      why_not_normal_path = "Releases are approved on Thursdays"
    }
    bypass = ["approvals"] # if the fix breaks another rule, the plan fails and names it
  }
}

resource "portal_emergency_fix" "links" {
  pipeline      = local.links.pipeline
  name          = local.links.name
  components    = local.links.components
  justification = local.links.justification
  bypass        = local.links.bypass

  expect    = data.portal_fast_path.links.statement_digest # apply does exactly what was planned, or nothing
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
