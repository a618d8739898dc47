package portal_test

import (
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func approvals(stage string, n int) func(p *portal.Pipeline) {
	return on(stage, func(s *portal.Stage) { s.RequiredApprovals = n })
}

// list names the approvers of a pipeline that required approvals by name before.
func list(w *portaltest.World, approvers map[string]portal.Approver) {
	next := *w.State.Pipeline
	next.Approvers = approvers
	w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
}

func TestApprovals(t *testing.T) {
	arrive := func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") }
	few := []portal.Rule{portal.Approvals}
	mayRelease := portal.Approver{PublicKey: "ssh-ed25519 AAAA", May: []string{"release"}}
	judgeAll(t, []ruling{
		{name: "none", pipeline: approvals("qa", 1), story: arrive, want: few},
		{
			name: "one of one", pipeline: approvals("qa", 1),
			story: func(w *portaltest.World) { arrive(w); w.Approve("2.0.0", "qa", "ann") },
		},
		{
			name: "before it arrived", pipeline: approvals("qa", 1),
			story: func(w *portaltest.World) { w.Approve("2.0.0", "qa", "ann"); arrive(w) },
		},
		{
			name: "one of two", pipeline: approvals("qa", 2), want: few,
			story: func(w *portaltest.World) { arrive(w); w.Approve("2.0.0", "qa", "ann") },
		},
		{
			name: "one person twice is one", pipeline: approvals("qa", 2), want: few,
			story: func(w *portaltest.World) {
				arrive(w)
				w.Approve("2.0.0", "qa", "ann")
				w.MustDo(portal.RecordApproval{Release: "2.0.0", Stage: "qa", Approver: "ann", Comment: "again"})
			},
		},
		{
			name: "one person in capitals is one", pipeline: approvals("qa", 2), want: few,
			story: func(w *portaltest.World) { arrive(w); w.Approve("2.0.0", "qa", "ann", "Ann") },
		},
		{
			name: "who deploys does not count", pipeline: approvals("qa", 1), want: few,
			story: func(w *portaltest.World) { arrive(w); w.Approve("2.0.0", "qa", "ann"); w.As("ann") },
		},
		{
			name: "nor in capitals", pipeline: approvals("qa", 1), want: few,
			story: func(w *portaltest.World) { arrive(w); w.Approve("2.0.0", "qa", "ann"); w.As("ANN") },
		},
		{
			name: "for another release", pipeline: approvals("qa", 1), want: few,
			story: func(w *portaltest.World) { arrive(w); w.Approve("1.0.0", "qa", "ann") },
		},
		{
			name: "for another stage", pipeline: approvals("qa", 1), want: few,
			story: func(w *portaltest.World) { arrive(w); w.Approve("2.0.0", "dev", "ann") },
		},
		{
			name: "each stage before asks for its own", pipeline: approvals("dev", 1), to: "qa", want: few,
			story: func(w *portaltest.World) { w.Deploy("dev", "2.0.0"); w.Approve("2.0.0", "qa", "ann") },
		},
		{
			name: "to leave the final stage matters to nobody", pipeline: approvals("production", 3), story: arrive,
		},
		{
			name: "once approvers are listed, others do not count", pipeline: approvals("qa", 1), want: few,
			story: func(w *portaltest.World) {
				arrive(w)
				w.Approve("2.0.0", "qa", "ann")
				list(w, map[string]portal.Approver{"bob": mayRelease})
			},
		},
		{
			name: "nor does a listed one's approval without a signature", pipeline: approvals("qa", 1), want: few,
			story: func(w *portaltest.World) {
				arrive(w)
				w.Approve("2.0.0", "qa", "ann")
				list(w, map[string]portal.Approver{"ann": mayRelease})
			},
		},
	})
}

func TestAListedApproverMayOnlyDoWhatTheyMay(t *testing.T) {
	for _, c := range []struct {
		name string
		may  string
		want bool
	}{{"release", "release", true}, {"emergency only", "emergency", false}} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, approvals("qa", 1))
			w.Register("2.0.0")
			w.Travel("2.0.0", "dev", "qa")
			list(w, map[string]portal.Approver{"ann": {PublicKey: "ssh-ed25519 AAAA", May: []string{c.may}}})
			w.State.Apply(portal.ApprovalRecorded{Release: "2.0.0", Stage: "qa", Approver: "ann", Signature: "signed"},
				portal.Meta{Number: w.State.Head + 1, At: w.Now, By: w.By})
			if got := w.Judge("production", "2.0.0").Allowed(); got != c.want {
				t.Errorf("allowed: %v, want %v", got, c.want)
			}
		})
	}
}
