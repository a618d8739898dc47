package portal_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// settle withdraws every fix in progress, whatever deployments are.
func settle(t *rapid.T, w *portaltest.World) {
	for range 8 {
		var active []*portal.FixState
		for _, x := range w.State.Fixes {
			if x.Active() {
				active = append(active, x)
			}
		}
		if len(active) == 0 {
			return
		}
		slices.SortFunc(active, func(a, b *portal.FixState) int { return b.Opened.Compare(a.Opened) })
		for _, x := range active {
			wish := portal.FixWish{Fix: x.Fix, Withdraw: "it makes it worse"}
			for range 20 {
				err := w.RunFix(wish)
				if err == nil || !unblock(t, w, err) {
					break
				}
			}
		}
	}
	for _, x := range w.State.Fixes {
		if x.Active() {
			t.Fatalf("%s cannot be taken back: %v", x.Name, w.RunFix(portal.FixWish{Fix: x.Fix, Withdraw: "it makes it worse"}))
		}
	}
}

// unblock does what an error of a step asks for; false: it asks for nothing.
func unblock(t *rapid.T, w *portaltest.World, err error) bool {
	var waiting *portal.WaitingError
	var abandoned *portal.AbandonedError
	switch {
	case errors.As(err, &waiting):
		for _, name := range slices.Sorted(maps.Keys(w.State.Sites)) {
			if w.Facts().Preempted(name) != nil {
				stop(t, w, name, portal.Interrupted)
			}
		}
		return true
	case errors.As(err, &abandoned):
		_, _ = w.Do(portal.TakeOver{Environment: abandoned.Environment})
		stop(t, w, abandoned.Environment, portal.Interrupted)
		return true
	}
	if strings.Contains(err.Error(), "in flight") {
		w.Wait(portaltest.LeaseTime)
		return true
	}
	return false
}

