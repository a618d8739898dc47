package portal

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// OpenFix records the request for an emergency fix, after judging it once more: it is opened,
// amended, restated, reviewed, or its withdrawal begins. Its steps are for StartStep.
type OpenFix struct{ FixWish }

// Subjects implements Command.
func (OpenFix) Subjects() Subjects { return Subjects{} }

// Decide implements Command. It fails with *AbandonedError if an unfinished step of the fix must be
// recovered first.
func (c OpenFix) Decide(f Facts) ([]Event, error) {
	p, err := f.PlanFix(c.FixWish)
	if err != nil {
		return nil, err
	}
	if refusal := p.Refusal(); refusal != nil {
		return nil, refusal
	}
	if p.Planned {
		if err := f.unfinished(p.Known); err != nil {
			return nil, err
		}
	}
	return p.events(&c.FixWish, f), nil
}

// unfinished fails if a step of the fix is in progress, or was begun and abandoned.
func (f Facts) unfinished(x *FixState) error {
	if x == nil {
		return nil
	}
	for _, name := range sortedKeys(f.Sites) {
		site := f.Sites[name]
		if !site.Attempt.Open() || site.Attempt.Step == nil || site.Attempt.Step.Fix != x.Name {
			continue
		}
		if f.held(site) != nil {
			return f.refuseAttempt(site)
		}
		return abandoned(site)
	}
	return nil
}

func (p *FixProposal) events(w *FixWish, f Facts) []Event {
	var events []Event
	switch {
	case p.Planned && p.Withdraws:
		events = append(events, FixWithdrawing{Fix: p.Fix.Name, Reason: w.Withdraw, Steps: p.Plan.Steps})
		if len(p.Plan.Steps) == 0 {
			events = append(events, FixWithdrawn{Fix: p.Fix.Name})
		}
	case p.Planned && p.Known == nil:
		policy := f.Pipeline.Emergency
		events = append(events, FixOpened{
			Fix: p.Fix, Plan: p.Plan, Approvals: f.validApprovals(w, StatementDigest(p.Plan.Statement)),
			ReconcileWithin: policy.ReconcileWithin, ReviewWithin: policy.ReviewWithin,
		})
	case p.Planned:
		events = append(events, FixAmended{Fix: p.Fix, Plan: p.Plan, Approvals: f.validApprovals(w, StatementDigest(p.Plan.Statement))})
	}
	if p.Restated {
		events = append(events, FixRestated{Fix: p.Fix.Name, Justification: p.Fix.Justification, Components: p.Fix.Components})
	}
	if p.Reviewed {
		events = append(events, FixReviewed{Fix: p.Fix.Name, Review: *w.Review})
	}
	return events
}

// Foresee returns the events a successful request would record; plans apply them to a copy of the
// state.
func (p *FixProposal) Foresee(w FixWish, f Facts) []Event {
	events := p.events(&w, f)
	sim := f
	sim.State = f.Clone()
	for _, event := range events {
		sim.Suppose(event, f.Now, f.By)
	}
	x := sim.Fixes[p.Fix.Name]
	if x == nil {
		return events
	}
	for x.Done < min(p.Stop, len(x.Plan.Steps)) {
		before := x.Done
		for _, event := range sim.foreseeStep(x, x.Done) {
			sim.Suppose(event, f.Now, f.By)
			events = append(events, event)
		}
		if x.Done == before {
			break
		}
	}
	if !x.Active() && len(x.Plan.Steps) > 0 {
		events = append(events, x.finished())
	}
	return events
}

func (x *FixState) finished() Event {
	if x.Withdrawal != nil {
		return FixWithdrawn{Fix: x.Name}
	}
	return FixFinished{Fix: x.Name}
}

// StartStep starts the next step of a fix, and ends it at once if recording it is all there is to
// do. If the steps up to Stop are done it does nothing.
type StartStep struct {
	Fix   string
	Round int
	Stop  int
}

// Subjects implements Command.
func (StartStep) Subjects() Subjects { return Subjects{} }

// WaitingError says that a deployment in progress was asked to stop and has not ended.
type WaitingError struct {
	Attempt Attempt
	// Silent is how long its holder, which is alive, has not renewed its lease.
	Silent  time.Duration
	silence string
	clock   string // what is wrong with the clock, which may make its lease end late
}

