package portal

import (
	"maps"
	"slices"
)

// Rule is the id of a rule, as users name it in `rules` and `bypass` and as
// every message begins.
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

// bypassable are the rules that an emergency fix may name in `bypass`.
var bypassable = map[Rule]bool{
	StageOrder: true, TestsPassed: true, SoakTime: true, Approvals: true, FreezeInForce: true,
	StageOccupied: true, FixTested: true, RepresentativeTest: true,
}

// Bypassable reports whether an emergency fix may break the rule.
func (r Rule) Bypassable() bool { return bypassable[r] }

// Tunable reports whether a pipeline may set the rule to "warn" or "off": the
// bypassable ones and reconcile-overdue.
func (r Rule) Tunable() bool { return bypassable[r] || r == ReconcileOverdue }

// BypassableRules lists the bypassable rules in order.
func BypassableRules() []Rule { return slices.Sorted(maps.Keys(bypassable)) }

// TunableRules lists the rules whose level a pipeline may set, in order.
func TunableRules() []Rule {
	return slices.Sorted(slices.Values(append(BypassableRules(), ReconcileOverdue)))
}

// Level is what a broken rule does.
type Level string

// The levels a pipeline may give a tunable rule.
const (
	LevelError Level = "error" // refuses; the default
	LevelWarn  Level = "warn"  // is told, and lets pass
	LevelOff   Level = "off"   // is not told either
)
