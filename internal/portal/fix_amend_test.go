package portal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// halts runs a fix that does not start on the environment.
func halts(t testing.TB, w *portaltest.World, wish portal.FixWish, broken string) {
	t.Helper()
	if err := w.RunFix(wish, broken); err == nil {
		t.Fatalf("%s goes on although it does not start on %s", wish.Name, broken)
	}
	if status := w.State.Fixes[wish.Name].Status(); status != portal.StatusHalted {
		t.Fatalf("%s is %s", wish.Name, status)
	}
}

func planned(t *testing.T, w *portaltest.World, wish portal.FixWish, want string) {
	t.Helper()
	p := w.PlanFix(wish)
	if diff := cmp.Diff(stepsOf(want), lines(p.Plan.Steps)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if refusal := p.Refusal(); refusal != nil {
		t.Errorf("it is refused: %v", refusal)
	}
}

func runs(t testing.TB, w *portaltest.World, want map[string]string) {
	t.Helper()
	for name, effective := range want {
		got := ""
		if r := w.State.Sites[name].Running; r != nil {
			got = r.Effective()
		}
		if got != effective || !w.State.Sites[name].Intact() {
			t.Errorf("%s runs %q, intact: %v; want %q", name, got, w.State.Sites[name].Intact(), effective)
		}
	}
}

func rejected(t testing.TB, err error, says string) {
	t.Helper()
	var rejection *portal.RejectionError
	if !errors.As(err, &rejection) || !strings.Contains(err.Error(), says) {
		t.Errorf("it ends with %v, want a rejection that says %q", err, says)
	}
}

// TestAmending changes the components of a fix that did not start where it was tested: it goes on
// from the deployment there, and what waits keeps waiting.
func TestAmending(t *testing.T) {
	better := repairing(bringing("app 1.g"))
	for _, c := range []struct {
		name  string
		story func(w *portaltest.World)
		halts string // where the first declaration fails; "": it stops on staging
		wish  portal.FixWish
		want  string
		end   map[string]string
	}{
		{
			name: "preempting", story: stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"), halts: "staging", wish: better,
			want: strings.ReplaceAll(preempting, "hold staging\n\tsuspend staging 2.0.0", ""),
			end:  map[string]string{"staging": "2.0.0+EF-1", "production": "1.0.0+EF-1"},
		},
		{
			name: "rolled back", story: stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging"), halts: "staging", wish: better,
			want: `
				deploy staging 1.0.0+EF-1
				test staging 1.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				restore staging 2.0.0
				resume staging 2.0.0
				unhold staging`,
			end: map[string]string{"staging": "2.0.0", "production": "1.0.0+EF-1"},
		},
		{
			name: "after a test that did not satisfy", story: func(w *portaltest.World) {}, wish: better,
			want: `
				deploy staging 1.0.0+EF-1
				test staging 1.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				unhold staging`,
			end: map[string]string{"staging": "1.0.0+EF-1", "production": "1.0.0+EF-1"},
		},
		{
			name: "after the target did not take it", story: stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"), halts: "production", wish: better,
			want: `
				deploy staging 2.0.0+EF-1
				test staging 2.0.0+EF-1
				deploy production 1.0.0+EF-1
				unhold production
				resume staging 2.0.0+EF-1
				unhold staging`,
			end: map[string]string{"staging": "2.0.0+EF-1", "production": "1.0.0+EF-1"},
		},
		{
			name: "touching what now differs, it goes back first", story: stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"), halts: "staging",
			wish: repairing(bringing("app 1.g", "web 1.g")),
			want: `
				roll_back staging 1.0.0
				deploy staging 1.0.0+EF-1
				test staging 1.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				restore staging 2.0.0
				resume staging 2.0.0
				unhold staging`,
			end: map[string]string{"staging": "2.0.0", "production": "1.0.0+EF-1"},
		},
		{
			name: "by another strategy", story: stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging"), halts: "staging", wish: repairing(by(portal.StrategyPreempt)),
			want: `
				deploy staging 2.0.0+EF-1
				test staging 2.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				restore staging 2.0.0
				resume staging 2.0.0
				unhold staging`,
			end: map[string]string{"staging": "2.0.0", "production": "1.0.0+EF-1"},
		},
		{
			name: "to a duplicate, what was taken is given back",
			story: func(w *portaltest.World) {
				lane("hot", "staging")(w)
				stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging")(w)
			},
			halts: "staging", wish: repairing(by(portal.StrategyDedicated)),
			want: `
				hold hot
				deploy hot 1.0.0+EF-1
				test hot 1.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				unhold hot
				restore staging 2.0.0
				resume staging 2.0.0
				unhold staging`,
			end: map[string]string{"hot": "1.0.0+EF-1", "staging": "2.0.0", "production": "1.0.0+EF-1"},
		},
		{
			name: "in another declared way only", story: func(w *portaltest.World) {}, halts: "staging",
			wish: repairing(func(w *portal.FixWish) { w.Bypass = []portal.Rule{portal.StageOrder} }),
			want: `
				deploy staging 1.0.0+EF-1
				test staging 1.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				unhold staging`,
			end: map[string]string{"staging": "1.0.0+EF-1", "production": "1.0.0+EF-1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			c.story(w)
			first := repairing()
			if c.name == "to a duplicate, what was taken is given back" {
				first.Strategy = portal.StrategyRollback
			}
			if c.halts == "" {
				w.MustRunFix(repairing(advancing("staging")))
			} else {
				halts(t, w, first, c.halts)
			}
			waits := w.State.Sites["staging"].Suspended
			planned(t, w, c.wish, c.want)
			w.MustDo(portal.OpenFix{FixWish: w.Read(c.wish)})
			if diff := cmp.Diff(waits, w.State.Sites["staging"].Suspended); diff != "" {
				t.Errorf("amending changes what waits:\n%s", diff)
			}
			carriedOut(t, w, c.wish)
			runs(t, w, c.end)
		})
	}
}

// TestAmendingTwiceForgetsNoEnvironment moves the test on, and on again.
func TestAmendingTwiceForgetsNoEnvironment(t *testing.T) {
	for _, then := range []string{"applied", "withdrawn"} {
		t.Run(then, func(t *testing.T) {
			w := repairWorld(t)
			lane("hot", "staging")(w)
			stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging")(w)
			halts(t, w, repairing(by(portal.StrategyRollback)), "staging")
			halts(t, w, repairing(by(portal.StrategyDedicated)), "hot")
			last := repairing(by(portal.StrategyDedicated), bringing("app 1.g"))
			if then == "applied" {
				carriedOut(t, w, last)
				runs(t, w, map[string]string{"hot": "1.0.0+EF-1", "staging": "2.0.0", "production": "1.0.0+EF-1"})
				return
			}
			halts(t, w, last, "hot")
			finish(t, w, repairing(withdrawing))
			nothingWaits(t, w)
			runs(t, w, map[string]string{"hot": "", "staging": "2.0.0", "production": "1.0.0"})
		})
	}
}

func TestAmendingBackToWhereItBegan(t *testing.T) {
	w := repairWorld(t)
	lane("hot", "staging")(w)
	stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging")(w)
	halts(t, w, repairing(by(portal.StrategyRollback)), "staging")
	halts(t, w, repairing(by(portal.StrategyDedicated)), "hot")
	wish := repairing(by(portal.StrategyRollback), bringing("app 1.g"))
	planned(t, w, wish, `
		deploy staging 1.0.0+EF-1
		test staging 1.0.0+EF-1
		hold production
		deploy production 1.0.0+EF-1
		unhold production
		restore staging 2.0.0
		resume staging 2.0.0
		unhold staging
		restore hot
		unhold hot`)
	finish(t, w, wish)
	nothingWaits(t, w)
	runs(t, w, map[string]string{"hot": "", "staging": "2.0.0", "production": "1.0.0+EF-1"})
}

// TestTheTargetMovedOn has a deployment in progress on the target succeed before it sees that it
// should stop: the fix halts, and is amended for what runs there now.
func TestTheTargetMovedOn(t *testing.T) {
	w := repairWorld(t)
	stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
	epoch := w.MustStart("production", "2.0.0")
	err := w.RunFix(repairing())
	var waiting *portal.WaitingError
	if !errors.As(err, &waiting) {
		t.Fatalf("it ends with %v", err)
	}
	w.End("production", epoch, portal.Succeeded)
	x := w.State.Fixes["EF-1"]
	_, err = w.Do(portal.StartStep{Fix: "EF-1", Round: x.Round, Stop: len(x.Plan.Steps)})
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) || refusal.Rules()[0] != portal.StalePlan {
		t.Fatalf("it goes on with %v", err)
	}
	w.MustDo(portal.HaltFix{FixStep: portal.FixStep{Fix: "EF-1", Round: x.Round, Index: x.Done}, Detail: refusal.Summary()})
	planned(t, w, repairing(), `
		deploy staging 2.0.0+EF-1
		test staging 2.0.0+EF-1
		hold production
		deploy production 2.0.0+EF-1
		unhold production
		resume staging 2.0.0+EF-1
		unhold staging`)
	finish(t, w, repairing())
	nothingWaits(t, w)
	runs(t, w, map[string]string{"staging": "2.0.0+EF-1", "production": "2.0.0+EF-1"})
}

