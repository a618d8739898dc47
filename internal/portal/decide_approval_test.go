package portal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestApprovalsAreForContent judges 2.0.0 for production after a stage that requires an approval,
// and after a fix has been added or withdrawn since.
func TestApprovalsAreForContent(t *testing.T) {
	few := []portal.Rule{portal.Approvals}
	// The fix replaces the component app of 1.0.0; 2.0.0 has the same one.
	fix := func(w *portaltest.World) {
		wish := repairing()
		w.MustRunFix(wish)
	}
	for _, c := range []struct {
		name     string
		approved string // the stage
		story    func(w *portaltest.World)
		want     []portal.Rule
	}{
		{"as it goes on", "staging", func(w *portaltest.World) { w.Approve("2.0.0", "staging", "cid") }, nil},
		{"before a fix was added on the way to production", "staging", func(w *portaltest.World) {
			w.Approve("2.0.0", "staging", "cid")
			fix(w)
			w.Redeploy("staging", "2.0.0", "with the fix")
		}, few},
		{"with the fix in it", "staging", func(w *portaltest.World) {
			fix(w)
			w.Redeploy("staging", "2.0.0", "with the fix")
			w.Approve("2.0.0", "staging", "cid")
		}, nil},
		{"further from production, before a fix was added", "dev", func(w *portaltest.World) {
			w.Approve("2.0.0", "dev", "cid")
			fix(w)
			w.Redeploy("staging", "2.0.0", "with the fix")
		}, nil},
		{"with a fix that was withdrawn since", "staging", func(w *portaltest.World) {
			fix(w)
			w.Redeploy("staging", "2.0.0", "with the fix")
			w.Approve("2.0.0", "staging", "cid")
			w.MustRunFix(repairing(withdrawing))
		}, few},
		{"and taken back", "staging", func(w *portaltest.World) {
			w.Approve("2.0.0", "staging", "cid")
			w.MustDo(portal.RevokeApproval{Release: "2.0.0", Stage: "staging", Approver: "Cid", Reason: "the wrong release"})
		}, few},
		{"taken back, and given again", "staging", func(w *portaltest.World) {
			w.Approve("2.0.0", "staging", "cid")
			w.MustDo(portal.RevokeApproval{Release: "2.0.0", Stage: "staging", Approver: "cid", Reason: "the wrong release"})
			w.Approve("2.0.0", "staging", "cid")
		}, nil},
		{"taken back by somebody else for themselves", "staging", func(w *portaltest.World) {
			w.Approve("2.0.0", "staging", "cid", "dan")
			w.MustDo(portal.RevokeApproval{Release: "2.0.0", Stage: "staging", Approver: "dan", Reason: "I did not look"})
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			changePipeline(w, func(p *portal.Pipeline) { p.Stage(c.approved).RequiredApprovals = 1 })
			register(w, bill("2.0.0", "app 1", "web 2"))
			w.Deploy("dev", "2.0.0")
			if c.approved == "dev" {
				w.Approve("2.0.0", "dev", "first")
			}
			w.Deploy("staging", "2.0.0")
			c.story(w)
			refusal := portal.RefusalError{Verdict: w.Propose(portal.Deploy{Environment: "production", Release: "2.0.0"}).Verdict}
			if diff := cmp.Diff(c.want, refusal.Rules(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("broken rules (-want +got):\n%s\n%v", diff, refusal.Verdict.Broken())
			}
		})
	}
}

// TestAnApprovalThatDoesNotCountIsNamed says why no approval counts although there is one.
func TestAnApprovalThatDoesNotCountIsNamed(t *testing.T) {
	w := repairWorld(t)
	changePipeline(w, func(p *portal.Pipeline) { p.Stage("staging").RequiredApprovals = 1 })
	register(w, bill("2.0.0", "app 1", "web 2"))
	w.Travel("2.0.0", "dev", "staging")
	w.Approve("2.0.0", "staging", "cid")
	w.MustRunFix(repairing())
	gate := gateOf(t, w.Propose(portal.Deploy{Environment: "production", Release: "2.0.0"}).Verdict, portal.Approvals)
	if !strings.Contains(gate.Detail, "cid approved it with other content") {
		t.Errorf("it says %q", gate.Detail)
	}
}

func TestAnApprovalIsOfWhatWasSeen(t *testing.T) {
	w := repairWorld(t)
	register(w, bill("2.0.0", "app 1", "web 2"))
	w.Travel("2.0.0", "dev", "staging")
	seen := w.State.Sites["staging"].Running.Digest
	w.MustRunFix(repairing())
	w.Redeploy("staging", "2.0.0", "with the fix")
	approve := portal.RecordApproval{Release: "2.0.0", Stage: "staging", Approver: "cid", Digest: seen}
	if _, err := w.Do(approve); err == nil || !strings.Contains(err.Error(), "is not what was approved") || !strings.Contains(err.Error(), seen) {
		t.Errorf("approved what nobody has seen: %v", err)
	}
	approve.Digest = w.State.Sites["staging"].Running.Digest
	events := w.MustDo(approve)
	recorded, is := events[0].(portal.ApprovalRecorded)
	if !is || recorded.Digest != approve.Digest || !strings.Contains(recorded.Statement, "content digest: "+approve.Digest) {
		t.Errorf("recorded is %+v", events[0])
	}
	if again := w.MustDo(approve); len(again) > 0 {
		t.Errorf("the same approval is recorded again: %v", again)
	}
	revoke := portal.RevokeApproval{Release: "2.0.0", Stage: "staging", Approver: "cid", Reason: "it was the wrong screen"}
	if events := w.MustDo(revoke); len(events) != 1 {
		t.Errorf("revoking records %v", events)
	}
	if events := w.MustDo(revoke); len(events) != 0 {
		t.Errorf("revoking again records %v", events)
	}
	revoke.Reason = " "
	if _, err := w.Do(revoke); err == nil {
		t.Error("an approval is revoked without a reason")
	}
}

// TestAnAmendedStatementIsReadAgain amends a fix: an approval from before does not count now.
func TestAnAmendedStatementIsReadAgain(t *testing.T) {
	w := repairWorld(t, func(p *portal.Pipeline) { p.Emergency.RequiredTests = []string{"smoke"} })
	wish := repairing(advancing("staging"), func(wish *portal.FixWish) { wish.Bypass = []portal.Rule{portal.StageOrder} })
	w.MustRunFix(wish)
	before := portal.StatementDigest(w.State.Fixes["EF-1"].Plan.Statement)
	wish.Components = bill("", "app 1.g").Components
	earlier := wish
	earlier.Approvals = map[string]string{"ben": before}
	if _, err := w.Do(portal.OpenFix{FixWish: earlier}); err == nil || !strings.Contains(err.Error(), "fix-approved") {
		t.Errorf("the digest of the statement before counts for the amended one: %v", err)
	}
	_, err := w.Do(portal.OpenFix{FixWish: wish})
	if err == nil || !strings.Contains(err.Error(), "fix-approved") || !strings.Contains(err.Error(), "ben approved another statement") {
		t.Fatalf("an amended statement is approved by who never saw it: %v", err)
	}
	proposal, err := w.Facts().PlanFix(wish)
	if err != nil {
		t.Fatal(err)
	}
	digest := portal.StatementDigest(proposal.Plan.Statement)
	if !strings.Contains(proposal.Refusal().Detail(), `approvals = { "NAME" = "`+digest+`" }`) {
		t.Errorf("how to approve it is not said: %s", proposal.Refusal().Detail())
	}
	wish.Approvals = map[string]string{"ben": digest}
	w.MustDo(portal.OpenFix{FixWish: wish})
	if x := w.State.Fixes["EF-1"]; len(x.Approvals) != 1 || x.Components["app"].Version != "1.g" {
		t.Errorf("the fix is %+v", x)
	}
}
