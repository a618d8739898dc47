package portal

import (
	"cmp"
	"slices"
	"time"
)

// Withdrawal is the withdrawal of a fix.
type Withdrawal struct {
	Reason string `json:"reason"`
	At     Time   `json:"at"`
	Ended  Time   `json:"ended,omitzero"` // zero: in progress
}

// Interruption is the time that a release under test had to wait for a fix.
type Interruption struct {
	Release     string `json:"release"`
	Environment string `json:"environment"`
	From        Time   `json:"from"`
	Until       Time   `json:"until"`
}

// FixStatus is the status of a fix.
type FixStatus string

// The statuses.
const (
	StatusOpen       FixStatus = "open"       // steps remain
	StatusHalted     FixStatus = "halted"     // a step did not succeed
	StatusApplied    FixStatus = "applied"    // on every target, and everything restored
	StatusReconciled FixStatus = "reconciled" // every target runs a release that contains it
	StatusWithdrawn  FixStatus = "withdrawn"
)

// FixState is an emergency fix with everything recorded about it.
type FixState struct {
	Fix
	ReconcileWithin time.Duration `json:"reconcile_within"`
	ReviewWithin    time.Duration `json:"review_within"`
	Plan            FixPlan       `json:"plan"`
	Approvals       []string      `json:"approvals,omitempty"`
	Opened          Time          `json:"opened"`
	By              Actor         `json:"by"`
	Receipt         string        `json:"receipt"`    // of the newest declaration about it
	Requesters      []string      `json:"requesters"` // everybody who was ever named as a requester

	Round   int    `json:"round,omitempty"` // grows with each new list of steps
	Done    int    `json:"done,omitempty"`  // how many of Plan.Steps have succeeded
	Started bool   `json:"started,omitempty"`
	Halted  string `json:"halted,omitempty"` // why the step did not succeed

	// Reached is the entry of the first deployment with the fix that touched a target, successful
	// or not; 0: none did. Ledgers of earlier builds compute it from the entries.
	Reached      int64             `json:"reached,omitempty"`
	InForce      int64             `json:"in_force,omitempty"` // the entry of the first target's success; 0: not yet
	InForceAt    Time              `json:"in_force_at,omitzero"`
	Replaced     map[string][]Item `json:"replaced,omitempty"` // by component; the zero Item is "absent"
	Applied      Time              `json:"applied,omitzero"`
	Reconciled   Time              `json:"reconciled,omitzero"`
	ReconciledBy string            `json:"reconciled_by,omitempty"`
	Review       *Review           `json:"review,omitempty"`
	Reviewed     Time              `json:"reviewed,omitzero"`
	Withdrawal   *Withdrawal       `json:"withdrawal,omitempty"`

	Interruptions []Interruption `json:"interruptions,omitempty"`
}

// Status is the status of the fix.
func (x *FixState) Status() FixStatus {
	switch {
	case x.withdrawn():
		return StatusWithdrawn
	case x.Halted != "":
		return StatusHalted
	case x.Active():
		return StatusOpen
	case !x.Reconciled.IsZero():
		return StatusReconciled
	case !x.Applied.IsZero():
		return StatusApplied
	}
	return StatusOpen
}

func (x *FixState) withdrawn() bool { return x.Withdrawal != nil && !x.Withdrawal.Ended.IsZero() }

// Active reports whether steps of the fix remain.
func (x *FixState) Active() bool { return x.Done < len(x.Plan.Steps) }

// Amendable reports whether the fix may still change: no target has it yet, and it is not being
// withdrawn.
func (x *FixState) Amendable() bool { return x.InForce == 0 && x.Active() && x.Withdrawal == nil }

// inForce reports whether deployments carry the fix: until its withdrawal begins, or it would
// return to where it was removed already.
func (x *FixState) inForce() bool { return x.InForce > 0 && x.Withdrawal == nil }

// Holds reports whether the fix keeps others off the environment: from its
// opening until it has left it.
func (x *FixState) Holds(environment string) bool {
	return slices.ContainsFunc(x.Plan.Steps[min(x.Done, len(x.Plan.Steps)):], func(s Step) bool { return s.Environment == environment })
}

// ReconcileBy returns the time by which a release must contain the fix; zero: it is not in force.
func (x *FixState) ReconcileBy() Time {
	if x.Withdrawal != nil {
		return Time{} // nothing is left that a release could contain
	}
	return x.due(x.InForceAt, x.ReconcileWithin)
}

// ReviewBy returns the time by which the review must be recorded; zero: no target ever had it.
func (x *FixState) ReviewBy() Time {
	if x.tookOff() {
		return x.due(x.Withdrawal.At, x.ReviewWithin)
	}
	return x.due(x.InForceAt, x.ReviewWithin)
}

func (*FixState) due(from Time, within time.Duration) Time {
	if from.IsZero() {
		return Time{}
	}
	return from.Add(within)
}

// hadTarget reports whether the fix succeeded on a target, or was removed from one on which it never
// worked. A failed fix that is not withdrawn does not count: it is still being repaired.
func (x *FixState) hadTarget() bool { return x.InForce > 0 || x.tookOff() }

// tookOff reports whether the fix was removed from a target on which it never worked: it had failed
// there, or was left half-way.
func (x *FixState) tookOff() bool { return x.InForce == 0 && x.Withdrawal != nil && x.Reached > 0 }

// HoldingFix returns the fix that keeps others off the environment, or nil.
func (s *State) HoldingFix(environment string) *FixState {
	for _, x := range s.Fixes {
		if x.Holds(environment) {
			return x
		}
	}
	return nil
}

// InForce lists the fixes in force anywhere on the pipeline, in the order they came into force.
// Callers must not change the list.
func (s *State) InForce() []*FixState { return s.inForceNow().all }

// InForceOn lists those of InForce that are in force on an environment. Callers must not change the
// list.
func (s *State) InForceOn(environment string) []*FixState { return s.chainsOn(environment).fixes }

func (s *State) sortInForce() []*FixState {
	var fixes []*FixState
	for _, x := range s.Fixes {
		if x.inForce() {
			fixes = append(fixes, x)
		}
	}
	slices.SortFunc(fixes, func(a, b *FixState) int { return cmp.Compare(a.InForce, b.InForce) })
	return fixes
}

// InForceNames lists the names of the fixes in force anywhere on the pipeline, in order.
func (s *State) InForceNames() []string { return fixNames(s.InForce()) }

// InForceNamesOn lists the names of the fixes in force on an environment, in order.
func (s *State) InForceNamesOn(environment string) []string {
	return fixNames(s.InForceOn(environment))
}

func fixNames(fixes []*FixState) []string {
	var names []string
	for _, x := range fixes {
		names = append(names, x.Name)
	}
	return names
}
