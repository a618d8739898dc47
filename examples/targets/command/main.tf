# A release deployed by a program of one's own. Set PORTAL_CREDENTIAL_UPLOAD_TOKEN, or take credential out.

terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}

provider "portal" {}

resource "portal_pipeline" "site" {
  name   = "site"
  stages = [{ name = "staging" }, { name = "production" }]
}

resource "portal_environment" "staging" {
  pipeline = portal_pipeline.site.name
  name     = "staging"
  stage    = "staging"
  target = {
    command = {
      deploy      = ["python3", "deploy.py"]
      observe     = ["python3", "deploy.py"]
      environment = { SITE = "env/staging" } # where the script puts the files
      timeout     = "1m"
      credential  = "upload" # the script gets its token as PORTAL_CREDENTIAL_TOKEN; this one needs none
    }
  }
}

resource "portal_release" "this" {
  pipeline   = portal_pipeline.site.name
  version    = "1.0.0"
  components = { "index.html" = { version = "1.0.0", source = "index.html" } }
}

resource "portal_release_deployment" "staging" {
  pipeline    = portal_pipeline.site.name
  environment = portal_environment.staging.name
  release     = portal_release.this.version
}
