package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// stories end with one refusal each. What happens before is told as in the tests of the
// domain.
var stories = map[string]func() (*portal.RefusalError, error){
	"stage-order": refused("production", "2.5.0", func(w *portaltest.World) {
		w.Travel("2.5.0", "development")
		w.Pass("development", "2.5.0", "smoke")
		w.Travel("2.5.0", "qa-1", "qa-2")
		w.Pass("qa-1", "2.5.0", "integration")
		w.Pass("qa-2", "2.5.0", "integration")
		w.Travel("2.5.0", "uat")
	}, func(p *portal.Pipeline) {
		p.Stage("development").RequiredTests = []string{"smoke"}
		p.Stage("qa").RequiredTests, p.Stage("qa").Quorum = []string{"integration"}, portal.QuorumAll
		p.Stage("uat").RequiredTests, p.Stage("uat").RequiredApprovals = []string{"acceptance"}, 1
		p.Stage("staging").SoakTime = 6 * time.Second
	}),
	"tests-passed": refused("uat", "2.4.0", func(w *portaltest.World) {
		w.Travel("2.4.0", "development", "qa-1")
		w.Fail("qa-1", "2.4.0", "acceptance")
	}, func(p *portal.Pipeline) { p.Stage("qa").RequiredTests = []string{"acceptance"} }),
	"soak-time": refused("production", "2.4.0", func(w *portaltest.World) {
		w.Travel("2.4.0", "development", "qa-1", "uat", "staging")
		w.Wait(2 * time.Hour)
	}, func(p *portal.Pipeline) { p.Stage("staging").SoakTime = 24 * time.Hour }),
	"approvals": refused("production", "2.4.0", func(w *portaltest.World) {
		w.Travel("2.4.0", "development", "qa-1", "uat", "staging")
		w.Approve("2.4.0", "staging", "ci@example.com", "ann@example.com")
	}, func(p *portal.Pipeline) { p.Stage("staging").RequiredApprovals = 2 }),
	"freeze": refused("production", "2.4.0", func(w *portaltest.World) {
		w.Travel("2.4.0", "development", "qa-1", "uat", "staging")
		w.MustDo(portal.DeclareFreeze{Freeze: portal.Freeze{
			Name: "year-end", StartsAt: w.Now.Add(-time.Hour), EndsAt: time.Date(2027, 1, 7, 6, 0, 0, 0, time.UTC), Reason: "Nobody is there to help",
		}})
	}, nil),
	"stage-occupied": refused("staging", "2.5.0", func(w *portaltest.World) {
		w.Travel("2.4.0", "development", "qa-1", "uat", "staging")
		w.Travel("2.5.0", "development", "qa-1", "uat")
	}, func(p *portal.Pipeline) {
		p.Stage("staging").Exclusive, p.Stage("staging").RequiredTests = true, []string{"acceptance"}
	}),
	"environment-held": refused("development", "2.5.0", func(w *portaltest.World) {
		w.As("jane@example.com")
		w.MustStart("development", "2.4.0")
		w.As("ci@example.com")
	}, nil),
	"environment-held by a fix": refused("staging", "2.4.0", func(w *portaltest.World) {
		inProduction(w)
		_ = w.RunFix(portaltest.Fix("EF-2026-017", "3.1.5"), "staging")
	}, nil),
	"emergency-lane": refused("staging-hotfix", "2.4.0", func(w *portaltest.World) {
		w.Travel("2.4.0", "development", "qa-1", "uat")
		lane := portaltest.RegularEnvironment("staging-hotfix", "staging")
		lane.Lane = portal.LaneEmergency
		w.MustDo(portal.DeclareEnvironment{Environment: lane})
	}, nil),
	"rolled-back": refused("production", "2.5.0", func(w *portaltest.World) {
		inProduction(w)
		w.Travel("2.5.0", "development", "qa-1", "uat", "staging", "production")
		w.Deploy("production", "2.4.0")
	}, nil),
	"differential-base": refused("development", "2.5.1", func(w *portaltest.World) {
		w.Deploy("development", "2.4.0")
		w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("2.5.1", "2.5.0", "theme")})
	}, nil),
	"prerequisites": refused("development", "2.6.0", func(w *portaltest.World) {
		release := portaltest.FullRelease("2.6.0")
		release.Requires = map[string]string{"hcl-dx": ">= 9.5.200", "search": "~> 2.0"}
		w.MustDo(portal.RegisterRelease{Release: release})
		environment := portaltest.RegularEnvironment("development", "development")
		environment.Installed = map[string]string{"hcl-dx": "9.5.100"}
		w.MustDo(portal.DeclareEnvironment{Environment: environment, Update: true})
	}, nil),
	"stale-plan": func() (*portal.RefusalError, error) {
		w := world(nil)
		w.Deploy("development", "2.4.0")
		planned := &portal.Planned{Receipt: w.State.Sites["development"].Running.Receipt}
		w.Wait(time.Minute)
		w.Deploy("development", "2.5.0")
		return ends(w.TryDeploy(portal.Deploy{Environment: "development", Release: "2.5.0", Redeploy: "again", Planned: planned}))
	},
	"stale-plan of a fix": func() (*portal.RefusalError, error) {
		w := world(nil)
		inProduction(w)
		wish := portaltest.Fix("EF-2026-017", "3.1.5")
		wish.Expect = w.PlanFix(wish).Plan.Statement
		wish.Expect = portal.StatementDigest(wish.Expect)
		w.Travel("2.5.0", "development", "qa-1", "uat", "staging")
		return w.PlanFix(wish).Refusal(), nil
	},
	"stale-report": func() (*portal.RefusalError, error) {
		w := world(nil)
		w.Travel("2.4.0", "development")
		w.Travel("2.5.0", "development")
		return ends(do(w, portal.RecordTest{
			Environment: "development", Release: "2.5.0", Suite: "acceptance", Passed: true,
			ReportSHA256: portaltest.SHA256("report"), ReportWritten: w.Now.Add(-2 * time.Second),
		}))
	},
	"fix-regression": refused("development", "2.6.0", func(w *portaltest.World) {
		inProduction(w)
		w.MustRunFix(portaltest.Fix("EF-2026-017", "3.1.5"))
		w.Register("2.6.0")
	}, nil),
	"reconcile-overdue": refused("production", "2.5.0", func(w *portaltest.World) {
		delta := portaltest.Delta("2.5.1", "2.4.0", "theme")
		inProduction(w)
		w.MustRunFix(portaltest.Fix("EF-2026-017", "3.1.5"))
		w.MustDo(portal.RegisterRelease{Release: delta})
		w.Travel("2.5.1", "development", "qa-1", "uat", "staging")
		w.Wait(200 * time.Hour)
	}, nil, "2.5.1"),
	"fix-tested": fixRefused(func(p *portal.Pipeline) { p.Emergency.RequiredTests = []string{"sign-in"} }, func(w *portaltest.World, wish *portal.FixWish) {
		inProduction(w)
		wish.Bypass = []portal.Rule{portal.StageOrder}
	}),
	"representative-test": fixRefused(nil, func(w *portaltest.World, wish *portal.FixWish) {
		inProduction(w)
		w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("2.5.1", "2.4.0", "theme")})
		w.Travel("2.5.1", "development", "qa-1", "uat", "staging")
		wish.Strategy, wish.Bypass = portal.StrategyPreempt, []portal.Rule{portal.StageOrder}
	}),
	"a fix": fixRefused(func(p *portal.Pipeline) { p.Stage("staging").Exclusive = true }, func(w *portaltest.World, wish *portal.FixWish) {
		inProduction(w)
		w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("2.5.1", "2.4.0", "theme")})
		w.Travel("2.5.1", "development", "qa-1", "uat", "staging")
		wish.Bypass = []portal.Rule{portal.StageOrder}
	}),
}

