package portal_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// brokenBy lists the rules that refuse a deployment.
func brokenBy(t *testing.T, w *portaltest.World, deploy portal.Deploy) []portal.Rule {
	t.Helper()
	return (&portal.RefusalError{Verdict: w.Propose(deploy).Verdict}).Rules()
}

func ruledBy(t *testing.T, what string, got []portal.Rule, want ...portal.Rule) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s is refused by (-want +got):\n%s", what, diff)
	}
}

// TestAFixKeepsOthersOff: from its opening until it has left an environment.
func TestAFixKeepsOthersOff(t *testing.T) {
	w := repairWorld(t)
	stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
	register(w, bill("3.0.0", "app 1", "web 3"))
	w.Deploy("dev", "3.0.0")
	w.MustDo(portal.OpenFix{FixWish: repairing()})
	steps := w.State.Fixes["EF-1"].Plan.Steps
	for stop := 0; ; stop++ {
		for _, environment := range []string{"staging", "production"} {
			held := slices.ContainsFunc(steps[stop:], func(s portal.Step) bool { return s.Environment == environment })
			release := map[string]string{"staging": "3.0.0", "production": "2.0.0"}[environment]
			got := brokenBy(t, w, portal.Deploy{Environment: environment, Release: release})
			if slices.Contains(got, portal.EnvironmentHeld) != held {
				t.Errorf("after %d steps %s is held: %v; refused by %v", stop, environment, held, got)
			}
			if !held {
				continue
			}
			var refusal *portal.RefusalError
			for what, command := range map[string]portal.Command{
				"emptying it":   portal.StartRemoval{Environment: environment},
				"destroying it": portal.RemoveEnvironment{Name: environment},
				"moving it":     portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment(environment, "dev"), Update: true},
			} {
				if _, err := command.Decide(w.Facts()); !errors.As(err, &refusal) || !slices.Contains(refusal.Rules(), portal.EnvironmentHeld) {
					t.Errorf("after %d steps %s gives %v", stop, what, err)
				}
			}
		}
		if got := brokenBy(t, w, portal.Deploy{Environment: "dev", Release: "2.0.0"}); slices.Contains(got, portal.EnvironmentHeld) {
			t.Errorf("dev is held")
		}
		if stop == len(steps) {
			break
		}
		if err := w.RunSteps("EF-1", stop+1); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnEmptyEnvironmentThatAFixHoldsStaysWhereItIs(t *testing.T) {
	w := repairWorld(t)
	w.Empty("staging")
	w.MustDo(portal.OpenFix{FixWish: repairing()})
	var refusal *portal.RefusalError
	if _, err := w.Do(portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment("staging", "dev"), Update: true}); !errors.As(err, &refusal) {
		t.Errorf("moving it to another stage gives %v", err)
	}
	e := portaltest.RegularEnvironment("staging", "staging")
	e.Lane = portal.LaneEmergency
	if _, err := w.Do(portal.DeclareEnvironment{Environment: e, Update: true}); !errors.As(err, &refusal) {
		t.Errorf("making it an emergency lane gives %v", err)
	}
}

