package portal_test

import (
	"slices"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// Invariants of a fix between its steps, and long after them.

func TestApprovalsExpireUntilTheFirstTargetHasIt(t *testing.T) {
	w := repairWorld(t)
	until := func(d time.Duration) func(w *portal.FixWish) {
		return func(wish *portal.FixWish) { wish.ApprovalsExpireAt = portaltest.Start.Add(d) }
	}
	w.MustRunFix(repairing(until(time.Hour), advancing("staging")))
	w.Wait(2 * time.Hour)
	if rules := refusedBy(t, w, repairing(until(time.Hour))); !slices.Contains(rules, portal.FixApproved) {
		t.Errorf("its approvals have expired, and it is refused by %v only", rules)
	}
	x := w.State.Fixes["EF-1"]
	if err := w.RunSteps("EF-1", len(x.Plan.Steps)); err == nil {
		t.Error("its approvals have expired, and it goes on to production")
	}
	runs(t, w, map[string]string{"production": "1.0.0"})
	w.MustRunFix(repairing(until(5 * time.Hour)))
	runs(t, w, map[string]string{"production": "1.0.0+EF-1"})
}

func TestAFailingResultAfterTheTestStopsIt(t *testing.T) {
	w := repairWorld(t, needing("smoke"))
	wish := repairing(naming(portal.StageOrder))
	w.MustRunFix(repairing(naming(portal.StageOrder), advancing("staging")))
	w.Pass("staging", "1.0.0", "smoke")
	tested := slices.IndexFunc(w.State.Fixes["EF-1"].Plan.Steps, func(s portal.Step) bool { return s.Action == portal.StepTest }) + 1
	if err := w.RunSteps("EF-1", tested); err != nil {
		t.Fatal(err)
	}
	w.Fail("staging", "1.0.0", "smoke")
	if rules := refusedBy(t, w, wish); !slices.Equal(rules, []portal.Rule{portal.FixTested}) {
		t.Errorf("smoke has failed since its test, and it is refused by %v", rules)
	}
	if err := w.RunSteps("EF-1", 99); err == nil {
		t.Error("smoke has failed since its test, and it goes on")
	}
	runs(t, w, map[string]string{"production": "1.0.0"})
	w.Pass("staging", "1.0.0", "smoke")
	w.MustRunFix(wish)
	runs(t, w, map[string]string{"production": "1.0.0+EF-1"})
}

func TestWhoRequestedItOnceDoesNotReviewIt(t *testing.T) {
	w := repairWorld(t)
	w.MustRunFix(repairing())
	_, err := w.Facts().PlanFix(repairing(func(w *portal.FixWish) {
		w.Justification.RequestedBy = "somebody else"
		w.Review = &portal.Review{Reviewer: "Ann", Outcome: "accepted", Notes: "all is well"}
	}))
	rejected(t, err, "somebody else reviews it")
}

// twoLines is a world in which production runs 1.0.0 with app 1, and "b" runs
// 1.1.0 with app 2, each with a fix of its own.
func twoLines(t *testing.T) *portaltest.World {
	w := repairWorld(t)
	w.Environment("b", "production")
	register(w, bill("1.1.0", "app 2", "web 1"))
	w.Travel("1.1.0", "dev", "staging", "b")
	w.MustRunFix(repairing(reaching("production")))
	w.Wait(time.Second)
	w.MustRunFix(repairing(named("EF-2"), bringing("app 2.f"), reaching("b")))
	runs(t, w, map[string]string{"production": "1.0.0+EF-1", "b": "1.1.0+EF-2"})
	return w
}

func TestAFixForEachLineOfReleases(t *testing.T) {
	w := twoLines(t)
	for _, c := range []struct{ release, app, effect string }{
		{"1.0.1", "app 1", "1.0.1+EF-1"},
		{"1.1.1", "app 2", "1.1.1+EF-2"},
		{"1.2.0", "app 2.f", "1.2.0"},
	} {
		register(w, bill(c.release, c.app, "web 3"))
		p := w.Propose(portal.Deploy{Environment: "dev", Release: c.release})
		if p.Effective() != c.effect || !p.Verdict.Allowed() {
			t.Errorf("%s with %s becomes %s, %v", c.release, c.app, p.Effective(), p.Verdict.Broken())
		}
	}
	register(w, bill("1.3.0", "app 3", "web 3"))
	if rules := w.Broken("dev", "1.3.0"); !slices.Equal(rules, []portal.Rule{portal.FixRegression}) {
		t.Errorf("a release with neither is refused by %v", rules)
	}
	for name, x := range w.State.Fixes {
		for _, o := range w.State.Obligations(x) {
			if o.Due.IsZero() && (o.What[:1] == "p" || o.What[:2] == "b ") {
				t.Errorf("%s owes %s", name, o.What)
			}
		}
	}
}

func TestALaterFixFollowsAReleaseThatContainsTheEarlierOne(t *testing.T) {
	w := repairWorld(t)
	w.MustRunFix(repairing())
	register(w, incorporating(bill("2.0.0", "app 9", "web 1"), "EF-1"))
	w.Travel("2.0.0", "dev", "staging", "production")
	w.MustRunFix(repairing(named("EF-2"), bringing("app 9.f")))
	register(w, bill("1.0.2", "app 1", "web 1"))
	p := w.Propose(portal.Deploy{Environment: "dev", Release: "1.0.2"})
	if p.Effective() != "1.0.2+EF-1.EF-2" || p.To["app"].Version != "9.f" {
		t.Errorf("what EF-1 replaced becomes %s with app %s", p.Effective(), p.To["app"].Version)
	}
}

func TestWhatThePipelineAsksForLaterLeavesAnAppliedFixAlone(t *testing.T) {
	w := repairWorld(t)
	w.MustRunFix(repairing())
	p := *w.State.Pipeline
	p.Emergency.BypassableRules = []portal.Rule{portal.FreezeInForce}
	p.Emergency.TestStages = []string{"dev"}
	w.MustDo(portal.DeclarePipeline{Pipeline: p, Update: true})
	if proposal := w.PlanFix(repairing()); proposal.Changes() || proposal.Refusal() != nil {
		t.Errorf("it changes: %v, it is refused: %v", proposal.Changes(), proposal.Refusal())
	}
}

func TestWithdrawingWhatHasMovedOn(t *testing.T) {
	w := repairWorld(t)
	w.MustRunFix(repairing())
	register(w, bill("1.1.0", "app 1", "web 2"))
	register(w, bill("1.2.0", "app 1", "web 3"))
	w.Deploy("dev", "1.1.0")
	epoch := w.MustStart("dev", "1.2.0")
	w.MustDo(portal.OpenFix{FixWish: repairing(withdrawing)})
	w.End("dev", epoch, portal.Succeeded) // before it saw that it should stop
	if err := w.RunSteps("EF-1", 99); err == nil {
		t.Fatal("dev runs another release than the steps were planned for, and is rolled back")
	}
	w.MustRunFix(repairing(withdrawing))
	runs(t, w, map[string]string{"dev": "1.2.0", "staging": "1.0.0", "production": "1.0.0"})
}

func TestTheFirstTargetIsTheOneNamedFirst(t *testing.T) {
	w := repairWorld(t)
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	p := w.PlanFix(repairing(reaching("production", "a", "production")))
	if len(p.Plan.Targets) != 2 || p.Plan.Targets[0].Environment != "production" {
		t.Errorf("the targets are %v", p.Plan.Targets)
	}
}

func TestALaneIsNoTarget(t *testing.T) {
	w := repairWorld(t)
	lane("hot", "staging")(w)
	w.MustRunFix(repairing())
	_, err := w.Facts().PlanFix(repairing(named("EF-2"), bringing("web 2"), reaching("hot")))
	rejected(t, err, "is an emergency lane and no target")
}

func TestHaltedBetweenTwoTargets(t *testing.T) {
	w := repairWorld(t)
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	halts(t, w, repairing(), "production")
	_, err := w.Facts().PlanFix(repairing(bringing("app 1.g")))
	rejected(t, err, "withdraw it (set withdraw)")
}

func TestASecondFixDoesNotLaunderTheFirst(t *testing.T) {
	t.Run("for a release that comes without it", func(t *testing.T) {
		w := repairWorld(t)
		stand(bill("2.0.0", "app 2", "web 1"), "dev", "staging")(w)
		w.MustRunFix(repairing())
		w.Wait(time.Second)
		w.MustRunFix(repairing(named("EF-2"), bringing("app 2.f"), reaching("staging")))
		if rules := w.Broken("production", "2.0.0"); !slices.Contains(rules, portal.FixRegression) {
			t.Errorf("2.0.0 lacks EF-1, and production refuses it by %v", rules)
		}
	})
	t.Run("for the other group of targets", func(t *testing.T) {
		w := twoLines(t)
		if rules := w.Broken("production", "1.1.0"); !slices.Contains(rules, portal.FixRegression) {
			t.Errorf("1.1.0 lacks EF-1, and production refuses it by %v", rules)
		}
		if p := w.Propose(portal.Deploy{Environment: "b", Release: "1.1.0", Redeploy: "again"}); !p.Verdict.Allowed() {
			t.Errorf("b runs it with its own fix, and refuses it: %v", p.Verdict.Broken())
		}
		if w.State.Fixes["EF-1"].Status() == portal.StatusReconciled {
			t.Error("no target of EF-1 runs a release that contains it")
		}
	})
}

func TestABuildFromBeforeTheFixDoesNotContainIt(t *testing.T) {
	w := repairWorld(t)
	register(w, bill("3.0.0", "app 3", "web 3"))
	w.Wait(time.Second)
	w.MustRunFix(repairing())
	w.Wait(time.Second)
	register(w, incorporating(bill("2.1.0", "app 2", "web 1"), "EF-1"))
	w.Travel("2.1.0", "dev", "staging", "production")
	if status := w.State.Fixes["EF-1"].Status(); status != portal.StatusReconciled {
		t.Fatalf("it is %s", status)
	}
	if rules := w.Broken("dev", "3.0.0"); !slices.Equal(rules, []portal.Rule{portal.FixRegression}) {
		t.Errorf("3.0.0 was built before the fix, and is refused by %v", rules)
	}
	register(w, bill("3.1.0", "app 4", "web 3"))
	if rules := w.Broken("dev", "3.1.0"); len(rules) > 0 {
		t.Errorf("3.1.0 was built after it was reconciled, and is refused by %v", rules)
	}
}

func TestSoakTimeGoesOnWhenAFixIsTakenAlong(t *testing.T) {
	w := repairWorld(t, func(p *portal.Pipeline) { p.Stages[0].SoakTime = time.Hour })
	register(w, bill("1.1.0", "app 1", "web 2"))
	w.Deploy("dev", "1.1.0")
	w.Wait(40 * time.Minute)
	w.MustRunFix(repairing())
	w.Redeploy("dev", "1.1.0", "with the fix")
	w.Wait(30 * time.Minute)
	if rules := w.Broken("staging", "1.1.0"); len(rules) > 0 {
		t.Errorf("it ran on dev for more than an hour, and is refused by %v", rules)
	}
}

func TestAStageThatIsGoneLeavesAnAppliedFixAlone(t *testing.T) {
	w := repairWorld(t)
	w.MustRunFix(repairing())
	if p := w.PlanFix(repairing(advancing("preview"))); p.Changes() {
		t.Error("it is applied, and something is left to do")
	}
}

func TestARollbackThatCarriesAFixSaysThatItIsUntested(t *testing.T) {
	w := repairWorld(t)
	stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging", "production")(w)
	w.MustRunFix(repairing())
	verdict := w.Judge("production", "1.0.0")
	if !verdict.Allowed() || verdict.Mode != portal.ModeRollback {
		t.Fatalf("%s is refused: %v", verdict.Mode, verdict.Broken())
	}
	if gate := gateOf(t, verdict, portal.RepresentativeTest); gate.Status != portal.Warned {
		t.Errorf("1.0.0+EF-1 never ran anywhere, and that is %s", gate.Status)
	}
}

// TestAReviewIsOwedHoweverAWithdrawalGoesOn: if a withdrawal is planned again once the target is
// back, none of its steps is about the target.
func TestAReviewIsOwedHoweverAWithdrawalGoesOn(t *testing.T) {
	w := repairWorld(t)
	halts(t, w, repairing(), "production")
	w.MustDo(portal.OpenFix{FixWish: w.Read(repairing(withdrawing))})
	left := portal.FixWithdrawing{Fix: "EF-1", Reason: "worse", Steps: []portal.Step{{Action: portal.StepUnhold, Environment: "staging"}}}
	w.State.Apply(left, portal.Meta{Number: w.State.Head + 1, At: w.Now})
	x := w.State.Fixes["EF-1"]
	if due := w.Now.Add(x.ReviewWithin); !x.ReviewBy().Equal(due) || len(w.State.Debts()) != 1 {
		t.Errorf("the review is due %s, want %s, and %d fixes owe something", x.ReviewBy(), due, len(w.State.Debts()))
	}
}

// TestWhatATargetHadIsReviewed: a withdrawn fix owes its review if a target had it, even if it
// never worked there.
func TestWhatATargetHadIsReviewed(t *testing.T) {
	stopped := func(end portal.EndDeployment) func(*testing.T, *portaltest.World) {
		return func(t *testing.T, w *portaltest.World) {
			if err := w.RunFix(repairing(advancing("staging"))); err != nil {
				t.Fatal(err)
			}
			for {
				events, err := w.Do(portal.StartStep{Fix: "EF-1", Round: w.State.Fixes["EF-1"].Round, Stop: 99})
				if err != nil {
					t.Fatal(err)
				}
				if started, is := events[len(events)-1].(portal.DeploymentStarted); is {
					end.Environment, end.Epoch = started.Environment, started.Epoch
					w.MustDo(end)
					return
				}
			}
		}
	}
	for _, c := range []struct {
		name  string
		story func(*testing.T, *portaltest.World)
		owes  bool
	}{
		{"it was never on a target", func(t *testing.T, w *portaltest.World) { w.MustRunFix(repairing(advancing("staging"))) }, false},
		{"it failed its test", func(t *testing.T, w *portaltest.World) { halts(t, w, repairing(), "staging") }, false},
		{"its deployment to the target touched nothing", stopped(untouched), false},
		{"it failed on the target", stopped(broken), true},
		{"it was left half-way on the target", stopped(halfway), true},
		{"nobody knows what it has left on the target", stopped(blind), true},
		{"it was applied", func(_ *testing.T, w *portaltest.World) { w.MustRunFix(repairing()) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			c.story(t, w)
			w.Wait(time.Hour)
			from := w.Now
			if at := w.State.Fixes["EF-1"].InForceAt; !at.IsZero() {
				from = at
			}
			w.MustRunFix(repairing(withdrawing))
			x := w.State.Fixes["EF-1"]
			var want []portal.Obligation
			due := portal.Time{}
			if c.owes {
				due = from.Add(x.ReviewWithin)
				want = []portal.Obligation{{What: "the review of EF-1", Due: due}}
			}
			if got := w.State.Obligations(x); !slices.Equal(got, want) || !x.ReviewBy().Equal(due) {
				t.Errorf("it owes %v by %v, want %v", got, x.ReviewBy(), want)
			}
			if got := len(w.State.Debts()); got != len(want) {
				t.Errorf("%d fixes owe something, want %d", got, len(want))
			}
			w.Wait(x.ReviewWithin + 2*time.Hour)
			register(w, bill("1.0.1", "app 1", "web 2"))
			w.Travel("1.0.1", "dev", "staging")
			if got := slices.Contains(w.Broken("production", "1.0.1"), portal.ReconcileOverdue); got != c.owes {
				t.Errorf("reconcile-overdue refuses: %v, want %v", got, c.owes)
			}
			if !c.owes {
				return
			}
			reviewed := repairing(withdrawing)
			reviewed.Review = &portal.Review{Reviewer: "rae", Outcome: "accepted", Notes: "it is back"}
			w.MustRunFix(reviewed)
			if len(w.State.Debts()) != 0 {
				t.Errorf("it is reviewed, and owes %v", w.State.Obligations(w.State.Fixes["EF-1"]))
			}
		})
	}
}
