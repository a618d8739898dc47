# Run when the integration tests have ended: records their result for the content they tested. Deploys nothing.

terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

# Both as the job captured them before the tests began.
variable "release" {
  description = "The release that was tested."
  type        = string
}

variable "content_digest" {
  description = "The digest of the content that was tested."
  type        = string
}

variable "reports" {
  description = "Folder with the JUnit reports of the tests."
  type        = string
}

variable "runner_exit" {
  description = "Exit status of the test runner itself."
  type        = number
}

# With another release Terraform updates this resource, which records another result.
resource "portal_test_result" "integration" {
  pipeline       = "intranet"
  environment    = "qa"
  suite          = "integration"
  release        = var.release
  content_digest = var.content_digest # if something else runs there now, nothing is recorded
  junit_reports  = ["${var.reports}/**/*.xml"]
  runner_exit    = var.runner_exit
}
