data "portal_pipeline" "intranet" {
  name = "intranet"

  depends_on = [portal_release_deployment.staging] # not needed if another root module deploys
}

output "what_runs_where" {
  value = { for environment in data.portal_pipeline.intranet.environments : environment.name => environment.running }
}

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
