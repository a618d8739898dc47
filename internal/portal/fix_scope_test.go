package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func confined(w *portal.FixWish) { w.Scope = portal.ScopeEnvironments }

// regional is the fix EF-1 for the environment production alone, changed.
func regional(change ...func(w *portal.FixWish)) portal.FixWish {
	return repairing(append([]func(w *portal.FixWish){reaching("production"), confined}, change...)...)
}

// regions is a world with a second environment on the final stage, us, which runs what production
// runs.
func regions(t portaltest.TB, changes ...func(p *portal.Pipeline)) *portaltest.World {
	w := repairWorld(t, changes...)
	w.Environment("us", "production")
	w.Deploy("us", "1.0.0")
	return w
}

// accepted judges a release on environments: what it becomes there, or "refused" by fix-regression
// alone, so that nothing else is wrong with it.
func accepted(t *testing.T, w *portaltest.World, release string, want map[string]string) {
	t.Helper()
	for environment, effective := range want {
		p := w.Propose(portal.Deploy{Environment: environment, Release: release})
		rules := (&portal.RefusalError{Verdict: p.Verdict}).Rules()
		switch {
		case effective == "refused":
			ruledBy(t, release+" on "+environment, rules, portal.FixRegression)
		case len(rules) > 0:
			t.Errorf("%s is refused on %s by %v", release, environment, rules)
		case p.Effective() != effective:
			t.Errorf("%s becomes %s on %s, want %s", release, p.Effective(), environment, effective)
		}
	}
}

// TestAConfinedFixLeavesWhereItWasTested carries out a fix for one environment: elsewhere nothing
// has changed, and the plan has shown how.
func TestAConfinedFixLeavesWhereItWasTested(t *testing.T) {
	comingBack := func(text string) string {
		return strings.Replace(text, "\n\tunhold staging", "\n\trestore staging 1.0.0\n\tunhold staging", 1)
	}
	for _, c := range []struct {
		name  string
		story func(w *portaltest.World)
		force portal.Strategy
		want  portal.Strategy
		steps string
	}{
		{name: "staging is what production is", want: portal.StrategyInPlace, steps: comingBack(inPlace)},
		{
			name: "staging is empty", want: portal.StrategyInPlace, story: func(w *portaltest.World) { w.Empty("staging") },
			steps: strings.Replace(comingBack(inPlace), "restore staging 1.0.0", "restore staging", 1),
		},
		{
			name: "a release under test waits", want: portal.StrategyPreempt, story: stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"),
			steps: strings.Replace(preempting, "resume staging 2.0.0+EF-1", "restore staging 2.0.0\n\tresume staging 2.0.0", 1),
		},
		{
			name: "a release under test has its bytes already", want: portal.StrategyPreempt, story: stand(bill("2.0.0", "app 1.f", "web 2"), "dev", "staging"),
			force: portal.StrategyPreempt, steps: strings.Replace(preempting, "resume staging 2.0.0+EF-1", "restore staging 2.0.0\n\tresume staging 2.0.0", 1),
		},
		{
			name: "a release under test goes back", want: portal.StrategyRollback, story: stand(over("2.0.0", "web 2"), "dev", "staging"),
			steps: rollingBackAlone,
		},
		{
			name: "what is on staging is not known", want: portal.StrategyRollback,
			story: func(w *portaltest.World) { w.End("staging", w.MustStart("staging", "1.0.0"), portal.Unknown) },
			steps: strings.Replace(comingBack(inPlace), "deploy staging", "roll_back staging 1.0.0\n\tdeploy staging", 1),
		},
		{
			name: "a duplicate keeps it", want: portal.StrategyDedicated, story: lane("hot", "staging"),
			steps: strings.ReplaceAll(inPlace, "staging", "hot"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := regions(t)
			if c.story != nil {
				c.story(w)
			}
			before := whatRuns(w)
			wish := regional()
			if c.force != "" {
				wish.Strategy = c.force
			}
			p := w.PlanFix(wish)
			if p.Plan.Strategy != c.want {
				t.Errorf("it is tested by %s, want %s", p.Plan.Strategy, c.want)
			}
			planned(t, w, wish, c.steps)
			finish(t, w, wish)
			nothingWaits(t, w)
			runs(t, w, map[string]string{"production": "1.0.0+EF-1", "us": "1.0.0"})
			after := whatRuns(w)
			delete(after, "hot")
			delete(before, "hot")
			before["production"] = after["production"]
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("contents (-before +after):\n%s", diff)
			}
		})
	}
}

