variable "versions" {
  description = "Which release runs on each stage; null for none yet. To promote, change one line and apply."
  type = object({
    development = string
    qa          = optional(string)
    uat         = optional(string)
    staging     = optional(string)
    production  = optional(string)
  })
}

variable "releases" {
  description = "The bill of materials of every release: component name to its version."
  type        = map(map(string))
  default = {
    "2.4.0" = { "theme" = "1.0.0", "login-portlet" = "3.1.4" }
    "2.5.0" = { "theme" = "1.1.0", "login-portlet" = "3.2.0", "news-portlet" = "1.0.0" }
  }
}

variable "approvals" {
  description = "Who lets a release leave user acceptance: version to person. The one who deploys does not count."
  type        = map(string)
  default     = {}
}

variable "acceptance" {
  description = "Whether the acceptance tests are run on uat."
  type        = bool
  default     = true
}

variable "soak_time" {
  description = "How long a release runs on staging before it may go to production."
  type        = string
  default     = "24h"
}
