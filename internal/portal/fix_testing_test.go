package portal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func testedOn(environments ...string) func(w *portal.FixWish) {
	return func(w *portal.FixWish) { w.TestEnvironments = environments }
}

// kind declares an environment whose target is of a kind.
func kind(name, stage, kind string) func(w *portaltest.World) {
	return func(w *portaltest.World) {
		e := portaltest.RegularEnvironment(name, stage)
		e.Target.Kind = kind
		w.MustDo(portal.DeclareEnvironment{Environment: e, Update: true})
	}
}

func removing(name string) func(w *portaltest.World) {
	return func(w *portaltest.World) { w.Remove(name) }
}

// TestWhereAFixIsTested chooses the environments of two stages.
func TestWhereAFixIsTested(t *testing.T) {
	twoTestStages := func(p *portal.Pipeline) {
		p.Stages = append([]portal.Stage{p.Stages[0], {Name: "uat", After: []string{"dev"}}}, p.Stages[1:]...)
		p.Stages[2].After = []string{"uat"}
		p.Emergency.TestStages = []string{"uat", "staging"}
	}
	busy := func(w *portaltest.World) { // a and b on staging, of which a is busy
		w.Environment("b", "staging")
		w.Environment("a", "staging")
		stand(bill("2.0.0", "app 1", "web 2"), "dev", "uat", "a")(w)
	}
	for _, c := range []struct {
		name  string
		story func(w *portaltest.World)
		wish  portal.FixWish
		want  []string // environment and strategy
		says  string   // in the detail of a test
	}{
		{name: "the choice", story: busy, wish: repairing(), want: []string{"uat preempt", "b in-place"}},
		{name: "the one that is named, though it is busy", story: busy, wish: repairing(testedOn("a")), want: []string{"uat preempt", "a preempt"}},
		{name: "in the order of the stages", story: busy, wish: repairing(testedOn("a", "uat")), want: []string{"uat preempt", "a preempt"}},
		{
			name: "several of one stage, in their order", story: busy, wish: repairing(testedOn("staging", "a")),
			want: []string{"uat preempt", "staging in-place", "a preempt"},
		},
		{
			name: "a lane", story: all(busy, lane("hot", "staging")), wish: repairing(testedOn("hot", "b")),
			want: []string{"uat preempt", "hot dedicated", "b in-place"},
		},
		{name: "instead of a lane", story: all(busy, lane("hot", "staging")), wish: repairing(testedOn("b")), want: []string{"uat preempt", "b in-place"}},
		{name: "by force", story: busy, wish: repairing(testedOn("a"), by(portal.StrategyRollback)), want: []string{"uat rollback", "a rollback"}},
		{
			name: "of two alike the one with the target's kind of target", wish: repairing(), want: []string{"uat in-place", "z in-place"},
			story: all(removing("staging"), kind("a", "staging", "command"), kind("z", "staging", "directory")),
		},
		{
			name: "which is that of the first target", wish: repairing(reaching("us", "production")), want: []string{"uat in-place", "b in-place"},
			says: "another kind (directory) than that of us (command)", // of uat, which has no other environment
			story: all(
				kind("us", "production", "command"), func(w *portaltest.World) { w.Deploy("us", "1.0.0") },
				removing("staging"), kind("a", "staging", "directory"), kind("b", "staging", "command"),
			),
		},
		{
			name: "what is disturbed counts for more", wish: repairing(), want: []string{"uat preempt", "z in-place"},
			says:  "another kind (command) than that of production (directory)",
			story: all(busy, removing("b"), removing("staging"), kind("z", "staging", "command")),
		},
		{
			name: "and so does a name", wish: repairing(testedOn("b")), want: []string{"uat preempt", "b in-place"},
			says:  "another kind (command) than that of production (directory)",
			story: all(busy, removing("b"), kind("b", "staging", "command")),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t, twoTestStages)
			c.story(w)
			plan := w.PlanFix(c.wish).Plan
			var got []string
			for _, test := range plan.Tests {
				got = append(got, test.Environment+" "+string(test.Strategy))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("it is tested on (-want +got):\n%s", diff)
			}
			said := ""
			for _, step := range plan.Steps {
				if step.Action == portal.StepTest {
					said += step.Detail
				}
			}
			if c.says == "" && strings.Contains(said, "kind") || !strings.Contains(said, c.says) {
				t.Errorf("the tests say %s", said)
			}
			carriedOut(t, w, c.wish)
		})
	}
}

