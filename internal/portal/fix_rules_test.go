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

// naming makes a wish name these rules and no other.
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
	var refused *portal.Refusal
	if _, err := (portal.OpenFix{FixWish: wish}).Decide(w.Facts()); errors.As(err, &refused) != (refusal != nil) {
		t.Errorf("planning it is refused by %v, opening it ends with %v", refusal, err)
	}
	if refusal == nil {
		return nil
	}
	return refusal.Rules()
}

// TestBypassing breaks each rule that may be bypassed: not named, the fix is
// refused by it and no other; named, the fix goes ahead and lists it.
func TestBypassing(t *testing.T) {
	for _, c := range []struct {
		rule        portal.Rule
		pipeline    func(p *portal.Pipeline)
		story       func(w *portaltest.World)
		strategy    portal.Strategy
		environment string
		detail      string
	}{
		{rule: portal.StageOrder, environment: "production", detail: "1.0.0+EF-1 never ran on dev"},
		{
			rule: portal.StageOrder, environment: "production", story: lane("hot", "staging"),
			detail: "1.0.0+EF-1 never ran on dev; staging: tested on hot, an emergency lane",
		},
		{
			rule: portal.StageOrder, environment: "production", story: stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"),
			detail: "1.0.0+EF-1 never ran on dev; staging: tested as 2.0.0+EF-1, production gets 1.0.0+EF-1",
		},
		{
			rule: portal.TestsPassed, environment: "production", detail: "smoke has no result on staging",
			pipeline: on("staging", func(s *portal.Stage) { s.RequiredTests = []string{"smoke"} }),
		},
		{
			rule: portal.TestsPassed, environment: "production", detail: "unit has no result on dev; load and smoke have no result on staging",
			pipeline: func(p *portal.Pipeline) {
				p.Stages[0].RequiredTests = []string{"unit"}
				p.Stages[1].RequiredTests = []string{"smoke", "load", "alive"}
			},
			story: checking("staging", "alive"),
		},
		{rule: portal.SoakTime, environment: "production", pipeline: soak("staging", time.Hour), detail: "less than 1h on staging"},
		{
			rule: portal.Approvals, environment: "production", detail: "2 approvals required to leave staging",
			pipeline: func(p *portal.Pipeline) {
				p.Stages[1].RequiredApprovals = 2
				p.Rules = map[portal.Rule]portal.Level{portal.Approvals: portal.LevelOff}
			},
			story: func(w *portaltest.World) {
				next := *w.State.Pipeline
				next.Rules = nil
				w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
			},
		},
		{
			rule: portal.FreezeInForce, environment: "production", detail: "until 2026-11-20T10:00:00Z: nobody is there",
			story: func(w *portaltest.World) { w.Freeze("night", at(0), at(time.Hour)) },
		},
		{
			rule: portal.FreezeInForce, environment: "staging", detail: `freeze "night" is in force on staging`,
			story: func(w *portaltest.World) { w.Freeze("night", at(0), at(time.Hour), "staging") },
		},
		{
			rule: portal.StageOccupied, environment: "staging", detail: "stage \"staging\" is exclusive, and 2.0.0 is under test on staging",
			pipeline: on("staging", func(s *portal.Stage) { s.Exclusive = true }),
			story:    stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging"),
		},
		{rule: portal.FixTested, environment: "staging", pipeline: needing("smoke"), detail: "smoke has no result on 1.0.0+EF-1"},
		{
			rule: portal.FixTested, environment: "production", detail: "stage staging has no environment to test on",
			story: func(w *portaltest.World) { w.Remove("staging") },
		},
		{
			rule: portal.RepresentativeTest, environment: "staging", detail: "2.0.0 differs in what the fix touches", strategy: portal.StrategyPreempt,
			story: stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging"),
		},
		{
			rule: portal.RepresentativeTest, environment: "staging", detail: "2.0.0 is a differential release", strategy: portal.StrategyPreempt,
			story: stand(over("2.0.0", "web 2"), "dev", "staging"),
		},
		{
			rule: portal.RepresentativeTest, environment: "production", detail: "gets 1.0.0+EF-1; what is tested is for a, which gets 2.0.0+EF-1",
			story: func(w *portaltest.World) {
				w.Environment("a", "production")
				stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging", "a")(w)
			},
		},
	} {
		t.Run(string(c.rule)+", "+c.detail, func(t *testing.T) {
			begin := func(changes ...func(p *portal.Pipeline)) (*portaltest.World, portal.FixWish) {
				if c.pipeline != nil {
					changes = append([]func(p *portal.Pipeline){c.pipeline}, changes...)
				}
				w := repairWorld(t, changes...)
				if c.story != nil {
					c.story(w)
				}
				wish := repairing()
				if c.strategy != "" {
					wish.Strategy = c.strategy
				}
				return w, wish
			}
			w, wish := begin()
			wish.Bypass = allBut(c.rule)
			if diff := cmp.Diff([]portal.Rule{c.rule}, refusedBy(t, w, wish)); diff != "" {
				t.Errorf("not named, it is refused by (-want +got):\n%s", diff)
			}
			gate := gateOf(t, w.PlanFix(wish).Verdict, c.rule)
			if !strings.Contains(gate.Detail, c.detail) || !strings.Contains(gate.Cure, string(c.rule)) {
				t.Errorf("it says %q, %q", gate.Detail, gate.Cure)
			}
			w, wish = begin()
			listed := false
			p := w.PlanFix(wish)
			for _, row := range p.Plan.Bypassed {
				listed = listed || (row.Rule == c.rule && row.Environment == c.environment && strings.Contains(row.Detail, c.detail))
			}
			if !listed {
				t.Errorf("it is not listed: %v", p.Plan.Bypassed)
			}
			if gateOf(t, p.Verdict, c.rule).Status != portal.Bypassed {
				t.Error("it is not told as bypassed")
			}
			carriedOut(t, w, wish)

			for _, level := range []portal.Level{portal.LevelOff, portal.LevelWarn} {
				w, wish = begin()
				next := *w.State.Pipeline
				next.Rules = map[portal.Rule]portal.Level{c.rule: level}
				w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
				wish.Bypass = allBut(c.rule)
				if rules := refusedBy(t, w, wish); len(rules) > 0 {
					t.Errorf("the pipeline lets it pass (%s), and it is refused by %v", level, rules)
				}
				carriedOut(t, w, wish)
			}

			w, wish = begin(func(p *portal.Pipeline) { p.Emergency.BypassableRules = allBut(c.rule) })
			_, err := w.Facts().PlanFix(wish)
			rejected(t, err, "does not let a fix bypass "+string(c.rule))
			wish.Bypass = allBut(c.rule)
			if gate := gateOf(t, w.PlanFix(wish).Verdict, c.rule); gate.Cure == "" || strings.Contains(gate.Cure, "bypass = [") {
				t.Errorf("the cure is %q", gate.Cure)
			}
		})
	}
}

