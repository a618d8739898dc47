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

// bill is a full release of components with their versions: "app 1", "web 2".
func bill(version string, parts ...string) portal.Release {
	release := portal.Release{Version: version, Type: portal.Full, Components: map[string]portal.Component{}}
	for _, part := range parts {
		name, v, _ := strings.Cut(part, " ")
		release.Components[name] = portaltest.Part(name, v)
	}
	return release
}

// over is a differential release on 1.0.0.
func over(version string, parts ...string) portal.Release {
	release := bill(version, parts...)
	release.Type, release.Base = portal.Differential, "1.0.0"
	return release
}

// repairing is the fix EF-1 of the component app, changed.
func repairing(change ...func(w *portal.FixWish)) portal.FixWish {
	wish := portaltest.Fix("EF-1", "1.f")
	for _, c := range change {
		c(&wish)
	}
	return wish
}

func by(strategy portal.Strategy) func(w *portal.FixWish) {
	return func(w *portal.FixWish) { w.Strategy = strategy }
}

func reaching(environments ...string) func(w *portal.FixWish) {
	return func(w *portal.FixWish) { w.Environments = environments }
}

func bringing(parts ...string) func(w *portal.FixWish) {
	return func(w *portal.FixWish) { w.Components = bill("", parts...).Components }
}

func named(name string) func(w *portal.FixWish) {
	return func(w *portal.FixWish) { w.Name = name }
}

func advancing(stage string) func(w *portal.FixWish) {
	return func(w *portal.FixWish) { w.AdvanceTo = stage }
}

func withdrawing(w *portal.FixWish) { w.Withdraw = "it makes it worse" }

// repairWorld is the line dev, staging, production, changed, on which production runs 1.0.0.
func repairWorld(t portaltest.TB, changes ...func(p *portal.Pipeline)) *portaltest.World {
	p := portaltest.Line("dev", "staging", "production")
	for _, change := range changes {
		change(&p)
	}
	w := portaltest.New(t, p)
	register(w, bill("1.0.0", "app 1", "web 1"))
	for _, stage := range p.Stages {
		w.Deploy(stage.Name, "1.0.0")
		w.Pass(stage.Name, "1.0.0", stage.RequiredTests...)
		w.Wait(stage.SoakTime + time.Second)
	}
	return w
}

func register(w *portaltest.World, releases ...portal.Release) {
	for _, release := range releases {
		w.MustDo(portal.RegisterRelease{Release: release})
	}
}

// stand registers a release and takes it to the environments.
func stand(release portal.Release, environments ...string) func(w *portaltest.World) {
	return func(w *portaltest.World) {
		register(w, release)
		w.Travel(release.Version, environments...)
	}
}

func lane(name, stage string) func(w *portaltest.World) {
	return func(w *portaltest.World) {
		e := portaltest.RegularEnvironment(name, stage)
		e.Lane = portal.LaneEmergency
		w.MustDo(portal.DeclareEnvironment{Environment: e})
	}
}

func all(stories ...func(w *portaltest.World)) func(w *portaltest.World) {
	return func(w *portaltest.World) {
		for _, story := range stories {
			story(w)
		}
	}
}

// lines writes steps one a line: "deploy staging 2.0.0+EF-1".
func lines(steps []portal.Step) []string {
	var texts []string
	for _, s := range steps {
		texts = append(texts, strings.TrimSpace(fmt.Sprintf("%s %s %s", s.Action, s.Environment, s.Effective())))
	}
	return texts
}

// stepsOf parses the steps of a table, one a line.
func stepsOf(text string) []string {
	var steps []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			steps = append(steps, line)
		}
	}
	return steps
}

func bypassed(p *portal.FixProposal) map[portal.Rule]bool {
	rules := map[portal.Rule]bool{}
	for _, row := range p.Plan.Bypassed {
		rules[row.Rule] = true
	}
	return rules
}

// carriedOut runs a fix to its end and checks that it has done what its plan showed, that
// everything that waited has come back, and that its targets have it.
func carriedOut(t *testing.T, w *portaltest.World, wish portal.FixWish) {
	t.Helper()
	before := w.PlanFix(wish).Plan
	stood := map[string]string{}
	for _, test := range before.Tests {
		if test.Before != nil {
			stood[test.Environment] = test.Before.Release
		}
	}
	finish(t, w, wish)
	x := w.State.Fixes[wish.Name]
	if diff := cmp.Diff(lines(before.Steps), lines(x.Plan.Steps)); diff != "" {
		t.Errorf("what was shown is not what was done (-shown +done):\n%s", diff)
	}
	if x.Status() != portal.StatusApplied || x.Active() {
		t.Errorf("it is %s, active: %v", x.Status(), x.Active())
	}
	for _, target := range x.Plan.Targets {
		runs := w.State.Sites[target.Environment].Running
		if runs.Effective() != portal.Effective(target.Before.Release, append(target.Before.Fixes, wish.Name)) {
			t.Errorf("%s runs %s", target.Environment, runs.Effective())
		}
		for name, c := range wish.Components {
			if runs.Content[name] != c.Item() {
				t.Errorf("%s has %s %s", target.Environment, name, runs.Content[name].Version)
			}
		}
	}
	nothingWaits(t, w)
	for _, test := range before.Tests {
		site := w.State.Sites[test.Environment]
		want := stood[test.Environment]
		if test.Strategy == portal.StrategyDedicated || test.Strategy == portal.StrategyInPlace || want == "" {
			want = before.Targets[0].Before.Release
		}
		if site.Running.Release != want || !site.Intact() {
			t.Errorf("%s runs %s, want %s", site.Name, site.Running.Effective(), want)
		}
	}
}

// finish carries out a fix, whatever deployment in progress gives way to it.
func finish(t testing.TB, w *portaltest.World, wish portal.FixWish) {
	t.Helper()
	for range 10 {
		err := w.RunFix(wish)
		if err == nil {
			return
		}
		var waiting *portal.WaitingError
		if !errors.As(err, &waiting) {
			t.Fatalf("running %s: %v", wish.Name, err)
		}
		interruptAsked(t, w)
	}
	t.Fatalf("%s does not come to an end", wish.Name)
}

// interruptAsked ends the deployments in progress that were asked to stop.
func interruptAsked(t testing.TB, w *portaltest.World) {
	t.Helper()
	asked := false
	for name, site := range w.State.Sites {
		if w.Facts().Preempted(name) != nil {
			asked = true
			w.MustDo(portal.EndDeployment{Environment: name, Epoch: site.Epoch, Outcome: portal.Interrupted, Detail: "it gives way"})
		}
	}
	if !asked {
		t.Fatalf("the fix waits, and nobody is asked to stop")
	}
}

// nothingWaits checks that no environment is held or suspended.
func nothingWaits(t testing.TB, w *portaltest.World) {
	t.Helper()
	for name, site := range w.State.Sites {
		if site.Suspended != nil {
			t.Errorf("%s waits on %s", site.Suspended.Effective(), name)
		}
		if x := w.State.HoldingFix(name); x != nil {
			t.Errorf("%s holds %s", x.Name, name)
		}
	}
}
