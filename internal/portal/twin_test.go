package portal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestWhatProductionRunsASecondProductionMayGet has 1.0.0 on dev, staging and production, 1.1.0 on
// staging since, and production-2 empty. Staging requires everything that a stage can require.
func TestWhatProductionRunsASecondProductionMayGet(t *testing.T) {
	demanding := func(p *portal.Pipeline) {
		staging := p.Stage("staging")
		staging.RequiredTests, staging.SoakTime = []string{"acceptance"}, time.Hour
		p.Emergency.TestStages = []string{"staging"}
	}
	untested := naming(portal.StageOrder, portal.TestsPassed, portal.SoakTime)
	fixed := func(w *portaltest.World) { w.MustRunFix(repairing(untested, reaching("production"))) }
	way := []portal.Rule{portal.StageOrder, portal.TestsPassed, portal.SoakTime}
	for _, c := range []struct {
		name    string
		story   func(w *portaltest.World)
		release string // "": 1.0.0
		want    []portal.Rule
		effect  string
	}{
		{name: "the release that production runs", story: func(*portaltest.World) {}, effect: "1.0.0"},
		{name: "with a fix that was tested on other content", story: fixed, effect: "1.0.0+EF-1"},
		{name: "with two fixes", effect: "1.0.0+EF-1.EF-2", story: func(w *portaltest.World) {
			fixed(w)
			w.Wait(time.Second)
			w.MustRunFix(repairing(named("EF-2"), untested, bringing("web 1.f"), reaching("production")))
		}},
		{
			name: "not the release on staging, which production does not run", story: func(*portaltest.World) {}, release: "1.1.0",
			want: []portal.Rule{portal.TestsPassed, portal.SoakTime}, effect: "1.1.0",
		},
		{name: "not while the fix has steps left", effect: "1.0.0+EF-1", want: way, story: func(w *portaltest.World) {
			wish := repairing(untested, reaching("production"))
			w.MustDo(portal.OpenFix{FixWish: w.Read(wish)})
			steps := w.State.Fixes["EF-1"].Plan.Steps
			if err := w.RunSteps("EF-1", len(steps)-2); err != nil { // production has it, staging waits
				t.Fatal(err)
			}
		}},
		{name: "not where a result of it fails there", effect: "1.0.0+EF-1", want: way, story: func(w *portaltest.World) {
			fixed(w)
			w.Fail("production", "1.0.0", "smoke")
		}},
		{name: "not where a required result fails on staging", effect: "1.0.0", want: []portal.Rule{portal.TestsPassed}, story: func(w *portaltest.World) {
			w.Redeploy("staging", "1.0.0", "again")
			w.Fail("staging", "1.0.0", "acceptance")
		}},
		{name: "not where its newest deployment to staging failed", effect: "1.0.0", want: []portal.Rule{portal.StageOrder}, story: func(w *portaltest.World) {
			w.Redeploy("staging", "1.0.0", "once more")
			w.End("staging", w.MustStart("staging", "1.0.0"), portal.Failed)
		}},
		{name: "not where what production runs is not certain", effect: "1.0.0+EF-1", want: way, story: func(w *portaltest.World) {
			fixed(w)
			w.End("production", w.MustStart("production", "1.0.0"), portal.Unknown)
		}},
		{name: "not into a freeze", effect: "1.0.0+EF-1", want: []portal.Rule{portal.FreezeInForce}, story: func(w *portaltest.World) {
			fixed(w)
			w.Freeze("night", w.Now.Add(-time.Minute), w.Now.Add(time.Hour))
		}},
		{name: "a differential release, without its base", effect: "1.2.0+EF-1", release: "1.2.0", story: func(w *portaltest.World) {
			delta := bill("1.2.0", "web 3")
			delta.Type, delta.Base = portal.Differential, "1.0.0"
			register(w, delta)
			w.Travel("1.0.0", "dev", "staging") // back, for what it is built against
			w.Travel("1.2.0", "dev", "staging")
			w.Pass("staging", "1.2.0", "acceptance")
			w.Wait(time.Hour)
			w.Deploy("production", "1.2.0")
			fixed(w)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t, demanding)
			register(w, bill("1.1.0", "app 1", "web 2"))
			w.Environment("production-2", "production")
			w.Deploy("dev", "1.1.0")
			w.Deploy("staging", "1.1.0")
			c.story(w)
			deploy := portal.Deploy{Environment: "production-2", Release: c.release}
			if c.release == "" {
				deploy.Release = "1.0.0"
			}
			p := w.Propose(deploy)
			refusal := portal.RefusalError{Verdict: p.Verdict}
			if diff := cmp.Diff(c.want, refusal.Rules(), cmpopts.EquateEmpty()); diff != "" || p.Effective() != c.effect {
				t.Errorf("%s is refused by (-want +got):\n%s\n%v", p.Effective(), diff, p.Verdict.Gates())
			}
		})
	}
	t.Run("one that runs it without the fix may take the fix along", func(t *testing.T) {
		w := repairWorld(t, demanding)
		w.Environment("production-2", "production")
		w.Deploy("production-2", "1.0.0")
		register(w, bill("1.1.0", "app 1", "web 2"))
		w.Deploy("dev", "1.1.0")
		w.Deploy("staging", "1.1.0")
		fixed(w)
		p := w.Propose(portal.Deploy{Environment: "production-2", Release: "1.0.0", Redeploy: "take EF-1 along"})
		if p.Mode != portal.ModeRedeploy || p.Effective() != "1.0.0+EF-1" || !p.Verdict.Allowed() {
			t.Errorf("%s of %s is refused by %v", p.Mode, p.Effective(), p.Verdict.Broken())
		}
	})
	t.Run("no other stage is entered so", func(t *testing.T) {
		w := repairWorld(t, demanding)
		w.Environment("staging-2", "staging")
		w.Environment("dev-2", "dev")
		w.Empty("dev")
		w.MustDo(portal.RemoveEnvironment{Name: "dev"})
		if rules := w.Broken("staging-2", "1.0.0"); !cmp.Equal(rules, []portal.Rule{portal.StageOrder}) {
			t.Errorf("staging runs it, and staging-2 is refused by %v", rules)
		}
	})
}
