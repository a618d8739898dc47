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

func needing(suites ...string) func(p *portal.Pipeline) {
	return func(p *portal.Pipeline) { p.Emergency.RequiredTests = suites }
}

// naming makes a wish name these rules and no others.
func naming(rules ...portal.Rule) func(w *portal.FixWish) {
	return func(w *portal.FixWish) { w.Bypass = rules }
}

func allBut(rule portal.Rule) []portal.Rule {
	return slices.DeleteFunc(portal.BypassableRules(), func(r portal.Rule) bool { return r == rule })
}

// checking gives an environment a check of each name.
func checking(environment string, names ...string) func(w *portaltest.World) {
	return func(w *portaltest.World) {
		e := w.State.Sites[environment].Environment
		for _, name := range names {
			e.Checks = append(e.Checks, portal.Check{Name: name, Command: []string{"true"}})
		}
		w.MustDo(portal.DeclareEnvironment{Environment: e, Update: true})
	}
}

// refusedBy lists the rules that refuse a wish.
func refusedBy(t *testing.T, w *portaltest.World, wish portal.FixWish) []portal.Rule {
	t.Helper()
	refusal := w.PlanFix(wish).Refusal()
	var refused *portal.RefusalError
	if _, err := (portal.OpenFix{FixWish: wish}).Decide(w.Facts()); errors.As(err, &refused) != (refusal != nil) {
		t.Errorf("planning it is refused by %v, opening it ends with %v", refusal, err)
	}
	if refusal == nil {
		return nil
	}
	return refusal.Rules()
}

// A rehearsal may omit the justification, and a placeholder is not a person.
func TestARehearsalWithoutJustificationSaysWhatApprovalsWait(t *testing.T) {
	w := repairWorld(t)
	wish := repairing()
	wish.Justification.RequestedBy, wish.Approvals = portal.NotGivenYet, nil
	gate := w.PlanFix(wish).Approval
	if gate.Status != portal.Refused || strings.Contains(gate.Detail, portal.NotGivenYet) || !strings.Contains(gate.Cure, "Give the justification first") {
		t.Errorf("it says, %s: %s %s", gate.Status, gate.Detail, gate.Cure)
	}
}

func TestListedApproversSign(t *testing.T) {
	w := repairWorld(t, func(p *portal.Pipeline) {
		p.Approvers = map[string]portal.Approver{"ben": {PublicKey: "ssh-ed25519 AAAA", May: []string{"emergency"}}}
	})
	if rules := refusedBy(t, w, repairing()); !slices.Contains(rules, portal.FixApproved) {
		t.Errorf("an approval without a signature is refused by %v", rules)
	}
}

// TestExpectingWhatWasRead: a fix goes ahead only while its statement is the one that was read.
func TestExpectingWhatWasRead(t *testing.T) {
	expecting := func(w *portaltest.World) portal.FixWish {
		wish := repairing()
		wish.Expect = portal.StatementDigest(w.PlanFix(repairing()).Plan.Statement)
		return wish
	}
	for name, change := range map[string]func(w *portaltest.World, wish *portal.FixWish){
		"the target runs something else": func(w *portaltest.World, _ *portal.FixWish) {
			stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging", "production")(w)
		},
		"something else stands on staging": func(w *portaltest.World, _ *portal.FixWish) {
			stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
		},
		"a duplicate was declared": func(w *portaltest.World, _ *portal.FixWish) { lane("hot", "staging")(w) },
		"a freeze has begun":       func(w *portaltest.World, _ *portal.FixWish) { w.Freeze("night", at(0), at(time.Hour)) },
		"a target was added": func(w *portaltest.World, _ *portal.FixWish) {
			w.Environment("a", "production")
			w.Deploy("a", "1.0.0")
		},
		"the reason":     func(_ *portaltest.World, wish *portal.FixWish) { wish.Justification.Reason = "another" },
		"the expiry":     func(_ *portaltest.World, wish *portal.FixWish) { wish.ApprovalsExpireAt = at(time.Hour) },
		"the components": func(_ *portaltest.World, wish *portal.FixWish) { bringing("app 1.g")(wish) },
	} {
		t.Run(name, func(t *testing.T) {
			w := repairWorld(t)
			wish := expecting(w)
			change(w, &wish)
			if rules := refusedBy(t, w, wish); !slices.Equal(rules, []portal.Rule{portal.StalePlan}) {
				t.Errorf("it is refused by %v", rules)
			}
		})
	}
	t.Run("nothing has changed", func(t *testing.T) {
		w := repairWorld(t)
		wish := expecting(w)
		w.Wait(time.Hour)
		w.As("somebody else")
		w.MustRunFix(wish)
		if p := w.PlanFix(wish); !p.Verdict.Allowed() {
			t.Errorf("afterwards it is refused: %v", p.Verdict.Broken())
		}
	})
}

