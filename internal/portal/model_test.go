package portal_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// randomPipeline draws a line or a graph of three to five stages with random requirements.
func randomPipeline(t *rapid.T) portal.Pipeline {
	names := []string{"a", "b", "c", "d", "e"}[:rapid.IntRange(3, 5).Draw(t, "stages")]
	p := portaltest.Line(names...)
	graph := rapid.Bool().Draw(t, "graph")
	for i := range p.Stages {
		s := &p.Stages[i]
		s.RequiredTests = rapid.SampledFrom([][]string{nil, nil, {"smoke"}, {"load", "smoke"}}).Draw(t, "tests")
		s.SoakTime = rapid.SampledFrom([]time.Duration{0, 0, 20 * time.Second, time.Minute}).Draw(t, "soak")
		s.RequiredApprovals = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "approvals")
		s.Quorum = rapid.SampledFrom([]portal.Quorum{"", portal.QuorumAny, portal.QuorumAll}).Draw(t, "quorum")
		s.Exclusive = rapid.SampledFrom([]bool{false, false, true}).Draw(t, "exclusive")
		if graph && i > 0 && i < len(p.Stages)-1 {
			s.After = rapid.SampledFrom([][]string{nil, {names[i-1]}, {names[0]}}).Draw(t, "after")
		}
	}
	if graph { // the last stage joins all that have no successor yet
		last := &p.Stages[len(p.Stages)-1]
		last.After = nil
		for i, name := range names[:len(names)-1] {
			if !slices.ContainsFunc(p.Stages, func(s portal.Stage) bool { return slices.Contains(s.After, name) }) {
				last.After = append(last.After, names[i])
			}
		}
	}
	return p
}

// TestNothingReachesTheFinalStageThatSkippedAnything lives through random pipelines and compares
// every decision with an oracle that judges from the bare events: both refuse the same deployments,
// by the same rules. And every release on the final stage had been proven before.
func TestNothingReachesTheFinalStageThatSkippedAnything(t *testing.T) {
	arrived := 0
	rapid.Check(t, func(t *rapid.T) {
		pipeline := randomPipeline(t)
		if problems := pipeline.Validate(); len(problems) > 0 {
			t.Fatalf("the model's pipeline: %v", problems)
		}
		w := portaltest.New(t, pipeline)
		w.Register("1.0.0", "2.0.0", "3.0.0")
		var names []string
		for _, s := range pipeline.Stages {
			names = append(names, s.Name)
			if rapid.Bool().Draw(t, "second environment") {
				w.Environment(s.Name+"-2", s.Name)
			}
		}
		release := rapid.SampledFrom([]string{"1.0.0", "2.0.0", "2.0.0", "3.0.0"})
		stage := rapid.SampledFrom(names)
		flag := rapid.Bool()
		environment := func(t *rapid.T) string {
			var there []string
			for name := range w.State.Sites {
				there = append(there, name)
			}
			slices.Sort(there)
			return rapid.SampledFrom(append(there, "gone")).Draw(t, "environment")
		}
		start := func(t *rapid.T, d portal.Deploy) (int64, bool) {
			if w.State.Sites[d.Environment] == nil {
				return 0, false
			}
			return decide(t, w, d)
		}
		try := func(command portal.Command) { _, _ = w.Do(command) }
		sights := rapid.SampledFrom([]portal.Observed{"", portal.ObservedNew, portal.ObservedNew, portal.ObservedOther, portal.ObservedUnknown})
		half := portal.Content{"app": {Version: "half", SHA256: portaltest.SHA256("half")}}
		outcomes := []portal.Outcome{portal.Succeeded, portal.Succeeded, portal.Failed, portal.Interrupted, portal.Unknown}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				o := consult(w.Log, w.Now)
				for _, a := range o.reached {
					if !a.proven {
						t.Fatalf("release %s came to the final stage and had not been proven", a.release)
					}
				}
				arrived += len(o.reached)
				agree(t, w, []string{"1.0.0", "2.0.0"}, append(slices.Sorted(maps.Keys(w.State.Sites)), "gone"))
			},
			"wait": func(t *rapid.T) { w.Wait(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second) },
			"travel": func(t *rapid.T) { // a release goes as far as it may, with everything it needs
				d := portal.Deploy{Release: release.Draw(t, "release")}
				for _, s := range pipeline.Stages[:rapid.IntRange(1, len(names)).Draw(t, "how far")] {
					for _, d.Environment = range []string{s.Name, s.Name + "-2"} {
						if epoch, ok := start(t, d); ok {
							w.End(d.Environment, epoch, portal.Succeeded)
						}
						for _, suite := range s.RequiredTests {
							try(portal.RecordTest{Environment: d.Environment, Release: d.Release, Suite: suite, Passed: true})
						}
					}
					for _, who := range []string{"ann", "bob"} {
						try(portal.RecordApproval{Release: d.Release, Stage: s.Name, Approver: who})
					}
					if flag.Draw(t, "patient") {
						w.Wait(s.SoakTime)
					}
				}
			},
			"deploy": func(t *rapid.T) {
				d := portal.Deploy{
					Environment: environment(t), Release: release.Draw(t, "release"),
					Redeploy: rapid.SampledFrom([]string{"", "", "again"}).Draw(t, "redeploy"),
				}
				if epoch, ok := start(t, d); ok && flag.Draw(t, "ends") {
					w.Wait(time.Second)
					try(portal.EndDeployment{
						Environment: d.Environment, Epoch: epoch, Outcome: rapid.SampledFrom(outcomes).Draw(t, "outcome"),
						Untouched: flag.Draw(t, "untouched"), Observed: sights.Draw(t, "observed"), Found: half,
					})
				}
			},
			"take over": func(t *rapid.T) {
				name := environment(t)
				events, err := w.Do(portal.TakeOver{Environment: name})
				if err == nil && len(events) > 0 {
					w.End(name, w.State.Sites[name].Epoch, rapid.SampledFrom(outcomes).Draw(t, "outcome"))
				}
			},
			"test": func(t *rapid.T) {
				try(portal.RecordTest{
					Environment: environment(t), Release: release.Draw(t, "release"),
					Suite: rapid.SampledFrom([]string{"smoke", "load"}).Draw(t, "suite"), Passed: flag.Draw(t, "passed"),
				})
			},
			"approve": func(t *rapid.T) {
				try(portal.RecordApproval{
					Release: release.Draw(t, "release"), Stage: stage.Draw(t, "stage"),
					Approver: rapid.SampledFrom([]string{"ann", "bob", "deployer"}).Draw(t, "who"),
				})
			},
			"somebody else": func(t *rapid.T) { w.As(rapid.SampledFrom([]string{"deployer", "ann", "carol"}).Draw(t, "who")) },
			"freeze": func(t *rapid.T) {
				begin := w.Now.Add(time.Duration(rapid.IntRange(-10, 20).Draw(t, "begin")) * time.Second)
				stages := rapid.SampledFrom([][]string{nil, {names[0]}, {names[1]}}).Draw(t, "stages")
				w.Freeze(rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name"), begin, begin.Add(20*time.Second), stages...)
			},
			"empty and move": func(t *rapid.T) {
				name := environment(t)
				events, err := w.Do(portal.StartRemoval{Environment: name})
				if err == nil && len(events) > 0 {
					w.End(name, w.State.Sites[name].Epoch, rapid.SampledFrom(outcomes).Draw(t, "outcome"))
				}
				if flag.Draw(t, "moves") && name != "gone" {
					try(portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment(name, stage.Draw(t, "stage")), Update: true})
				}
			},
			"remove and declare again": func(t *rapid.T) {
				name := environment(t)
				if _, err := w.Do(portal.RemoveEnvironment{Name: name}); err == nil && name != "gone" {
					w.Environment(name, stage.Draw(t, "stage"))
				}
			},
		})
	})
	if arrived == 0 && !testing.Short() { // which tries less
		t.Error("nothing ever came to the final stage: the model proves nothing")
	}
}

