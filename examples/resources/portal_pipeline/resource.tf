resource "portal_pipeline" "intranet" {
  name        = "intranet"
  description = "The company's intranet"

  # The entries of a stage are what a release needs to leave it.
  stages = [
    { name = "development" },
    { name = "qa", required_tests = ["integration"], quorum = "all" },
    { name = "uat", required_tests = ["acceptance"], required_approvals = 1 },
    { name = "staging", soak_time = "24h", exclusive = true },
    { name = "production" },
  ]

  rules = {
    "stage-occupied" = "warn" # only warn
  }
}

# Stages can branch: both tests start after development, and staging waits for both.
resource "portal_pipeline" "shop" {
  name = "shop"
  stages = [
    { name = "development" },
    { name = "function-test" },
    { name = "load-test", after = ["development"], soak_time = "2h" },
    { name = "staging", after = ["function-test", "load-test"] },
    { name = "production" },
  ]
}
