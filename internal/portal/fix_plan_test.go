package portal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

const inPlace = `
	hold staging
	deploy staging 1.0.0+EF-1
	test staging 1.0.0+EF-1
	hold production
	deploy production 1.0.0+EF-1
	unhold production
	unhold staging`

const preempting = `
	hold staging
	suspend staging 2.0.0
	deploy staging 2.0.0+EF-1
	test staging 2.0.0+EF-1
	hold production
	deploy production 1.0.0+EF-1
	unhold production
	resume staging 2.0.0+EF-1
	unhold staging`

const rollingBack = `
	hold staging
	suspend staging 2.0.0
	roll_back staging 1.0.0
	deploy staging 1.0.0+EF-1
	test staging 1.0.0+EF-1
	hold production
	deploy production 1.0.0+EF-1
	unhold production
	restore staging 2.0.0+EF-1
	resume staging 2.0.0+EF-1
	unhold staging`

// rollingBackAlone is rollingBack with a release there that does not carry the fix.
const rollingBackAlone = `
	hold staging
	suspend staging 2.0.0
	roll_back staging 1.0.0
	deploy staging 1.0.0+EF-1
	test staging 1.0.0+EF-1
	hold production
	deploy production 1.0.0+EF-1
	unhold production
	restore staging 2.0.0
	resume staging 2.0.0
	unhold staging`