// TestWhereAConfinedFixIsAskedFor takes releases through a pipeline one region of
// which has a fix of its own.
func TestWhereAConfinedFixIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		name    string
		release portal.Release
		want    string // what it becomes on production; elsewhere it stays as it is
	}{
		{"a release that has what the fix replaced", bill("2.0.0", "app 1", "web 2"), "refused"},
		{"a release that has something else", bill("2.0.0", "app 2", "web 2"), "refused"},
		{"a release without the component", bill("2.0.0", "web 2"), "refused"},
		{"a release that has what the fix put", bill("2.0.0", "app 1.f", "web 2"), "2.0.0"},
		{"a release that says that it contains it", incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1"), "2.0.0"},
		{"a differential release on the fixed one", over("2.0.0", "web 2"), "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := regions(t)
			w.MustRunFix(regional())
			register(w, c.release)
			w.Travel("2.0.0", "dev", "staging")
			accepted(t, w, "2.0.0", map[string]string{"us": "2.0.0", "production": c.want})
			if c.want != "refused" {
				return
			}
			gate := gateOf(t, w.Judge("production", "2.0.0"), portal.FixRegression)
			for _, want := range []string{"EF-1 put app 1.f", "for its own environments alone (scope)"} {
				if !strings.Contains(gate.Detail, want) {
					t.Errorf("it does not say %q: %s", want, gate.Detail)
				}
			}
			if !strings.Contains(gate.Cure, `incorporates = ["EF-1"]`) {
				t.Errorf("its cure is %s", gate.Cure)
			}
		})
	}
}

func TestARollbackCarriesAConfinedFix(t *testing.T) {
	w := regions(t)
	register(w, bill("0.8.0", "app 0", "web 1"), bill("1.1.0", "app 1", "web 2"))
	w.Travel("0.8.0", "dev", "staging", "production")
	w.Travel("1.1.0", "dev", "staging", "production", "us")
	w.MustRunFix(regional())
	runs(t, w, map[string]string{"production": "1.1.0+EF-1", "us": "1.1.0"})
	accepted(t, w, "1.0.0", map[string]string{"production": "1.0.0+EF-1", "us": "1.0.0"})
	accepted(t, w, "0.8.0", map[string]string{"production": "refused"})
	if warned := gateOf(t, w.Judge("production", "1.0.0"), portal.RepresentativeTest); warned.Status != portal.Warned {
		t.Errorf("nobody tells that this never ran: %v", warned)
	}
	w.Travel("1.0.0", "production", "us")
	runs(t, w, map[string]string{"production": "1.0.0+EF-1", "us": "1.0.0"})
	w.Redeploy("production", "1.0.0", "again")
	w.Redeploy("staging", "1.1.0", "again")
	runs(t, w, map[string]string{"production": "1.0.0+EF-1", "staging": "1.1.0"})
	if _, gone := w.State.Sites["production"].Content()["app"]; !gone || w.State.Sites["production"].Content()["app"].Version != "1.f" {
		t.Error("what runs lacks the fix")
	}
}