// TestSuspendedTimeDoesNotCount holds a release up for a day in its hour of soak
// time.
func TestSuspendedTimeDoesNotCount(t *testing.T) {
	for _, release := range []portal.Release{bill("2.0.0", "app 1", "web 2"), over("2.0.0", "web 2")} {
		t.Run(string(release.Type), func(t *testing.T) {
			w := repairWorld(t, soak("dev", 0), soak("staging", time.Hour))
			stand(release, "dev", "staging")(w)
			w.Wait(30 * time.Minute)
			w.MustRunFix(repairing(advancing("staging")))
			w.Wait(24 * time.Hour)
			w.MustRunFix(repairing())
			x := w.State.Fixes["EF-1"]
			if len(x.Interruptions) != 1 || x.Interruptions[0].Release != "2.0.0" || x.Interruptions[0].Until.Sub(x.Interruptions[0].From) < 24*time.Hour {
				t.Errorf("interruptions: %+v", x.Interruptions)
			}
			// With the fix it has started again, when it was resumed.
			w.Wait(50 * time.Minute)
			ruledBy(t, "50 minutes later it", w.Broken("production", "2.0.0"), portal.SoakTime)
			w.Wait(10 * time.Minute)
			ruledBy(t, "an hour later it", w.Broken("production", "2.0.0"))
			w.Deploy("production", "2.0.0")
			runs(t, w, map[string]string{"production": "2.0.0+EF-1"})
		})
	}
	t.Run("restored alone, it goes on where it was", func(t *testing.T) {
		w := repairWorld(t, soak("staging", time.Hour))
		stand(incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1"), "dev", "staging")(w)
		w.Wait(30 * time.Minute)
		w.MustRunFix(repairing(advancing("staging")))
		w.Wait(24 * time.Hour)
		w.MustRunFix(repairing())
		runs(t, w, map[string]string{"staging": "2.0.0"})
		w.Wait(20 * time.Minute)
		ruledBy(t, "20 minutes later it", w.Broken("production", "2.0.0"), portal.SoakTime)
		w.Wait(11 * time.Minute)
		ruledBy(t, "half an hour later it", w.Broken("production", "2.0.0"))
		if x := w.State.Fixes["EF-1"]; len(w.State.Obligations(x)) != 2 {
			t.Errorf("it owes %v", w.State.Obligations(x))
		}
	})
}

// TestRestoredAlone has a release that does not carry the fix: it comes back as it was and may not
// leave, and the plan says so.
func TestRestoredAlone(t *testing.T) {
	w := repairWorld(t)
	stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging")(w)
	w.MustRunFix(repairing())
	runs(t, w, map[string]string{"staging": "2.0.0", "production": "1.0.0+EF-1"})
	x := w.State.Fixes["EF-1"]
	if test := x.Plan.Tests[0]; !strings.Contains(test.Conflict, "EF-1 put app 1.f") {
		t.Errorf("the conflict is %q", test.Conflict)
	}
	told := slices.ContainsFunc(w.State.Obligations(x), func(o portal.Obligation) bool {
		return !o.Met && strings.Contains(o.What, "staging runs 2.0.0") && strings.Contains(o.What, "may not leave the stage until a release contains the fix")
	})
	if !told {
		t.Errorf("nobody is told: %v", w.State.Obligations(x))
	}
	ruledBy(t, "it", w.Broken("production", "2.0.0"), portal.FixRegression)
}

// TestAReleaseInFlightGoesOn: a release on its way when the fix lands carries it, and only to enter
// production must it have been tested with it.
func TestAReleaseInFlightGoesOn(t *testing.T) {
	p := portaltest.Line("dev", "uat", "staging", "production")
	p.Stages[1].RequiredTests, p.Stages[2].RequiredTests = []string{"acceptance"}, []string{"smoke"}
	p.Stages[1].SoakTime = time.Hour
	w := portaltest.New(t, p)
	travel := func(release string, environments ...string) {
		for _, name := range environments {
			w.Deploy(name, release)
			w.Pass(name, release, w.State.Pipeline.Stage(name).RequiredTests...)
			w.Wait(time.Hour)
		}
	}
	register(w, bill("1.0.0", "app 1", "web 1"), bill("2.0.0", "app 1", "web 2"))
	travel("1.0.0", "dev", "uat", "staging", "production")
	travel("2.0.0", "dev", "uat")
	w.MustRunFix(repairing()) // it is tested on staging, which runs 1.0.0
	w.Deploy("staging", "2.0.0")
	runs(t, w, map[string]string{"uat": "2.0.0", "staging": "2.0.0+EF-1"})
	ruledBy(t, "it, not tested with the fix,", w.Broken("production", "2.0.0"), portal.TestsPassed)
	w.Pass("staging", "2.0.0", "smoke")
	ruledBy(t, "it", w.Broken("production", "2.0.0"))
	w.Deploy("production", "2.0.0")
	runs(t, w, map[string]string{"production": "2.0.0+EF-1"})
}

// TestRedeployTakesAFixAlong on stages before the final one without further conditions, on the
// final one only if it was tested exactly as it is.
func TestRedeployTakesAFixAlong(t *testing.T) {
	w := repairWorld(t, on("staging", func(s *portal.Stage) { s.RequiredTests, s.SoakTime = []string{"smoke"}, time.Hour }))
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	register(w, bill("2.0.0", "app 1", "web 2"))
	w.Deploy("dev", "2.0.0")
	w.Deploy("staging", "2.0.0")
	w.Pass("staging", "2.0.0", "smoke")
	w.Wait(time.Hour)
	w.Deploy("a", "2.0.0")
	lane("hot", "staging")(w)
	w.MustRunFix(repairing(reaching("production"))) // on the duplicate: nothing else changes

	again := portal.Deploy{Environment: "a", Release: "2.0.0", Redeploy: "along"}
	ruledBy(t, "what was not tested with the fix", brokenBy(t, w, again), portal.StageOrder, portal.TestsPassed, portal.SoakTime)
	gate := gateOf(t, w.Propose(again).Verdict, portal.StageOrder)
	if gate.Cure != "Set redeploy on staging, so that it carries EF-1 there, then test it." {
		t.Errorf("the cure is %q", gate.Cure)
	}
	repair := w.Propose(portal.Deploy{Environment: "a", Release: "2.0.0"})
	if repair.Effective() != "2.0.0" || !repair.Verdict.Allowed() {
		t.Errorf("a repair brings %s, allowed: %v", repair.Effective(), repair.Verdict.Allowed())
	}
	along := portal.Deploy{Environment: "staging", Release: "2.0.0", Redeploy: "along"}
	ruledBy(t, "taking it along on staging", brokenBy(t, w, along))
	w.Redeploy("staging", "2.0.0", "along")
	runs(t, w, map[string]string{"staging": "2.0.0+EF-1"})
	ruledBy(t, "what was not tested yet", brokenBy(t, w, again), portal.TestsPassed, portal.SoakTime)
	w.Pass("staging", "2.0.0", "smoke")
	w.Wait(time.Hour)
	ruledBy(t, "what was tested as it is", brokenBy(t, w, again))
	w.Redeploy("a", "2.0.0", "along")
	runs(t, w, map[string]string{"a": "2.0.0+EF-1"})
	if x := w.State.Fixes["EF-1"]; len(w.State.Obligations(x)) == 0 {
		t.Error("it owes nothing")
	}
}

// TestReconcileOverdue judges what enters the final stage while a fix is overdue.
func TestReconcileOverdue(t *testing.T) {
	const reconcile, review = 72 * time.Hour, 120 * time.Hour
	reviewing := func(w *portaltest.World) {
		w.MustRunFix(repairing(func(w *portal.FixWish) {
			w.Review = &portal.Review{Reviewer: "cid", Outcome: "rejected", Notes: "too late"}
		}))
	}
	reconciling := func(w *portaltest.World) { w.Travel("1.2.0", "dev", "staging", "production") }
	for _, c := range []struct {
		name    string
		story   func(w *portaltest.World)
		level   portal.Level
		release string // "": 2.0.0 carries the fix
		to      string // "": production
		want    []portal.Rule
	}{
		{name: "one second before", story: func(w *portaltest.World) { w.Wait(reconcile - 5*time.Second) }},
		{name: "no release contains it in time", story: func(w *portaltest.World) { w.Wait(reconcile) }, want: []portal.Rule{portal.ReconcileOverdue}},
		{name: "other stages are open", story: func(w *portaltest.World) { w.Wait(reconcile) }, to: "staging"},
		{name: "the release that contains it may come", story: func(w *portaltest.World) { w.Wait(reconcile) }, release: "1.2.0"},
		{name: "a rollback is allowed", story: func(w *portaltest.World) { w.Wait(reconcile) }, release: "0.9.0"},
		{name: "a pipeline may only warn", story: func(w *portaltest.World) { w.Wait(reconcile) }, level: portal.LevelWarn},
		{name: "or not ask", story: func(w *portaltest.World) { w.Wait(reconcile) }, level: portal.LevelOff},
		{name: "once reconciled it is paid", story: func(w *portaltest.World) { reconciling(w); reviewing(w); w.Wait(2 * reconcile) }},
		{name: "the review is owed still", story: func(w *portaltest.World) { reconciling(w); w.Wait(review) }, want: []portal.Rule{portal.ReconcileOverdue}},
		{name: "a later release that contains it does not pay the review", release: "1.3.0", want: []portal.Rule{portal.ReconcileOverdue}, story: func(w *portaltest.World) {
			reconciling(w)
			w.Travel("1.3.0", "dev", "staging")
			w.Wait(review)
		}},
		{name: "reviewed alone is not paid", story: func(w *portaltest.World) { reviewing(w); w.Wait(reconcile) }, want: []portal.Rule{portal.ReconcileOverdue}},
		{name: "withdrawn it owes no release", story: func(w *portaltest.World) {
			w.MustRunFix(repairing(withdrawing))
			w.Travel("2.0.0", "dev", "staging")
			w.Wait(review - time.Minute)
		}},
		{name: "withdrawn it owes its review still", want: []portal.Rule{portal.ReconcileOverdue}, story: func(w *portaltest.World) {
			w.MustRunFix(repairing(withdrawing))
			w.Travel("2.0.0", "dev", "staging")
			w.Wait(review)
		}},
		{name: "withdrawn and reviewed it owes nothing", story: func(w *portaltest.World) {
			w.MustRunFix(repairing(withdrawing))
			w.MustRunFix(repairing(withdrawing, func(w *portal.FixWish) {
				w.Review = &portal.Review{Reviewer: "cid", Outcome: "rejected", Notes: "it made it worse"}
			}))
			w.Travel("2.0.0", "dev", "staging")
			w.Wait(2 * review)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := portaltest.New(t, portaltest.Line("dev", "staging", "production"))
			register(w, bill("0.9.0", "app 0.9"), bill("1.0.0", "app 1"), incorporating(bill("1.2.0", "app 1.2"), "EF-1"),
				incorporating(bill("1.3.0", "app 1.3"), "EF-1"), bill("2.0.0", "app 1", "web 2"))
			w.Travel("0.9.0", "dev", "staging", "production")
			w.Travel("1.0.0", "dev", "staging", "production")
			w.MustRunFix(portaltest.Fix("EF-1", "1.f"))
			if c.release == "0.9.0" { // what ran before is not a link of the chain: it would lose the fix, overdue or not
				c.want = []portal.Rule{portal.FixRegression}
			}
			w.Travel("1.2.0", "dev", "staging")
			w.Travel("2.0.0", "dev", "staging")
			c.story(w)
			next := *w.State.Pipeline
			next.Rules = map[portal.Rule]portal.Level{portal.ReconcileOverdue: c.level}
			if c.level != "" {
				w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
			}
			deploy := portal.Deploy{Environment: c.to, Release: c.release}
			if c.to == "" {
				deploy.Environment = "production"
			}
			if c.release == "" {
				deploy.Release = "2.0.0"
			}
			ruledBy(t, "it", brokenBy(t, w, deploy), c.want...)
		})
	}
	t.Run("another fix is only warned", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		w.Wait(reconcile)
		second := repairing(named("EF-2"), bringing("web 1.f"))
		p := w.PlanFix(second)
		if warnings := p.Verdict.Warnings(); len(warnings) != 1 || warnings[0].Rule != portal.ReconcileOverdue || !strings.Contains(warnings[0].Detail, "EF-1") {
			t.Errorf("warnings: %v", warnings)
		}
		carriedOut(t, w, second)
	})
}