func TestOnceItIsInForceNothingOfItChanges(t *testing.T) {
	w := repairWorld(t)
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	halts(t, w, repairing(), "production") // it is on a now
	for name, change := range map[string]func(w *portal.FixWish){
		"components": bringing("app 1.g"),
		"strategy":   by(portal.StrategyRollback),
		"bypass":     func(w *portal.FixWish) { w.Bypass = nil },
	} {
		_, err := w.Facts().PlanFix(repairing(change))
		rejected(t, err, name+" cannot change")
	}
	said := repairing(func(w *portal.FixWish) { w.Justification.SecurityImpact = "none" })
	if p := w.PlanFix(said); !p.Restated || p.Planned {
		t.Errorf("saying more of it: restated: %v, planned anew: %v", p.Restated, p.Planned)
	}
	finish(t, w, said)
	if got := w.State.Fixes["EF-1"].Justification.SecurityImpact; got != "none" {
		t.Errorf("security impact is %q", got)
	}
	_, err := w.Facts().PlanFix(repairing(reaching("staging")))
	rejected(t, err, "is for other environments")
	if p := w.PlanFix(said); p.Changes() {
		t.Error("a fix that is applied has something left to do")
	}
}

func TestAdvanceTo(t *testing.T) {
	w := repairWorld(t, func(p *portal.Pipeline) { p.Emergency.RequiredTests = []string{"smoke"} })
	stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
	wish := repairing(func(w *portal.FixWish) { w.Bypass = []portal.Rule{portal.StageOrder} })
	if p := w.PlanFix(wish); p.Verdict.Allowed() {
		t.Error("nobody has a result of smoke, and it may go on")
	}
	stop := wish
	stop.AdvanceTo = "staging"
	before := w.PlanFix(stop)
	if refusal := before.Refusal(); refusal != nil {
		t.Fatalf("it may not even go to staging: %v", refusal)
	}
	w.MustRunFix(stop)
	x := w.State.Fixes["EF-1"]
	if x.Status() != portal.StatusOpen || x.Done != 3 || x.Plan.Steps[x.Done].Action != portal.StepTest || !x.Holds("staging") || !x.Holds("production") {
		t.Fatalf("it is %s after %d steps", x.Status(), x.Done)
	}
	if p := w.PlanFix(stop); p.Changes() {
		t.Error("it stands where it was to stop, and something is left to do")
	}
	if p := w.PlanFix(wish); p.Verdict.Allowed() {
		t.Error("nobody has recorded a result of smoke, and it may go on")
	}
	w.Pass("staging", "2.0.0", "smoke")
	after := w.PlanFix(wish)
	if diff := cmp.Diff(before.Plan, after.Plan); diff != "" || after.Planned {
		t.Errorf("taking it further changes the plan (-before +after):\n%s", diff)
	}
	if refusal := after.Refusal(); refusal != nil {
		t.Fatalf("it is refused: %v", refusal)
	}
	carriedOut(t, w, wish)
	if p := w.PlanFix(stop); p.Changes() {
		t.Error("it is applied, and something is left to do")
	}
	_, err := w.Facts().PlanFix(repairing(named("EF-2"), bringing("web 1.f"), advancing("dev")))
	rejected(t, err, `is not tested on stage "dev"`)
}

