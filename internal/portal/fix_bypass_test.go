package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestBypassing breaks each rule that may be bypassed: unnamed, it alone refuses the fix; named,
// the fix goes ahead and lists it.
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
		{rule: portal.SoakTime, environment: "production", pipeline: soak("staging", time.Hour), detail: "it ran less than 1h on staging"},
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
			name: "another fix holds where it is tested, and there is no other place", want: []portal.Rule{portal.EnvironmentHeld},
			wish: repairing(reaching("production")),
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
