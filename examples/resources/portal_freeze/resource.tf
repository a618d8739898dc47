resource "portal_freeze" "year_end" {
  pipeline  = portal_pipeline.intranet.name
  name      = "year-end"
  stages    = ["production"] # the default: the final stage
  starts_at = "2030-12-20T00:00:00Z"
  ends_at   = "2031-01-07T06:00:00Z"
  reason    = "Nobody is there to help"
}

resource "portal_pipeline" "intranet" {
  name = "intranet"
  stages = [
    { name = "staging" },
    { name = "production" },
  ]
}
