# Takes release 2.4.0 from nothing to production, and 2.5.0 after it.
#
# It uses a separate ledger, not the one of the root module, and deploys to the same directories below
# env: run it in a copy, and remove .portal/test.db before running it again.

provider "portal" {
  ledger_url = "sqlite:.portal/test.db"
  actor      = "ci@example.com"
}

variables {
  soak_time = "0s"
  approvals = { "2.4.0" = "jane@example.com", "2.5.0" = "jane@example.com" }
}

run "development_first" {
  variables {
    versions = { development = "2.4.0" }
  }

  assert {
    condition     = output.running == { development = "2.4.0" }
    error_message = "Release 2.4.0 does not run on development, or not there alone."
  }
}

run "from_development_to_production_in_one_apply" {
  variables {
    versions = { development = "2.4.0", qa = "2.4.0", uat = "2.4.0", staging = "2.4.0", production = "2.4.0" }
  }

  assert {
    condition     = portal_release_deployment.production[0].running == "2.4.0"
    error_message = "Release 2.4.0 does not run on production."
  }
  assert {
    condition     = portal_test_result.acceptance[0].outcome == "passed" && portal_test_result.acceptance[0].tests == 2
    error_message = "The acceptance report was not read."
  }
}

run "the_next_release_is_planned_through_every_stage" {
  command = plan

  variables {
    versions = { development = "2.5.0", qa = "2.5.0", uat = "2.5.0", staging = "2.5.0", production = "2.4.0" }
  }

  assert {
    condition = portal_release_deployment.staging[0].changes == tolist([
      "~ login-portlet 3.1.4 -> 3.2.0", "+ news-portlet 1.0.0", "~ theme 1.0.0 -> 1.1.0",
    ])
    error_message = "The plan does not show what would change on staging."
  }
  assert {
    condition     = portal_release_deployment.production[0].running == "2.4.0"
    error_message = "The plan changes production, but no change was requested."
  }
}

run "the_next_release_goes_to_staging" {
  variables {
    versions = { development = "2.5.0", qa = "2.5.0", uat = "2.5.0", staging = "2.5.0", production = "2.4.0" }
  }

  assert {
    condition     = output.running.staging == "2.5.0" && output.running.production == "2.4.0"
    error_message = "Release 2.5.0 should be on staging, and 2.4.0 still on production."
  }
}

run "staging_is_rolled_back" {
  variables {
    versions = { development = "2.5.0", qa = "2.5.0", uat = "2.5.0", staging = "2.4.0", production = "2.4.0" }
  }

  assert {
    condition     = output.running.staging == "2.4.0" && portal_release_deployment.staging[0].previous_release == "2.5.0"
    error_message = "Staging was not rolled back."
  }
}
