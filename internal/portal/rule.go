package portal

import (
	"iter"
	"slices"
	"strings"
)

// Rule is the id of a rule, as users write it in `rules` and `bypass` and as every message begins.
type Rule string

// The rules. Every refusal names at least one of them.
const (
	StageOrder         Rule = "stage-order"
	TestsPassed        Rule = "tests-passed"
	SoakTime           Rule = "soak-time"
	Approvals          Rule = "approvals"
	FreezeInForce      Rule = "freeze"
	StageOccupied      Rule = "stage-occupied"
	EnvironmentHeld    Rule = "environment-held"
	EmergencyLane      Rule = "emergency-lane"
	FixRegression      Rule = "fix-regression"
	RolledBack         Rule = "rolled-back"
	ReconcileOverdue   Rule = "reconcile-overdue"
	DifferentialBase   Rule = "differential-base"
	Prerequisites      Rule = "prerequisites"
	DigestMatch        Rule = "digest-match"
	FixApproved        Rule = "fix-approved"
	FixTested          Rule = "fix-tested"
	RepresentativeTest Rule = "representative-test"
	StalePlan          Rule = "stale-plan"
	StaleReport        Rule = "stale-report"
)

// RuleDoc is the documentation of a rule.
type RuleDoc struct {
	ID      Rule
	Refuses string // what it refuses, as a clause
	// Deployments and Fixes say what a broken rule does to a regular deployment and to
	// an emergency fix: "refused", "warned", or "" if it does not concern them.
	Deployments, Fixes string
	// Bypassable is whether an emergency fix may name the rule in `bypass`.
	Bypassable bool
	// Tunable is whether a pipeline may set the rule to "warn" or "off".
	Tunable bool
}

// ruleSpec is a rule: its documentation, and how it is judged.
type ruleSpec struct {
	RuleDoc
	// Satisfied is what a verdict says if the rule is not broken.
	Satisfied string
	// Lead begins the one sentence that lists the findings. Without it, each finding is a sentence
	// of its own.
	Lead string
	// Applies reports whether the rule is asked at all.
	Applies func(*question) bool
	// AtStage judges a rule of the history: whether a stage before leaves it open. Such a rule is
	// broken if one of them does, so it is asked once a stage, and its answer is kept until the
	// state changes: it must not depend on time. These rules come first in the rulebook.
	AtStage func(*stageReport, *history) bool
	// Judge lists how the rule is broken: nothing if it is not.
	Judge func(*question) []Finding
	// Text renders the findings in one clause; nil: the details, one after the other.
	Text func(*question, []Finding) string
	// Cure is what would satisfy the rule; nil: the cures of the findings.
	Cure func(*question, []Finding) string
}

// Finding is one way in which a rule is broken.
type Finding struct {
	// About identifies it for the statement of an emergency fix, in words that never change.
	About []string
	// Detail is a clause that reads the same whenever the rule is judged.
	Detail string
	// Now is the part that changes with time and other runs. Only verdicts have it.
	Now string
	// Cure is a sentence that says what would satisfy the rule; "" if nothing is needed.
	Cure string
	// At is when time alone will satisfy it; zero: not by time alone.
	At Time
}

// rulebook has every rule, in the order in which they are judged.
var rulebook []*ruleSpec

// soakPlace is the index of the one rule of the history that time alone satisfies.
const soakPlace = 2

// The rules judge a pipeline, and a pipeline asks which rules it may set.
func init() {
	rulebook = []*ruleSpec{
		&orderRule, &testsRule, soakPlace: &soakRule, &approvalsRule, &freezeRule, &occupiedRule, &rolledBackRule, &overdueRule,
		&representativeRule, &baseRule, &laneRule, &regressionRule, &prerequisitesRule, &heldRule, &staleRule,
		&digestRule, &fixApprovedRule, &fixTestedRule, &staleReportRule,
	}
}

func (r Rule) spec() *ruleSpec {
	for _, spec := range rulebook {
		if spec.ID == r {
			return spec
		}
	}
	return &ruleSpec{RuleDoc: RuleDoc{ID: r}} // of a newer ledger, or a mistake in a declaration
}

