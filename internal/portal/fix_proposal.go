package portal

import (
	"fmt"
	"slices"
)

// FixWish is a request for an emergency fix.
type FixWish struct {
	Fix
	Expect    string            // digest of the statement that was planned; "": not checked
	Rehearsed *Fix              // the fix which that statement was planned for; nil: not known
	AdvanceTo string            // the stage to stop at; "": the targets
	Approvals map[string]string // approver -> signature, digest of the statement that was read, or "" for the first one
	Review    *Review
	Withdraw  string // why the fix is withdrawn; "": it is not
	Steps     string // StepsDigest of the steps that were planned; "": not checked
}

// FixProposal is what a request would do.
type FixProposal struct {
	Fix   Fix
	Known *FixState // as recorded; nil: it is new
	Plan  FixPlan   // with all its steps, also the completed ones
	Stop  int       // how many of the steps to do, the completed ones included
	// Planned is whether the steps are new ones: the fix is opened, amended, or its withdrawal
	// begins.
	Planned bool
	// Withdraws is whether the steps withdraw the fix.
	Withdraws bool
	Restated  bool // the justification or a source has changed
	Reviewed  bool // the review is to be recorded
	Verdict   Verdict
	// Approval is fix-approved by itself: a plan only reports it.
	Approval Gate
}

// Goes reports whether steps remain.
func (p *FixProposal) Goes() bool { return p.Planned || p.done() < p.Stop }

// Left lists the remaining steps.
func (p *FixProposal) Left() []Step {
	if !p.Goes() && !p.Withdraws {
		return nil
	}
	return p.Plan.Steps[min(p.done(), len(p.Plan.Steps)):]
}

// Changes reports whether anything must be recorded or done.
func (p *FixProposal) Changes() bool {
	return p.Goes() || p.Restated || p.Reviewed
}

func (p *FixProposal) done() int {
	if p.Known == nil || p.Planned {
		return 0
	}
	return p.Known.Done
}

// Refusal returns the refusal of the proposal, missing approvals included, or nil.
func (p *FixProposal) Refusal() *RefusalError {
	v := p.Verdict
	v.gates = append(slices.Clone(v.gates), p.Approval)
	return v.Refusal()
}

// PlanFix plans a request for an emergency fix and judges it by every rule. A recorded fix keeps
// the plan that was shown and signed, unless no target has it yet and its declaration, or what the
// plan is based on, has changed. An error means that the request itself is invalid.
func (f Facts) PlanFix(w FixWish) (*FixProposal, error) {
	p, err := f.pipeline()
	if err != nil {
		return nil, err
	}
	w.Fix = w.canonical()
	if err := invalid("emergency fix "+w.Name, f.wrongWith(&w)); err != nil {
		return nil, err
	}
	proposal := &FixProposal{Fix: w.Fix, Known: f.Fixes[w.Name]}
	proposal.Verdict.subject = fmt.Sprintf("emergency fix %s may not go ahead", w.Name)
	proposal.Approval = Gate{Rule: FixApproved, Status: Passed, Detail: fixApprovedRule.Satisfied}
	if w.Withdraw != "" || (proposal.Known != nil && proposal.Known.Withdrawal != nil) {
		return proposal, f.planWithdrawal(proposal, &w)
	}
	if err := f.choosePlan(proposal, &w); err != nil {
		return nil, err
	}
	if proposal.Planned { // what was signed and done stays, whatever the pipeline requires now
		if err := invalid("emergency fix "+w.Name, f.againstPolicy(p, &w)); err != nil {
			return nil, err
		}
	}
	if proposal.Stop, err = f.stop(w.Name, &proposal.Plan, proposal.done(), w.AdvanceTo); err != nil {
		return nil, err
	}
	f.judgeFix(proposal, &w)
	return proposal, nil
}

// wrongWith lists what is wrong with the request itself.
func (f Facts) wrongWith(w *FixWish) []Problem {
	problems := w.Validate()
	for _, name := range sortedKeys(w.Components) {
		if w.Components[name].SHA256 == "" {
			problems = append(problems, Problem{"components", name + ": sha256 is missing"})
		}
	}
	for _, name := range sortedKeys(w.Approvals) {
		problems = append(problems, validatePerson("approvals", name)...)
	}
	if w.Review != nil {
		problems = append(problems, w.Review.validate(f.requesters(w))...)
	}
	return append(problems, about("reason", ValidateText("withdraw", w.Withdraw))...)
}

// againstPolicy lists what a new plan requests beyond what the pipeline allows.
func (f Facts) againstPolicy(p *Pipeline, w *FixWish) []Problem {
	var problems []Problem
	for _, rule := range w.Bypass {
		if !f.mayBypass(rule) {
			problems = append(problems, Problem{"bypass", fmt.Sprintf("pipeline %q does not let a fix bypass %s: its emergency.bypassable_rules are %s", f.Name, rule, orNone(textsOf(p.Emergency.BypassableRules)))})
		}
	}
	for _, name := range sortedKeys(w.Approvals) {
		if approval := w.Approvals[name]; len(p.Approvers) == 0 && approval != "" && !digestPattern.MatchString(approval) {
			problems = append(problems, Problem{"approvals", fmt.Sprintf(
				"%s: the pipeline lists no approvers with a key to verify a signature by: write the digest of the statement that was read, or \"\" while the fix is not in the ledger yet", name)})
		}
	}
	return problems
}

