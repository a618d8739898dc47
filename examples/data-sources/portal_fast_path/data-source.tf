# What would it take to bring this to production now? It changes nothing, records nothing, and refuses nothing.
data "portal_fast_path" "links" {
  pipeline = "intranet"
  components = {
    "theme" = { version = "1.0.1", source = "theme-1.0.1.css" }
  }

  depends_on = [portal_release_deployment.production] # not needed where it runs already
}

output "steps" {
  value = [for step in data.portal_fast_path.links.steps : join(" ", compact([step.action, step.environment, step.release]))]
}

output "bypass" {
  description = "What a fix has to name."
  value       = sort(distinct(data.portal_fast_path.links.bypassed_rules[*].rule))
}

output "takes" {
  value = data.portal_fast_path.links.estimated_duration
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

resource "portal_release_deployment" "production" {
  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["production"].name
  release     = portal_release_deployment.staging.release
}
