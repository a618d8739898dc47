package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// StatementDigest identifies a statement: sha256, in hexadecimal, over its exact
// bytes.
func StatementDigest(statement string) string {
	sum := sha256.Sum256([]byte(statement))
	return hex.EncodeToString(sum[:])
}

// fixStatement is the exact text that an approver of a fix signs. It names
// everything that the approval is about, what is on each environment now among
// it, so that it holds for nothing else.
func (f Facts) fixStatement(x *Fix, plan *FixPlan) string {
	var b strings.Builder
	line := func(name, format string, args ...any) { fmt.Fprintf(&b, name+": "+format+"\n", args...) }
	fmt.Fprintln(&b, "portal-approval/v1 emergency-fix")
	line("ledger", "%s", f.Ledger)
	line("pipeline", "%s", f.Name)
	line("emergency fix", "%s", x.Name)
	for _, target := range plan.Targets {
		line("environment", "%s runs %s, content %s, and gets %s", target.Environment, target.Before.Effective(), target.Before.Digest, plan.brings(target.Environment))
	}
	for _, test := range plan.Tests {
		now := "nothing"
		if test.Before != nil {
			now = fmt.Sprintf("%s, content %s", test.Before.Effective(), test.Before.Digest)
		}
		line("tested on", "%s (%s), which runs %s, and gets %s", test.Environment, test.Strategy, now, plan.brings(test.Environment))
	}
	for _, name := range sortedKeys(x.Components) {
		c := x.Components[name]
		line("component", "%s %s %s sha256 %s", name, c.Version, c.Kind, c.SHA256)
	}
	line("strategy", "%s", plan.Strategy)
	var rules []string
	for _, row := range plan.Bypassed {
		rules = append(rules, string(row.Rule))
	}
	line("bypassed rules", "%s", orNone(sortedSet(rules)))
	line("steps", "sha256 %s", plan.stepsDigest())
	j := x.Justification
	for _, part := range []struct{ name, text string }{
		{"reason", j.Reason},
		{"incident", j.Incident},
		{"severity", j.Severity},
		{"requested by", j.RequestedBy},
		{"why not the normal path", j.WhyNotNormalPath},
		{"security impact", j.SecurityImpact},
	} {
		line(part.name, "%s", strconv.Quote(part.text)) // one line each, whatever was written
	}
	expiry := "never"
	if !x.ApprovalsExpireAt.IsZero() {
		expiry = FormatTime(x.ApprovalsExpireAt)
	}
	line("approvals expire", "%s", expiry)
	return b.String()
}

// brings is the digest of what the fix deploys to an environment.
func (p *FixPlan) brings(environment string) string {
	return "content " + p.testedContent(environment).Digest()
}

// stepsDigest covers everything that the plan shows of steps and bypassed rules.
func (p *FixPlan) stepsDigest() string {
	shown, err := json.Marshal([]any{p.Interrupted, p.Bypassed, p.Steps})
	if err != nil {
		return "" // plain data always encodes
	}
	return StatementDigest(string(shown))
}

// StepsDigest covers what a plan shows of steps: action, environment, version
// and detail.
func StepsDigest(steps []Step) string {
	shown := make([][]string, len(steps))
	for i, step := range steps {
		shown[i] = []string{string(step.Action), step.Environment, step.Effective(), step.Detail}
	}
	text, err := json.Marshal(shown)
	if err != nil {
		return "" // strings always encode
	}
	return StatementDigest(string(text))
}