func TestNamingMoreThanIsBrokenIsAllowed(t *testing.T) {
	w := repairWorld(t)
	if p := w.PlanFix(repairing()); len(p.Plan.Bypassed) != 1 || p.Refusal() != nil {
		t.Errorf("it breaks %v", p.Plan.Bypassed)
	}
}

// TestWhatNoFixMayBypass has the rules that refuse a fix whatever it names.
func TestWhatNoFixMayBypass(t *testing.T) {
	requires := func(release portal.Release) portal.Release {
		release.Requires = map[string]string{"portal": ">= 9"}
		return release
	}
	for _, c := range []struct {
		name  string
		story func(w *portaltest.World)
		wish  portal.FixWish
		want  []portal.Rule
	}{
		{
			name: "another fix holds the target", want: []portal.Rule{portal.EnvironmentHeld}, wish: repairing(),
			story: func(w *portaltest.World) {
				lane("hot", "staging")(w)
				w.MustDo(portal.OpenFix{FixWish: portaltest.Fix("EF-0", "1.e")})
			},
		},
		{
			name: "another fix holds where it is tested, and there is no other place", want: []portal.Rule{portal.EnvironmentHeld}, wish: repairing(reaching("production")),
			story: func(w *portaltest.World) {
				w.Environment("a", "production")
				w.Deploy("a", "1.0.0")
				wish := portaltest.Fix("EF-0", "1.e")
				wish.Environments = []string{"a"}
				w.MustDo(portal.OpenFix{FixWish: wish})
			},
		},
		{
			name: "another fix holds where it would be tested best, and there is another place", wish: repairing(reaching("production")),
			story: func(w *portaltest.World) {
				lane("hot", "staging")(w)
				w.Environment("a", "production")
				w.Deploy("a", "1.0.0")
				wish := portaltest.Fix("EF-0", "1.e")
				wish.Environments = []string{"a"}
				w.MustDo(portal.OpenFix{FixWish: wish})
			},
		},
		{
			name: "what the release requires is gone from where it is tested", want: []portal.Rule{portal.Prerequisites}, wish: repairing(),
			story: func(w *portaltest.World) {
				installed := func(version string) {
					for _, name := range []string{"dev", "staging", "production"} {
						e := w.State.Sites[name].Environment
						e.Installed = map[string]string{"portal": version}
						if version == "8" && name != "staging" {
							continue
						}
						w.MustDo(portal.DeclareEnvironment{Environment: e, Update: true})
					}
				}
				installed("9.5")
				stand(requires(bill("2.0.0", "app 1", "web 2")), "dev", "staging", "production")(w)
				installed("8")
			},
		},
		{
			name: "a target would lose a fix in force", want: []portal.Rule{portal.FixRegression}, wish: repairing(named("EF-2"), bringing("web 1.f"), reaching("a")),
			story: func(w *portaltest.World) {
				w.Environment("a", "production")
				stand(bill("2.0.0", "app 2", "web 1"), "dev", "staging", "a")(w)
				w.MustRunFix(repairing(reaching("production")))
				w.Wait(time.Second)
			},
		},
		{
			name: "what was expected is not what would be done", want: []portal.Rule{portal.StalePlan},
			wish: repairing(func(w *portal.FixWish) { w.Expect = strings.Repeat("0", 64) }),
		},
		{
			name: "it is not approved", want: []portal.Rule{portal.FixApproved},
			wish: repairing(func(w *portal.FixWish) { w.Approvals = nil }),
		},
		{
			name: "who has requested it does not count", want: []portal.Rule{portal.FixApproved},
			wish: repairing(func(w *portal.FixWish) { w.Approvals = map[string]string{"Ann": ""} }),
		},
		{
			name: "one person counts once", want: []portal.Rule{portal.FixApproved},
			story: func(w *portaltest.World) {
				next := *w.State.Pipeline
				next.Emergency.RequiredApprovals = 2
				w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
			},
			wish: repairing(func(w *portal.FixWish) { w.Approvals = map[string]string{"ben": "", "BEN": ""} }),
		},
		{
			name: "two people have approved it",
			story: func(w *portaltest.World) {
				next := *w.State.Pipeline
				next.Emergency.RequiredApprovals = 2
				w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
			},
			wish: repairing(func(w *portal.FixWish) { w.Approvals = map[string]string{"ben": "", "cid": ""} }),
		},
		{
			name: "nobody is asked",
			story: func(w *portaltest.World) {
				next := *w.State.Pipeline
				next.Emergency.RequiredApprovals = 0
				w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
			},
			wish: repairing(func(w *portal.FixWish) { w.Approvals = nil }),
		},
		{
			name: "its approvals have expired", want: []portal.Rule{portal.FixApproved},
			wish: repairing(func(w *portal.FixWish) { w.ApprovalsExpireAt = at(time.Second) }),
		},
		{
			name: "its approvals expire later",
			wish: repairing(func(w *portal.FixWish) { w.ApprovalsExpireAt = at(time.Hour) }),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			if c.story != nil {
				c.story(w)
			}
			if diff := cmp.Diff(c.want, refusedBy(t, w, c.wish), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("refused by (-want +got):\n%s", diff)
			}
			if len(c.want) == 0 {
				w.MustRunFix(c.wish)
			}
		})
	}
}