// Rules lists the documentation of every rule, in the order in which they are judged.
func Rules() []RuleDoc {
	docs := make([]RuleDoc, len(rulebook))
	for i, spec := range rulebook {
		docs[i] = spec.RuleDoc
	}
	return docs
}

// Bypassable reports whether an emergency fix may break the rule.
func (r Rule) Bypassable() bool { return r.spec().Bypassable }

// Tunable reports whether a pipeline may set the rule to "warn" or "off".
func (r Rule) Tunable() bool { return r.spec().Tunable }

// BypassableRules lists the bypassable rules in order.
func BypassableRules() []Rule { return rulesThat(Rule.Bypassable) }

// TunableRules lists the rules whose level a pipeline may set, in order.
func TunableRules() []Rule { return rulesThat(Rule.Tunable) }

func rulesThat(may func(Rule) bool) []Rule {
	var rules []Rule
	for _, spec := range rulebook {
		if may(spec.ID) {
			rules = append(rules, spec.ID)
		}
	}
	slices.Sort(rules)
	return rules
}

// Level is what a broken rule does.
type Level string

// The levels a pipeline may give a tunable rule.
const (
	LevelError Level = "error" // it refuses; the default
	LevelWarn  Level = "warn"  // it warns
	LevelOff   Level = "off"   // it says nothing
)

// text renders the findings, without and with the part that changes with time.
func (s *ruleSpec) text(q *question, found []Finding, now bool) string {
	if !now {
		found = slices.Clone(found)
		for i := range found {
			found[i].Now = ""
		}
	}
	if s.Text != nil {
		return s.Text(q, found)
	}
	details := make([]string, len(found))
	for i, finding := range found {
		details[i] = finding.Detail + finding.Now
	}
	return strings.Join(details, "; ")
}

// gate renders the findings as a gate of a verdict.
func (s *ruleSpec) gate(q *question, found []Finding) Gate {
	gate := Gate{Rule: s.ID, Status: Passed, Detail: s.Satisfied}
	if len(found) == 0 {
		return gate
	}
	gate.Status = Refused
	if s.Lead != "" {
		gate.Detail = s.Lead + ": " + s.text(q, found, true) + "."
	} else {
		lines := make([]string, len(found))
		for i, finding := range found {
			lines[i] = Sentence(finding.Detail + finding.Now)
		}
		gate.Detail = strings.Join(lines, "\n")
	}
	if s.Cure != nil {
		gate.Cure = s.Cure(q, found)
	} else {
		var cures []string
		for _, finding := range found {
			if finding.Cure != "" && !slices.Contains(cures, finding.Cure) {
				cures = append(cures, finding.Cure)
			}
		}
		gate.Cure = strings.Join(cures, "\n")
	}
	for i, finding := range found { // all of them must be satisfied by time
		if finding.At.IsZero() {
			gate.At = Time{}
			break
		}
		if i == 0 || finding.At.After(gate.At) {
			gate.At = finding.At
		}
	}
	return gate
}

// rows renders the findings as rows of what an emergency fix breaks: one for each finding, or one
// for all of them if the rule lists them in one sentence.
func (s *ruleSpec) rows(q *question, found []Finding) []Bypass {
	level := q.f.Pipeline.Level(s.ID)
	if s.Lead == "" {
		rows := make([]Bypass, len(found))
		for i, finding := range found {
			rows[i] = Bypass{Rule: s.ID, Environment: q.site.Name, About: finding.About, Detail: finding.Detail, Level: level}
		}
		return rows
	}
	if len(found) == 0 {
		return nil
	}
	row := Bypass{Rule: s.ID, Environment: q.site.Name, Detail: s.text(q, found, false), Level: level}
	for _, finding := range found {
		for _, about := range finding.About {
			if !slices.Contains(row.About, about) {
				row.About = append(row.About, about)
			}
		}
	}
	return []Bypass{row}
}

// ruleSet is a set of rules, by their index in the rulebook.
type ruleSet uint32

func (s ruleSet) has(i int) bool { return s&(1<<i) != 0 }

// all lists the rules of the set in the order of the rulebook.
func (s ruleSet) all() iter.Seq[*ruleSpec] {
	return func(yield func(*ruleSpec) bool) {
		for i, spec := range rulebook {
			if s.has(i) && !yield(spec) {
				return
			}
		}
	}
}
