# A pipeline of five stages, and the release that each of them runs. Everything is in this one root module;
# the folder ci has the same with a separate root module for each stage.

terraform {
  required_version = ">= 1.11"
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

# The ledger is .portal/ledger.db in the working directory, unless PORTAL_LEDGER_URL says otherwise.
provider "portal" {}

resource "portal_pipeline" "intranet" {
  name        = "intranet"
  description = "The company's intranet"

  # The entries of a stage are what a release needs to leave it.
  stages = [
    { name = "development", required_tests = ["smoke"] },
    { name = "qa", required_tests = ["integration"], quorum = "all" },
    { name = "uat", required_tests = ["acceptance"], required_approvals = 1 },
    { name = "staging", soak_time = var.soak_time },
    { name = "production" },
  ]
}

locals {
  environments = {
    development = { stage = "development", check = "smoke" }
    qa-1        = { stage = "qa", check = "integration" }
    qa-2        = { stage = "qa", check = "integration" }
    uat         = { stage = "uat", check = "smoke" }
    staging     = { stage = "staging", check = "smoke" }
    production  = { stage = "production", check = "smoke" }
  }
}

resource "portal_environment" "this" {
  for_each = local.environments

  pipeline = portal_pipeline.intranet.name
  name     = each.key
  stage    = each.value.stage
  target   = { directory = { path = "env/${each.key}" } }

  # Runs after each deployment, and is recorded as a test result for the suite with that name.
  checks = [{
    name    = each.value.check
    command = ["sh", "checks/all-there.sh", "env/${each.key}/current"]
  }]
}

resource "portal_release" "this" {
  for_each = var.releases

  pipeline = portal_pipeline.intranet.name
  version  = each.key
  components = {
    for name, version in each.value : name => { version = version, source = "components/${name}-${version}.txt" }
  }
}

# The deployments, one resource for each stage. depends_on puts them in the order of the pipeline, so that
# one apply can take a release through several stages.

resource "portal_release_deployment" "development" {
  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["development"].name
  release     = portal_release.this[var.versions.development].version
}

resource "portal_release_deployment" "qa" {
  for_each = var.versions.qa == null ? [] : toset(["qa-1", "qa-2"])

  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this[each.key].name
  release     = portal_release.this[var.versions.qa].version

  depends_on = [portal_release_deployment.development]
}

resource "portal_release_deployment" "uat" {
  count = var.versions.uat == null ? 0 : 1

  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["uat"].name
  release     = portal_release.this[var.versions.uat].version

  depends_on = [portal_release_deployment.qa]
}

# The acceptance tests, run after each deployment to uat. If they fail, the apply ends here.
resource "terraform_data" "acceptance" {
  count = var.versions.uat != null && var.acceptance ? 1 : 0

  triggers_replace = portal_release_deployment.uat[0].receipt
  input            = "reports/acceptance.xml"

  provisioner "local-exec" {
    command = "sh checks/acceptance.sh env/uat/current ${self.input}"
  }
}

# Their report, which has to be newer than the deployment. If the apply will run the tests, the plan does not read the
# old report, because output is not known until they have run.
resource "portal_test_result" "acceptance" {
  count = var.versions.uat != null && var.acceptance ? 1 : 0

  pipeline     = portal_pipeline.intranet.name
  environment  = portal_release_deployment.uat[0].environment
  release      = portal_release_deployment.uat[0].release
  suite        = "acceptance"
  junit_report = terraform_data.acceptance[0].output
}

resource "portal_approval" "uat" {
  for_each = var.approvals

  pipeline = portal_pipeline.intranet.name
  release  = portal_release.this[each.key].version
  stage    = "uat"
  approver = each.value
}

resource "portal_release_deployment" "staging" {
  count = var.versions.staging == null ? 0 : 1

  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["staging"].name
  release     = portal_release.this[var.versions.staging].version

  depends_on = [portal_test_result.acceptance, portal_approval.uat, portal_release_deployment.uat]
}

resource "portal_release_deployment" "production" {
  count = var.versions.production == null ? 0 : 1

  pipeline    = portal_pipeline.intranet.name
  environment = portal_environment.this["production"].name
  release     = portal_release.this[var.versions.production].version

  depends_on = [portal_release_deployment.staging]
}

output "running" {
  description = "What runs where."
  value = merge(
    { development = portal_release_deployment.development.running },
    { for name, deployment in portal_release_deployment.qa : name => deployment.running },
    { for deployment in portal_release_deployment.uat : "uat" => deployment.running },
    { for deployment in portal_release_deployment.staging : "staging" => deployment.running },
    { for deployment in portal_release_deployment.production : "production" => deployment.running },
  )
}
