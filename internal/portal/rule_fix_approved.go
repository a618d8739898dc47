package portal

import "fmt"

var fixApprovedRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:      FixApproved,
		Refuses: "an emergency fix with too few approvals of its statement; who requested it does not count",
		Fixes:   "refused",
	},
	Satisfied: "It is approved.",
	Applies:   never, // judged for the whole fix, by approval
}

// requesters lists everybody who was ever named as a requester of the fix.
func (f Facts) requesters(w *FixWish) []string {
	people := []string{w.Justification.RequestedBy}
	if x := f.Fixes[w.Name]; x != nil {
		people = append(people, x.Requesters...)
	}
	return people
}

// approval judges fix-approved: distinct people, none of them the requester.
func (f Facts) approval(p *FixProposal, w *FixWish) Gate {
	gate := Gate{Rule: FixApproved, Detail: fixApprovedRule.Satisfied}
	need := f.Pipeline.Emergency.RequiredApprovals
	digest := StatementDigest(p.Plan.Statement)
	valid := f.validApprovals(w, digest)
	expired := f.expired(&w.Fix)
	switch {
	case need == 0, len(valid) >= need && !expired:
		gate.Status = Passed
		return gate
	case len(f.Pipeline.Approvers) > 0:
		gate.Detail = fmt.Sprintf("It needs %s. The pipeline lists approvers, so approvals have to be signed, and this version of the provider cannot verify signatures yet.", count(need, "approval"))
		gate.Cure = "Remove approvers from the pipeline to approve by name."
	case expired:
		return expiredGate(&w.Fix)
	case w.Justification.RequestedBy == NotGivenYet:
		gate.Detail = fmt.Sprintf("It needs %s by people other than the requester, and no justification names the requester yet.", count(need, "approval"))
		gate.Cure = "Give the justification first: it is part of the statement that people read and approve."
	default:
		gate.Detail = fmt.Sprintf("It needs %s of its statement, and has %s.", count(need, "approval"), howMany(valid))
		if others := f.unread(w, digest); len(others) > 0 {
			gate.Detail += fmt.Sprintf(" %s approved another statement than this one.", joinAnd(others))
		}
		if among(sortedKeys(w.Approvals), w.Justification.RequestedBy) {
			gate.Detail += fmt.Sprintf(" %s requested the fix, so their approval does not count.", w.Justification.RequestedBy)
		}
		gate.Cure = fmt.Sprintf("Somebody other than %s, who requested it, has to read the statement. Then name them with its digest: approvals = { \"NAME\" = %q }.",
			w.Justification.RequestedBy, digest)
	}
	gate.Status = Refused
	return gate
}

// howMany counts people, and names them.
func howMany(people []string) string {
	if len(people) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d (%s)", len(people), joinAnd(people))
}

// expired reports whether the approvals that the pipeline requires no longer count.
func (f Facts) expired(x *Fix) bool {
	return f.Pipeline.Emergency.RequiredApprovals > 0 && !x.ApprovalsExpireAt.IsZero() && !f.clock().Before(x.ApprovalsExpireAt)
}

func expiredGate(x *Fix) Gate {
	return Gate{
		Rule: FixApproved, Status: Refused,
		Detail: fmt.Sprintf("The approvals have expired at %s.", FormatTime(x.ApprovalsExpireAt)),
		Cure:   "Set approvals_expire_at to a later time and have the new statement approved.",
	}
}

// validApprovals names the approvers that count for the statement of that digest, in
// order.
func (f Facts) validApprovals(w *FixWish, digest string) []string {
	if len(f.Pipeline.Approvers) > 0 {
		return nil
	}
	var names []string
	for _, name := range sortedKeys(w.Approvals) {
		if !among(f.requesters(w), name) && !among(names, name) && f.read(w, w.Approvals[name], digest) {
			names = append(names, name)
		}
	}
	return names
}

// read reports whether an approval by name is for the statement of that digest. Without a digest it
// is for the first statement that a fix ever had: its author cannot have read a later one.
func (f Facts) read(w *FixWish, approval, digest string) bool {
	if approval == "" {
		return f.Fixes[w.Name] == nil
	}
	return approval == digest
}

// unread lists the people whose approval is for another statement.
func (f Facts) unread(w *FixWish, digest string) []string {
	var names []string
	for _, name := range sortedKeys(w.Approvals) {
		if !among(f.requesters(w), name) && !f.read(w, w.Approvals[name], digest) {
			names = append(names, name)
		}
	}
	return names
}