// refused is a story that ends with a deployment which is refused.
func refused(environment, release string, story func(*portaltest.World), change func(*portal.Pipeline), instead ...string) func() (*portal.RefusalError, error) {
	return func() (*portal.RefusalError, error) {
		w := world(change)
		story(w)
		for _, other := range instead {
			release = other
		}
		return ends(w.TryDeploy(portal.Deploy{Environment: environment, Release: release}))
	}
}

// fixRefused is a story that ends with an emergency fix which is refused.
func fixRefused(change func(*portal.Pipeline), story func(*portaltest.World, *portal.FixWish)) func() (*portal.RefusalError, error) {
	return func() (*portal.RefusalError, error) {
		w := world(change)
		wish := portaltest.Fix("EF-2026-017", "3.1.5")
		story(w, &wish)
		return w.PlanFix(wish).Refusal(), nil
	}
}

func do(w *portaltest.World, command portal.Command) error {
	_, err := w.Do(command)
	return err
}

// ends is the refusal that a story has to end with.
func ends(err error) (*portal.RefusalError, error) {
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) {
		return nil, fmt.Errorf("it does not end with a refusal, but with %q", fmt.Sprint(err))
	}
	return refusal, nil
}

// inProduction has 2.4.0 everywhere.
func inProduction(w *portaltest.World) {
	w.Travel("2.4.0", "development", "qa-1", "qa-2", "uat", "staging", "production")
}

// world is the pipeline of the guides.
func world(change func(*portal.Pipeline)) *portaltest.World {
	p := portaltest.Line("development", "qa", "uat", "staging", "production")
	p.Name = "intranet"
	if change != nil {
		change(&p)
	}
	w := portaltest.Bare(teller{}, p.Name)
	w.As("ci@example.com")
	w.MustDo(portal.DeclarePipeline{Pipeline: p})
	for _, name := range []string{"development", "uat", "staging", "production"} {
		w.Environment(name, name)
	}
	w.Environment("qa-1", "qa")
	w.Environment("qa-2", "qa")
	w.Register("2.4.0", "2.5.0")
	return w
}

// teller ends the program when a story does not go as it should.
type teller struct{}

func (teller) Helper() {}

func (teller) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (teller) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
