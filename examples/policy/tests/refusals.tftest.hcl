# Tests that the pipeline refuses what it should. A refusal is an error of the provider, which expect_failures does
# not accept: so read portal_promotion_check, which gives the same verdict, and assert that.

provider "portal" {
  ledger_url = "sqlite:.portal/test.db"
  actor      = "ci@example.com"
}

run "the_first_release_goes_to_production" {
  variables {
    soak_time = "0s"
  }
}

run "no_release_gets_past_staging" {
  assert {
    condition     = !data.portal_promotion_check.production.allowed
    error_message = "2.5.0 was never on staging, and may enter production."
  }
  assert {
    condition     = contains([for gate in data.portal_promotion_check.production.gates : gate.rule if gate.status == "refused"], "stage-order")
    error_message = "2.5.0 is refused, but not because it was never on staging."
  }
}

run "no_release_leaves_staging_within_a_day" {
  variables {
    runs = { staging = "2.5.0", production = "2.4.0" }
  }

  assert {
    condition     = [for gate in data.portal_promotion_check.production.gates : gate.rule if gate.status == "refused"] == ["soak-time"]
    error_message = "The acceptance tests passed and only the day is missing: nothing but soak-time should keep 2.5.0 out."
  }
}
