# Run when somebody has accepted what runs on user acceptance: it records that. It deploys nothing.

terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

# Both as the approver has seen them.
variable "release" {
  description = "The release that was accepted."
  type        = string
}

variable "content_digest" {
  description = "The digest of the content that was accepted."
  type        = string
}

variable "approver" {
  description = "Who lets the release leave user acceptance."
  type        = string
}

# With another release Terraform updates this resource: it records one more approval.
resource "portal_approval" "this" {
  pipeline       = "intranet"
  stage          = "uat"
  release        = var.release
  content_digest = var.content_digest # if the release is other content now, nothing is recorded
  approver       = var.approver
}