func TestReconcilingAConfinedFix(t *testing.T) {
	w := regions(t)
	w.Environment("ap", "production")
	w.Deploy("ap", "1.0.0")
	w.MustRunFix(regional(reaching("production", "ap")))
	x := func() *portal.FixState { return w.State.Fixes["EF-1"] }
	owed := func() []string {
		var texts []string
		for _, o := range w.State.Obligations(x()) {
			if !o.Met {
				texts = append(texts, o.What)
			}
		}
		return texts
	}
	if diff := cmp.Diff([]string{"a release that contains EF-1 on production and ap", "the review of EF-1"}, owed()); diff != "" {
		t.Errorf("owed (-want +got):\n%s", diff)
	}
	register(w, incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1"))
	w.Travel("2.0.0", "dev", "staging", "us", "production")
	if x().Status() != portal.StatusApplied {
		t.Errorf("one of its two environments has a release with it, and it is %s", x().Status())
	}
	w.Deploy("ap", "2.0.0")
	if x().Status() != portal.StatusReconciled || x().ReconciledBy != "2.0.0" {
		t.Errorf("both have, and it is %s by %q", x().Status(), x().ReconciledBy)
	}
	register(w, bill("2.1.0", "app 3"), bill("2.2.0", "app 1", "web 3"))
	w.Travel("2.1.0", "dev", "staging")
	accepted(t, w, "2.1.0", map[string]string{"production": "2.1.0", "us": "2.1.0"}) // later, and so assumed to contain it
	w.Travel("2.2.0", "dev", "staging")
	accepted(t, w, "2.2.0", map[string]string{"production": "refused", "us": "2.2.0"}) // an old branch
	accepted(t, w, "1.0.0", map[string]string{"production": "1.0.0+EF-1", "us": "1.0.0"})
}

func TestAnEnvironmentThatWasRemovedOwesNothingToAConfinedFix(t *testing.T) {
	w := regions(t)
	w.MustRunFix(regional(reaching("production", "us")))
	register(w, bill("2.0.0", "app 1.f", "web 2"))
	w.Travel("2.0.0", "dev", "staging", "us")
	w.Remove("production")
	if status := w.State.Fixes["EF-1"].Status(); status != portal.StatusReconciled {
		t.Errorf("it is %s", status)
	}
}

// TestAnOverdueConfinedFixKeepsNobodyElseOff enters the other region while a fix of this one is
// overdue.
func TestAnOverdueConfinedFixKeepsNobodyElseOff(t *testing.T) {
	w := regions(t)
	w.MustRunFix(regional())
	w.Wait(1000 * time.Hour)
	register(w, incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1"), bill("2.1.0", "app 1", "web 2"))
	w.Travel("2.1.0", "dev", "staging")
	accepted(t, w, "2.1.0", map[string]string{"us": "2.1.0"})
	ruledBy(t, "2.1.0 on production", w.Broken("production", "2.1.0"), portal.ReconcileOverdue, portal.FixRegression)
	w.Travel("2.0.0", "dev", "staging")
	accepted(t, w, "2.0.0", map[string]string{"production": "2.0.0"})
	if len(w.State.Debts()) != 1 {
		t.Error("it owes nothing")
	}
}

// TestAFixForThePipelineOverAConfinedOne opens a fix for the whole pipeline while
// one region has a fix of its own.
func TestAFixForThePipelineOverAConfinedOne(t *testing.T) {
	wide := func(change ...func(w *portal.FixWish)) portal.FixWish {
		return repairing(append([]func(w *portal.FixWish){named("EF-2"), bringing("app 1.g"), reaching("us")}, change...)...)
	}
	contained := func(w *portaltest.World) {
		register(w, incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1"))
		w.Travel("2.0.0", "dev", "staging", "production", "us")
	}
	for _, c := range []struct {
		name    string
		story   func(w *portaltest.World)
		wish    portal.FixWish
		refused bool
	}{
		{"on the same component", func(w *portaltest.World) {}, wide(), true},
		{"and another one", func(w *portaltest.World) {}, wide(bringing("app 1.g", "web 1.g")), true},
		{"on another component", func(w *portaltest.World) {}, wide(bringing("web 1.g")), false},
		{"for its environments alone", func(w *portaltest.World) {}, wide(confined), false},
		{"after the region has a release that contains it", contained, wide(), false},
		{"after the region went back to one that does not", all(contained, func(w *portaltest.World) { w.Deploy("production", "1.0.0") }), wide(), true},
		{"after it was withdrawn", func(w *portaltest.World) { w.MustRunFix(regional(withdrawing)) }, wide(), false},
		{"after the region is gone", func(w *portaltest.World) { w.Remove("production") }, wide(), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := regions(t)
			w.MustRunFix(regional())
			c.story(w)
			_, err := w.Facts().PlanFix(c.wish)
			if !c.refused {
				if err != nil {
					t.Fatal(err)
				}
				carriedOut(t, w, c.wish)
				return
			}
			rejected(t, err, "emergency fix EF-2 is for the whole pipeline, and EF-1 is for production alone")
			for _, want := range []string{"Both change app", `scope = "environments" on EF-2`, "withdraw EF-1"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q: %v", want, err)
				}
			}
		})
	}
	t.Run("while it is only tested", func(t *testing.T) {
		w := regions(t)
		w.Environment("staging-us", "staging")
		w.MustRunFix(regional(testedOn("staging"), advancing("staging")))
		_, err := w.Facts().PlanFix(wide(testedOn("staging-us")))
		rejected(t, err, "and EF-1 is for production alone")
	})
	t.Run("which came while the one for the pipeline was tested", func(t *testing.T) {
		w := regions(t)
		w.Environment("staging-us", "staging")
		w.MustRunFix(wide(testedOn("staging-us"), advancing("staging")))
		w.MustRunFix(regional(testedOn("staging")))
		x := w.State.Fixes["EF-2"]
		if err := w.RunSteps("EF-2", len(x.Plan.Steps)); err == nil || !strings.Contains(err.Error(), "Emergency fix EF-1 was opened for production alone") {
			t.Errorf("it ends with %v", err)
		}
		rejected(t, w.RunFix(wide(testedOn("staging-us"))), "and EF-1 is for production alone")
		runs(t, w, map[string]string{"us": "1.0.0"})
		w.MustRunFix(wide(testedOn("staging-us"), confined))
		runs(t, w, map[string]string{"us": "1.0.0+EF-2", "production": "1.0.0+EF-1", "staging": "1.0.0", "staging-us": ""})
	})
}

// TestAFixForThePipelineGoesWithAConfinedOne takes a fix of another component to
// both regions: it is tested with the fix that one of them has, which leaves again.
func TestAFixForThePipelineGoesWithAConfinedOne(t *testing.T) {
	w := regions(t)
	w.MustRunFix(regional())
	w.Wait(time.Second)
	wide := repairing(named("EF-2"), bringing("web 1.g"))
	planned(t, w, wide, `
		hold staging
		deploy staging 1.0.0+EF-1.EF-2
		test staging 1.0.0+EF-1.EF-2
		hold production
		deploy production 1.0.0+EF-1.EF-2
		unhold production
		hold us
		deploy us 1.0.0+EF-2
		unhold us
		restore staging 1.0.0+EF-2
		unhold staging`)
	w.MustRunFix(wide)
	runs(t, w, map[string]string{"production": "1.0.0+EF-1.EF-2", "us": "1.0.0+EF-2", "staging": "1.0.0+EF-2"})
	accepted(t, w, "1.0.0", map[string]string{"dev": "1.0.0", "us": "1.0.0+EF-2"})
	planned(t, w, regional(withdrawing), `
		hold production
		roll_back production 1.0.0+EF-2
		unhold production`)
	w.MustRunFix(regional(withdrawing))
	runs(t, w, map[string]string{"production": "1.0.0+EF-2", "us": "1.0.0+EF-2", "staging": "1.0.0+EF-2"})
}

// TestARedeployDoesNotTakeAFixAlongPastAConfinedOne requests content that no stage before may keep:
// the refusal says what to do instead.
func TestARedeployDoesNotTakeAFixAlongPastAConfinedOne(t *testing.T) {
	w := regions(t)
	w.MustRunFix(regional())
	w.Wait(time.Second)
	w.MustRunFix(repairing(named("EF-2"), bringing("web 1.g"), reaching("us")))
	runs(t, w, map[string]string{"production": "1.0.0+EF-1", "us": "1.0.0+EF-2", "staging": "1.0.0+EF-2"})
	p := w.Propose(portal.Deploy{Environment: "production", Release: "1.0.0", Redeploy: "take it along"})
	gate := gateOf(t, p.Verdict, portal.StageOrder)
	if p.Effective() != "1.0.0+EF-1.EF-2" || gate.Status != portal.Refused || strings.Contains(gate.Cure, "redeploy") ||
		!strings.Contains(gate.Cure, `incorporates = ["EF-1"]`) {
		t.Errorf("it becomes %s, and %v", p.Effective(), gate)
	}
}

// TestTwoRegionsWithFixesOfTheirOwn repairs the same component of two regions in
// two ways, each with its own fix.
func TestTwoRegionsWithFixesOfTheirOwn(t *testing.T) {
	w := regions(t)
	w.MustRunFix(regional())
	w.Wait(time.Second)
	other := regional(named("EF-2"), bringing("app 1.g"), reaching("us"))
	carriedOut(t, w, other)
	runs(t, w, map[string]string{"production": "1.0.0+EF-1", "us": "1.0.0+EF-2", "staging": "1.0.0"})
	w.Wait(time.Second)
	carriedOut(t, w, regional(named("EF-3"), bringing("app 1.h"))) // on top of the first
	runs(t, w, map[string]string{"production": "1.0.0+EF-1.EF-3", "us": "1.0.0+EF-2"})
	_, err := w.Facts().PlanFix(regional(withdrawing))
	rejected(t, err, "EF-3 is later and changes the same component")
	w.MustRunFix(regional(named("EF-2"), bringing("app 1.g"), reaching("us"), withdrawing)) // nothing is on top of it
	runs(t, w, map[string]string{"production": "1.0.0+EF-1.EF-3", "us": "1.0.0"})
	register(w, incorporating(bill("2.0.0", "app 2", "web 2"), "EF-3"))
	w.Travel("2.0.0", "dev", "staging", "us", "production")
	for _, name := range []string{"EF-1", "EF-3"} {
		if status := w.State.Fixes[name].Status(); status != portal.StatusReconciled {
			t.Errorf("%s is %s", name, status)
		}
	}
}

// TestAConfinedFixMakesNoOtherPlanStale lands between a plan and its apply.
func TestAConfinedFixMakesNoOtherPlanStale(t *testing.T) {
	w := regions(t)
	w.Environment("staging-us", "staging")
	planned := map[string]*portal.Planned{}
	for _, name := range []string{"production", "us", "dev"} {
		planned[name] = &portal.Planned{Receipt: w.State.Sites[name].Running.Receipt, InForce: w.State.InForceNamesOn(name)}
	}
	other := regional(named("EF-2"), reaching("us"), testedOn("staging-us"))
	w.MustRunFix(regional(named("EF-2"), reaching("us"), testedOn("staging-us"), advancing("staging")))
	w.MustRunFix(regional(testedOn("staging")))
	if w.PlanFix(other).Planned {
		t.Error("a fix of the other region is planned once more")
	}
	w.MustRunFix(other)
	if diff := cmp.Diff([]string{"EF-1", "EF-2"}, w.State.InForceNames()); diff != "" {
		t.Errorf("in force (-want +got):\n%s", diff)
	}
	for name, want := range map[string][]string{"production": {"EF-1"}, "us": {"EF-2"}, "dev": nil, "staging": nil} {
		if diff := cmp.Diff(want, w.State.InForceNamesOn(name), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("in force on %s (-want +got):\n%s", name, diff)
		}
	}
	verdict := w.Propose(portal.Deploy{Environment: "dev", Release: "1.0.0", Redeploy: "again", Planned: planned["dev"]}).Verdict
	if rules := (&portal.RefusalError{Verdict: verdict}).Rules(); slices.Contains(rules, portal.StalePlan) {
		t.Errorf("what was planned for dev is refused by %v", rules)
	}
	for _, name := range []string{"production", "us"} {
		verdict := w.Propose(portal.Deploy{Environment: name, Release: "1.0.0", Redeploy: "again", Planned: planned[name]}).Verdict
		if rules := (&portal.RefusalError{Verdict: verdict}).Rules(); !slices.Contains(rules, portal.StalePlan) {
			t.Errorf("what was planned for %s is refused by %v", name, rules)
		}
	}
}

// TestWithdrawingWhereItMattersFirst withdraws a fix that is deployed everywhere.
func TestWithdrawingWhereItMattersFirst(t *testing.T) {
	branched := func(p *portal.Pipeline) { // declared in no order: dev, then uat and load, then staging, then production
		p.Stages = []portal.Stage{
			{Name: "production", After: []string{"staging"}},
			{Name: "dev", After: []string{}},
			{Name: "staging", After: []string{"uat", "load"}},
			{Name: "uat", After: []string{"dev"}},
			{Name: "load", After: []string{"dev"}},
		}
	}
	p := portaltest.Line("dev", "production")
	branched(&p)
	w := portaltest.New(t, p)
	register(w, bill("1.0.0", "app 1", "web 1"))
	w.Environment("a", "production")
	w.Environment("z", "production")
	w.Travel("1.0.0", "dev", "uat", "load", "staging", "production", "a", "z")
	w.MustRunFix(repairing(reaching("z", "production")))
	for _, name := range []string{"dev", "uat", "load", "a"} {
		w.Redeploy(name, "1.0.0", "take it along")
	}
	var order []string
	for _, step := range w.PlanFix(repairing(reaching("z", "production"), withdrawing)).Plan.Steps {
		if step.Action == portal.StepHold {
			order = append(order, step.Environment)
		}
	}
	if diff := cmp.Diff([]string{"z", "production", "a", "staging", "load", "uat", "dev"}, order); diff != "" {
		t.Errorf("the order (-want +got):\n%s", diff)
	}
	w.MustRunFix(repairing(reaching("z", "production"), withdrawing))
	for name, site := range w.State.Sites {
		if site.Running.Effective() != "1.0.0" {
			t.Errorf("%s runs %s", name, site.Running.Effective())
		}
	}
}

func TestScopeIsSigned(t *testing.T) {
	w := regions(t)
	wide, alone := w.PlanFix(repairing(reaching("production"))).Plan.Statement, w.PlanFix(regional()).Plan.Statement
	if !strings.Contains(alone, "\nscope: environments\n") || strings.Contains(wide, "scope") {
		t.Errorf("the statements are\n%s\nand\n%s", wide, alone)
	}
	halts(t, w, repairing(reaching("production")), "staging")
	w.MustRunFix(regional(func(w *portal.FixWish) { w.Approvals = map[string]string{"ben": ""} })) // until the first target has it
	runs(t, w, map[string]string{"production": "1.0.0+EF-1", "staging": "1.0.0", "us": "1.0.0"})
	_, err := w.Facts().PlanFix(repairing(reaching("production")))
	rejected(t, err, "its scope cannot change")
	if p := w.PlanFix(regional()); p.Changes() {
		t.Error("declared as it is recorded, it changes something")
	}
	p := w.PlanFix(repairing(named("EF-2"), bringing("web 1.g"), func(w *portal.FixWish) { w.Scope = portal.ScopePipeline }))
	if p.Fix.Scope != "" {
		t.Errorf("the default is recorded as %q", p.Fix.Scope)
	}
}
