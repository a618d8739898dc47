package provider

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

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
	var refusal *portal.Refusal
	var rejection *portal.Rejection
	var failed *rollout.FailedError
	var halted *rollout.HaltedError
	var unavailable *ledger.UnavailableError
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
		diags.AddError(upperFirst(rejection.Summary), rejection.Detail)
	case errors.As(err, &failed):
		diags.AddError(upperFirst(failedSummary(failed)), failedDetail(failed))
	case errors.Is(err, rollout.ErrNotFinished), errors.Is(err, portal.ErrSuperseded):
		diags.AddError(upperFirst(doing)+" did not come to an end", sentence(err.Error()))
	case errors.As(err, &unavailable):
		diags.AddError("The ledger cannot be used", fmt.Sprintf("%s %s. Nothing is deployed without its record. Check ledger_url and that the place can be written, then try again.", upperFirst(doing)+" needs it:", err))
	default:
		diags.AddError(upperFirst(doing)+" failed", sentence(err.Error()))
	}
	return diags
}

func haltedSummary(e *rollout.HaltedError) string {
	summary := fmt.Sprintf("emergency fix %s is halted at step %d of %d, %s on %s", e.Fix, e.Step, e.Of, e.Action, e.Where)
	var refusal *portal.Refusal
	if errors.As(e.Err, &refusal) {
		return string(refusal.Rules()[0]) + ": " + summary
	}
	return upperFirst(summary)
}

// haltedDetail tells why a fix did not go on, and what may be done now.
func haltedDetail(e *rollout.HaltedError) string {
	var refusal *portal.Refusal
	var failed *rollout.FailedError
	why := sentence(e.Err.Error())
	switch {
	case errors.As(e.Err, &refusal):
		why = refusal.Detail()
	case errors.As(e.Err, &failed):
		why = sentence(failed.Detail)
	}
	return why + "\nWhat was done stays done, and the environments stay held, so that nothing undoes it. When the cause is gone, apply again: it goes on from this step. " +
		"Or correct the fix (its components may change until the first target has it), or take it back with withdraw.\nIt is recorded in the ledger."
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
	next := "The environment may be half-way: apply again to repeat the deployment, or set release back to what ran before to return to it."
	switch {
	case e.Untouched:
		next = "The environment still runs what it ran before. Apply again when the cause is gone."
	case e.Outcome == portal.Unknown:
		next = "Silence is not taken for failure: nothing is promoted from there until a deployment has succeeded. Look at the target, then apply again."
	}
	return sentence(e.Detail) + "\n" + next + "\nIt is recorded in the ledger."
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
		summary := fmt.Sprintf("%s: release %s goes to %q all the same", gate.Rule, v.Release, v.Environment)
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
		diags.AddAttributeError(path.Root(p.Field), upperFirst(what)+" is not valid", upperFirst(p.Text)+".")
	}
	return diags
}

func textProblems(at path.Path, field, text string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range portal.ValidateText(field, text) {
		diags.AddAttributeError(at, upperFirst(field)+" cannot be used", field+" "+p.Text+".")
	}
	return diags
}

// upperFirst begins a sentence. A first word that is a path, an option or the
// name of a file stays as it is.
func upperFirst(text string) string {
	word, _, _ := strings.Cut(strings.ReplaceAll(text, "\n", " "), " ")
	if strings.ContainsFunc(strings.TrimRight(word, ".,:;"), func(r rune) bool { return !unicode.IsLetter(r) }) {
		return text
	}
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + text[size:]
}

// sentence begins and ends a sentence. Several lines, such as a program's
// output, end as they are.
func sentence(text string) string {
	text = upperFirst(text)
	if text == "" || strings.Contains(text, "\n") || strings.ContainsAny(text[len(text)-1:], ".!?:") {
		return text
	}
	return text + "."
}

// vanished is the error of a Create or an Update whose subject is not in the
// ledger any more when it is read back.
func vanished(kind, id string) diag.Diagnostics {
	var diags diag.Diagnostics
	diags.AddError(upperFirst(kind)+" "+id+" is gone again", "Another process has removed it while this one declared it. Plan again.")
	return diags
}
