package portal

import (
	"fmt"
	"slices"
	"strings"
)

// requesters lists everybody who was ever named as having requested the fix.
func (f Facts) requesters(w *FixWish) []string {
	people := []string{w.Justification.RequestedBy}
	if x := f.Fixes[w.Name]; x != nil {
		people = append(people, x.Requesters...)
	}
	return people
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
