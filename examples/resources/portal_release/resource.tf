resource "portal_pipeline" "intranet" {
  name = "intranet"
  stages = [
    { name = "staging" },
    { name = "production" },
  ]
}

resource "portal_release" "full" {
  pipeline = portal_pipeline.intranet.name
  version  = "2.4.0"

  # sha256 is optional for a path: it is computed when the release is first planned, and kept.
  components = {
    "theme"         = { version = "1.0.0", source = "theme.css" }
    "login-portlet" = { version = "3.1.4", source = "login.txt", kind = "file" }
  }

  notes = "The first release with single sign-on"
}

# Only what differs from its base. It can be deployed only to environments that run the base.
resource "portal_release" "differential" {
  pipeline = portal_pipeline.intranet.name
  version  = "2.4.1"
  type     = "differential"
  base     = portal_release.full.version

  components = {
    "login-portlet" = { version = "3.1.5", source = "login-3.1.5.txt" }
  }
  removes = ["theme"]
}
