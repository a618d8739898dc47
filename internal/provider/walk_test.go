package provider

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// planner is a session on a ledger of its own, in which the pipeline "shop" has
// an environment on each of its stages dev, qa and production.
type planner struct {
	*session
	t *testing.T
}

func newPlanner(t *testing.T, change func(*portal.Pipeline)) *planner {
	t.Helper()
	p := &planner{newSession(variables{}.get), t}
	p.url, p.by = "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"), portal.Actor{Name: "ann"}
	t.Cleanup(func() { _ = p.close() })
	pipeline := portaltest.Line("dev", "qa", "production")
	if change != nil {
		change(&pipeline)
	}
	p.must(portal.DeclarePipeline{Pipeline: pipeline})
	for _, name := range []string{"dev", "qa", "production"} {
		e := portaltest.RegularEnvironment(name, name)
		e.Target.Config, _ = json.Marshal(map[string]any{"path": filepath.Join(t.TempDir(), name)})
		p.must(portal.DeclareEnvironment{Environment: e})
	}
	return p
}

func (p *planner) must(commands ...portal.Command) {
	p.t.Helper()
	for _, command := range commands {
		if _, err := p.record(p.t.Context(), "shop", command); err != nil {
			p.t.Fatalf("%T: %v", command, err)
		}
	}
}

func (p *planner) register(versions ...string) {
	p.t.Helper()
	for _, version := range versions {
		p.must(portal.RegisterRelease{Release: portaltest.FullRelease(version)})
	}
}

// deployed records a deployment that has succeeded.
func (p *planner) deployed(environment, release string) {
	p.t.Helper()
	p.must(startOf(environment, release))
	var epoch int64
	if err := p.view(p.t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error { epoch = f.Sites[environment].Epoch; return nil }); err != nil {
		p.t.Fatal(err)
	}
	p.must(portal.EndDeployment{Environment: environment, Epoch: epoch, Outcome: portal.Succeeded})
}

func startOf(environment, release string) portal.StartDeployment {
	return portal.StartDeployment{Deploy: portal.Deploy{Environment: environment, Release: release}}
}