// TestWhenAFixIsDue: its due dates are those of its opening. A later change of the pipeline does
// not move them.
func TestWhenAFixIsDue(t *testing.T) {
	w := repairWorld(t)
	w.MustRunFix(repairing(advancing("staging")))
	if x := w.State.Fixes["EF-1"]; !x.ReconcileBy().IsZero() || !x.ReviewBy().IsZero() || len(w.State.Obligations(x)) != 0 {
		t.Error("it owes something before it is in force")
	}
	next := *w.State.Pipeline
	next.Emergency.ReconcileWithin = time.Hour
	w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
	w.Wait(time.Hour)
	w.MustRunFix(repairing())
	x := w.State.Fixes["EF-1"]
	if !x.ReconcileBy().Equal(x.InForceAt.Add(72*time.Hour)) || !x.ReviewBy().Equal(x.InForceAt.Add(120*time.Hour)) {
		t.Errorf("in force at %v, due at %v and %v", x.InForceAt, x.ReconcileBy(), x.ReviewBy())
	}
}

// TestAnEnvironmentThatRunsWithoutIt is an obligation until its next deployment.
func TestAnEnvironmentThatRunsWithoutIt(t *testing.T) {
	w := repairWorld(t)
	register(w, bill("1.1.0", "app 1", "web 2"))
	w.MustRunFix(repairing())
	told := func() bool {
		return slices.ContainsFunc(w.State.Obligations(w.State.Fixes["EF-1"]), func(o portal.Obligation) bool {
			return !o.Met && o.What == "dev runs 1.0.0 without EF-1, until its next deployment"
		})
	}
	if !told() {
		t.Errorf("nobody tells: %v", w.State.Obligations(w.State.Fixes["EF-1"]))
	}
	w.Deploy("dev", "1.1.0")
	if told() {
		t.Error("it is told still")
	}
}