func TestChoosingTheStrategy(t *testing.T) {
	twoTestStages := func(p *portal.Pipeline) {
		p.Stages = append([]portal.Stage{p.Stages[0], {Name: "uat", After: []string{"dev"}}}, p.Stages[1:]...)
		p.Stages[2].After = []string{"uat"}
		p.Emergency.TestStages = []string{"uat", "staging"}
	}
	for _, c := range []struct {
		name        string
		pipeline    func(p *portal.Pipeline)
		story       func(w *portaltest.World)
		wish        portal.FixWish
		want        portal.Strategy
		steps       string
		interrupted []string
		broken      portal.Rule // one rule that the plan breaks; "": not checked
		unbroken    portal.Rule
	}{
		{name: "staging is what production is", want: portal.StrategyInPlace, steps: inPlace, wish: repairing(), unbroken: portal.RepresentativeTest},
		{
			name: "staging is empty", want: portal.StrategyInPlace, steps: inPlace, wish: repairing(),
			story: func(w *portaltest.World) { w.Empty("staging") },
		},
		{
			name: "a duplicate is kept for this", want: portal.StrategyDedicated, wish: repairing(),
			story: all(lane("hot", "staging"), stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging")),
			steps: strings.ReplaceAll(inPlace, "staging", "hot"),
		},
		{
			name: "a full release that leaves alone what the fix touches waits", want: portal.StrategyPreempt, wish: repairing(),
			story: stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"), steps: preempting, interrupted: []string{"2.0.0"}, unbroken: portal.RepresentativeTest,
		},
		{
			name: "a differential release goes back", want: portal.StrategyRollback, wish: repairing(),
			story: stand(over("2.0.0", "web 2"), "dev", "staging"), steps: rollingBack, interrupted: []string{"2.0.0"}, unbroken: portal.RepresentativeTest,
		},
		{
			name: "a release that differs in what the fix touches goes back", want: portal.StrategyRollback, wish: repairing(),
			story: stand(bill("2.0.0", "app 2", "web 1"), "dev", "staging"), steps: rollingBackAlone, interrupted: []string{"2.0.0"},
		},
		{
			name: "a release that lacks what the fix touches goes back", want: portal.StrategyRollback, wish: repairing(),
			story: stand(bill("2.0.0", "web 1"), "dev", "staging"), steps: rollingBackAlone, interrupted: []string{"2.0.0"},
		},
		{
			name: "a fix that adds a component waits for no one", want: portal.StrategyPreempt, wish: repairing(bringing("patch 1")),
			story: stand(bill("2.0.0", "app 2", "web 2"), "dev", "staging"), steps: preempting, interrupted: []string{"2.0.0"},
		},
		{
			name: "what failed there is not built on", want: portal.StrategyRollback, wish: repairing(),
			story: all(stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"), func(w *portaltest.World) {
				stand(bill("3.0.0", "app 1", "web 3"), "dev")(w)
				w.End("staging", w.MustStart("staging", "3.0.0"), portal.Failed)
			}), steps: rollingBack, interrupted: []string{"2.0.0"},
		},
		{
			name: "nor is what is unknown, and with it what production runs comes again", want: portal.StrategyRollback, wish: repairing(),
			story: func(w *portaltest.World) { w.End("staging", w.MustStart("staging", "1.0.0"), portal.Unknown) },
			steps: `
				hold staging
				roll_back staging 1.0.0
				deploy staging 1.0.0+EF-1
				test staging 1.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				unhold staging`,
		},
		{
			name: "what failed without touching it is as it was", want: portal.StrategyInPlace, wish: repairing(), steps: inPlace,
			story: func(w *portaltest.World) {
				epoch := w.MustStart("staging", "1.0.0")
				w.MustDo(portal.EndDeployment{Environment: "staging", Epoch: epoch, Outcome: portal.Failed, Untouched: true})
			},
		},
		{
			name: "what is in flight on staging is not known, and is interrupted", want: portal.StrategyRollback, wish: repairing(),
			story: func(w *portaltest.World) {
				stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
				stand(bill("3.0.0", "app 1", "web 3"), "dev")(w)
				w.MustStart("staging", "3.0.0")
			}, steps: rollingBack, interrupted: []string{"2.0.0", "3.0.0"},
		},
		{
			name: "what is in flight on the target does not change what is repaired", want: portal.StrategyPreempt, wish: repairing(),
			story: func(w *portaltest.World) {
				stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
				w.MustStart("production", "2.0.0")
			}, steps: preempting, interrupted: []string{"2.0.0"},
		},
		{
			name: "the environment that is disturbed least", want: portal.StrategyInPlace, wish: repairing(),
			story: func(w *portaltest.World) {
				w.Environment("a", "staging")
				w.Environment("b", "staging")
				stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging", "a")(w)
				w.Deploy("b", "1.0.0")
			}, steps: strings.ReplaceAll(inPlace, "staging", "b"),
		},
		{
			name: "of two alike the first by name", want: portal.StrategyInPlace, wish: repairing(),
			story: func(w *portaltest.World) {
				w.Environment("b", "staging")
				w.Environment("a", "staging")
			}, steps: strings.ReplaceAll(inPlace, "staging", "a"),
		},
		{
			name: "forced preempt where staging would go back", want: portal.StrategyPreempt, wish: repairing(by(portal.StrategyPreempt)),
			story: stand(bill("2.0.0", "app 2", "web 1"), "dev", "staging"), interrupted: []string{"2.0.0"}, broken: portal.RepresentativeTest,
			steps: `
				hold staging
				suspend staging 2.0.0
				deploy staging 2.0.0+EF-1
				test staging 2.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				restore staging 2.0.0
				resume staging 2.0.0
				unhold staging`,
		},
		{
			name: "forced preempt over a differential release", want: portal.StrategyPreempt, wish: repairing(by(portal.StrategyPreempt)),
			story: stand(over("2.0.0", "web 2"), "dev", "staging"), steps: preempting, interrupted: []string{"2.0.0"}, broken: portal.RepresentativeTest,
		},
		{
			name: "forced preempt over what failed", want: portal.StrategyPreempt, wish: repairing(by(portal.StrategyPreempt)),
			story: all(stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"), func(w *portaltest.World) {
				w.End("staging", w.MustStart("staging", "2.0.0"), portal.Failed)
			}), steps: preempting, interrupted: []string{"2.0.0"}, broken: portal.RepresentativeTest,
		},
		{
			name: "forced rollback where it would only wait", want: portal.StrategyRollback, wish: repairing(by(portal.StrategyRollback)),
			story: stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging"), steps: rollingBack, interrupted: []string{"2.0.0"}, unbroken: portal.RepresentativeTest,
		},
		{
			name: "forced preempt leaves the duplicate alone", want: portal.StrategyPreempt, wish: repairing(by(portal.StrategyPreempt)),
			story: all(lane("hot", "staging"), stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")), steps: preempting, interrupted: []string{"2.0.0"},
		},
		{
			name: "several test stages, one after the other", want: portal.StrategyRollback, pipeline: twoTestStages,
			wish: repairing(), interrupted: []string{"2.0.0", "3.0.0"},
			story: func(w *portaltest.World) {
				stand(bill("2.0.0", "app 1", "web 2"), "dev", "uat", "staging")(w)
				stand(bill("3.0.0", "app 3", "web 2"), "dev", "uat")(w)
			},
			steps: `
				hold uat
				suspend uat 3.0.0
				roll_back uat 1.0.0
				deploy uat 1.0.0+EF-1
				test uat 1.0.0+EF-1
				hold staging
				suspend staging 2.0.0
				deploy staging 2.0.0+EF-1
				test staging 2.0.0+EF-1
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				restore uat 3.0.0
				resume uat 3.0.0
				unhold uat
				resume staging 2.0.0+EF-1
				unhold staging`,
		},
		{
			name: "several targets that are alike", want: portal.StrategyInPlace, wish: repairing(), unbroken: portal.RepresentativeTest,
			story: func(w *portaltest.World) { w.Environment("a", "production"); w.Deploy("a", "1.0.0") },
			steps: `
				hold staging
				deploy staging 1.0.0+EF-1
				test staging 1.0.0+EF-1
				hold a
				deploy a 1.0.0+EF-1
				unhold a
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				unhold staging`,
		},
		{
			name: "targets that run different releases, alike in what the fix touches", want: portal.StrategyInPlace,
			wish: repairing(), broken: portal.RepresentativeTest,
			story: func(w *portaltest.World) {
				w.Environment("a", "production")
				stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging", "a")(w)
			},
			steps: `
				hold staging
				deploy staging 2.0.0+EF-1
				test staging 2.0.0+EF-1
				hold a
				deploy a 2.0.0+EF-1
				unhold a
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				unhold staging`,
		},
		{
			name: "only the named target", want: portal.StrategyInPlace, wish: repairing(reaching("production")), steps: inPlace,
			story: func(w *portaltest.World) {
				w.Environment("a", "production")
				stand(bill("2.0.0", "app 2", "web 2"), "dev")(w)
			},
		},
		{
			name: "a target on another stage is tested on the test stages before it, and there are none", want: portal.StrategyInPlace, wish: repairing(reaching("dev")),
			steps: `
				hold dev
				deploy dev 1.0.0+EF-1
				unhold dev`,
		},
		{
			name: "a stage that has no environment but targets cannot test", want: portal.StrategyInPlace,
			wish: repairing(reaching("production", "staging")), broken: portal.FixTested,
			steps: `
				hold production
				deploy production 1.0.0+EF-1
				unhold production
				hold staging
				deploy staging 1.0.0+EF-1
				unhold staging`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t, func(p *portal.Pipeline) {
				if c.pipeline != nil {
					c.pipeline(p)
				}
			})
			if c.story != nil {
				c.story(w)
			}
			p := w.PlanFix(c.wish)
			if p.Plan.Strategy != c.want {
				t.Errorf("it is tested by %s, want %s", p.Plan.Strategy, c.want)
			}
			if diff := cmp.Diff(stepsOf(c.steps), lines(p.Plan.Steps)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.interrupted, p.Plan.Interrupted, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("interrupted (-want +got):\n%s", diff)
			}
			rules := bypassed(p)
			if c.broken != "" && !rules[c.broken] {
				t.Errorf("it breaks %v, want %s among them", rules, c.broken)
			}
			if c.unbroken != "" && rules[c.unbroken] {
				t.Errorf("it breaks %s", c.unbroken)
			}
			if refusal := p.Refusal(); refusal != nil {
				t.Errorf("it is refused: %v", refusal)
			}
			carriedOut(t, w, c.wish)
		})
	}
}
