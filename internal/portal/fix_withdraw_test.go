package portal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// fixStories are worlds in which the fix EF-1 is tested in each way.
var fixStories = map[portal.Strategy]func(w *portaltest.World){
	portal.StrategyDedicated: lane("hot", "staging"),
	portal.StrategyInPlace:   func(w *portaltest.World) {},
	portal.StrategyPreempt:   stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"),
	portal.StrategyRollback:  stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging"),
	"in-place, empty":        func(w *portaltest.World) { w.Empty("staging") },
	"differential":           stand(over("2.0.0", "web 2"), "dev", "staging"),
	"two targets": func(w *portaltest.World) {
		w.Environment("a", "production")
		w.Deploy("a", "1.0.0")
		stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
	},
}

// whatRuns says what every environment runs, component by component.
func whatRuns(w *portaltest.World) map[string]portal.Content {
	all := map[string]portal.Content{}
	for name, site := range w.State.Sites {
		all[name] = site.Content()
	}
	return all
}

// TestWithdrawingAtEveryStep withdraws a fix after each of its steps, and after each deployment
// that did not succeed: everything is as before.
func TestWithdrawingAtEveryStep(t *testing.T) {
	t.Run("pipeline", func(t *testing.T) { withdrawAtEveryStep(t, repairing) })
	t.Run("environments", func(t *testing.T) { withdrawAtEveryStep(t, repairingThere) })
}

// repairingThere is repairing for its environments alone.
func repairingThere(change ...func(w *portal.FixWish)) portal.FixWish {
	return repairing(append([]func(w *portal.FixWish){confined}, change...)...)
}

func withdrawAtEveryStep(t *testing.T, repairing func(...func(w *portal.FixWish)) portal.FixWish) {
	for strategy, story := range fixStories {
		for _, way := range []string{"stopped", "failed", "unknown"} {
			for stop := 0; ; stop++ {
				w := repairWorld(t)
				story(w)
				before := whatRuns(w)
				steps := w.PlanFix(repairing()).Plan.Steps
				if stop > len(steps) {
					break
				}
				t.Run(fmt.Sprintf("%s, %s at %d", strategy, way, stop), func(t *testing.T) {
					w.MustDo(portal.OpenFix{FixWish: repairing()})
					if err := w.RunSteps("EF-1", stop); err != nil {
						t.Fatal(err)
					}
					had := w.State.Fixes["EF-1"].InForce > 0
					if x := w.State.Fixes["EF-1"]; way != "stopped" {
						if stop == len(steps) || !steps[stop].Deploys() {
							return
						}
						w.MustDo(portal.StartStep{Fix: "EF-1", Round: x.Round, Stop: stop + 1})
						spoil(t, w, repairing(withdrawing), steps[stop].Environment, way)
						had = had || x.Plan.Target(steps[stop].Environment) != nil
					}
					p := w.PlanFix(repairing(withdrawing))
					if refusal := p.Refusal(); refusal != nil || !p.Withdraws {
						t.Fatalf("it is not withdrawn: %v", refusal)
					}
					if stop > 0 && len(p.Plan.Steps) > 0 && p.Plan.Steps[0].Environment == "staging" && w.State.Sites["production"].Running.Fixes != nil {
						t.Error("the targets do not come first")
					}
					w.MustRunFix(repairing(withdrawing))
					x := w.State.Fixes["EF-1"]
					if x.Status() != portal.StatusWithdrawn || x.Withdrawal.Reason == "" {
						t.Errorf("it is %s", x.Status())
					}
					nothingWaits(t, w)
					after := whatRuns(w)
					if strategy == portal.StrategyDedicated && stop == len(steps) {
						before["hot"] = before["production"]
					}
					if diff := cmp.Diff(before, after); diff != "" {
						t.Errorf("contents (-before +after):\n%s", diff)
					}
					for name, site := range w.State.Sites {
						if !site.Intact() {
							t.Errorf("%s is not intact", name)
						}
					}
					if owes := owedFor(w, x); (len(owes) == 1) != had || (had && owes[0] != "the review of EF-1") {
						t.Errorf("a target had it: %t, and it owes %q", had, owes)
					}
					if again := w.PlanFix(repairing(withdrawing)); again.Changes() {
						t.Error("it is withdrawn, and something is left to do")
					}
				})
			}
		}
	}
}

// owedFor lists the open obligations of a fix.
func owedFor(w *portaltest.World, x *portal.FixState) []string {
	var owes []string
	for _, o := range w.State.Obligations(x) {
		if !o.Met {
			owes = append(owes, o.What)
		}
	}
	return owes
}

