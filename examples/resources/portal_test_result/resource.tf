# The outcome is read from a JUnit report. A changed report is a new result.
resource "portal_test_result" "acceptance" {
  pipeline     = portal_pipeline.intranet.name
  environment  = portal_release_deployment.staging.environment
  release      = portal_release_deployment.staging.release # and so after the deployment
  suite        = "acceptance"
  junit_report = "report.xml"
  report_url   = "https://ci.example.com/runs/1234/report"
}

# Or said by whoever tested.
resource "portal_test_result" "usability" {
  pipeline    = portal_pipeline.intranet.name
  environment = portal_release_deployment.staging.environment
  release     = portal_release_deployment.staging.release
  suite       = "usability"
  outcome     = "passed"
  summary     = "Five colleagues found the new login without help"
}

resource "portal_pipeline" "intranet" {
  name = "intranet"
  stages = [
    { name = "staging", required_tests = ["acceptance", "usability"] },
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
