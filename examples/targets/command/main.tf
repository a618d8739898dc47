# A release deployed by your own program. Set PORTAL_CREDENTIAL_UPLOAD_TOKEN, or remove credential.

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
      environment = { SITE = "env/staging" } # the script writes the files here
      timeout     = "1m"
      credential  = "upload" # the script gets its token as PORTAL_CREDENTIAL_TOKEN; this script does not need it
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