// spoil ends a deployment without success.
func spoil(t *testing.T, w *portaltest.World, withdrawal portal.FixWish, environment, way string) {
	t.Helper()
	if way == "unknown" { // its process is gone, and nobody knows
		w.Wait(portaltest.LeaseTime)
		var abandoned *portal.AbandonedError
		if _, err := w.Do(portal.OpenFix{FixWish: withdrawal}); !errors.As(err, &abandoned) {
			t.Fatalf("withdrawing over an abandoned step gives %v", err)
		}
		w.MustDo(portal.TakeOver{Environment: environment})
	}
	outcome := map[string]portal.Outcome{"failed": portal.Failed, "unknown": portal.Unknown}[way]
	w.MustDo(portal.EndDeployment{Environment: environment, Epoch: w.State.Sites[environment].Epoch, Outcome: outcome})
	if status := w.State.Fixes["EF-1"].Status(); status != portal.StatusHalted {
		t.Errorf("after a step that %s it is %s", way, status)
	}
}

// TestResumingAtEveryStep kills the process that carries out a fix at each point, and continues: it
// ends as if nothing had happened, and no step is done twice.
func TestResumingAtEveryStep(t *testing.T) {
	t.Run("pipeline", func(t *testing.T) { resumeAtEveryStep(t, repairing) })
	t.Run("environments", func(t *testing.T) { resumeAtEveryStep(t, repairingThere) })
}

func resumeAtEveryStep(t *testing.T, repairing func(...func(w *portal.FixWish)) portal.FixWish) {
	for strategy, story := range fixStories {
		undisturbed := repairWorld(t)
		story(undisturbed)
		undisturbed.MustRunFix(repairing())
		for kill := range len(undisturbed.State.Fixes["EF-1"].Plan.Steps) {
			t.Run(fmt.Sprintf("%s at %d", strategy, kill), func(t *testing.T) {
				w := repairWorld(t)
				story(w)
				w.MustDo(portal.OpenFix{FixWish: repairing()})
				if err := w.RunSteps("EF-1", kill); err != nil {
					t.Fatal(err)
				}
				x := w.State.Fixes["EF-1"]
				step := x.Plan.Steps[kill]
				w.MustDo(portal.StartStep{Fix: "EF-1", Round: x.Round, Stop: kill + 1})
				if step.Deploys() {
					if _, err := w.Do(portal.StartStep{Fix: "EF-1", Round: x.Round, Stop: kill + 1}); err == nil {
						t.Error("a step is started while it is carried out")
					}
					w.Wait(portaltest.LeaseTime)
					var abandoned *portal.AbandonedError
					if _, err := w.Do(portal.StartStep{Fix: "EF-1", Round: x.Round, Stop: kill + 1}); !errors.As(err, &abandoned) {
						t.Fatalf("going on over an abandoned step gives %v", err)
					}
					w.MustDo(portal.TakeOver{Environment: step.Environment})
					w.MustDo(portal.EndDeployment{Environment: step.Environment, Epoch: w.State.Sites[step.Environment].Epoch, Outcome: portal.Succeeded})
				}
				w.MustRunFix(repairing())
				nothingWaits(t, w)
				if diff := cmp.Diff(whatRuns(undisturbed), whatRuns(w)); diff != "" {
					t.Errorf("contents (-undisturbed +killed):\n%s", diff)
				}
				done := map[portal.FixStep]int{}
				for _, r := range w.Log {
					if ended, is := r.Event.(portal.FixStepEnded); is && ended.Outcome == portal.Succeeded {
						done[ended.FixStep]++
					}
				}
				for step, times := range done {
					if times != 1 {
						t.Errorf("%v was done %d times", step, times)
					}
				}
			})
		}
	}
}