func TestWhatCannotBe(t *testing.T) {
	for _, c := range []struct {
		name  string
		story func(w *portaltest.World)
		wish  portal.FixWish
		says  string
	}{
		{
			name: "targets that differ in what it touches", wish: repairing(), says: "one fix for each group",
			story: func(w *portaltest.World) {
				w.Environment("a", "production")
				stand(bill("2.0.0", "app 2", "web 1"), "dev", "staging", "a")(w)
			},
		},
		{name: "a target that runs nothing", wish: repairing(), says: "nothing runs", story: func(w *portaltest.World) { w.Environment("a", "production") }},
		{name: "a target that is not declared", wish: repairing(reaching("nowhere")), says: "not declared"},
		{name: "no duplicate to be dedicated", wish: repairing(by(portal.StrategyDedicated)), says: "has no dedicated environment"},
		{name: "nothing changes", wish: repairing(bringing("app 1")), says: "changes nothing"},
		{
			name: "nothing but a name changes", says: "changes nothing",
			wish: repairing(func(w *portal.FixWish) {
				part := portaltest.Part("app", "1")
				part.Version = "1.f"
				w.Components = map[string]portal.Component{"app": part}
			}),
		},
		{
			name: "nothing but a name changes of an archive", says: "changes nothing",
			story: func(w *portaltest.World) { w.MustRunFix(archived("1.f")) }, wish: func() portal.FixWish {
				wish := archived("1.g")
				wish.Name = "EF-2"
				return wish
			}(),
		},
		{
			name: "the final stage has no regular environment", wish: repairing(), says: "has no target",
			story: func(w *portaltest.World) { w.Remove("production") },
		},
		{name: "withdrawing what is not there", wish: repairing(withdrawing), says: "no emergency fix"},
		{
			name: "a rule that cannot be bypassed",
			wish: repairing(func(w *portal.FixWish) { w.Bypass = []portal.Rule{portal.FixRegression} }), says: "cannot be bypassed",
		},
		{name: "without a reason", wish: repairing(func(w *portal.FixWish) { w.Justification.Reason = " " }), says: "reason is blank"},
		{name: "by no strategy", wish: repairing(by("fast")), says: "not a strategy"},
		{name: "in place cannot be declared", wish: repairing(by(portal.StrategyInPlace)), says: "not a strategy"},
		{name: "a name that is no build metadata", wish: repairing(named("EF.1")), says: "not the name"},
		{name: "no components", wish: repairing(bringing()), says: "at least one component"},
		{
			name: "a review by who has requested it", says: "somebody else reviews",
			wish: repairing(func(w *portal.FixWish) {
				w.Review = &portal.Review{Reviewer: "Ann", Outcome: "accepted", Notes: "fine"}
			}),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			if c.story != nil {
				c.story(w)
			}
			_, err := w.Facts().PlanFix(c.wish)
			rejected(t, err, c.says)
		})
	}
}

// archived is a fix with the bytes that app 1 has, to be unpacked.
func archived(version string) portal.FixWish {
	return repairing(func(w *portal.FixWish) {
		part := portaltest.Part("app", "1")
		part.Version, part.Kind = version, "archive"
		w.Components = map[string]portal.Component{"app": part}
	})
}

// TestAFixThatUnpacksAFileChangesIt: the same bytes are another thing on a target.
func TestAFixThatUnpacksAFileChangesIt(t *testing.T) {
	w := repairWorld(t)
	w.MustRunFix(archived("1"))
	runs(t, w, map[string]string{"production": "1.0.0+EF-1"})
	if got := w.Disks["production"]["app"].Kind; got != "archive" {
		t.Errorf("production has app as %s", got)
	}
	register(w, bill("2.0.0", "app 1", "web 2"))
	if p := w.Propose(portal.Deploy{Environment: "dev", Release: "2.0.0"}); p.Effective() != "2.0.0+EF-1" {
		t.Errorf("a release with what it replaced becomes %s", p.Effective())
	}
}
