resource "portal_pipeline" "intranet" {
  name = "intranet"
  stages = [
    { name = "staging" },
    { name = "production" },
  ]
}

resource "portal_environment" "production" {
  pipeline            = portal_pipeline.intranet.name
  name                = "production"
  stage               = "production"
  deletion_protection = false # true: destroying it is refused

  # Software that is installed independently; it satisfies requires of releases.
  installed = { "hcl-dx" = "9.5.226" }

  target = {
    directory = { path = "env/production", keep = 3 }
  }

  # Run after each deployment and recorded as test results. If one fails, the deployment fails.
  checks = [
    { name = "smoke", command = ["test", "-s", "env/production/current/theme"], timeout = "30s" },
  ]
}

# Any program can be a target: the guide "Targets" says what it reads and prints.
resource "portal_environment" "staging" {
  pipeline = portal_pipeline.intranet.name
  name     = "staging"
  stage    = "staging"

  target = {
    command = {
      deploy      = ["python3", "deploy.py"]
      observe     = ["python3", "deploy.py"]
      environment = { "SITE" = "env/staging" }
      timeout     = "5m"
    }
  }
}
