package portal

import (
	"fmt"
	"slices"
	"strings"
)

var approvalsRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          Approvals,
		Refuses:     "a release with too few approvals to leave a stage before; who deploys does not count",
		Deployments: "refused", Fixes: "refused", Bypassable: true, Tunable: true,
	},
	Satisfied: "Every stage before has the approvals it requires.",
	Lead:      "It is not approved",
	Applies:   (*question).arrives,
	AtStage:   func(r *stageReport, _ *history) bool { return r.lacksApprovals() },
	Judge:     judgeApprovals,
	Cure: func(q *question, _ []Finding) string {
		if q.f.By.Name == "" {
			return "Record them with portal_approval."
		}
		return fmt.Sprintf("Record them with portal_approval; %s, who deploys, does not count.", q.f.By.Name)
	},
}

func (r *stageReport) lacksApprovals() bool {
	return len(r.approvers.count) < r.stage.RequiredApprovals
}

// judgeApprovals counts the approvals of each stage. The detail of a fix omits how many there are:
// it must read the same when the rule is judged again.
func judgeApprovals(q *question) []Finding {
	var found []Finding
	reports := q.reports()
	for i := range reports {
		r := &reports[i]
		if !r.lacksApprovals() {
			continue
		}
		need := r.stage.RequiredApprovals
		found = append(found, Finding{
			About:  []string{fmt.Sprintf("%d on %s", need, r.stage.Name)},
			Detail: fmt.Sprintf("%s required to leave %s", count(need, "approval"), r.stage.Name),
			Now:    r.approvers.text(),
		})
	}
	return found
}

// approvers are the people who have approved that a release leaves a stage.
type approvers struct {
	count []string // those who count, in order
	// The others, by reason.
	deployer  string   // is the person who deploys
	elsewhere []string // approved other content
	unlisted  []string // are not among the pipeline's approvers, or may not approve releases
	unsigned  []string // did not sign, as an approver of the pipeline must
}

// text says how many count, and why the others do not.
func (a *approvers) text() string {
	parts := []string{"nobody approved it"}
	if len(a.count) > 0 {
		parts[0] = fmt.Sprintf("%d so far: %s", len(a.count), joinAnd(a.count))
	}
	if a.deployer != "" {
		parts = append(parts, a.deployer+" deploys it and does not count")
	}
	if len(a.elsewhere) > 0 {
		parts = append(parts, joinAnd(a.elsewhere)+" approved it with other content, before emergency fixes were added or withdrawn")
	}
	if len(a.unlisted) > 0 {
		parts = append(parts, joinAnd(a.unlisted)+" may not approve releases of this pipeline")
	}
	if len(a.unsigned) > 0 {
		parts = append(parts, "the approval of "+joinAnd(a.unsigned)+" has no signature")
	}
	if len(a.count) == 0 && len(parts) > 1 {
		parts = parts[1:]
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

// approversOf lists who has approved that the release leaves the stage: distinct people, never the
// person who deploys, for content that counts. If the pipeline lists approvers, only theirs count,
// and only with a signature.
func (h *history) approversOf(stage *Stage, at int) approvers {
	own, _ := h.f.ContentOf(h.release) // unknown content was never approved without a digest
	listed := h.f.Pipeline.Approvers
	var a approvers
	for _, approval := range h.f.Approvals(h.release) {
		if approval.Stage != stage.Name || !approval.Revoked.IsZero() {
			continue
		}
		who, run := approval.Approver, approval.run(own)
		person, there := listed[who]
		switch {
		case strings.EqualFold(who, h.f.By.Name):
			a.deployer = who
		case len(listed) > 0 && (!there || !slices.Contains(person.May, "release")):
			a.unlisted = append(a.unlisted, who)
		case len(listed) > 0 && approval.Signature == "":
			a.unsigned = append(a.unsigned, who)
		case !h.takes(at, &run):
			a.elsewhere = append(a.elsewhere, who)
		case !among(a.count, who):
			a.count = append(a.count, who)
		}
	}
	slices.Sort(a.count)
	counts := func(name string) bool { return among(a.count, name) }
	a.elsewhere = slices.DeleteFunc(sortedSet(a.elsewhere), counts)
	a.unlisted, a.unsigned = sortedSet(a.unlisted), slices.DeleteFunc(sortedSet(a.unsigned), counts)
	return a
}
