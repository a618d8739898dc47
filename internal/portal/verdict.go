package portal

import (
	"fmt"
	"slices"
	"strings"
)

// Status is what judging one rule came to.
type Status string

// The statuses of a gate.
const (
	Passed  Status = "passed"
	Refused Status = "refused"
	Warned  Status = "warned" // broken, and the pipeline lets it pass
	Off     Status = "off"    // the pipeline does not ask for it
	// Bypassed is broken, and an emergency fix names it.
	Bypassed Status = "bypassed"
)

// Gate is one rule, judged.
type Gate struct {
	Rule   Rule
	Status Status
	Detail string // what was found and what is required
	Cure   string // what would satisfy it; "" where nothing is needed
	At     Time   // when time alone will satisfy it; zero: not by time alone
}

// StageReport is one line of the way a release has come.
type StageReport struct {
	Stage string
	Text  string
}

// Verdict is the whole judgement: every rule, also after the first broken one.
type Verdict struct {
	Subject     string // "release 2.5.0 may not enter \"production\""
	Environment string
	Stage       string
	Release     string
	Mode        Mode
	Gates       []Gate
	Way         []StageReport // the stages before, in order
	Freezes     []Freeze      // those that keep regular deployments off the stage, also later
}

// Allowed reports whether no rule refuses.
func (v Verdict) Allowed() bool { return len(v.Broken()) == 0 }

// Broken lists the gates that refuse.
func (v Verdict) Broken() []Gate { return v.with(Refused) }

// Warnings lists the gates that are broken and let pass.
func (v Verdict) Warnings() []Gate { return v.with(Warned) }

// warningLines are the warnings as they are recorded.
func (v Verdict) warningLines() []string {
	var lines []string
	for _, gate := range v.Warnings() {
		lines = append(lines, fmt.Sprintf("%s: %s", gate.Rule, gate.Detail))
	}
	return lines
}

func (v Verdict) with(status Status) []Gate {
	var gates []Gate
	for _, gate := range v.Gates {
		if gate.Status == status {
			gates = append(gates, gate)
		}
	}
	return gates
}

// EligibleAt tells when time alone will have satisfied every broken rule. It is
// the zero time where nothing is broken or time alone will not do.
func (v Verdict) EligibleAt() Time {
	var at Time
	for _, gate := range v.Broken() {
		if gate.At.IsZero() {
			return Time{}
		}
		if gate.At.After(at) {
			at = gate.At
		}
	}
	if at.IsZero() {
		return at
	}
	return thaw(v.Freezes, at)
}

// Refusal is the error of a wish that rules are in the way of. It carries the
// whole verdict.
type Refusal struct{ Verdict Verdict }

// Rules lists the rules that refuse, in the order they were judged.
func (r *Refusal) Rules() []Rule {
	broken := r.Verdict.Broken()
	rules := make([]Rule, len(broken))
	for i, gate := range broken {
		rules[i] = gate.Rule
	}
	return rules
}

// Summary is one line, beginning with the id of the first broken rule.
func (r *Refusal) Summary() string {
	return fmt.Sprintf("%s: %s", r.Verdict.Broken()[0].Rule, r.Verdict.Subject)
}

// Detail is everything else: for each broken rule what was found and what to do,
// and once the way the release has come, stage by stage.
func (r *Refusal) Detail() string {
	var b strings.Builder
	broken := r.Verdict.Broken()
	for i, gate := range broken {
		if i > 0 {
			fmt.Fprintf(&b, "\n%s: ", gate.Rule)
		}
		fmt.Fprintln(&b, gate.Detail)
		if i == 0 && len(r.Verdict.Way) > 0 && onTheWay(broken) {
			b.WriteString(r.Verdict.WayTable("    "))
		}
		if gate.Cure != "" {
			fmt.Fprintln(&b, gate.Cure)
		}
	}
	if at := r.Verdict.EligibleAt(); !at.IsZero() {
		if len(broken) > 1 {
			fmt.Fprintln(&b)
		}
		fmt.Fprintf(&b, "It will be allowed from %s, if nothing else changes.\n", FormatTime(at))
	}
	return strings.TrimRight(b.String(), "\n")
}

// Reason is the first broken rule with what was found, in one line.
func (r *Refusal) Reason() string {
	gate := r.Verdict.Broken()[0]
	return fmt.Sprintf("%s: %s", gate.Rule, strings.ReplaceAll(gate.Detail, "\n", "; "))
}

// Temporary reports whether it is only that somebody else is at work.
func (r *Refusal) Temporary() bool {
	return !slices.ContainsFunc(r.Verdict.Broken(), func(gate Gate) bool { return gate.Rule != EnvironmentHeld })
}

func (r *Refusal) Error() string { return r.Summary() + "\n" + r.Detail() }

// onTheWay reports whether a gate speaks of the stages before.
func onTheWay(gates []Gate) bool {
	for _, gate := range gates {
		switch gate.Rule {
		case StageOrder, TestsPassed, SoakTime, Approvals:
			return true
		}
	}
	return false
}

// WayTable renders the way a release has come, one indented line a stage.
func (v Verdict) WayTable(indent string) string {
	width := 0
	for _, report := range v.Way {
		width = max(width, len(report.Stage))
	}
	var b strings.Builder
	for _, report := range v.Way {
		fmt.Fprintf(&b, "%s%-*s  %s\n", indent, width, report.Stage, report.Text)
	}
	return b.String()
}

// refuse makes a refusal by one rule.
func refuse(v Verdict, gate Gate) *Refusal {
	gate.Status = Refused
	v.Gates = append(v.Gates, gate)
	return &Refusal{Verdict: v}
}

// RefuseDigest is the refusal of a deployment whose bytes are not what was
// registered, or cannot be had.
func RefuseDigest(environment, release string, problems []string) *Refusal {
	return refuse(Verdict{
		Subject:     fmt.Sprintf("release %s may not enter %q", release, environment),
		Environment: environment, Release: release,
	}, Gate{Rule: DigestMatch, Detail: "Its bytes are not what was registered, or cannot be had:\n    " + strings.Join(problems, "\n    ")})
}

// RefuseFixDigest is RefuseDigest for the bytes of an emergency fix and of what
// it has to bring back.
func RefuseFixDigest(fix string, problems []string) *Refusal {
	return refuse(Verdict{Subject: fmt.Sprintf("emergency fix %s may not go ahead", fix)}, Gate{
		Rule:   DigestMatch,
		Detail: "Bytes that its steps need are not what was registered, cannot be had, or cannot be unpacked:\n    " + strings.Join(problems, "\n    "),
		Cure:   "Make them available where they were registered, register new sources with portal_release, or correct the archive. Nothing was begun.",
	})
}

func (f Facts) refuseHeld(site *Site) *Refusal { return f.refuseChange(site, f.gateHeld(site)) }

// refuseAttempt refuses because of the deployment in flight, whoever holds the
// environment besides.
func (f Facts) refuseAttempt(site *Site) *Refusal {
	return f.refuseChange(site, f.gateAttempt(site, Gate{Rule: EnvironmentHeld}))
}

func (f Facts) refuseChange(site *Site, gate Gate) *Refusal {
	subject := fmt.Sprintf("environment %q may not be changed", f.Name+"/"+site.Name)
	return refuse(Verdict{Subject: subject, Environment: site.Name, Stage: site.Stage}, gate)
}
