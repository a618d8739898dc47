# What would it take to bring this fix to production? It changes, records and refuses nothing.
data "portal_fast_path" "links" {
  pipeline = "intranet"
  components = {
    "theme" = { version = "1.0.1", source = "theme-1.0.1.css" }
  }
}

output "steps" {
  value = [for step in data.portal_fast_path.links.steps : join(" ", compact([step.action, step.environment, step.release]))]
}

output "bypass" {
  description = "What a fix has to name."
  value       = sort(distinct(data.portal_fast_path.links.bypassed_rules[*].rule))
}

output "takes" {
  value = data.portal_fast_path.links.estimated_duration
}
