package portal

import (
	"fmt"
	"strings"
)

// Describe says in one plain line what happened. It names what the event is
// about first. It is for people; programs read the event.
func Describe(event Event) string { return OneLine(describe(event)) }

func describe(event Event) string {
	switch e := event.(type) {
	case PipelineDeclared:
		return fmt.Sprintf("%s: stages %s", e.Pipeline.Name, strings.Join(stageNames(&e.Pipeline), ", "))
	case PipelineRetired:
		return "the pipeline is retired"
	case EnvironmentDeclared:
		return describeEnvironment(&e.Environment)
	case EnvironmentRemoved:
		return e.Environment + ": removed"
	case ReleaseRegistered:
		return describeRelease(&e.Release)
	case FreezeDeclared:
		return describeFreeze(&e.Freeze)
	case FreezeRemoved:
		return e.Freeze + ": removed"
	case TestRecorded:
		return describeTest(e)
	case ApprovalRevoked:
		return fmt.Sprintf("%s no longer lets %s leave %s: %s", e.Approver, e.Release, e.Stage, e.Reason)
	case ApprovalRecorded:
		return fmt.Sprintf("%s lets %s leave %s", e.Approver, e.Release, e.Stage)
	case DeploymentStarted:
		return describeStarted(e)
	case DeploymentRecovering:
		return e.Environment + ": an unfinished deployment is taken over"
	case DeploymentEnded:
		return describeEnded(e)
	case DeploymentRefused:
		return describeRefused(e)
	case LedgerRestored:
		return describeRestored(e)
	case ClockMended:
		return fmt.Sprintf("entries of up to %s were recorded with a clock that was ahead and count as of now: %s", FormatTime(e.Newest), e.Reason)
	default:
		return describeFix(event)
	}
}

func describeRestored(e LedgerRestored) string {
	by := ""
	if e.Fix != "" {
		by = e.Fix + ": "
	}
	return fmt.Sprintf("%sthe ledger is older than what it deploys to (%s): %s", by, strings.Join(sortedKeys(e.Epochs), ", "), e.Reason)
}

func describeFix(event Event) string {
	switch e := event.(type) {
	case FixOpened:
		return describeWish("opened", &e.Fix, &e.Plan)
	case FixAmended:
		return describeWish("amended", &e.Fix, &e.Plan)
	case FixRestated:
		return e.Fix + ": justification or sources updated"
	case FixStepStarted:
		text := fmt.Sprintf("%s: step %d, %s on %s", e.Fix, e.Index+1, e.Action, e.Environment)
		if e.Release != "" {
			text += ": " + e.Release
		}
		return text
	case FixStepEnded:
		return fmt.Sprintf("%s: step %d, %s on %s %s", e.Fix, e.Index+1, e.Action, e.Environment, because(e.Outcome, e.Detail))
	case FixFinished:
		return e.Fix + ": every step succeeded"
	case FixReconciled:
		return fmt.Sprintf("%s: every target runs a release that contains it, the newest is %s", e.Fix, e.Release)
	case FixReviewed:
		return fmt.Sprintf("%s: reviewed by %s: %s", e.Fix, e.Review.Reviewer, e.Review.Outcome)
	case FixWithdrawing:
		return fmt.Sprintf("%s: withdrawal began: %s", e.Fix, e.Reason)
	case FixWithdrawn:
		return e.Fix + ": withdrawn"
	default:
		return ""
	}
}

func describeEnvironment(e *Environment) string {
	text := fmt.Sprintf("%s: on stage %s, target %s", e.Name, e.Stage, e.Target.Kind)
	if e.Lane == LaneEmergency {
		text += ", emergency lane"
	}
	return text
}

func describeRelease(r *Release) string {
	text := fmt.Sprintf("%s: %s, %s", r.Version, r.Type, count(len(r.Components), "component"))
	if r.Type == Differential {
		text = fmt.Sprintf("%s: %s on %s, %s", r.Version, r.Type, r.Base, count(len(r.Components), "component"))
	}
	if len(r.Incorporates) > 0 {
		text += ", contains " + joinAnd(r.Incorporates)
	}
	return text
}

func describeFreeze(z *Freeze) string {
	stages := "the final stage"
	if len(z.Stages) > 0 {
		stages = joinAnd(z.Stages)
	}
	return fmt.Sprintf("%s: %s from %s to %s: %s", z.Name, stages, FormatTime(z.StartsAt), FormatTime(z.EndsAt), z.Reason)
}

func describeTest(e TestRecorded) string {
	what, result := "suite "+e.Suite, "passed"
	if e.Check {
		what = "check " + e.Suite
	}
	if !e.Passed {
		result = "failed"
	}
	text := fmt.Sprintf("%s: %s %s", e.Environment, what, result)
	switch {
	case e.Fix != "":
		text += " for emergency fix " + e.Fix
	case e.Release != "":
		text += " for " + e.Release
	}
	if e.Failures > 0 {
		text += fmt.Sprintf(", %d of %d tests", e.Failures, e.Tests)
	}
	return text
}

func describeStarted(e DeploymentStarted) string {
	what := Effective(e.Release, e.Fixes)
	if e.Mode == ModeRemove {
		what = "nothing"
	}
	text := fmt.Sprintf("%s: %s (%s)", e.Environment, what, e.Mode)
	var rules []string
	for _, warning := range e.Warnings {
		rule, _, _ := strings.Cut(warning, ":")
		rules = append(rules, rule)
	}
	if len(rules) > 0 {
		text += ", warned: " + strings.Join(rules, ", ")
	}
	return text
}

func describeEnded(e DeploymentEnded) string {
	outcome := e.Outcome
	if e.Untouched {
		outcome += ", nothing was changed"
	}
	return e.Environment + ": " + because(outcome, e.Detail)
}

func describeRefused(e DeploymentRefused) string {
	if e.Fix != "" {
		return fmt.Sprintf("emergency fix %s is refused: %s", e.Fix, joinRules(e.Rules))
	}
	return fmt.Sprintf("%s: %s is refused: %s", e.Environment, e.Release, joinRules(e.Rules))
}

func describeWish(what string, x *Fix, plan *FixPlan) string {
	var brings, targets, rules []string
	for _, name := range sortedKeys(x.Components) {
		brings = append(brings, name+" "+x.Components[name].Version)
	}
	for _, target := range plan.Targets {
		targets = append(targets, target.Environment)
	}
	for _, row := range plan.Bypassed {
		rules = append(rules, string(row.Rule))
	}
	text := fmt.Sprintf("%s: %s for %s: %s to %s", x.Name, what, x.Justification.Incident, joinAnd(brings), joinAnd(targets))
	if len(rules) > 0 {
		text += ", bypassing " + joinAnd(sortedSet(rules))
	}
	return text
}

// because is an outcome with its reason, if there is one.
func because(outcome Outcome, detail string) string {
	if detail == "" {
		return string(outcome)
	}
	return string(outcome) + ": " + detail
}
