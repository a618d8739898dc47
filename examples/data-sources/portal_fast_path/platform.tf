# What runs already. Apply this first: a fix and its rehearsal start from what the ledger has.

resource "portal_pipeline" "intranet" {
  name = "intranet"
  stages = [
    { name = "staging" },
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

resource "portal_release_deployment" "production" {
  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["production"].name
  release     = portal_release_deployment.staging.release
}
