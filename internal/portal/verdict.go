package portal

import (
	"fmt"
	"slices"
	"strings"
)

// Status is the result of judging one rule.
type Status string

// The statuses of a gate.
const (
	Passed  Status = "passed"
	Refused Status = "refused"
	Warned  Status = "warned" // broken, and the pipeline only warns
	Off     Status = "off"    // the pipeline has turned it off
	// Bypassed: broken, and named by an emergency fix.
	Bypassed Status = "bypassed"
)

// Gate is one rule, judged.
type Gate struct {
	Rule   Rule
	Status Status
	Detail string // what was found and what is required
	Cure   string // what would satisfy it; "" if nothing is needed
	At     Time   // when time alone will satisfy it; zero: not by time alone
}

// StageReport is what one stage before says about a release.
type StageReport struct {
	Stage string
	Text  string
}

// Verdict is the whole judgement: every rule, also after the first broken one. Whether it allows
// the deployment is known at once. Its texts are rendered on demand, from the facts that were
// judged: to keep a verdict longer than those, use Rendered.
type Verdict struct {
	Environment string
	Stage       string
	Release     string
	Mode        Mode

	subject string // "release 2.5.0 may not enter \"production\""; "": see judgement
	gates   []Gate // that are rendered
	history []StageReport
	freezes []Freeze // that block regular deployments to the stage, also later ones

	judgement                   *question // of a deployment; nil: there are only rendered gates
	judged, broken, warned, off ruleSet
}

// Ruled is a verdict of gates that were judged already.
func Ruled(gates ...Gate) Verdict { return Verdict{gates: gates} }

// Subject is what the verdict is about: "release 2.5.0 may not enter
// \"production\"".
func (v Verdict) Subject() string {
	if v.subject == "" && v.judgement != nil {
		return v.judgement.subject()
	}
	return v.subject
}

// Gates renders every rule that was judged, in order.
func (v Verdict) Gates() []Gate { return v.render(v.judged, func(Gate) bool { return true }) }

func (v Verdict) render(rules ruleSet, wanted func(Gate) bool) []Gate {
	var gates []Gate
	for i := range rulebook {
		if rules.has(i) {
			gates = append(gates, v.judgement.gate(i, &v))
		}
	}
	for _, gate := range v.gates {
		if wanted(gate) {
			gates = append(gates, gate)
		}
	}
	return gates
}

// Allowed reports whether no rule refuses.
func (v Verdict) Allowed() bool {
	return v.refuses() == 0 && !slices.ContainsFunc(v.gates, func(gate Gate) bool { return gate.Status == Refused })
}

func (v Verdict) refuses() ruleSet { return v.broken &^ (v.warned | v.off) }

// Broken renders the gates that refuse.
func (v Verdict) Broken() []Gate {
	return v.render(v.refuses(), func(gate Gate) bool { return gate.Status == Refused })
}

// Warnings renders the gates that are broken and do not refuse.
func (v Verdict) Warnings() []Gate {
	return v.render(v.warned, func(gate Gate) bool { return gate.Status == Warned })
}

// Rules lists the rules that refuse, in order.
func (v Verdict) Rules() []Rule {
	var rules []Rule
	for rule := range v.refuses().all() {
		rules = append(rules, rule.ID)
	}
	for _, gate := range v.gates {
		if gate.Status == Refused {
			rules = append(rules, gate.Rule)
		}
	}
	return rules
}

// History renders what the stages before say about the release, in the pipeline's
// order: none unless it has to be proven there.
func (v Verdict) History() []StageReport {
	q := v.judgement
	if q == nil {
		return v.history
	}
	if q.h == nil {
		return nil
	}
	reports := q.reports()
	lines := make([]StageReport, len(reports))
	for i := range reports {
		lines[i] = StageReport{reports[i].stage.Name, reports[i].text(q.h)}
	}
	return lines
}

// Rendered is the verdict with all its texts, which no longer needs the facts.
func (v Verdict) Rendered() Verdict {
	r := Verdict{
		Environment: v.Environment, Stage: v.Stage, Release: v.Release, Mode: v.Mode,
		subject: v.Subject(), gates: v.Gates(), history: v.History(), freezes: v.freezes,
	}
	if q := v.judgement; q != nil && q.arrives() && q.f.Pipeline.Level(FreezeInForce) == LevelError {
		r.freezes = q.freezes()
	}
	return r
}