// TestWhateverHappensToFixes lives through random histories with emergency fixes.
func TestWhateverHappensToFixes(t *testing.T) {
	var arrived, fixed, withdrawn, resumed, amended, besides, left, placed int
	history := func(t *rapid.T) {
		p := portaltest.Line("dev", "staging", "production")
		p.Stages[1].RequiredTests = rapid.SampledFrom([][]string{nil, {"smoke"}}).Draw(t, "tests")
		p.Stages[1].SoakTime = rapid.SampledFrom([]time.Duration{0, 20 * time.Second}).Draw(t, "soak")
		p.Stages[1].Exclusive = rapid.Bool().Draw(t, "exclusive")
		p.Emergency.RequiredTests = rapid.SampledFrom([][]string{nil, nil, {"smoke"}}).Draw(t, "tests of a fix")
		p.Emergency.ReconcileWithin = 100 * time.Second
		w := portaltest.New(t, p)
		names := []string{"dev", "staging", "production"}
		flag := rapid.Bool()
		for _, stage := range []string{"production", "staging"} {
			if name := stage + "-2"; flag.Draw(t, name) {
				w.Environment(name, stage)
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if flag.Draw(t, "duplicate") {
			lane("hot", "staging")(w)
			names = append(names, "hot")
		}
		register(
			w, bill("1.0.0", "app 1", "web 1"), bill("1.1.0", "app 1", "web 2"), over("1.2.0", "web 3"), bill("2.0.0", "app 2", "web 2"),
			incorporating(bill("2.1.0", "app 2.1", "web 2"), "EF-1", "EF-2"), bill("2.2.0", "app 1.f", "web 1.f"),
		)
		c := follow(w)
		release := rapid.SampledFrom([]string{"1.0.0", "1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0", "2.2.0"})
		environment := rapid.SampledFrom(names)
		outcomes := rapid.SampledFrom([]portal.Outcome{portal.Succeeded, portal.Succeeded, portal.Succeeded, portal.Failed, portal.Interrupted, portal.Unknown})
		try := func(command portal.Command) { _, _ = w.Do(command) }
		end := func(t *rapid.T, name string) {
			if outcome := outcomes.Draw(t, "outcome"); outcome != portal.Succeeded {
				stop(t, w, name, outcome)
			} else {
				try(portal.EndDeployment{Environment: name, Epoch: w.State.Sites[name].Epoch, Outcome: outcome})
			}
		}
		wish := func(t *rapid.T) portal.FixWish {
			name := rapid.SampledFrom([]string{"EF-1", "EF-1", "EF-2", "EF-3", "EF-4"}).Draw(t, "fix")
			parts := map[string][][]string{
				"EF-1": {{"app 1.f"}, {"app 1.ff"}}, "EF-2": {{"app 1.g"}, {"app 1.g", "web 1.g"}}, "EF-3": {{"web 1.f"}},
				"EF-4": {{"patch 1"}},
			}[name]
			wish := repairing(named(name), bringing(rapid.SampledFrom(parts).Draw(t, "components")...))
			wish.Strategy = rapid.SampledFrom([]portal.Strategy{
				portal.StrategyAuto, portal.StrategyAuto, portal.StrategyPreempt, portal.StrategyRollback, portal.StrategyDedicated,
			}).Draw(t, "strategy")
			wish.Bypass = rapid.SampledFrom([][]portal.Rule{
				portal.BypassableRules(), portal.BypassableRules(), portal.BypassableRules(), allBut(portal.FixTested),
				allBut(portal.SoakTime), nil,
			}).Draw(t, "bypass")
			wish.Environments = rapid.SampledFrom([][]string{nil, {"production"}, {"production-2"}}).Draw(t, "targets")
			wish.Scope = rapid.SampledFrom([]portal.Scope{"", portal.ScopePipeline, portal.ScopeEnvironments}).Draw(t, "scope")
			wish.TestEnvironments = rapid.SampledFrom([][]string{nil, nil, nil, {"staging"}, {"staging-2"}, {"hot"}, {"staging-2", "staging"}}).Draw(t, "tested on")
			return wish
		}
		known := func(t *rapid.T) *portal.FixState {
			fixes := slices.Sorted(maps.Keys(w.State.Fixes))
			if len(fixes) == 0 {
				return nil
			}
			return w.State.Fixes[rapid.SampledFrom(fixes).Draw(t, "which fix")]
		}
		travel := func(t *rapid.T, release string, far int) {
			for _, stage := range []string{"dev", "staging", "production"}[:far] {
				_ = w.TryDeploy(portal.Deploy{Environment: stage, Release: release})
				try(portal.RecordTest{Environment: stage, Release: release, Suite: "smoke", Passed: true})
				w.Wait(21 * time.Second)
			}
		}
		travel(t, "1.0.0", 3)
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { c.catchUp(t) },
			"wait": func(t *rapid.T) {
				w.Wait(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
			},
			"travel": func(t *rapid.T) {
				travel(t, release.Draw(t, "release"), rapid.SampledFrom([]int{1, 2, 2, 2, 3}).Draw(t, "how far"))
			},
			"deploy": func(t *rapid.T) {
				d := portal.Deploy{
					Environment: environment.Draw(t, "environment"), Release: release.Draw(t, "release"),
					Redeploy: rapid.SampledFrom([]string{"", "", "x", "y"}).Draw(t, "redeploy"),
				}
				if _, err := w.Do(portal.StartDeployment{Deploy: d}); err == nil && flag.Draw(t, "ends") {
					w.Wait(time.Second)
					end(t, d.Environment)
				}
			},
			"take over": func(t *rapid.T) {
				name := environment.Draw(t, "environment")
				if events, err := w.Do(portal.TakeOver{Environment: name}); err == nil && len(events) > 0 {
					end(t, name)
				}
			},
			"end": func(t *rapid.T) {
				end(t, environment.Draw(t, "environment"))
			},
			"empty": func(t *rapid.T) {
				name := environment.Draw(t, "environment")
				if events, err := w.Do(portal.StartRemoval{Environment: name}); err == nil && len(events) > 0 {
					try(portal.EndDeployment{Environment: name, Epoch: w.State.Sites[name].Epoch, Outcome: portal.Succeeded})
				}
			},
			"destroy and declare again": func(t *rapid.T) {
				name := environment.Draw(t, "environment")
				e := w.State.Sites[name].Environment
				if rapid.IntRange(0, 3).Draw(t, "is destroyed") > 0 {
					return
				}
				if events, err := w.Do(portal.RemoveEnvironment{Name: name}); err == nil && len(events) > 0 {
					delete(w.Disks, name) // leftovers there have no owner any more
					w.MustDo(portal.DeclareEnvironment{Environment: e})
				}
			},
			"test": func(t *rapid.T) {
				name := environment.Draw(t, "environment")
				if runs := w.State.Sites[name].Running; runs != nil {
					try(portal.RecordTest{Environment: name, Release: runs.Release, Suite: "smoke", Passed: flag.Draw(t, "passed")})
				}
			},
			"freeze":        func(t *rapid.T) { w.Freeze("night", w.Now, w.Now.Add(20*time.Second)) },
			"open or amend": func(t *rapid.T) { try(portal.OpenFix{FixWish: w.Read(wish(t))}) },
			"fix": func(t *rapid.T) {
				if flag.Draw(t, "over what is under test") {
					travel(t, release.Draw(t, "release"), 2)
				}
				wish := wish(t)
				if err := w.RunFix(wish, rapid.SampledFrom([][]string{nil, nil, {"staging"}, {"production"}}).Draw(t, "broken")...); err != nil {
					unblock(t, w, err)
				}
			},
			"step": func(t *rapid.T) {
				x := known(t)
				if x == nil {
					return
				}
				events, err := w.Do(portal.StartStep{Fix: x.Name, Round: x.Round, Stop: rapid.IntRange(x.Done, len(x.Plan.Steps)).Draw(t, "stop")})
				if err != nil {
					if !unblock(t, w, err) {
						try(portal.HaltFix{FixStep: portal.FixStep{Fix: x.Name, Round: x.Round, Index: x.Done}, Detail: err.Error()})
					}
					return
				}
				for _, event := range events {
					if started, is := event.(portal.DeploymentStarted); is && flag.Draw(t, "ends") {
						end(t, started.Environment)
					}
				}
			},
			"go on": func(t *rapid.T) {
				if x := known(t); x != nil {
					if err := w.RunFix(portal.FixWish{Fix: x.Fix, Approvals: map[string]string{"ben": ""}}); err != nil {
						unblock(t, w, err)
					}
				}
			},
			"withdraw": func(t *rapid.T) {
				x := known(t)
				if x == nil {
					return
				}
				wish := portal.FixWish{Fix: x.Fix, Withdraw: "it makes it worse"}
				if flag.Draw(t, "only begins") {
					try(portal.OpenFix{FixWish: w.Read(wish)})
				} else if err := w.RunFix(wish); err != nil {
					unblock(t, w, err)
				}
			},
			"settle": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "settles") == 0 {
					settle(t, w)
				}
			},
		})
		settle(t, w)
		c.catchUp(t)
		for name, site := range w.State.Sites {
			if site.Suspended != nil {
				t.Fatalf("no fix is under way, and %s waits on %s", site.Suspended.Effective(), name)
			}
		}
		isTheFold(t, w)
		arrived, fixed, withdrawn, resumed, amended = arrived+c.arrived, fixed+c.fixed, withdrawn+c.withdrawn, resumed+c.resumed, amended+c.amended
		left, placed, besides = left+c.left, placed+c.placed, besides+c.besides
	}
	for range 5 { // so that rare events happen
		rapid.Check(t, history)
	}
	summary := fmt.Sprintf("%d arrived, %d fixed, %d withdrawn, %d resumed, %d amended, %d beside, %d left, %d tested where they say",
		arrived, fixed, withdrawn, resumed, amended, besides, left, placed)
	if testing.Short() {
		return // with fewer histories some events may not happen
	}
	if arrived == 0 || fixed == 0 || withdrawn == 0 || resumed == 0 || amended == 0 || left == 0 || placed == 0 {
		t.Errorf("the model proves little: %s", summary)
	}
	t.Log(summary)
}

