package portal_test

import (
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestEnvironmentHeld(t *testing.T) {
	held := []portal.Rule{portal.EnvironmentHeld}
	judgeAll(t, []ruling{
		{
			name: "another deployment is in flight", to: "dev", want: held,
			story: func(w *portaltest.World) { w.MustStart("dev", "1.0.0") },
		},
		{
			name: "the same deployment is in flight", to: "dev", want: held,
			story: func(w *portaltest.World) { w.MustStart("dev", "2.0.0") },
		},
		{
			name: "a lease that is about to end", to: "dev", want: held,
			story: func(w *portaltest.World) { w.MustStart("dev", "1.0.0"); w.Wait(portaltest.LeaseTime - 1) },
		},
		{
			name: "a lease that is over", to: "dev",
			story: func(w *portaltest.World) { w.MustStart("dev", "1.0.0"); w.Wait(portaltest.LeaseTime) },
		},
		{
			name: "taken over", to: "dev", want: held,
			story: func(w *portaltest.World) {
				w.MustStart("dev", "1.0.0")
				w.Wait(time.Minute)
				w.MustDo(portal.TakeOver{Environment: "dev"})
			},
		},
		{
			name: "ended", to: "dev",
			story: func(w *portaltest.World) { w.End("dev", w.MustStart("dev", "1.0.0"), portal.Unknown) },
		},
		{
			name: "a lease of an earlier attempt holds nothing", to: "dev",
			story: func(w *portaltest.World) {
				epoch := w.MustStart("dev", "1.0.0")
				w.Leases["dev"] = portal.Lease{Epoch: epoch - 1, Expires: at(time.Hour)}
			},
		},
		{
			name: "a rollback is held too", to: "dev", want: held,
			story: func(w *portaltest.World) {
				w.Deploy("dev", "2.0.0")
				w.Deploy("dev", "3.0.0")
				w.MustStart("dev", "1.0.0")
			},
		},
	})
}

func TestEmergencyLane(t *testing.T) {
	judgeAll(t, []ruling{{
		name: "is not for regular deployments", to: "dev-lane", want: []portal.Rule{portal.EmergencyLane},
		story: func(w *portaltest.World) {
			lane := portaltest.RegularEnvironment("dev-lane", "dev")
			lane.Lane = portal.LaneEmergency
			w.MustDo(portal.DeclareEnvironment{Environment: lane})
		},
	}})
}

func TestRolledBack(t *testing.T) {
	back := func(w *portaltest.World) {
		w.Travel("1.0.0", "dev")
		w.Travel("2.0.0", "dev")
		w.Deploy("dev", "1.0.0")
	}
	refused := []portal.Rule{portal.RolledBack}
	judgeAll(t, []ruling{
		{name: "it is not brought back by itself", to: "dev", story: back, want: refused},
		{name: "a changed redeploy brings it back", to: "dev", redeploy: "yes", story: back},
		{name: "another environment is not concerned", to: "dev-2", story: func(w *portaltest.World) { back(w); w.Environment("dev-2", "dev") }},
		{
			name: "a newer release does not lift it", to: "dev", redeploy: "",
			story: func(w *portaltest.World) { back(w); w.Deploy("dev", "3.0.0") },
			// 3.0.0 runs now and 2.0.0 ran here: returning to it is a rollback.
		},
		{
			name: "once back, it is as if nothing had been", to: "dev", redeploy: "",
			story: func(w *portaltest.World) {
				back(w)
				w.Redeploy("dev", "2.0.0", "yes")
				w.Redeploy("dev", "3.0.0", "yes")
			},
		},
		{
			name: "the redeploy of the rollback counts", to: "dev", redeploy: "r2", want: refused,
			story: func(w *portaltest.World) {
				w.Redeploy("dev", "1.0.0", "r1")
				w.Redeploy("dev", "2.0.0", "r1")
				w.Redeploy("dev", "1.0.0", "r2")
			},
		},
		{
			name: "an environment declared again has forgotten", to: "dev",
			story: func(w *portaltest.World) {
				back(w)
				w.Remove("dev")
				w.Environment("dev", "dev")
			},
		},
	})
}

func TestStalePlan(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0")
	empty := &portal.Planned{}
	refused := func(planned *portal.Planned) bool {
		t.Helper()
		verdict := w.Propose(portal.Deploy{Environment: "dev", Release: "2.0.0", Planned: planned}).Verdict
		return gateOf(t, verdict, portal.StalePlan).Status == portal.Refused
	}
	if refused(empty) {
		t.Error("nothing was there and nothing is, and yet the plan is stale")
	}
	w.Deploy("dev", "1.0.0")
	if !refused(empty) {
		t.Error("something is there that was not planned from, and the plan is not stale")
	}
	planned := &portal.Planned{Receipt: w.State.Sites["dev"].Running.Receipt}
	if refused(planned) {
		t.Error("what was planned from is there, and yet the plan is stale")
	}
	w.Redeploy("dev", "1.0.0", "again")
	if !refused(planned) {
		t.Error("the same release was deployed again since then, and the plan is not stale")
	}
	for _, gate := range w.Judge("dev", "2.0.0").Gates() {
		if gate.Rule == portal.StalePlan {
			t.Error("stale-plan is judged although nothing was planned")
		}
	}
}
