terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

provider "portal" {
  # Everything is optional. The ledger is one file; all root modules that share it see the same history.
  ledger_url = "sqlite:.portal/ledger.db"
  actor      = "jane@example.com"
  run_url    = "https://ci.example.com/runs/1234"

  # For targets that name a credential. Prefer the environment variable PORTAL_CREDENTIAL_UPLOAD_TOKEN.
  credentials = {
    "upload" = { token = var.upload_token }
  }
}

variable "upload_token" {
  type      = string
  sensitive = true
  default   = null
}