// TestAPlanTellsNoAge plans the same facts at two times, for each strategy, at
// each step: the plans are the same.
func TestAPlanTellsNoAge(t *testing.T) {
	for strategy, story := range fixStories {
		t.Run(string(strategy), func(t *testing.T) {
			w := repairWorld(t, func(p *portal.Pipeline) {
				p.Stages[0].SoakTime, p.Stages[1].SoakTime = time.Minute, time.Hour
				p.Rules = map[portal.Rule]portal.Level{portal.SoakTime: portal.LevelOff, portal.StageOrder: portal.LevelOff}
			})
			story(w)
			w.Freeze("night", at(-time.Hour), at(1000*time.Hour))
			next := *w.State.Pipeline
			next.Rules = nil
			w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
			for stop := 0; ; stop++ {
				here := w.PlanFix(repairing())
				facts := w.Facts()
				facts.Now = facts.Now.Add(100 * time.Hour)
				later, err := facts.PlanFix(repairing())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(here.Plan, later.Plan, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("after %d steps the plans differ (-now +later):\n%s", stop, diff)
				}
				if stop == 0 {
					w.MustDo(portal.OpenFix{FixWish: repairing()})
				}
				if !w.State.Fixes["EF-1"].Active() {
					break
				}
				if err := w.RunSteps("EF-1", stop+1); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestFixTested(t *testing.T) {
	wish := repairing(naming(portal.StageOrder))
	t.Run("a check of the environment is automatic", func(t *testing.T) {
		w := repairWorld(t, needing("smoke"))
		checking("staging", "smoke")(w)
		carriedOut(t, w, wish)
	})
	t.Run("on a duplicate too", func(t *testing.T) {
		w := repairWorld(t, needing("smoke"))
		lane("hot", "staging")(w)
		checking("hot", "smoke")(w)
		carriedOut(t, w, wish)
	})
	t.Run("a check that fails halts it before the target", func(t *testing.T) {
		w := repairWorld(t, needing("smoke"))
		checking("staging", "smoke")(w)
		halts(t, w, wish, "staging")
		runs(t, w, map[string]string{"production": "1.0.0"})
	})
	t.Run("a recorded failure halts it, a newer success lets it go on", func(t *testing.T) {
		w := repairWorld(t, needing("smoke"))
		stop := wish
		stop.AdvanceTo = "staging"
		w.MustRunFix(stop)
		w.Fail("staging", "1.0.0", "smoke")
		if err := w.RunFix(wish); err == nil {
			t.Error("it goes on")
		}
		w.Pass("staging", "1.0.0", "smoke")
		carriedOut(t, w, wish)
	})
	t.Run("a result of what stood there before does not count", func(t *testing.T) {
		w := repairWorld(t, needing("smoke"))
		w.Pass("staging", "1.0.0", "smoke")
		if rules := refusedBy(t, w, wish); !slices.Equal(rules, []portal.Rule{portal.FixTested}) {
			t.Errorf("it is refused by %v", rules)
		}
	})
	t.Run("bypassed, it goes on without a result", func(t *testing.T) {
		w := repairWorld(t, needing("smoke"))
		w.MustRunFix(repairing())
	})
	t.Run("bypassed, a failing result does not stop it either", func(t *testing.T) {
		w := repairWorld(t, needing("smoke"))
		w.MustRunFix(repairing(advancing("staging")))
		w.Fail("staging", "1.0.0", "smoke")
		w.MustRunFix(repairing())
	})
}

// TestAFreezeThatBeginsOnTheWay stops a fix that does not name it before its target.
func TestAFreezeThatBeginsOnTheWay(t *testing.T) {
	w := repairWorld(t)
	wish := repairing(naming(portal.StageOrder))
	w.MustDo(portal.OpenFix{FixWish: wish})
	if err := w.RunSteps("EF-1", 4); err != nil {
		t.Fatal(err)
	}
	w.Freeze("night", at(0), at(time.Hour))
	var refusal *portal.RefusalError
	if err := w.RunSteps("EF-1", 5); !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.FreezeInForce}) {
		t.Errorf("it goes on with %v", err)
	}
	if rules := refusedBy(t, w, wish); !slices.Equal(rules, []portal.Rule{portal.FreezeInForce}) {
		t.Errorf("going on is refused by %v", rules)
	}
	w.Wait(time.Hour)
	carriedOut(t, w, wish)
}

// TestARuleThatIsBrokenOnlyByNow is named, and was not broken when the fix was planned and signed:
// the fix is planned again or, if it is on its way to its targets already, the record shows the
// rule.
func TestARuleThatIsBrokenOnlyByNow(t *testing.T) {
	w := repairWorld(t)
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	w.MustDo(portal.OpenFix{FixWish: repairing()})
	if err := w.RunSteps("EF-1", 4); err != nil {
		t.Fatal(err)
	}
	w.Freeze("night", at(0), at(time.Hour))
	var refusal *portal.RefusalError
	if err := w.RunSteps("EF-1", 5); !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.StalePlan}) {
		t.Fatalf("it goes on with %v", err)
	}
	p := w.PlanFix(repairing())
	if !p.Planned || !bypassed(p)[portal.FreezeInForce] {
		t.Errorf("it is planned anew: %v, and breaks %v", p.Planned, p.Plan.Bypassed)
	}
	w.MustDo(portal.RemoveFreeze{Name: "night"})
	x := w.State.Fixes["EF-1"]
	if err := w.RunSteps("EF-1", 6); err != nil || x.InForce == 0 {
		t.Fatalf("on its first target: %v", err)
	}
	w.Freeze("night", at(0), at(time.Hour))
	carriedOut(t, w, repairing())
	var warnings []string
	for _, r := range w.Log {
		if started, is := r.Event.(portal.DeploymentStarted); is && started.Step != nil {
			warnings = append(warnings, started.Warnings...)
		}
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "freeze: production: ") {
		t.Errorf("the record tells %v", warnings)
	}
}

// TestASuiteThatNobodyHasToPass is one that a regular deployment would need, too.
func TestASuiteThatNobodyHasToPass(t *testing.T) {
	w := repairWorld(t, needing("smoke"), on("staging", func(s *portal.Stage) { s.RequiredTests = []string{"smoke"} }))
	if rules := bypassed(w.PlanFix(repairing())); !rules[portal.TestsPassed] || !rules[portal.FixTested] {
		t.Errorf("bypassing fix-tested breaks %v", rules)
	}
	if rules := bypassed(w.PlanFix(repairing(advancing("staging"), naming(portal.StageOrder)))); rules[portal.TestsPassed] {
		t.Errorf("with the suite passed it breaks %v", rules)
	}
}

func TestReviewing(t *testing.T) {
	w := repairWorld(t)
	reviewed := repairing(func(w *portal.FixWish) {
		w.Review = &portal.Review{Reviewer: "cid", Outcome: "accepted", Notes: "well done"}
	})
	w.MustRunFix(repairing())
	if p := w.PlanFix(reviewed); !p.Reviewed || !p.Changes() || p.Goes() {
		t.Errorf("reviewed: %v, changes: %v, goes: %v", p.Reviewed, p.Changes(), p.Goes())
	}
	w.MustRunFix(reviewed)
	x := w.State.Fixes["EF-1"]
	if x.Review == nil || x.Review.Reviewer != "cid" || !x.Reviewed.Equal(w.Now) {
		t.Errorf("the review is %+v at %v", x.Review, x.Reviewed)
	}
	if p := w.PlanFix(reviewed); p.Changes() {
		t.Error("it is recorded, and something is left to do")
	}
	if p := w.PlanFix(repairing()); p.Changes() {
		t.Error("a review that is left out is taken back")
	}
	for _, o := range w.State.Obligations(x) {
		if strings.HasPrefix(o.What, "the review") && !o.Met {
			t.Error("the review is still owed")
		}
	}
}
