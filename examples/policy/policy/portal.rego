# What this company asks of a plan, beyond what the pipeline refuses. Run it on the JSON of a plan:
#
#   terraform plan -out=plan && terraform show -json plan > plan.json && conftest test plan.json
package main

# The rules that an emergency fix may break without asking the release managers.
may_be_broken := {"stage-order", "stage-occupied"}

changed(type) := [rc | some rc in input.resource_changes; rc.type == type; rc.mode == "managed"; rc.change.actions != ["no-op"]]

# What data sources have read while planning. One that is read by the apply is not here.
read(type) := [r | some r in input.prior_state.values.root_module.resources; r.type == type; r.mode == "data"]

# A plan that failed can be shown as well, and has only what was planned before the error.
deny contains "the plan has failed: it is not whole, and shows nothing of what it was refused for" if input.errored

deny contains msg if {
	some fix in changed("portal_emergency_fix")
	some broken in fix.change.after.bypassed_rules
	broken.level == "error"
	not broken.rule in may_be_broken
	msg := sprintf("%s breaks %s for %s: ask the release managers. %s", [fix.address, broken.rule, broken.environment, broken.detail])
}

deny contains msg if {
	some fix in changed("portal_emergency_fix")
	not fix.change.after.statement
	msg := sprintf("%s is planned without its statement: apply what it depends on first", [fix.address])
}

warn contains msg if {
	some deployment in changed("portal_release_deployment")
	deployment.change.after.action == "rollback"
	msg := sprintf("%s goes back to %s: %s", [deployment.address, deployment.change.after.release, concat(", ", deployment.change.after.changes)])
}

# Approvals are counted by the ledger: a plan cannot know which of its own will count.
warn contains msg if {
	some check in read("portal_promotion_check")
	some gate in check.values.gates
	gate.rule == "approvals"
	gate.status != "passed"
	msg := sprintf("%s may not enter %s yet: %s", [check.values.release, check.values.environment, gate.detail])
}
