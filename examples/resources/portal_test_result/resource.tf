# The tests run in the apply that deploys. If they fail, the apply ends here.
resource "terraform_data" "acceptance" {
  triggers_replace = portal_release_deployment.staging.receipt
  input            = "reports"

  provisioner "local-exec" {
    command = "sh acceptance.sh env/staging/current ${self.input}"
  }
}

# The result is read from JUnit reports, which have to be newer than the deployment. Changed reports are a new
# result. If the apply will run the tests, the plan does not read old reports, because output is not known until they
# have run.
resource "portal_test_result" "acceptance" {
  pipeline      = portal_pipeline.intranet.name
  environment   = portal_release_deployment.staging.environment
  release       = portal_release_deployment.staging.release # so this is recorded after the deployment
  suite         = "acceptance"
  junit_reports = ["${terraform_data.acceptance.output}/**/*.xml"]
  minimum_tests = 2
  report_url    = "https://ci.example.com/runs/1234/report"
}

# Or stated by the people who tested.
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