// Without is the rendered verdict without some gates.
func (v Verdict) Without(drop func(Gate) bool) Verdict {
	kept := v.Rendered()
	kept.gates = slices.DeleteFunc(kept.gates, drop)
	return kept
}

// warningLines are the warnings as they are recorded.
func (v Verdict) warningLines() []string {
	var lines []string
	for _, gate := range v.Warnings() {
		lines = append(lines, fmt.Sprintf("%s: %s", gate.Rule, gate.Detail))
	}
	return lines
}

// EligibleAt is when time alone will have satisfied every broken rule. It is the zero time if
// nothing is broken or time alone is not enough.
func (v Verdict) EligibleAt() Time {
	at := v.satisfiedAt()
	if at.IsZero() {
		return at
	}
	return thaw(v.Rendered().freezes, at)
}

// Eligible says from when it is allowed, in a sentence; "" if time alone is not enough.
func (v Verdict) Eligible() string {
	at := v.EligibleAt()
	if at.IsZero() {
		return ""
	}
	because := ""
	if at.After(v.satisfiedAt()) {
		for _, z := range v.Rendered().freezes {
			if roundUp(z.EndsAt).Equal(at) {
				because = fmt.Sprintf(", when freeze %q has ended", z.Name)
			}
		}
	}
	return fmt.Sprintf("It will be allowed from %s%s, if nothing else changes.", FormatTime(at), because)
}

// satisfiedAt is EligibleAt without the freezes that begin before.
func (v Verdict) satisfiedAt() Time {
	var at Time
	for _, gate := range v.Broken() {
		if gate.At.IsZero() {
			return Time{}
		}
		if gate.At.After(at) {
			at = gate.At
		}
	}
	return at
}

// RefusalError is a request that rules refuse. It has the whole verdict, rendered.
type RefusalError struct{ Verdict Verdict }

// Refusal returns the verdict as an error; nil if it allows the request.
func (v Verdict) Refusal() *RefusalError {
	if v.Allowed() {
		return nil
	}
	return &RefusalError{Verdict: v.Rendered()}
}

// Rules lists the rules that refuse, in the order they were judged.
func (r *RefusalError) Rules() []Rule { return r.Verdict.Rules() }

// Summary is one line, beginning with the id of the first broken rule.
func (r *RefusalError) Summary() string {
	return fmt.Sprintf("%s: %s", r.Rules()[0], r.Verdict.Subject())
}

// Detail is everything else: for each broken rule what was found and what to do, and then the
// history of the release, stage by stage.
func (r *RefusalError) Detail() string {
	var b strings.Builder
	broken := r.Verdict.Broken()
	for i, gate := range broken {
		if i > 0 {
			fmt.Fprintf(&b, "\n%s: ", gate.Rule)
		}
		fmt.Fprintln(&b, gate.Detail)
		if i == 0 && slices.ContainsFunc(broken, func(gate Gate) bool { return gate.Rule.spec().AtStage != nil }) {
			b.WriteString(r.Verdict.HistoryTable("    "))
		}
		if gate.Cure != "" {
			fmt.Fprintln(&b, gate.Cure)
		}
	}
	if eligible := r.Verdict.Eligible(); eligible != "" {
		if len(broken) > 1 {
			fmt.Fprintln(&b)
		}
		fmt.Fprintln(&b, eligible)
	}
	return strings.TrimRight(b.String(), "\n")
}

// Reason is the first broken rule with its finding, in one line.
func (r *RefusalError) Reason() string {
	gate := r.Verdict.Broken()[0]
	return fmt.Sprintf("%s: %s", gate.Rule, strings.ReplaceAll(gate.Detail, "\n", "; "))
}

// Temporary reports whether the only reason is that somebody else is working there.
func (r *RefusalError) Temporary() bool {
	return !slices.ContainsFunc(r.Rules(), func(rule Rule) bool { return rule != EnvironmentHeld })
}

func (r *RefusalError) Error() string { return r.Summary() + "\n" + r.Detail() }

// HistoryTable renders the history of the release, one indented line a stage.
func (v Verdict) HistoryTable(indent string) string {
	history := v.History()
	width := 0
	for _, report := range history {
		width = max(width, len(report.Stage))
	}
	var b strings.Builder
	for _, report := range history {
		fmt.Fprintf(&b, "%s%-*s  %s\n", indent, width, report.Stage, report.Text)
	}
	return b.String()
}

// refuse makes a refusal by one rule.
func refuse(v Verdict, gate Gate) *RefusalError {
	gate.Status = Refused
	v.gates = append(v.gates, gate)
	return v.Refusal()
}
