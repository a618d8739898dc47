package portal

import (
	"cmp"
	"fmt"
	"strings"
)

// unexpected refuses a fix whose statement is not the expected one: because something has changed
// since, or because the rehearsal was of another fix.
func (f Facts) unexpected(p *FixProposal, w *FixWish) []Gate {
	digest := StatementDigest(p.Plan.Statement)
	if w.Expect == "" || w.Expect == digest {
		return nil
	}
	if arguments := f.rehearsedOtherwise(p, w); len(arguments) > 0 {
		return []Gate{{
			Rule: StalePlan, Status: Refused,
			Detail: fmt.Sprintf("Expect is the digest of a rehearsal of another fix. The fix and data.portal_fast_path differ in:\n    %s\nNothing was changed.", strings.Join(arguments, "\n    ")),
			Cure:   "Give both the same arguments. Planning again does not help.",
		}}
	}
	gate := staleGate(fmt.Sprintf("what the fix would do now is not what was expected: its statement has the digest %s, and expect is %s.", digest, w.Expect))
	gate.Cure += " If this repeats, the rehearsal has other arguments than the fix: give data.portal_fast_path all of them."
	return []Gate{gate}
}

// rehearsedOtherwise names the arguments in which the fix and its rehearsal differ, if the
// rehearsal still yields the expected statement: then nothing else has changed.
func (f Facts) rehearsedOtherwise(p *FixProposal, w *FixWish) []string {
	if w.Rehearsed == nil {
		return nil
	}
	rehearsal := *w
	rehearsal.Fix, rehearsal.Expect, rehearsal.Rehearsed = *w.Rehearsed, "", nil
	if again, err := f.PlanFix(rehearsal); err != nil || StatementDigest(again.Plan.Statement) != w.Expect {
		return nil
	}
	return f.differences(&p.Fix, w.Rehearsed)
}

// differences lists the arguments in which a fix and its rehearsal differ.
func (f Facts) differences(x, rehearsed *Fix) []string {
	var lines []string
	compare := func(argument, fix, rehearsal string) {
		if fix != rehearsal {
			lines = append(lines, fmt.Sprintf("%s: %s in the fix, %s in the rehearsal", argument, fix, rehearsal))
		}
	}
	compare("name", x.Name, rehearsed.Name)
	for _, component := range sortedSet(append(sortedKeys(x.Components), sortedKeys(rehearsed.Components)...)) {
		compare("components."+component, componentText(x, component), componentText(rehearsed, component))
	}
	compare("environments", f.targetsText(x), f.targetsText(rehearsed))
	compare("test_environments", "["+quoted(x.TestEnvironments)+"]", "["+quoted(rehearsed.TestEnvironments)+"]")
	compare("scope", string(cmp.Or(x.Scope, ScopePipeline)), string(cmp.Or(rehearsed.Scope, ScopePipeline)))
	there, wanted := rehearsed.Justification, x.Justification
	for _, part := range []struct{ name, fix, rehearsal string }{
		{"reason", wanted.Reason, there.Reason},
		{"incident", wanted.Incident, there.Incident},
		{"severity", wanted.Severity, there.Severity},
		{"requested_by", wanted.RequestedBy, there.RequestedBy},
		{"why_not_normal_path", wanted.WhyNotNormalPath, there.WhyNotNormalPath},
		{"security_impact", wanted.SecurityImpact, there.SecurityImpact},
	} {
		compare("justification."+part.name, clipped(part.fix), clipped(part.rehearsal))
	}
	compare("bypass", rulesText(x.Bypass), rulesText(rehearsed.Bypass))
	compare("strategy", string(x.Strategy), string(rehearsed.Strategy))
	compare("approvals_expire_at", expiryText(x.ApprovalsExpireAt), expiryText(rehearsed.ApprovalsExpireAt))
	return lines
}

func componentText(x *Fix, name string) string {
	c, there := x.Components[name]
	if !there {
		return "left out"
	}
	if c.StripComponents > 0 {
		return fmt.Sprintf("%s (%s, sha256 %s, strip_components %d)", c.Version, c.Kind, c.SHA256, c.StripComponents)
	}
	return fmt.Sprintf("%s (%s, sha256 %s)", c.Version, c.Kind, c.SHA256)
}

// targetsText lists the targets in order, also the default ones.
func (f Facts) targetsText(x *Fix) string {
	names := unique(x.Environments)
	if len(names) == 0 {
		for _, site := range f.OnStage(f.Pipeline.Final().Name, LaneRegular) {
			names = append(names, site.Name)
		}
	}
	return "[" + quoted(names) + "]"
}

func rulesText(rules []Rule) string { return "[" + quoted(textsOf(sortedSet(rules))) + "]" }

func expiryText(at Time) string {
	if at.IsZero() {
		return "left out"
	}
	return FormatTime(at)
}

// clipped quotes a text, or the beginning of a long one.
func clipped(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