const onBoth = `
	hold staging
	deploy staging 1.0.0+EF-1
	hold staging-2
	deploy staging-2 1.0.0+EF-1
	test staging 1.0.0+EF-1
	test staging-2 1.0.0+EF-1
	hold production
	deploy production 1.0.0+EF-1
	unhold production
	unhold staging
	unhold staging-2`

// TestTwoTestEnvironmentsOfOneStage takes a fix to both, stops there, and wants a
// result of each.
func TestTwoTestEnvironmentsOfOneStage(t *testing.T) {
	w := repairWorld(t, needing("smoke"))
	w.Environment("staging-2", "staging")
	both := func(change ...func(w *portal.FixWish)) portal.FixWish {
		return repairing(append([]func(w *portal.FixWish){testedOn("staging", "staging-2"), naming(portal.StageOrder)}, change...)...)
	}
	planned(t, w, both(advancing("staging")), onBoth)
	w.MustRunFix(both(advancing("staging")))
	runs(t, w, map[string]string{"staging": "1.0.0+EF-1", "staging-2": "1.0.0+EF-1", "production": "1.0.0"})
	w.Pass("staging", "1.0.0", "smoke")
	ruledBy(t, "tested on one of both", refusedBy(t, w, both()), portal.FixTested)
	w.Pass("staging-2", "1.0.0", "smoke")
	w.MustRunFix(both())
	runs(t, w, map[string]string{"production": "1.0.0+EF-1"})
}

// TestOtherTestEnvironments amends where a fix is tested, until a target has it.
func TestOtherTestEnvironments(t *testing.T) {
	w := repairWorld(t)
	w.Environment("staging-2", "staging")
	halts(t, w, repairing(testedOn("staging")), "staging")
	before := w.State.Fixes["EF-1"].Plan.Statement
	planned(t, w, repairing(testedOn("staging-2")), `
		hold staging-2
		deploy staging-2 1.0.0+EF-1
		test staging-2 1.0.0+EF-1
		hold production
		deploy production 1.0.0+EF-1
		unhold production
		unhold staging-2
		restore staging 1.0.0
		unhold staging`)
	w.MustRunFix(repairing(testedOn("staging-2")))
	runs(t, w, map[string]string{"staging": "1.0.0", "staging-2": "1.0.0+EF-1", "production": "1.0.0+EF-1"})
	if after := w.State.Fixes["EF-1"].Plan.Statement; after == before || !strings.Contains(after, "tested on: staging-2") {
		t.Errorf("signed was\n%s", after)
	}
	_, err := w.Facts().PlanFix(repairing(testedOn("staging")))
	rejected(t, err, "its test_environments cannot change")
	_, err = w.Facts().PlanFix(repairing())
	rejected(t, err, "its test_environments cannot change")
}

func TestWhereNoFixIsTested(t *testing.T) {
	for _, c := range []struct {
		name string
		wish portal.FixWish
		says []string
	}{
		{"nowhere", repairing(testedOn("moon")), []string{`environment "shop/moon" is not declared`, "Declared are:"}},
		{"on another stage", repairing(testedOn("dev")), []string{`EF-1 is not tested on "dev"`, "on stage dev", "tested on: staging"}},
		{"on a target", repairing(testedOn("production"), reaching("production")), []string{"test_environments", `"production" is one of environments`}},
		{"on a target by default", repairing(testedOn("production")), []string{`cannot be tested on its target "production"`}},
		{"after the target", repairing(testedOn("staging"), reaching("dev")), []string{`EF-1 is not tested on "staging"`, "tested on: none"}},
		{"twice", repairing(testedOn("staging", "staging")), []string{`"staging" is named twice`}},
		{"no name", repairing(testedOn("Staging!")), []string{"test_environments"}},
		{
			"no duplicate", repairing(testedOn("staging"), by(portal.StrategyDedicated)),
			[]string{`cannot be tested on "staging" by dedicated`, "a regular environment", "Leave strategy out"},
		},
		{"a duplicate", repairing(testedOn("hot"), by(portal.StrategyPreempt)), []string{`cannot be tested on "hot" by preempt`, "an emergency lane"}},
		{"no scope", repairing(func(w *portal.FixWish) { w.Scope = "region" }), []string{`"region" is not a scope`, "environments"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			lane("hot", "staging")(w)
			_, err := w.Facts().PlanFix(c.wish)
			for _, says := range c.says {
				rejected(t, err, says)
			}
		})
	}
}