// TestWhatStagingWasRolledBackFrom: a fix that is tested on it does not bring it
// back for good.
func TestWhatStagingWasRolledBackFrom(t *testing.T) {
	w := portaltest.New(t, portaltest.Line("dev", "staging", "production"))
	register(w, bill("0.9.0", "app 0.9"), bill("1.0.0", "app 1"))
	w.Travel("0.9.0", "dev", "staging")
	w.Travel("1.0.0", "dev", "staging", "production")
	w.Deploy("staging", "0.9.0")
	ruledBy(t, "what it was rolled back from", w.Broken("staging", "1.0.0"), portal.RolledBack)
	w.MustRunFix(repairing())
	if p := w.State.Fixes["EF-1"].Plan.Strategy; p != portal.StrategyRollback {
		t.Errorf("it is tested by %s", p)
	}
	runs(t, w, map[string]string{"staging": "0.9.0", "production": "1.0.0+EF-1"})
	ruledBy(t, "what it was rolled back from", w.Broken("staging", "1.0.0"), portal.RolledBack)
}

// TestAnotherFixComesIntoForceOnTheWay: the first is planned again with the other.
func TestAnotherFixComesIntoForceOnTheWay(t *testing.T) {
	w := repairWorld(t)
	lane("hot", "staging")(w)
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	slow := repairing(reaching("production"), by(portal.StrategyRollback))
	w.MustDo(portal.OpenFix{FixWish: slow})
	if err := w.RunSteps("EF-1", 2); err != nil {
		t.Fatal(err)
	}
	w.MustRunFix(repairing(named("EF-2"), bringing("web 1.f"), reaching("a")))
	x := w.State.Fixes["EF-1"]
	var refusal *portal.RefusalError
	if err := w.RunSteps("EF-1", len(x.Plan.Steps)); !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.StalePlan}) {
		t.Fatalf("it goes on with %v", err)
	}
	w.MustRunFix(slow)
	runs(t, w, map[string]string{"production": "1.0.0+EF-2.EF-1", "staging": "1.0.0+EF-2.EF-1", "a": "1.0.0+EF-2"})
}
