package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// explain turns an error into what a user reads: what happened, what is true
// now, what to do. doing is what was tried, such as "declaring the pipeline".
func explain(doing string, err error) diag.Diagnostics {
	var diags diag.Diagnostics
	var refusal *portal.RefusalError
	var rejection *portal.RejectionError
	var failed *rollout.FailedError
	var halted *rollout.HaltedError
	var unavailable *ledger.UnavailableError
	var newer *ledger.NewerError
	var corrupt *ledger.CorruptError
	var damaged *ledger.DamagedError
	switch {
	case err == nil:
	case errors.As(err, &halted):
		diags.AddError(haltedSummary(halted), haltedDetail(halted))
	case errors.As(err, &refusal):
		detail := refusal.Detail()
		if rest := strings.TrimPrefix(err.Error(), refusal.Error()); rest != err.Error() && rest != "" {
			detail += "\n" + strings.TrimSpace(rest)
		}
		diags.AddError(refusal.Summary(), detail)
	case errors.As(err, &rejection):
		detail := rejection.Detail
		if rejection.Undeclared && strings.HasPrefix(doing, "planning") {
			detail += "\n" + otherAlias
		}
		diags.AddError(portal.Capitalize(rejection.Summary), detail)
	case errors.As(err, &failed):
		diags.AddError(portal.Capitalize(failedSummary(failed)), failedDetail(failed))
	case errors.Is(err, rollout.ErrNotFinished), errors.Is(err, portal.ErrSuperseded):
		diags.AddError(portal.Capitalize(doing)+" did not finish", portal.Sentence(err.Error()))
	case errors.As(err, &newer):
		diags.AddError("The ledger is from a newer version of the provider", portal.Capitalize(doing)+" needs it, and "+newer.Error()+". Nothing was changed.")
	case errors.As(err, &corrupt):
		diags.AddError(fmt.Sprintf("The ledger of pipeline %q is inconsistent", corrupt.Pipeline), corruptDetail(doing, corrupt))
	case errors.As(err, &damaged):
		diags.AddError("The ledger is damaged", portal.Capitalize(doing)+" needs it: "+strings.TrimSuffix(err.Error(), ".")+".")
	case errors.As(err, &unavailable):
		diags.AddError("The ledger cannot be used", portal.Capitalize(doing)+" needs it: "+strings.TrimSuffix(err.Error(), ".")+".\nNothing is deployed without its record.")
	default:
		diags.AddError(portal.Capitalize(doing)+" failed", portal.Sentence(err.Error()))
	}
	return diags
}

// explainPlan is explain for a plan. To a refusal of a change it adds how the rest of a
// configuration can be destroyed in spite of it.
func explainPlan(doing string, err error) diag.Diagnostics {
	diags := explain(doing, err)
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) {
		return diags
	}
	var with diag.Diagnostics
	for _, d := range diags {
		with.AddError(d.Summary(), d.Detail()+destroyHint())
	}
	return with
}

func corruptDetail(doing string, e *ledger.CorruptError) string {
	return portal.Capitalize(doing) + " needs it, and " + e.Error() +
		". It was damaged or changed. This run changed nothing, and other pipelines of the ledger still work.\n" +
		"Keep a copy of the ledger with its -wal file, run portal ledger verify, and restore the ledger from a backup. " +
		"If all entries are consistent, portal ledger rebuild is enough: it rebuilds the derived state."
}

// otherAlias is why something that is referred to may still be missing at plan.
const otherAlias = "If another alias of the provider is to create it: each alias is a separate process, and at plan it does not know what another one will create. " +
	"Create it first, in a separate apply (terraform apply -target=RESOURCE), or use one alias for both."

func haltedSummary(e *rollout.HaltedError) string {
	summary := fmt.Sprintf("emergency fix %s is halted at step %d of %d, %s on %s", e.Fix, e.Step, e.Of, e.Action, e.Where)
	var refusal *portal.RefusalError
	if errors.As(e.Err, &refusal) {
		return string(refusal.Rules()[0]) + ": " + summary
	}
	return portal.Capitalize(summary)
}