func TestWithdrawing(t *testing.T) {
	second := func(parts ...string) portal.FixWish { return repairing(named("EF-2"), bringing(parts...)) }
	t.Run("a release that carries it elsewhere goes without it", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		stand(bill("1.1.0", "app 1", "web 2"), "dev")(w)
		runs(t, w, map[string]string{"dev": "1.1.0+EF-1"})
		planned(t, w, repairing(withdrawing), `
			hold production
			roll_back production 1.0.0
			unhold production
			hold staging
			roll_back staging 1.0.0
			unhold staging
			hold dev
			roll_back dev 1.1.0
			unhold dev`)
		w.MustRunFix(repairing(withdrawing))
		runs(t, w, map[string]string{"dev": "1.1.0", "staging": "1.0.0", "production": "1.0.0"})
	})
	t.Run("what carries it in flight is stopped", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		w.Empty("dev")
		register(w, bill("1.1.0", "app 1", "web 2"))
		w.MustStart("dev", "1.1.0")
		finish(t, w, repairing(withdrawing))
		runs(t, w, map[string]string{"dev": "", "staging": "1.0.0", "production": "1.0.0"})
	})
	t.Run("not while a later fix touches the same component", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		w.Wait(time.Second)
		w.MustRunFix(second("app 1.g"))
		runs(t, w, map[string]string{"production": "1.0.0+EF-1.EF-2"})
		_, err := w.Facts().PlanFix(repairing(withdrawing))
		rejected(t, err, "Withdraw EF-2 first")
		w.MustRunFix(repairing(named("EF-2"), withdrawing))
		runs(t, w, map[string]string{"staging": "1.0.0+EF-1", "production": "1.0.0+EF-1"})
		w.MustRunFix(repairing(withdrawing))
		runs(t, w, map[string]string{"staging": "1.0.0", "production": "1.0.0"})
	})
	t.Run("not while a later fix is on its way to the same component", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		w.Wait(time.Second)
		w.MustDo(portal.OpenFix{FixWish: second("app 1.g")})
		_, err := w.Facts().PlanFix(repairing(withdrawing))
		rejected(t, err, "Withdraw EF-2 first")
	})
	t.Run("a later fix of another component stays", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		w.Wait(time.Second)
		w.MustRunFix(second("web 1.f"))
		w.MustRunFix(repairing(withdrawing))
		runs(t, w, map[string]string{"staging": "1.0.0+EF-2", "production": "1.0.0+EF-2"})
	})
	t.Run("another fix does not do it", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		_, err := w.Facts().PlanFix(second("app 1"))
		rejected(t, err, "Withdraw the fix that replaced them (EF-1) instead")
	})
	t.Run("it asks for no approval", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		w.MustRunFix(repairing(withdrawing, func(w *portal.FixWish) { w.Approvals = nil }))
	})
	t.Run("not where another fix holds the environment", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		w.Wait(time.Second)
		w.MustDo(portal.OpenFix{FixWish: second("web 1.f")})
		refusal := w.PlanFix(repairing(withdrawing)).Refusal()
		if refusal == nil || refusal.Rules()[0] != portal.EnvironmentHeld {
			t.Errorf("it is refused by %v", refusal)
		}
	})
	t.Run("what is begun to be taken back comes along nowhere", func(t *testing.T) {
		w := repairWorld(t)
		w.Empty("dev")
		w.MustRunFix(repairing())
		w.MustDo(portal.OpenFix{FixWish: repairing(withdrawing)})
		w.Deploy("dev", "1.0.0")
		w.MustRunFix(repairing(withdrawing))
		runs(t, w, map[string]string{"dev": "1.0.0", "staging": "1.0.0", "production": "1.0.0"})
	})
	t.Run("a later fix is not on top of one that is not in force", func(t *testing.T) {
		w := repairWorld(t)
		lane("hot", "staging")(w)
		w.Environment("a", "production")
		w.Deploy("a", "1.0.0")
		w.MustRunFix(repairing(reaching("production"), by(portal.StrategyRollback), advancing("staging")))
		w.Wait(time.Second)
		later := second("app 1.g")
		later.Environments = []string{"a"}
		w.MustRunFix(later)
		w.MustRunFix(repairing(withdrawing))
		runs(t, w, map[string]string{"staging": "1.0.0", "production": "1.0.0", "a": "1.0.0+EF-2"})
	})
	t.Run("not where another one that is taken back still brings it along", func(t *testing.T) {
		w := repairWorld(t)
		lane("hot", "staging")(w)
		w.MustRunFix(repairing())
		w.Wait(time.Second)
		w.MustRunFix(second("web 1.f"))
		w.MustStart("dev", "1.0.0") // a repair carries nothing
		w.Wait(portaltest.LeaseTime)
		w.MustDo(portal.TakeOver{Environment: "dev"})
		w.End("dev", w.State.Sites["dev"].Epoch, portal.Succeeded)
		epoch, err := w.Do(portal.StartDeployment{Deploy: portal.Deploy{Environment: "dev", Release: "1.0.0", Redeploy: "along"}})
		if err != nil || len(epoch) != 1 {
			t.Fatal(err)
		}
		var waiting *portal.WaitingError
		if err := w.RunFix(repairing(withdrawing)); !errors.As(err, &waiting) { // the one in progress on dev
			t.Fatalf("withdrawing the first ends with %v", err)
		}
		interruptAsked(t, w)
		refusal := w.PlanFix(repairing(named("EF-2"), withdrawing)).Refusal()
		if refusal == nil || refusal.Rules()[0] != portal.EnvironmentHeld {
			t.Errorf("the second is withdrawn, and the first would bring it to dev: %v", refusal)
		}
		w.MustRunFix(repairing(withdrawing))
		w.MustRunFix(repairing(named("EF-2"), withdrawing))
		runs(t, w, map[string]string{"dev": "1.0.0", "staging": "1.0.0", "production": "1.0.0"})
	})
	t.Run("not while one of its steps is carried out", func(t *testing.T) {
		w := repairWorld(t)
		w.MustDo(portal.OpenFix{FixWish: repairing()})
		if err := w.RunSteps("EF-1", 1); err != nil {
			t.Fatal(err)
		}
		w.MustDo(portal.StartStep{Fix: "EF-1", Stop: 2})
		_, err := w.Do(portal.OpenFix{FixWish: repairing(withdrawing)})
		if err == nil || !strings.Contains(err.Error(), "deployment of 1.0.0+EF-1 by deployer is in flight on staging") {
			t.Errorf("it ends with %v", err)
		}
	})
	t.Run("its obligations end, but for the review", func(t *testing.T) {
		w := repairWorld(t)
		w.MustRunFix(repairing())
		if debts := w.State.Debts(); len(debts) != 1 || len(debts[0].Owed) != 3 {
			t.Errorf("it owes %v", debts)
		}
		w.MustRunFix(repairing(withdrawing))
		x := w.State.Fixes["EF-1"]
		if debts := w.State.Debts(); len(debts) != 1 || len(debts[0].Owed) != 1 || debts[0].Owed[0].What != "the review of EF-1" ||
			!debts[0].Owed[0].Due.Equal(x.InForceAt.Add(120*time.Hour)) {
			t.Errorf("withdrawn it owes %v", debts)
		}
		if !x.ReconcileBy().IsZero() {
			t.Errorf("withdrawn it is to be reconciled by %v", x.ReconcileBy())
		}
		w.MustRunFix(repairing(withdrawing, func(w *portal.FixWish) {
			w.Review = &portal.Review{Reviewer: "cid", Outcome: "rejected", Notes: "it made it worse"}
		}))
		if debts := w.State.Debts(); len(debts) != 0 {
			t.Errorf("reviewed it owes %v", debts)
		}
		w.Wait(2000 * time.Hour)
		register(w, bill("1.1.0", "app 1", "web 2"))
		w.Travel("1.1.0", "dev", "staging", "production")
		runs(t, w, map[string]string{"production": "1.1.0"})
	})
}