// planned supposes a deployment that goes as it should, as a plan does.
func (p *planner) planned(environment, release string) {
	p.t.Helper()
	wish := portal.Deploy{Environment: environment, Release: release}
	var events []portal.Event
	err := p.judge(p.t.Context(), "shop", wish.Subjects(), func(f portal.Facts) error {
		proposal, err := f.Propose(wish)
		if err == nil {
			events = f.Foresee(proposal, wish)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.walk.suppose("shop", events...)
}

// broken judges a deployment as a plan does and lists the rules it breaks.
func (p *planner) broken(environment, release string) []portal.Rule {
	p.t.Helper()
	c := startOf(environment, release)
	err := p.judge(p.t.Context(), "shop", c.Subjects(), func(f portal.Facts) error { _, err := c.Decide(f); return err })
	var refusal *portal.RefusalError
	switch {
	case errors.As(err, &refusal):
		return refusal.Rules()
	case err != nil:
		p.t.Errorf("judging %s on %s: %v", release, environment, err)
	}
	return nil
}

func (p *planner) breaks(environment, release string, want ...portal.Rule) {
	p.t.Helper()
	if got := p.broken(environment, release); !slices.Equal(got, want) {
		p.t.Errorf("%s on %s breaks %v, not %v", release, environment, got, want)
	}
}

func TestWhatIsPlannedWithholdsARefusal(t *testing.T) {
	t.Run("of the next stage", func(t *testing.T) {
		p := newPlanner(t, nil)
		p.register("1.0.0")
		p.breaks("qa", "1.0.0", portal.StageOrder)
		p.planned("dev", "1.0.0")
		p.breaks("qa", "1.0.0")
		p.planned("qa", "1.0.0")
		p.breaks("production", "1.0.0")
	})
	t.Run("of a release that is registered in the same walk", func(t *testing.T) {
		p := newPlanner(t, nil)
		if _, err := p.tryOut(t.Context(), "shop", startOf("dev", "1.0.0")); err == nil {
			t.Error("it may be deployed before it is registered")
		}
		if _, err := p.tryOut(t.Context(), "shop", portal.RegisterRelease{Release: portaltest.FullRelease("1.0.0")}); err != nil {
			t.Fatal(err)
		}
		p.breaks("dev", "1.0.0")
		if !p.walk.registers("shop", "1.0.0") || p.walk.registers("shop", "1.1.0") {
			t.Error("the walk does not know what it registers")
		}
	})
	t.Run("and is gone with the walk", func(t *testing.T) {
		p := newPlanner(t, nil)
		p.register("1.0.0")
		p.planned("dev", "1.0.0")
		p.walk = newWalk()
		p.breaks("qa", "1.0.0", portal.StageOrder)
	})
	t.Run("and stays with a ledger that moves meanwhile", func(t *testing.T) {
		p := newPlanner(t, nil)
		p.register("1.0.0")
		p.planned("dev", "1.0.0")
		p.breaks("qa", "1.0.0")
		p.register("1.1.0")
		p.breaks("qa", "1.0.0")
		p.breaks("qa", "1.1.0", portal.StageOrder)
	})
	t.Run("and of one pipeline only", func(t *testing.T) {
		p := newPlanner(t, nil)
		p.register("1.0.0")
		p.walk.suppose("other", portal.DeploymentEnded{Environment: "dev"})
		p.breaks("qa", "1.0.0", portal.StageOrder)
	})
}

func TestWhatIsPlannedNeverAddsARefusal(t *testing.T) {
	p := newPlanner(t, func(pipeline *portal.Pipeline) { pipeline.Stages[0].Exclusive = true })
	p.register("1.0.0", "1.1.0")
	p.planned("dev", "1.0.0") // and then would be under test on an exclusive stage
	p.breaks("dev", "1.1.0")
}

func TestWhatIsPlannedLeavesTheLedgersFactsAlone(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0")
	p.planned("dev", "1.0.0")
	p.breaks("qa", "1.0.0")
	if err := p.view(t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error {
		if f.Sites["dev"].Running != nil || f.Sites["dev"].Attempt != nil {
			t.Errorf("the ledger has on dev: %+v", f.Sites["dev"])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestOfTwoRefusalsTheRulesStayThatBothBreak(t *testing.T) {
	refusal := func(rules ...portal.Rule) error {
		gates := []portal.Gate{{Rule: portal.FreezeInForce, Status: portal.Warned}}
		for _, rule := range rules {
			gates = append(gates, portal.Gate{Rule: rule, Status: portal.Refused})
		}
		return portal.Ruled(gates...).Refusal()
	}
	rejection := &portal.RejectionError{Summary: "release 1.0.0 is not registered"}
	cases := []struct {
		name      string
		now, then error
		want      []portal.Rule
	}{
		{"the same", refusal(portal.StageOrder), refusal(portal.StageOrder), []portal.Rule{portal.StageOrder}},
		{"one is withheld", refusal(portal.StageOrder, portal.SoakTime), refusal(portal.SoakTime), []portal.Rule{portal.SoakTime}},
		{"one would be added", refusal(portal.StageOrder), refusal(portal.StageOrder, portal.StageOccupied), []portal.Rule{portal.StageOrder}},
		{"none is left", refusal(portal.StageOrder), refusal(portal.StageOccupied), nil},
		{"nothing to compare with", rejection, refusal(portal.TestsPassed), []portal.Rule{portal.TestsPassed}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var kept *portal.RefusalError
			err := common(c.now, c.then)
			switch {
			case c.want == nil && err != nil:
				t.Errorf("left is %v", err)
			case c.want == nil:
			case !errors.As(err, &kept) || !slices.Equal(kept.Rules(), c.want):
				t.Errorf("left is %v", err)
			case len(kept.Verdict.Warnings()) != 1:
				t.Errorf("the warnings are %v", kept.Verdict.Warnings())
			}
		})
	}
	t.Run("neither is changed", func(t *testing.T) {
		then := refusal(portal.StageOrder, portal.StageOccupied)
		_ = common(refusal(portal.StageOrder), then)
		var kept *portal.RefusalError
		if !errors.As(then, &kept) || len(kept.Rules()) != 2 {
			t.Errorf("left is %v", then)
		}
	})
}

func TestATargetAddressIsClaimedOnceInAWalk(t *testing.T) {
	w := newWalk()
	for _, c := range []struct{ address, owner, other string }{
		{"directory:/srv", "shop/dev", ""},
		{"directory:/srv", "shop/dev", ""},
		{"directory:/srv", "shop/qa", "shop/dev"},
		{"directory:/srv/below", "shop/qa", "shop/dev"},
		{"directory:/", "shop/qa", "shop/dev"},
		{"directory:/srv-2", "shop/qa", ""},
		{"", "shop/dev", ""},
		{"", "shop/qa", ""},
	} {
		if other, _ := w.claim(c.address, c.owner); other != c.other {
			t.Errorf("%s claims %q: %q has it", c.owner, c.address, other)
		}
	}
}