// haltedDetail says why a fix did not go on, and what may be done now.
func haltedDetail(e *rollout.HaltedError) string {
	var refusal *portal.RefusalError
	var failed *rollout.FailedError
	why := portal.Sentence(e.Err.Error())
	switch {
	case errors.As(e.Err, &refusal):
		why = refusal.Detail()
	case errors.As(e.Err, &failed):
		why = portal.Sentence(failed.Detail)
	}
	recorded := "It is recorded in the ledger."
	if !e.Recorded {
		recorded = "The ledger does not record that the fix halted, but it records every completed step."
	}
	return why + "\nCompleted steps stay, and the environments stay held. When the cause is gone, apply again: the fix continues with this step. " +
		"Or correct the fix (its components may change until a deployment to a target has succeeded), or withdraw it (set withdraw).\n" + recorded
}

func failedSummary(e *rollout.FailedError) string {
	what := "deployment of " + e.Release + " to " + e.Environment
	if e.Release == "" {
		what = "removal of what runs on " + e.Environment
	}
	switch e.Outcome {
	case portal.Interrupted:
		return what + " was interrupted"
	case portal.Unknown:
		return what + ": its outcome is unknown"
	}
	return what + " failed"
}

func failedDetail(e *rollout.FailedError) string {
	next := "The environment may be half-deployed: apply again to repeat the deployment, or set release back to the previous release to roll back."
	switch {
	case e.Untouched:
		next = "The environment still runs what it ran before. Apply again when the cause is gone."
	case e.Outcome == portal.Unknown:
		next = "Nothing can be promoted from this environment until a deployment there succeeds. Check the target, then apply again."
	case e.Release == "":
		next = "Some content may remain: apply again to remove the rest."
	case e.First:
		next = "The environment may be half-deployed: apply again to repeat the deployment. No earlier deployment succeeded there, so you cannot roll back."
	}
	return portal.Sentence(e.Detail) + "\n" + next + "\nIt is recorded in the ledger."
}

// warnings are the broken rules that the pipeline lets pass. The names are in
// the summary, because Terraform folds warnings with the same one.
func warnings(v portal.Verdict) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, gate := range v.Warnings() {
		detail := gate.Detail
		if gate.Cure != "" {
			detail += "\n" + gate.Cure
		}
		summary := fmt.Sprintf("%s: release %s goes to %q although it breaks this rule", gate.Rule, v.Release, v.Environment)
		if v.Mode == portal.ModeRemove {
			summary = fmt.Sprintf("%s: what runs on %q is removed anyway", gate.Rule, v.Environment)
		}
		diags.AddWarning(summary, detail)
	}
	return diags
}

// problems turns what is wrong with a declaration into errors at its
// attributes.
func problems(what string, found []portal.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range found {
		text := portal.Sentence(p.Text)
		if strings.HasPrefix(p.Text, "has ") || strings.HasPrefix(p.Text, "is ") {
			text = portal.Sentence(p.Field + " " + p.Text) // of the whole field
		}
		diags.AddAttributeError(path.Root(p.Field), portal.Capitalize(what)+" is not valid", text)
	}
	return diags
}

func textProblems(at path.Path, field, text string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range portal.ValidateText(field, text) {
		diags.AddAttributeError(at, portal.Capitalize(field)+" cannot be used", field+" "+p.Text+".")
	}
	return diags
}

// vanished is the error of a Create or an Update whose subject is not in the
// ledger any more when it is read back.
func vanished(kind, id string) diag.Diagnostics {
	var diags diag.Diagnostics
	diags.AddError(portal.Capitalize(kind)+" "+id+" was removed", "Another process removed it while this one declared it. Plan again.")
	return diags
}
