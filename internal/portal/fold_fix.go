package portal

import (
	"cmp"
	"slices"
	"time"
)

// FixStep names one step of an emergency fix.
type FixStep struct {
	Fix   string `json:"fix"`
	Round int    `json:"round,omitempty"`
	Index int    `json:"index"` // in the plan of that round, from 0
}

// FixOpened is written before anything is done for a fix.
type FixOpened struct {
	Fix             Fix           `json:"fix"`
	Plan            FixPlan       `json:"plan"`
	Approvals       []string      `json:"approvals,omitempty"`
	ReconcileWithin time.Duration `json:"reconcile_within"`
	ReviewWithin    time.Duration `json:"review_within"`
}

// FixAmended changes the declaration of a fix that no target has yet, or its plan for the current
// content.
type FixAmended struct {
	Fix       Fix      `json:"fix"`
	Plan      FixPlan  `json:"plan"`
	Approvals []string `json:"approvals,omitempty"`
}

// FixRestated adds to the justification of a fix, or gives the new sources of its bytes. What was
// declared before stays in the record.
type FixRestated struct {
	Fix           string               `json:"fix"`
	Justification Justification        `json:"justification"`
	Components    map[string]Component `json:"components"`
}

// FixStepStarted is written before a step is carried out.
type FixStepStarted struct {
	FixStep
	Action      StepAction `json:"action"`
	Environment string     `json:"environment"`
	Release     string     `json:"release,omitempty"` // the effective version
}

// FixStepEnded is written when a step has been carried out, or did not succeed.
type FixStepEnded struct {
	FixStep
	Action      StepAction    `json:"action"`
	Environment string        `json:"environment"`
	Release     string        `json:"release,omitempty"` // the effective version
	Outcome     Outcome       `json:"outcome"`
	Detail      string        `json:"detail,omitempty"`
	Waited      time.Duration `json:"waited,omitempty"` // how long a resumed release was suspended, in nanoseconds
}

// FixFinished says that every step of a fix has succeeded.
type FixFinished struct {
	Fix string `json:"fix"`
}

// FixReconciled says that every target runs a release that contains the fix.
type FixReconciled struct {
	Fix     string `json:"fix"`
	Release string `json:"release"` // of the highest precedence among them
}

// FixReviewed is the post-implementation review.
type FixReviewed struct {
	Fix    string `json:"fix"`
	Review Review `json:"review"`
}

// FixWithdrawing begins the withdrawal of a fix.
type FixWithdrawing struct {
	Fix    string `json:"fix"`
	Reason string `json:"reason"`
	Steps  []Step `json:"steps,omitempty"`
}

// FixWithdrawn says that a fix is no longer in force anywhere.
type FixWithdrawn struct {
	Fix string `json:"fix"`
}

// The kinds as they are recorded.

func (FixOpened) Kind() string      { return "fix.opened" }
func (FixAmended) Kind() string     { return "fix.amended" }
func (FixRestated) Kind() string    { return "fix.restated" }
func (FixStepStarted) Kind() string { return "fix.step.started" }
func (FixStepEnded) Kind() string   { return "fix.step.ended" }
func (FixFinished) Kind() string    { return "fix.finished" }
func (FixReconciled) Kind() string  { return "fix.reconciled" }
func (FixReviewed) Kind() string    { return "fix.reviewed" }
func (FixWithdrawing) Kind() string { return "fix.withdrawing" }
func (FixWithdrawn) Kind() string   { return "fix.withdrawn" }

func init() {
	register[FixOpened]()
	register[FixAmended]()
	register[FixRestated]()
	register[FixStepStarted]()
	register[FixStepEnded]()
	register[FixFinished]()
	register[FixReconciled]()
	register[FixReviewed]()
	register[FixWithdrawing]()
	register[FixWithdrawn]()
}