// decide asks the code and the oracle. It returns the epoch if the deployment was started.
func decide(t *rapid.T, w *portaltest.World, d portal.Deploy) (int64, bool) {
	want := consult(w.Log, w.Now).refuses(d, w.By.Name)
	events, err := w.Do(portal.StartDeployment{Deploy: d})
	var refusal *portal.RefusalError
	var abandoned *portal.AbandonedError
	var got []portal.Rule
	switch {
	case errors.As(err, &refusal):
		got = refusal.Rules()
	case err != nil && !errors.As(err, &abandoned):
		t.Fatalf("deploying %s to %s: %v", d.Release, d.Environment, err)
	}
	if diff := cmp.Diff(want, asOracle(got), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s to %s is refused by (-oracle +code):\n%s\n%v", d.Release, d.Environment, diff, err)
	}
	if err != nil {
		return 0, false
	}
	return events[0].(portal.DeploymentStarted).Epoch, true
}

// asOracle writes rules as the oracle does.
func asOracle(rules []portal.Rule) []portal.Rule {
	var as []portal.Rule
	for _, rule := range rules {
		if rule == portal.TestsPassed || rule == portal.SoakTime {
			rule = unproven
		}
		as = append(as, rule)
	}
	slices.Sort(as)
	return slices.Compact(as)
}

// agree fails unless a state that was asked before and one that never was give the same verdicts,
// at several times.
func agree(t *rapid.T, w *portaltest.World, releases, environments []string) {
	shared := w.Facts()
	fresh := shared
	fresh.State = shared.Clone()
	for _, wait := range []time.Duration{0, 3 * time.Second, time.Hour} {
		shared.Now, shared.Clock = w.Now.Add(wait), time.Time{}
		for _, release := range releases {
			line, err := shared.Line(release)
			if err != nil {
				t.Fatal(err)
			}
			for _, environment := range environments {
				d := portal.Deploy{Environment: environment, Release: release}
				fresh.Now, fresh.Clock = shared.Now, shared.Clock
				got, errGot := line.Propose(d)
				want, errWant := fresh.Propose(d)
				if errGot != nil || errWant != nil {
					continue // no such environment
				}
				if diff := cmp.Diff(want.Verdict.Rules(), got.Verdict.Rules()); diff != "" {
					t.Fatalf("%s to %s, %s later, is refused by (-asked for the first time +asked before):\n%s", release, environment, wait, diff)
				}
				if got.Verdict.Allowed() != (len(got.Verdict.Broken()) == 0) {
					t.Fatalf("%s to %s is allowed: %t, and broken are %v", release, environment, got.Verdict.Allowed(), got.Verdict.Broken())
				}
				for _, gate := range got.Verdict.Broken() {
					if gate.Status != portal.Refused || gate.Detail == "" {
						t.Fatalf("%s to %s: %+v", release, environment, gate)
					}
				}
			}
		}
	}
}
