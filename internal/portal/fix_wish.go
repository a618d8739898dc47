package portal

import (
	"fmt"
	"slices"
	"strings"
)

// FixWish is what somebody wants of an emergency fix.
type FixWish struct {
	Fix
	Expect    string            // digest of the statement that was planned; "": not asked
	AdvanceTo string            // the stage to stop at; "": the targets
	Approvals map[string]string // approver -> signature; "" where none is asked for
	Review    *Review
	Withdraw  string // why the fix is taken back; "": it is not
	Steps     string // StepsDigest of the steps that were planned; "": not asked
}

// FixProposal is what a wish comes to.
type FixProposal struct {
	Fix   Fix
	Known *FixState // as it is recorded; nil: it is new
	Plan  FixPlan   // with all its steps, also those that are done
	Stop  int       // how many of the steps are to be done by then
	// Planned is whether the steps are new ones: the fix is opened, amended, or
	// begun to be taken back.
	Planned bool
	// Withdraws is whether the steps take the fix back.
	Withdraws bool
	Restated  bool // the justification or a source has changed
	Reviewed  bool // the review is to be recorded
	Verdict   Verdict
	// Approval is fix-approved, by itself: while planning it is only told.
	Approval Gate
}

// Goes reports whether steps are left to do.
func (p *FixProposal) Goes() bool { return p.Planned || p.done() < p.Stop }

// Left lists the steps that are to be done.
func (p *FixProposal) Left() []Step {
	if !p.Goes() && !p.Withdraws {
		return nil
	}
	return p.Plan.Steps[min(p.done(), len(p.Plan.Steps)):]
}

// Changes reports whether anything is to be recorded or done.
func (p *FixProposal) Changes() bool {
	return p.Goes() || p.Restated || p.Reviewed
}

func (p *FixProposal) done() int {
	if p.Known == nil || p.Planned {
		return 0
	}
	return p.Known.Done
}

// Refusal is what is in the way of carrying it out, approvals included, or nil.
func (p *FixProposal) Refusal() *Refusal {
	v := p.Verdict
	v.Gates = append(slices.Clone(v.Gates), p.Approval)
	if v.Allowed() {
		return nil
	}
	return &Refusal{Verdict: v}
}

// PlanFix tells what a wish for an emergency fix comes to and judges it by every
// rule. A fix that is recorded keeps the plan that was shown and signed, unless
// no target has it yet and its declaration, or what it rests on, has changed. An
// error means that the wish itself cannot be.
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
	proposal.Verdict.Subject = fmt.Sprintf("emergency fix %s may not go ahead", w.Name)
	proposal.Approval = Gate{Rule: FixApproved, Status: Passed, Detail: "It is approved."}
	if w.Withdraw != "" || (proposal.Known != nil && proposal.Known.Withdrawal != nil) {
		return proposal, f.planWithdrawal(proposal, &w)
	}
	if err := f.settle(proposal, &w); err != nil {
		return nil, err
	}
	if proposal.Planned { // what was signed and done stays, whatever the pipeline asks for by now
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

// wrongWith lists what is wrong with the wish by itself.
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
	return append(problems, ValidateText("withdraw", w.Withdraw)...)
}

// requesters lists everybody who was ever named as having requested the fix.
func (f Facts) requesters(w *FixWish) []string {
	people := []string{w.Justification.RequestedBy}
	if x := f.Fixes[w.Name]; x != nil {
		people = append(people, x.Requesters...)
	}
	return people
}