// applyFix folds an event about a fix into the state.
func (s *State) applyFix(event Event, meta Meta) {
	s.forget()
	switch e := event.(type) {
	case FixOpened:
		s.Fixes[e.Fix.Name] = &FixState{
			Fix: e.Fix, Plan: e.Plan, Approvals: e.Approvals, ReconcileWithin: e.ReconcileWithin, ReviewWithin: e.ReviewWithin,
			Opened: meta.At, By: meta.By, Receipt: meta.Receipt(), Requesters: []string{e.Fix.Justification.RequestedBy},
		}
		s.touch(EntityFix, e.Fix.Name)
	case FixAmended:
		s.changeFix(e.Fix.Name, func(x *FixState) {
			x.Fix, x.Plan, x.Approvals, x.Receipt = e.Fix, e.Plan, e.Approvals, meta.Receipt()
			x.begin()
			x.noteRequester()
		})
	case FixRestated:
		s.changeFix(e.Fix, func(x *FixState) {
			defer x.noteRequester()
			x.Justification, x.Components, x.Receipt = e.Justification, e.Components, meta.Receipt()
		})
	case FixStepStarted:
		s.changeFix(e.Fix, func(x *FixState) { x.Started, x.Halted = true, "" })
	case FixStepEnded:
		s.changeFix(e.Fix, func(x *FixState) { s.applyStep(x, e, meta) })
	case FixFinished:
		s.changeFix(e.Fix, func(x *FixState) { x.Applied, x.Plan = meta.At, x.Plan.closed() })
	case FixReconciled:
		s.changeFix(e.Fix, func(x *FixState) { x.Reconciled, x.ReconciledBy = meta.At, e.Release })
	case FixReviewed:
		s.changeFix(e.Fix, func(x *FixState) {
			review := e.Review
			x.Review, x.Reviewed, x.Receipt = &review, meta.At, meta.Receipt()
		})
	case FixWithdrawing:
		s.changeFix(e.Fix, func(x *FixState) {
			x.Withdrawal, x.Receipt = &Withdrawal{Reason: e.Reason, At: meta.At}, meta.Receipt()
			x.Plan.Steps = e.Steps
			x.begin()
		})
	case FixWithdrawn:
		s.changeFix(e.Fix, func(x *FixState) {
			withdrawal := *x.Withdrawal
			withdrawal.Ended = meta.At
			x.Withdrawal, x.Plan = &withdrawal, x.Plan.closed()
		})
	default: // State.Apply passes only events about a fix
	}
}

// noteReached notes that a fix has touched a target.
func (s *State) noteReached(fix, environment string, meta Meta) {
	if x := s.Fixes[fix]; x != nil && x.Reached == 0 && x.Withdrawal == nil && x.Plan.Target(environment) != nil {
		s.changeFix(fix, func(x *FixState) { x.Reached = meta.Number })
	}
}

// begin starts a new list of steps.
func (x *FixState) begin() { x.Round, x.Done, x.Started, x.Halted = x.Round+1, 0, false, "" }

// noteRequester keeps who has requested the fix: a person who was named once neither approves nor
// reviews it.
func (x *FixState) noteRequester() {
	if !among(x.Requesters, x.Justification.RequestedBy) {
		x.Requesters = append(slices.Clone(x.Requesters), x.Justification.RequestedBy)
	}
}

func (s *State) changeFix(name string, change func(*FixState)) {
	if x := s.Fixes[name]; x != nil {
		change(x)
		s.touch(EntityFix, name)
	}
}

func (s *State) applyStep(x *FixState, e FixStepEnded, meta Meta) {
	if e.Round != x.Round || e.Index != x.Done {
		return // of a plan that has been amended
	}
	x.Started = false
	if e.Outcome != Succeeded {
		x.Halted = cmp.Or(e.Detail, string(e.Outcome))
		return
	}
	x.Halted = ""
	x.Done++
	site := s.Sites[e.Environment]
	if site == nil {
		return
	}
	switch e.Action {
	case StepSuspend:
		if site.Running == nil {
			return
		}
		site.Suspended = &Suspension{Installation: *site.Running, Fix: x.Name, Since: meta.At}
		s.stopRun(site, meta.At)
		s.touch(EntityEnvironment, site.Name)
	case StepDeploy:
		if x.Plan.Target(e.Environment) != nil && x.InForce == 0 {
			x.InForce, x.InForceAt, x.Replaced = meta.Number, meta.At, x.Plan.replaced(&x.Fix)
		}
	case StepResume:
		if site.Suspended == nil {
			return
		}
		x.Interruptions = append(slices.Clone(x.Interruptions), Interruption{
			Release: site.Suspended.Release, Environment: site.Name, From: site.Suspended.Since, Until: meta.At,
		})
		site.Suspended = nil
		if site.Running != nil && site.Intact() {
			s.startRun(site, meta.At)
		}
		s.touch(EntityEnvironment, site.Name)
	}
}

// closed is a plan without remaining steps. What its steps deployed is in their entries, and every
// process reads every fix there ever was.
func (p FixPlan) closed() FixPlan {
	p.Steps = slices.Clone(p.Steps)
	for i := range p.Steps {
		p.Steps[i].Content = nil
	}
	p.Targets = slices.Clone(p.Targets)
	for i := range p.Targets {
		p.Targets[i].Before.Content, p.Targets[i].Before.Changes = nil, nil
	}
	p.Tests = slices.Clone(p.Tests)
	for i, test := range p.Tests {
		if test.Before != nil {
			before := *test.Before
			before.Content, before.Changes = nil, nil
			p.Tests[i].Before = &before
		}
	}
	p.Leaving = nil
	return p
}

// replaced is what a fix replaces on its targets, by component. The zero Item
// is "absent".
func (p *FixPlan) replaced(x *Fix) map[string][]Item {
	replaced := make(map[string][]Item, len(x.Components))
	for component := range x.Components {
		for _, target := range p.Targets {
			if item := target.Before.Content[component]; !slices.Contains(replaced[component], item) {
				replaced[component] = append(replaced[component], item)
			}
		}
	}
	return replaced
}