func TestASecondFix(t *testing.T) {
	for _, c := range []struct {
		name string
		wish portal.FixWish
		want map[string]string // the components that production has
	}{
		{"on the same component", repairing(named("EF-2"), bringing("app 1.g")), map[string]string{"app": "1.g", "web": "1"}},
		{"on another component", repairing(named("EF-2"), bringing("web 1.g")), map[string]string{"app": "1.f", "web": "1.g"}},
		{"on both", repairing(named("EF-2"), bringing("app 1.g", "web 1.g")), map[string]string{"app": "1.g", "web": "1.g"}},
		{"one that adds a component", repairing(named("EF-2"), bringing("patch 1")), map[string]string{"app": "1.f", "web": "1", "patch": "1"}},
	} {
		for strategy, story := range fixStories {
			t.Run(c.name+", "+string(strategy), func(t *testing.T) {
				w := repairWorld(t)
				story(w)
				w.MustRunFix(repairing())
				w.Wait(time.Second)
				carriedOut(t, w, c.wish)
				if got := w.State.InForceNames(); !cmp.Equal(got, []string{"EF-1", "EF-2"}) {
					t.Errorf("in force are %v", got)
				}
				site := w.State.Sites["production"]
				if len(site.Content()) != len(c.want) || site.Running.Effective() != "1.0.0+EF-1.EF-2" {
					t.Errorf("production runs %s with %v", site.Running.Effective(), site.Content())
				}
				for name, version := range c.want {
					if site.Content()[name].Version != version {
						t.Errorf("production has %s %s, want %s", name, site.Content()[name].Version, version)
					}
				}
				w.MustRunFix(repairing(named("EF-2"), withdrawing))
				runs(t, w, map[string]string{"production": "1.0.0+EF-1"})
				nothingWaits(t, w)
			})
		}
	}
}