func textsOf[S ~string](items []S) []string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = string(item)
	}
	return texts
}

// choosePlan chooses the plan: the recorded one, or a new one.
func (f Facts) choosePlan(p *FixProposal, w *FixWish) error {
	known := p.Known
	if known != nil {
		if w.Environments != nil && !sameSet(unique(w.Environments), known.targetNames()) {
			return reject(fmt.Sprintf("emergency fix %s is for other environments", w.Name),
				"The ledger has a fix of this name for %s. Choose another name.", joinAnd(known.targetNames()))
		}
		w.Environments, p.Fix.Environments = known.Environments, known.Environments
		changed := known.differsFrom(&w.Fix)
		if changed != "" && known.InForce > 0 && known.Active() {
			return reject(fmt.Sprintf("emergency fix %s is on a target, and its %s cannot change", w.Name, changed),
				"It is %s, with steps left. Restore its declaration and apply again when the cause is gone, or withdraw it (set withdraw).", known.Status())
		}
		if changed != "" && (known.InForce > 0 || !known.Active()) {
			return reject(fmt.Sprintf("emergency fix %s is on its targets, and its %s cannot change", w.Name, changed),
				"What was deployed and approved stays. Declare a new fix with another name, on top of this one.")
		}
		p.Restated = changed == "" && !same(restated(&known.Fix), restated(&w.Fix))
		p.Reviewed = w.Review != nil && (known.Review == nil || *known.Review != *w.Review)
		if changed == "" && !f.outdated(known) {
			p.Plan = known.Plan
			return nil
		}
	}
	plan, err := f.planFix(w.Fix, known)
	if err != nil {
		return err
	}
	p.Plan, p.Planned = *plan, true
	if p.Restated = false; known == nil && w.Review != nil {
		p.Reviewed = true
	}
	return nil
}

// restated is the part of a fix that may be restated at any time.
func restated(x *Fix) Fix { return Fix{Justification: x.Justification, Components: x.Components} }

// differsFrom names a signed part in which a declaration differs from the recorded fix; "" if there
// is none.
func (x *FixState) differsFrom(declared *Fix) string {
	switch {
	case !x.items().Equal(declared.items()):
		return "components"
	case x.Strategy != declared.Strategy:
		return "strategy"
	case !slices.Equal(x.TestEnvironments, declared.TestEnvironments):
		return "test_environments"
	case x.Scope != declared.Scope:
		return "scope"
	case !slices.Equal(x.Bypass, declared.Bypass):
		return "bypass"
	case x.InForce == 0 && !x.ApprovalsExpireAt.Equal(declared.ApprovalsExpireAt):
		return "approvals_expire_at"
	}
	return ""
}

// Stop returns how many steps of a recorded fix to do to reach a stage; "" is its targets.
func (f Facts) Stop(x *FixState, stage string) (int, error) {
	if x.Withdrawal != nil {
		return len(x.Plan.Steps), nil
	}
	return f.stop(x.Name, &x.Plan, x.Done, stage)
}

func (f Facts) stop(fix string, plan *FixPlan, done int, stage string) (int, error) {
	if stage == "" || stage == f.Pipeline.Final().Name || done >= len(plan.Steps) {
		return len(plan.Steps), nil
	}
	last := -1
	for i, step := range plan.Steps {
		if test := plan.test(step.Environment); test != nil && test.Stage == stage && step.Action == StepDeploy {
			last = i
		}
	}
	if last < 0 {
		var stages []string
		for _, test := range plan.Tests {
			stages = append(stages, test.Stage)
		}
		return 0, reject(fmt.Sprintf("emergency fix %s is not tested on stage %q", fix, stage),
			"advance_to names a stage on which the fix is tested (%s), or the final one, %s.", orNone(sortedSet(stages)), f.Pipeline.Final().Name)
	}
	return max(last+1, done), nil
}

// judgeFix judges the remaining steps.
func (f Facts) judgeFix(p *FixProposal, w *FixWish) {
	x := &FixState{Fix: p.Fix, Plan: p.Plan}
	from := 0
	if !p.Planned {
		x, from = p.Known, p.Known.Done
	}
	if from < len(p.Plan.Steps) && p.Goes() { // one that waits is judged when it is to continue
		rows, gates := f.breaks(x, from, len(p.Plan.Steps))
		if p.Planned {
			rows = append(rows, f.nowhereTested(x)...)
		}
		p.Verdict.gates = append(p.Verdict.gates, f.heldByOthers(x)...)
		p.Verdict.gates = append(p.Verdict.gates, gates...)
		p.Verdict.gates = append(p.Verdict.gates, f.bypassed(p, rows)...)
	}
	if p.Planned {
		p.Verdict.gates = append(p.Verdict.gates, f.lostBy(x)...)
		p.Plan.Statement = f.fixStatement(&p.Fix, &p.Plan)
		p.Approval = f.approval(p, w)
	} else if p.Goes() && p.Known.InForce == 0 && f.expired(&p.Known.Fix) {
		p.Approval = expiredGate(&p.Known.Fix)
	}
	p.Verdict.gates = append(p.Verdict.gates, f.unexpected(p, w)...)
	if p.Goes() {
		p.Verdict.gates = append(p.Verdict.gates, f.overdueWarning(p.Fix.Name)...)
	}
}
