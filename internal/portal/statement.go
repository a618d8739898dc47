package portal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Statements are what approvers sign. Each begins with its format. The bytes of a format for the
// same facts never change, however messages and details are worded: a change to what is signed, or
// how it is written, needs a new format with a golden file of its own (testdata/statements).
const (
	fixStatementFormat     = "portal-approval/v2 emergency-fix"
	releaseStatementFormat = "portal-approval/v1 release"
)

// StatementDigest identifies a statement: sha256, in hexadecimal, over its exact
// bytes.
func StatementDigest(statement string) string {
	sum := sha256.Sum256([]byte(statement))
	return hex.EncodeToString(sum[:])
}

// ReleaseStatement is the exact text that an approver of a release signs. It names everything that
// the approval is about, including the content on the stage, so that it holds for nothing else.
func (f Facts) ReleaseStatement(release *Release, stage string) string {
	content := "not formed: its base is not registered"
	if own, err := f.ContentOf(release.Version); err == nil {
		if approved, err := f.approvable(RecordApproval{Release: release.Version, Stage: stage}, own); err == nil {
			content = approved.Digest
		}
	}
	return f.approvalStatement(release, stage, content)
}

func (s *State) approvalStatement(release *Release, stage, content string) string {
	st := newStatement(releaseStatementFormat)
	st.line("ledger", s.Ledger)
	st.line("pipeline", s.Name)
	st.line("release", release.Version)
	st.line("release digest", release.Digest())
	st.line("content digest", content)
	st.line("may leave stage", stage)
	return st.String()
}

// fixStatement is the exact text that an approver of a fix signs. It names
// everything that the approval is about, and every fact that the plan's steps and
// bypassed rules depend on, so that it holds for nothing else: what `expect` pins
// is what was read.
func (f Facts) fixStatement(x *Fix, plan *FixPlan) string {
	st := newStatement(fixStatementFormat)
	st.line("ledger", f.Ledger)
	st.line("pipeline", f.Name)
	st.line("emergency fix", x.Name)
	for _, target := range plan.Targets {
		st.line("environment", fmt.Sprintf("%s runs %s, content %s, and gets content %s",
			target.Environment, target.Before.Effective(), target.Before.Digest, plan.testedContent(target.Environment).Digest()))
	}
	if x.Confined() {
		st.line("scope", string(x.Scope))
	}
	for _, test := range plan.Tests {
		now := "nothing"
		if test.Before != nil {
			now = test.Before.Effective() + ", content " + test.Before.Digest
		}
		st.line("tested on", fmt.Sprintf("%s (%s), which runs %s, and gets content %s",
			test.Environment, test.Strategy, now, plan.testedContent(test.Environment).Digest()))
	}
	for _, name := range sortedKeys(x.Components) {
		c := x.Components[name]
		parts := []string{name, word(c.Version), word(c.Kind), "sha256", c.SHA256}
		if c.StripComponents > 0 {
			parts = append(parts, "strip", strconv.Itoa(c.StripComponents))
		}
		st.line("component", strings.Join(parts, " "))
	}
	st.line("strategy", string(plan.Strategy))
	st.line("in force", list(plan.InForce))
	st.line("interrupts", list(plan.Interrupted))
	for _, row := range plan.Bypassed {
		st.line("broken rule", fmt.Sprintf("%s on %s, level %s: %s", row.Rule, row.Environment, cmp.Or(row.Level, LevelError), list(row.About)))
	}
	for _, step := range plan.Steps {
		st.line("step", f.stepStatement(plan, step))
	}
	j := x.Justification
	st.line("reason", strconv.Quote(j.Reason)) // one line each, whatever was written
	st.line("incident", strconv.Quote(j.Incident))
	st.line("severity", strconv.Quote(j.Severity))
	st.line("requested by", strconv.Quote(j.RequestedBy))
	st.line("why not the normal path", strconv.Quote(j.WhyNotNormalPath))
	st.line("security impact", strconv.Quote(j.SecurityImpact))
	expiry := "never"
	if !x.ApprovalsExpireAt.IsZero() {
		expiry = x.ApprovalsExpireAt.UTC().Format(time.RFC3339Nano)
	}
	st.line("approvals expire", expiry)
	return st.String()
}

// stepStatement describes a step as its detail does, in the statement's own words.
func (f Facts) stepStatement(plan *FixPlan, step Step) string {
	parts := []string{string(step.Action) + " " + step.Environment}
	if step.Release != "" {
		parts[0] += " " + step.Effective()
	}
	site := f.Sites[step.Environment]
	switch {
	case step.Deploys():
		parts = append(parts, "content "+step.Content.Digest(), "over "+step.Over)
	case site == nil:
	case step.Action == StepHold:
		if a := site.Attempt; a.Open() && a.Step == nil {
			parts = append(parts, "stops "+cmp.Or(a.Effective(), "a removal"))
		}
	case step.Action == StepTest:
		checks := make([]string, len(site.Checks))
		for i, check := range site.Checks {
			checks[i] = check.Name
		}
		parts = append(parts, "suites "+list(sortedSet(f.Pipeline.Emergency.RequiredTests)), "checks "+list(checks))
		if first := f.Sites[plan.Targets[0].Environment]; first != nil && first.Target.Kind != site.Target.Kind {
			parts = append(parts, "target "+word(site.Target.Kind)+", not "+word(first.Target.Kind))
		}
	}
	return strings.Join(parts, ", ")
}

// statement is a text of one fact a line.
type statement struct{ strings.Builder }

func newStatement(format string) *statement {
	s := &statement{}
	s.WriteString(format + "\n")
	return s
}

func (s *statement) line(name, fact string) { s.WriteString(name + ": " + fact + "\n") }

var plainPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 .:+_@/-]*$`)

// word writes a text as it is if it cannot be misread, and quoted otherwise.
func word(text string) string {
	if plainPattern.MatchString(text) {
		return text
	}
	return strconv.Quote(text)
}

// list writes texts so that one cannot be mistaken for two.
func list(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	words := slices.Clone(texts)
	for i := range words {
		words[i] = word(words[i])
	}
	return strings.Join(words, "; ")
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
