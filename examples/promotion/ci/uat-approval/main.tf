# Run when somebody has accepted what runs on user acceptance: records the approval. Deploys nothing.

terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

# Both as the approver saw them.
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

# With another release Terraform updates this resource, which records another approval.
resource "portal_approval" "this" {
  pipeline       = "intranet"
  stage          = "uat"
  release        = var.release
  content_digest = var.content_digest # if other content runs there now, nothing is recorded
  approver       = var.approver
}