// isTheFold checks that folding the log from its first entry gives the state, and
// that what is stored on the way loads into it.
func isTheFold(t *rapid.T, w *portaltest.World) {
	folded := portal.NewState(w.State.Ledger, w.State.Name, true)
	stored := map[portal.EntityKey][]byte{}
	for _, recorded := range w.Log {
		folded.Apply(recorded.Event, recorded.Meta)
		keep(t, folded, stored)
	}
	loaded := portal.NewState(w.State.Ledger, w.State.Name, true)
	for key, body := range stored {
		if err := loaded.Load(key, body); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []*portal.State{folded, loaded} {
		same(t, "sites", w.State.Sites, state.Sites)
		same(t, "fixes", w.State.Fixes, state.Fixes)
		for name, site := range w.State.Sites {
			if site.Running != nil {
				same(t, "evidence", w.State.Evidence(site.Running.Release, name), state.Evidence(site.Running.Release, name))
			}
		}
	}
}

// TestKilledAnywhereItEndsTheSame interrupts the process that carries out a fix, in every way and
// at every point, and continues: it ends as if nothing had happened.
func TestKilledAnywhereItEndsTheSame(t *testing.T) {
	stories := slices.Sorted(maps.Keys(fixStories))
	rapid.Check(t, func(t *rapid.T) {
		repairing := rapid.SampledFrom([]func(...func(*portal.FixWish)) portal.FixWish{repairing, repairingThere}).Draw(t, "scope")
		begin := func(story portal.Strategy, withdraw bool) (*portaltest.World, portal.FixWish) {
			w := repairWorld(t)
			fixStories[story](w)
			if !withdraw {
				return w, repairing()
			}
			w.MustRunFix(repairing())
			return w, repairing(withdrawing)
		}
		story, withdraw := rapid.SampledFrom(stories).Draw(t, "story"), rapid.Bool().Draw(t, "withdraw")
		undisturbed, wish := begin(story, withdraw)
		undisturbed.MustRunFix(wish)
		w, _ := begin(story, withdraw)
		w.MustDo(portal.OpenFix{FixWish: w.Read(wish)})
		for range 200 {
			x := w.State.Fixes["EF-1"]
			if !x.Active() {
				break
			}
			if rapid.Bool().Draw(t, "plans again") {
				if p := w.PlanFix(wish); p.Planned {
					t.Fatalf("killed, it is planned anew:\n%v\n%v", lines(x.Plan.Steps), lines(p.Plan.Steps))
				}
				_, _ = w.Do(portal.OpenFix{FixWish: w.Read(wish)})
			}
			events, err := w.Do(portal.StartStep{Fix: "EF-1", Round: x.Round, Stop: x.Done + 1})
			if err != nil {
				name := x.Plan.Steps[x.Done].Environment
				w.Wait(portaltest.LeaseTime)
				w.MustDo(portal.TakeOver{Environment: name})
				if rapid.Bool().Draw(t, "is taken over well") {
					w.End(name, w.State.Sites[name].Epoch, rapid.SampledFrom([]portal.Outcome{portal.Succeeded, portal.Unknown, portal.Interrupted}).Draw(t, "outcome"))
				}
				continue
			}
			for _, event := range events {
				if started, is := event.(portal.DeploymentStarted); is && rapid.Bool().Draw(t, "lives") {
					w.MustDo(portal.EndDeployment{
						Environment: started.Environment, Epoch: started.Epoch, Untouched: rapid.Bool().Draw(t, "untouched"),
						Outcome: rapid.SampledFrom([]portal.Outcome{portal.Succeeded, portal.Succeeded, portal.Failed}).Draw(t, "outcome"),
					})
				}
			}
		}
		same(t, "status", undisturbed.State.Fixes["EF-1"].Status(), w.State.Fixes["EF-1"].Status())
		same(t, "contents", whatRuns(undisturbed), whatRuns(w))
		for name, site := range w.State.Sites {
			if site.Running != nil {
				same(t, name, undisturbed.State.Sites[name].Running.Effective(), site.Running.Effective())
			}
			if site.Suspended != nil || !site.Intact() || w.State.HoldingFix(name) != nil {
				t.Fatalf("%s is left with %+v", name, site)
			}
		}
		if a, b := undisturbed.State.Fixes["EF-1"].Interruptions, w.State.Fixes["EF-1"].Interruptions; len(a) != len(b) {
			t.Fatalf("interruptions: %v, undisturbed %v", b, a)
		}
		isTheFold(t, w)
	})
}