// againstPolicy lists in what a new plan asks for more than the pipeline allows.
func (f Facts) againstPolicy(p *Pipeline, w *FixWish) []Problem {
	var problems []Problem
	for _, rule := range w.Bypass {
		if !f.mayBypass(rule) {
			problems = append(problems, Problem{"bypass", fmt.Sprintf("pipeline %q does not let a fix bypass %s: its emergency.bypassable_rules are %s", f.Name, rule, orNone(textsOf(p.Emergency.BypassableRules)))})
		}
	}
	for _, name := range sortedKeys(w.Approvals) {
		if len(p.Approvers) == 0 && w.Approvals[name] != "" {
			problems = append(problems, Problem{"approvals", fmt.Sprintf("%s: the pipeline lists no approvers with a key to verify a signature by: write \"\"", name)})
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

// settle finds the plan: the recorded one, or a new one.
func (f Facts) settle(p *FixProposal, w *FixWish) error {
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
				"It is %s, with steps left. Put its declaration back and apply again when what is in the way is gone, or take it back with withdraw.", known.Status())
		}
		if changed != "" && (known.InForce > 0 || !known.Active()) {
			return reject(fmt.Sprintf("emergency fix %s is on its targets, and its %s cannot change", w.Name, changed),
				"What was deployed and signed stays as it is. Declare a new fix, on top of this one, under another name.")
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

// restated is what may be said anew of a fix at any time.
func restated(x *Fix) Fix { return Fix{Justification: x.Justification, Components: x.Components} }

// differsFrom names a part in which a fix is declared otherwise than it is
// recorded, of those that were signed; "" where there is none.
func (x *FixState) differsFrom(declared *Fix) string {
	switch {
	case !x.items().Equal(declared.items()):
		return "components"
	case x.Strategy != declared.Strategy:
		return "strategy"
	case !slices.Equal(x.Bypass, declared.Bypass):
		return "bypass"
	case x.InForce == 0 && !x.ApprovalsExpireAt.Equal(declared.ApprovalsExpireAt):
		return "approvals_expire_at"
	}
	return ""
}

// outdated reports whether a fix that no target has yet was planned from
// something that has changed, where the fix has not changed it.
func (f Facts) outdated(x *FixState) bool {
	if x.InForce > 0 || !x.Active() || x.Withdrawal != nil {
		return false
	}
	if f.othersInForce(x) != "" {
		return true
	}
	for _, step := range x.Plan.Steps[x.Done:] {
		if f.staleFor(x, step) != "" {
			return true
		}
	}
	rows, _ := f.breaks(x, x.Done, len(x.Plan.Steps))
	return slices.ContainsFunc(rows, func(row Bypass) bool { return slices.Contains(x.Bypass, row.Rule) && !x.Plan.lists(row) })
}

// unlisted says that a rule is broken by now that the fix names, and that was not
// among those that were shown and signed.
func (x *FixState) unlisted(row Bypass) string {
	return fmt.Sprintf("%s is broken on %s by now, and was not when %s was planned: %s.", row.Rule, row.Environment, x.Name, row.Detail)
}

// othersInForce tells how the other fixes in force are not those that a fix was
// planned with; "": they are.
func (f Facts) othersInForce(x *FixState) string {
	names := slices.DeleteFunc(f.InForceNames(), func(name string) bool { return name == x.Name })
	if slices.Equal(names, x.Plan.InForce) {
		return ""
	}
	return fmt.Sprintf("the emergency fixes in force have changed after the fix was planned: they are %s, and were %s.", orNone(names), orNone(x.Plan.InForce))
}

// staleFor tells in what a step does not find what it was planned from; "":
// everything is as it was.
func (f Facts) staleFor(x *FixState, step Step) string {
	site := f.Sites[step.Environment]
	if site == nil {
		return fmt.Sprintf("environment %q is gone.", step.Environment)
	}
	if site.Attempt.Open() || (site.Attempt != nil && site.Attempt.Step != nil && site.Attempt.Step.Fix == x.Name) {
		return "" // what the fix has done there itself makes nothing stale
	}
	if x.Withdrawal != nil {
		return site.staleFrom(x, step.From)
	}
	var planned *Installation
	if target := x.Plan.Target(step.Environment); target != nil {
		planned = &target.Before
	} else if test := x.Plan.test(step.Environment); test != nil {
		planned = test.Before
	} else {
		return ""
	}
	was, is := "", ""
	if planned != nil {
		was = planned.Receipt
	}
	if now := site.Declared(); now != nil {
		is = now.Receipt
	}
	if was == is {
		return ""
	}
	return fmt.Sprintf("%s was changed after the fix was planned: it runs %s by now.", site.Name, site.describe())
}

// staleFrom tells that something else runs here than what a step was planned
// from; "" where it does not, or does not matter.
func (s *Site) staleFrom(x *FixState, from string) string {
	now := fromNothing
	if s.Running != nil {
		now = s.Running.Receipt
	}
	if from == "" || from == now {
		return ""
	}
	return fmt.Sprintf("%s was changed after taking back %s was planned: it runs %s by now.", s.Name, x.Name, s.describe())
}

// Stop tells how many steps of a recorded fix are to be done until it has come to
// a stage; "" is its targets.
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

// judgeFix judges the steps that are left.
func (f Facts) judgeFix(p *FixProposal, w *FixWish) {
	x := &FixState{Fix: p.Fix, Plan: p.Plan}
	from := 0
	if !p.Planned {
		x, from = p.Known, p.Known.Done
	}
	if from < len(p.Plan.Steps) && p.Goes() { // one that waits is judged when it is to go on
		rows, gates := f.breaks(x, from, len(p.Plan.Steps))
		if p.Planned {
			rows = append(rows, f.nowhereTested(x)...)
		}
		p.Verdict.Gates = append(p.Verdict.Gates, f.heldByOthers(x)...)
		p.Verdict.Gates = append(p.Verdict.Gates, gates...)
		p.Verdict.Gates = append(p.Verdict.Gates, f.bypassed(p, rows)...)
	}
	if p.Planned {
		p.Verdict.Gates = append(p.Verdict.Gates, f.lostBy(x)...)
		p.Plan.Statement = f.fixStatement(&p.Fix, &p.Plan)
		p.Approval = f.approval(p, w)
	} else if p.Goes() && p.Known.InForce == 0 && f.expired(&p.Known.Fix) {
		p.Approval = expiredGate(&p.Known.Fix)
	}
	if digest := StatementDigest(p.Plan.Statement); w.Expect != "" && w.Expect != digest {
		p.Verdict.Gates = append(p.Verdict.Gates, staleGate(fmt.Sprintf(
			"what the fix would do now is not what was expected: its statement has the digest %s, and expect is %s.", digest, w.Expect)))
	}
	if p.Goes() {
		p.Verdict.Gates = append(p.Verdict.Gates, f.overdueWarning(p.Fix.Name)...)
	}
}

// heldByOthers lists the environments that another fix holds.
func (f Facts) heldByOthers(x *FixState) []Gate {
	var gates []Gate
	for _, name := range sortedSet(x.Plan.environments()) {
		holder := f.HoldingFix(name)
		if holder == nil || holder.Name == x.Name {
			continue
		}
		gate := f.gateHeld(f.Sites[name])
		gate.Detail += " A fix never preempts a fix."
		gates = append(gates, gate)
	}
	return gates
}

// nowhereTested lists the stages on which the fix is to be tested and that have
// no environment for it.
func (f Facts) nowhereTested(x *FixState) []Bypass {
	p := planner{f: f, fix: x.Fix, plan: x.Plan}
	var rows []Bypass
	for _, stage := range p.testStages() {
		if !slices.ContainsFunc(x.Plan.Tests, func(t FixTest) bool { return t.Stage == stage.Name }) {
			rows = append(rows, Bypass{FixTested, x.Plan.Targets[0].Environment, fmt.Sprintf("stage %s has no environment to test on", stage.Name)})
		}
	}
	return f.levelled(rows)
}

// bypassed sorts broken rules into those that the fix names and those that
// refuse it. A suite that the fix does not yet have a result of is asked for when
// its test comes, and not before: unless it is bypassed it is no bypass.
func (f Facts) bypassed(p *FixProposal, rows []Bypass) []Gate {
	refused := map[Rule][]string{}
	kept := map[Rule][]string{}
	var shown []Bypass
	for _, row := range rows {
		named := slices.Contains(p.Fix.Bypass, row.Rule)
		line := row.Environment + ": " + row.Detail
		switch {
		case named:
			shown = append(shown, row)
			kept[row.Rule] = append(kept[row.Rule], line)
		case row.Rule != FixTested:
			shown = append(shown, row)
			refused[row.Rule] = append(refused[row.Rule], line)
		case p.testsBeforeStop(row.Environment):
			refused[row.Rule] = append(refused[row.Rule], line)
		}
	}
	if p.Planned {
		p.Plan.Bypassed = shown
	}
	var gates []Gate
	for _, rule := range sortedKeys(refused) {
		gates = append(gates, Gate{Rule: rule, Status: Refused, Detail: strings.Join(refused[rule], "\n"), Cure: f.insteadOfBypass(p, rule)})
	}
	f.howToBypass(p, gates)
	for _, rule := range sortedKeys(kept) {
		gates = append(gates, Gate{Rule: rule, Status: Bypassed, Detail: strings.Join(kept[rule], "\n")})
	}
	return gates
}

// testsBeforeStop reports whether the fix is to be tested on the environment by
// the steps that are asked for.
func (p *FixProposal) testsBeforeStop(environment string) bool {
	for _, step := range p.Plan.Steps[:p.Stop] {
		if step.Action == StepTest && step.Environment == environment {
			return true
		}
	}
	return p.Plan.test(environment) == nil
}

// insteadOfBypass tells what else satisfies a rule, or that it may not be
// bypassed.
func (f Facts) insteadOfBypass(p *FixProposal, rule Rule) string {
	switch {
	case rule == FixTested && len(p.Plan.Tests) > 0:
		return fmt.Sprintf("Record a passing result with portal_test_result (emergency_fix = %q) while it is there; advance_to = %q takes it there first. Then apply without advance_to.", p.Fix.Name, p.Plan.Tests[0].Stage)
	case !f.mayBypass(rule):
		return "The pipeline does not let a fix bypass it (emergency.bypassable_rules)."
	}
	return ""
}

func (f Facts) mayBypass(rule Rule) bool {
	policy := f.Pipeline.Emergency.BypassableRules
	return rule.Bypassable() && (policy == nil || slices.Contains(policy, rule))
}

// howToBypass tells, with the last of the broken rules that may be bypassed, how
// all of them are.
func (f Facts) howToBypass(p *FixProposal, gates []Gate) {
	rules, last := slices.Clone(p.Fix.Bypass), -1
	for i, gate := range gates {
		if f.mayBypass(gate.Rule) {
			rules, last = append(rules, gate.Rule), i
		}
	}
	if last >= 0 {
		gates[last].Cure = strings.TrimSpace(fmt.Sprintf("%s\nIf that is acceptable: bypass = [%s].", gates[last].Cure, quoted(textsOf(sortedSet(rules)))))
	}
}

// lostBy tells which other fixes the targets would lose.
func (f Facts) lostBy(x *FixState) []Gate {
	p := planner{f: f, fix: x.Fix, plan: x.Plan, would: &FixState{Fix: x.Fix, Plan: x.Plan, Replaced: x.Plan.replaced(&x.Fix)}}
	var lines []string
	for _, target := range x.Plan.Targets {
		carried := p.fixed(&target.Before)
		for _, conflict := range append(slices.Clone(carried.Conflicts), f.lostOn(f.Sites[target.Environment], carried.Apart)...) {
			lines = append(lines, fmt.Sprintf("%s: %s.", target.Environment, conflict))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []Gate{{Rule: FixRegression, Status: Refused, Detail: strings.Join(lines, "\n"), Cure: "Take the release that contains it there, or withdraw that fix first."}}
}

// overdueWarning tells, as a warning, of other fixes that are overdue.
func (f Facts) overdueWarning(fix string) []Gate {
	var names []string
	for _, x := range f.InForce() {
		late := (x.owesRelease(f.State) && !f.Now.Before(x.ReconcileBy())) || (x.owesReview(f.State) && !f.Now.Before(x.ReviewBy()))
		if late && x.Name != fix {
			names = append(names, x.Name)
		}
	}
	if len(names) == 0 || f.Pipeline.Level(ReconcileOverdue) == LevelOff {
		return nil
	}
	return []Gate{{Rule: ReconcileOverdue, Status: Warned, Detail: fmt.Sprintf("Overdue: %s.", joinAnd(names)), Cure: "Pay what they owe; see their obligations."}}
}

// approval judges fix-approved: distinct people, none of them the requester.
func (f Facts) approval(p *FixProposal, w *FixWish) Gate {
	gate := Gate{Rule: FixApproved, Detail: "It is approved."}
	need := f.Pipeline.Emergency.RequiredApprovals
	valid := f.validApprovals(w)
	digest := StatementDigest(p.Plan.Statement)
	expired := f.expired(&w.Fix)
	switch {
	case need == 0, len(valid) >= need && !expired:
		gate.Status = Passed
		return gate
	case len(f.Pipeline.Approvers) > 0:
		gate.Detail = fmt.Sprintf("%d of %d approvals. The pipeline lists approvers, and then only signed approvals count; this version of the provider cannot verify signatures yet.", 0, need)
		gate.Cure = "Remove approvers from the pipeline to approve by name."
	case expired:
		return expiredGate(&w.Fix)
	default:
		gate.Detail = fmt.Sprintf("%d of %d approvals (%s); %s, who requested it, does not count.", len(valid), need, orNone(valid), w.Justification.RequestedBy)
		gate.Cure = fmt.Sprintf("Let somebody else read the statement (digest %s) and write them down: approvals = { \"NAME\" = \"\" }.", digest)
	}
	gate.Status = Refused
	return gate
}

// expired reports whether the approvals that the pipeline asks for no longer
// count.
func (f Facts) expired(x *Fix) bool {
	return f.Pipeline.Emergency.RequiredApprovals > 0 && !x.ApprovalsExpireAt.IsZero() && !f.Now.Before(x.ApprovalsExpireAt)
}

func expiredGate(x *Fix) Gate {
	return Gate{
		Rule: FixApproved, Status: Refused,
		Detail: fmt.Sprintf("The approvals have expired at %s.", FormatTime(x.ApprovalsExpireAt)),
		Cure:   "Set approvals_expire_at to a later time and have the new statement approved.",
	}
}

// validApprovals names the approvers that count, in order.
func (f Facts) validApprovals(w *FixWish) []string {
	if len(f.Pipeline.Approvers) > 0 {
		return nil
	}
	var names []string
	for _, name := range sortedKeys(w.Approvals) {
		twice := slices.ContainsFunc(names, func(other string) bool { return strings.EqualFold(other, name) })
		if !among(f.requesters(w), name) && !twice {
			names = append(names, name)
		}
	}
	return names
}