func (w *WaitingError) Error() string {
	text := fmt.Sprintf("a deployment of %s by %s has not stopped yet", w.Attempt.Effective(), w.Attempt.By)
	if w.Silent > 0 {
		text += ": " + w.silence + ". End it, then apply again: the unfinished work is taken over"
	}
	if w.clock != "" {
		text += ". " + w.clock
	}
	return text
}

func (f Facts) waiting(site *Site) *WaitingError {
	w := &WaitingError{Attempt: *site.Attempt}
	if lease := f.Leases[site.Name]; lease.silent(f.clock()) {
		w.Silent, w.silence = f.clock().Sub(lease.Expires), lease.silence()
	}
	if problem, cure := f.ClockProblem(); problem != "" {
		w.clock = problem + ". " + cure
	}
	return w
}

// Decide implements Command. It fails with *WaitingError while a deployment in progress has not
// stopped, with *AbandonedError if one must be recovered first, and with a *RefusalError if a rule
// refuses now.
func (c StartStep) Decide(f Facts) ([]Event, error) {
	x := f.Fixes[c.Fix]
	if x == nil || x.Round != c.Round {
		return nil, reject("emergency fix "+c.Fix+" was changed by another run", "It was amended or withdrawn in the meantime. Plan again and read the new plan.")
	}
	if x.Done >= min(c.Stop, len(x.Plan.Steps)) {
		return nil, nil
	}
	step := x.Plan.Steps[x.Done]
	site, err := f.site(step.Environment)
	if err != nil {
		return nil, err
	}
	switch {
	case step.Action == StepHold:
		return f.startHold(x, step, site)
	case step.Deploys():
		return f.startDeploy(x, step, site)
	}
	ended := x.ended(step, Succeeded, "")
	switch step.Action {
	case StepTest:
		if lines := f.failsTest(x, step, site); len(lines) > 0 {
			ended.Outcome, ended.Detail = Failed, strings.Join(lines, "; ")
		}
	case StepResume:
		if site.Suspended != nil {
			ended.Waited = f.Now.Sub(site.Suspended.Since)
		}
	}
	return x.close([]Event{x.started(step), ended}), nil
}

// StepAction returns the action of the step that an attempt belongs to; "" if it belongs to none.
func (f Facts) StepAction(ref *FixStep) StepAction {
	if ref == nil {
		return ""
	}
	if x := f.Fixes[ref.Fix]; x != nil && x.Round == ref.Round && ref.Index < len(x.Plan.Steps) {
		return x.Plan.Steps[ref.Index].Action
	}
	return ""
}

func (x *FixState) ref() FixStep { return FixStep{Fix: x.Name, Round: x.Round, Index: x.Done} }

func (x *FixState) started(step Step) FixStepStarted {
	return FixStepStarted{FixStep: x.ref(), Action: step.Action, Environment: step.Environment, Release: step.Effective()}
}

func (x *FixState) ended(step Step, outcome Outcome, detail string) FixStepEnded {
	return FixStepEnded{FixStep: x.ref(), Action: step.Action, Environment: step.Environment, Release: step.Effective(), Outcome: outcome, Detail: detail}
}

// close adds that the fix has ended, if its last step has.
func (x *FixState) close(events []Event) []Event {
	if ended, is := events[len(events)-1].(FixStepEnded); is && ended.Outcome == Succeeded && x.Done+1 == len(x.Plan.Steps) {
		events = append(events, x.finished())
	}
	return events
}

func (f Facts) startHold(x *FixState, step Step, site *Site) ([]Event, error) {
	if holder := f.HoldingFix(site.Name); holder != nil && holder.Name != x.Name {
		return nil, f.refuseHeld(site)
	}
	for _, other := range sortedKeys(f.Fixes) {
		if other != x.Name && f.Fixes[other].Holds(site.Name) {
			return nil, f.refuseFix(x, f.gateHeld(site))
		}
	}
	var events []Event
	if !x.Started {
		events = append(events, x.started(step))
	}
	switch a := f.held(site); {
	case a != nil && x.Started:
		return nil, f.waiting(site)
	case a != nil:
		return events, nil // its holder sees that now, and stops
	case f.Abandoned(site.Name) != nil:
		return nil, abandoned(site)
	}
	if stale := f.staleFor(x, step); stale != "" {
		return nil, f.refuseFix(x, staleGate(stale))
	}
	return append(events, x.ended(step, Succeeded, "")), nil
}

