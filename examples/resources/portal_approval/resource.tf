resource "portal_approval" "jane" {
  pipeline = portal_pipeline.intranet.name
  release  = portal_release.this.version
  stage    = "staging" # the stage that the release may leave
  approver = "jane@example.com"
  comment  = "Seen on staging, fine"
}

resource "portal_pipeline" "intranet" {
  name = "intranet"
  stages = [
    { name = "staging", required_approvals = 1 },
    { name = "production" },
  ]
}

resource "portal_release" "this" {
  pipeline = portal_pipeline.intranet.name
  version  = "2.4.0"
  components = {
    "theme" = { version = "1.0.0", source = "theme.css" }
  }
}
