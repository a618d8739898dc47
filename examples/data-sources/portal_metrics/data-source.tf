# Delivery metrics of the last quarter.
data "portal_metrics" "quarter" {
  pipeline = "intranet"
  window   = "90d"

  depends_on = [portal_release_deployment.production] # not needed if another root module deploys
}

output "deployments_a_week" {
  value = data.portal_metrics.quarter.deployments * 7 / 90
}

output "lead_time" {
  value = data.portal_metrics.quarter.lead_time # null if nothing was deployed
}

# The plan warns if too many deployments fail, or if obligations of emergency fixes are overdue.
check "delivery" {
  assert {
    condition     = coalesce(data.portal_metrics.quarter.change_failure_rate, 0) <= 0.15
    error_message = "More than 15 % of the deployments to production have failed."
  }
  assert {
    condition     = data.portal_metrics.quarter.obligations_overdue == 0
    error_message = "Emergency fixes are overdue: see open_fixes of portal_pipeline."
  }
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