func (f Facts) startDeploy(x *FixState, step Step, site *Site) ([]Event, error) {
	if f.held(site) != nil {
		return nil, f.refuseAttempt(site)
	}
	if f.Abandoned(site.Name) != nil {
		return nil, abandoned(site)
	}
	rows, gates := f.breaks(x, x.Done, x.Done+1)
	if step.Action == StepDeploy || x.Withdrawal != nil {
		stale := f.staleFor(x, step)
		if stale == "" && x.InForce == 0 && x.Withdrawal == nil {
			stale = f.othersInForce(x)
		}
		if stale != "" {
			gates = append(gates, staleGate(stale))
		}
	}
	if x.InForce == 0 && x.Plan.Target(site.Name) != nil && x.Withdrawal == nil && f.expired(&x.Fix) {
		gates = append(gates, expiredGate(&x.Fix))
	}
	started := f.startStep(x.ref(), step, site)
	for _, row := range rows {
		line := row.Environment + ": " + row.Detail
		switch {
		case x.Plan.lists(row), !row.Counts():
		case !slices.Contains(x.Bypass, row.Rule):
			gates = append(gates, Gate{Rule: row.Rule, Status: Refused, Detail: line, Cure: fmt.Sprintf("If that is acceptable, name %q in bypass.", row.Rule)})
		case x.InForce == 0:
			gates = append(gates, staleGate(x.unlisted(row)))
		default: // the plan stays as it was signed, and the record shows it
			started.Warnings = append(started.Warnings, fmt.Sprintf("%s: %s", row.Rule, line))
		}
	}
	if len(gates) > 0 {
		return nil, f.refuseFix(x, gates...)
	}
	return []Event{x.started(step), started}, nil
}

// startStep is the start of a deployment that is a step of a fix.
func (f Facts) startStep(ref FixStep, step Step, site *Site) DeploymentStarted {
	mode := ModeFix
	if step.Release == "" {
		mode = ModeRemove
	}
	started := f.start(site, mode, step.Effective(), step.Content)
	started.Release, started.Fixes, started.Step = step.Release, step.Fixes, &ref
	return started
}

// failsTest lists what prevents counting the fix as tested.
func (f Facts) failsTest(x *FixState, step Step, site *Site) []string {
	var lines []string
	for _, row := range f.levelled(f.untested(x, step, site)) {
		if row.Counts() && !slices.Contains(x.Bypass, row.Rule) {
			lines = append(lines, fmt.Sprintf("%s: %s", row.Rule, row.Detail))
		}
	}
	return lines
}

func (f Facts) refuseFix(x *FixState, gates ...Gate) *RefusalError {
	v := Verdict{subject: fmt.Sprintf("emergency fix %s may not go on", x.Name), gates: gates}
	return v.Refusal()
}

// Preempted returns the fix that waits for the deployment in progress to give up the environment,
// or nil.
func (f Facts) Preempted(environment string) *FixState {
	for _, x := range f.Fixes {
		if !x.Active() || !x.Started {
			continue
		}
		step := x.Plan.Steps[x.Done]
		site := f.Sites[environment]
		if step.Action == StepHold && step.Environment == environment && site != nil && site.Attempt.Open() && site.Attempt.Step == nil {
			return x
		}
	}
	return nil
}

// HaltFix records that a step could not start.
type HaltFix struct {
	FixStep
	Detail string
}

// Subjects implements Command.
func (HaltFix) Subjects() Subjects { return Subjects{} }

// Decide implements Command. If the step has been done since, or is in progress, the fix is not
// halted.
func (c HaltFix) Decide(f Facts) ([]Event, error) {
	x := f.Fixes[c.Fix]
	if x == nil || !x.Active() || x.ref() != c.FixStep || x.Halted == c.Detail {
		return nil, nil
	}
	if site := f.Sites[x.Plan.Steps[x.Done].Environment]; site != nil && site.Attempt.Open() && site.Attempt.Step != nil && *site.Attempt.Step == c.FixStep {
		return nil, nil
	}
	return []Event{x.ended(x.Plan.Steps[x.Done], Failed, c.Detail)}, nil
}