// A rehearsal may leave the justification out, and a placeholder is nobody.
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

// TestExpectingWhatWasRead lets a fix go ahead only while its statement is what
// was read.
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

// TestAFreezeThatBeginsOnTheWay stops a fix that does not name it before its
// target.
func TestAFreezeThatBeginsOnTheWay(t *testing.T) {
	w := repairWorld(t)
	wish := repairing(naming(portal.StageOrder))
	w.MustDo(portal.OpenFix{FixWish: wish})
	if err := w.RunSteps("EF-1", 4); err != nil {
		t.Fatal(err)
	}
	w.Freeze("night", at(0), at(time.Hour))
	var refusal *portal.Refusal
	if err := w.RunSteps("EF-1", 5); !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.FreezeInForce}) {
		t.Errorf("it goes on with %v", err)
	}
	if rules := refusedBy(t, w, wish); !slices.Equal(rules, []portal.Rule{portal.FreezeInForce}) {
		t.Errorf("going on is refused by %v", rules)
	}
	w.Wait(time.Hour)
	carriedOut(t, w, wish)
}

// TestARuleThatIsBrokenOnlyByNow is named, and was not broken when the fix was
// planned and signed: it is planned anew, and where it is on its way to its
// targets already, the record tells.
func TestARuleThatIsBrokenOnlyByNow(t *testing.T) {
	w := repairWorld(t)
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	w.MustDo(portal.OpenFix{FixWish: repairing()})
	if err := w.RunSteps("EF-1", 4); err != nil {
		t.Fatal(err)
	}
	w.Freeze("night", at(0), at(time.Hour))
	var refusal *portal.Refusal
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
