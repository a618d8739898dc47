terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

provider "portal" {
  # All of it is optional. The ledger is one file; every root module that shares it sees the same history.
  ledger_url = "sqlite:.portal/ledger.db"
  actor      = "jane@example.com"
  run_url    = "https://ci.example.com/runs/1234"

  # For targets that name a credential. Better from the environment: PORTAL_CREDENTIAL_UPLOAD_TOKEN.
  credentials = {
    "upload" = { token = var.upload_token }
  }
}

variable "upload_token" {
  type      = string
  sensitive = true
  default   = null
}
