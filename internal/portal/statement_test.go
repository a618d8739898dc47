package portal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestStatementsAreForGood compares statements with golden files: approvers sign these bytes. A
// file is never changed. A statement that is to read differently needs another format, with files
// of its own.
func TestStatementsAreForGood(t *testing.T) {
	busy := func(p *portal.Pipeline) {
		p.Stages[0].RequiredTests = []string{"unit", "load; and more"}
		p.Stages[0].RequiredApprovals = 1
		p.Stages[1].SoakTime = 90 * time.Minute
		p.Stages[1].Exclusive = true
		p.Emergency.RequiredTests = []string{"smoke"}
		p.Rules = map[portal.Rule]portal.Level{portal.SoakTime: portal.LevelWarn, portal.Approvals: portal.LevelOff}
	}
	underTest := func(t *testing.T, parts ...string) *portaltest.World {
		w := portaltest.New(t, func() portal.Pipeline {
			p := portaltest.Line("dev", "staging", "production")
			busy(&p)
			return p
		}())
		for _, release := range []portal.Release{bill("1.0.0", "app 1", "web 1"), bill("2.0.0", parts...)} {
			register(w, release)
			w.Deploy("dev", release.Version)
			w.Pass("dev", release.Version, "unit", "load; and more")
			w.Approve(release.Version, "dev", "ann")
			w.Deploy("staging", release.Version)
			w.Wait(time.Hour)
			if release.Version == "1.0.0" {
				w.Wait(time.Hour)
				w.Deploy("production", release.Version)
			}
		}
		w.MustDo(portal.DeclareFreeze{Freeze: portal.Freeze{
			Name: "holidays", StartsAt: w.Now, EndsAt: w.Now.Add(48 * time.Hour), Reason: "nobody is here; \"call\" first",
		}})
		return w
	}
	fix := func(w *portaltest.World, changes ...func(*portal.FixWish)) string {
		return w.PlanFix(repairing(changes...)).Plan.Statement
	}
	for name, statement := range map[string]func(t *testing.T) string{
		"release-v1": func(t *testing.T) string {
			w := repairWorld(t)
			release := w.State.Release("1.0.0")
			return w.Facts().ReleaseStatement(&release.Release, "dev")
		},
		"fix-v2-in-place": func(t *testing.T) string { return fix(repairWorld(t)) },
		"fix-v2-rollback": func(t *testing.T) string { return fix(underTest(t, "app 2", "web 1")) },
		"fix-v2-preempt": func(t *testing.T) string {
			w := underTest(t, "app 1", "web 2")
			return fix(w, func(wish *portal.FixWish) {
				wish.ApprovalsExpireAt = portaltest.Start.Add(72 * time.Hour)
				wish.Justification.SecurityImpact = "none:\nit was read by two"
				wish.Components["app"] = portal.Component{Version: "1 f", Kind: "war", Source: "dist/app", SHA256: portaltest.SHA256("app 1 f")}
			})
		},
		"fix-v2-in-flight": func(t *testing.T) string {
			w := underTest(t, "app 1", "web 2")
			w.MustStart("staging", "1.0.0") // the hold stops it
			return fix(w)
		},
		"fix-v2-environments": func(t *testing.T) string {
			w := repairWorld(t)
			w.Environment("production-2", "production")
			w.Environment("a", "staging")
			return fix(w, reaching("production"), confined, testedOn("staging"))
		},
		"fix-v2-dedicated": func(t *testing.T) string {
			w := underTest(t, "app 1", "web 2")
			lane := portaltest.RegularEnvironment("lane", "staging")
			lane.Lane = portal.LaneEmergency
			w.MustDo(portal.DeclareEnvironment{Environment: lane})
			declareChecked(w, "lane", "smoke", "ping")
			w.Environment("production-2", "production")
			return fix(w, reaching("production"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, path := statement(t), filepath.Join("testdata", "statements", name+".txt")
			want, err := os.ReadFile(path)
			if errors.Is(err, os.ErrNotExist) && *writeGolden {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("it reads otherwise (-signed +now):\n%s", diff)
			}
		})
	}
}

// TestAStatementHoldsForNothingElse changes everything that a plan shows, one after the other: each
// change makes another statement.
func TestAStatementHoldsForNothingElse(t *testing.T) {
	before := func(t *testing.T) *portaltest.World {
		w := repairWorld(t, func(p *portal.Pipeline) { p.Stages[1].SoakTime = time.Minute })
		register(w, bill("2.0.0", "app 1", "web 2"))
		w.Travel("2.0.0", "dev", "staging")
		return w
	}
	w := before(t)
	first := w.PlanFix(repairing()).Plan.Statement
	if again := before(t).PlanFix(repairing()).Plan.Statement; again != first {
		t.Fatalf("the same situation has another statement:\n%s", cmp.Diff(first, again))
	}
	for name, change := range map[string]func(*portaltest.World){
		"a check": func(w *portaltest.World) { declareChecked(w, "staging", "ping") },
		"a required suite": func(w *portaltest.World) {
			changePipeline(w, func(p *portal.Pipeline) { p.Emergency.RequiredTests = []string{"smoke"} })
		},
		"a soak time": func(w *portaltest.World) {
			changePipeline(w, func(p *portal.Pipeline) { p.Stages[1].SoakTime = time.Hour })
		},
		"a level": func(w *portaltest.World) {
			changePipeline(w, func(p *portal.Pipeline) { p.Rules = map[portal.Rule]portal.Level{portal.StageOrder: portal.LevelOff} })
		},
		"approvals": func(w *portaltest.World) {
			changePipeline(w, func(p *portal.Pipeline) { p.Stages[0].RequiredApprovals = 1 })
		},
		"what is in flight": func(w *portaltest.World) { w.MustStart("dev", "1.0.0"); w.MustStart("staging", "1.0.0") },
		"what staging runs": func(w *portaltest.World) { w.Deploy("staging", "1.0.0") },
		"a freeze": func(w *portaltest.World) {
			w.MustDo(portal.DeclareFreeze{Freeze: portal.Freeze{Name: "f", StartsAt: w.Now, EndsAt: w.Now.Add(time.Hour), Reason: "r"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := before(t)
			shown := w.PlanFix(repairing()).Plan
			change(w)
			now := w.PlanFix(repairing()).Plan
			if cmp.Equal(shown.Steps, now.Steps) && cmp.Equal(shown.Bypassed, now.Bypassed) && cmp.Equal(shown.Interrupted, now.Interrupted) {
				t.Fatal("the plan shows the same: the case proves nothing")
			}
			if shown.Statement == now.Statement {
				t.Errorf("the plan shows something else, and the statement is the same:\n%s", now.Statement)
			}
		})
	}
}

// TestAStatementNamesATargetOfAnotherKind tests a fix on an empty environment, whose
// target may still become another: a test proves less on another kind.
func TestAStatementNamesATargetOfAnotherKind(t *testing.T) {
	w := repairWorld(t)
	w.Environment("spare", "staging")
	wish := repairing(testedOn("spare"))
	same := w.PlanFix(wish).Plan
	kind("spare", "staging", "command")(w)
	other := w.PlanFix(wish).Plan
	if cmp.Equal(same.Steps, other.Steps) || same.Statement == other.Statement {
		t.Errorf("the steps differ in %s, and the statement is the same:\n%s", cmp.Diff(same.Steps, other.Steps), other.Statement)
	}
}

// TestAStatementSaysWhyATestIsNotRolledBack plans a fix on top of what its author keeps on a stage:
// it differs where the fix is, or is unknown.
func TestAStatementSaysWhyATestIsNotRolledBack(t *testing.T) {
	w := repairWorld(t)
	register(w, bill("2.0.0", "app 2", "web 2"))
	w.Travel("2.0.0", "dev", "staging")
	wish := repairing(by(portal.StrategyPreempt))
	differs := w.PlanFix(wish).Plan
	w.End("staging", w.MustStart("staging", "1.0.0"), portal.Failed)
	uncertain := w.PlanFix(wish).Plan
	for about, plan := range map[string]*portal.FixPlan{"differs": &differs, "uncertain": &uncertain} {
		if line := "representative-test on staging, level error: not rolled back to 1.0.0; " + about; !strings.Contains(plan.Statement, line) {
			t.Errorf("%q is not in\n%s", line, plan.Statement)
		}
	}
}

// TestRulesThatThePipelineLetsPassAreListed plans a fix past a stage whose rules only warn or are
// off: a reviewer sees that it breaks them.
func TestRulesThatThePipelineLetsPassAreListed(t *testing.T) {
	w := repairWorld(t, func(p *portal.Pipeline) {
		p.Rules = map[portal.Rule]portal.Level{portal.StageOrder: portal.LevelOff, portal.TestsPassed: portal.LevelWarn}
		p.Stages[0].RequiredTests = []string{"unit"}
	})
	proposal := w.PlanFix(repairing(func(wish *portal.FixWish) { wish.Bypass = nil }))
	levels := map[portal.Rule]portal.Level{}
	for _, row := range proposal.Plan.Bypassed {
		levels[row.Rule] = row.Level
	}
	want := map[portal.Rule]portal.Level{portal.StageOrder: portal.LevelOff, portal.TestsPassed: portal.LevelWarn}
	if diff := cmp.Diff(want, levels); diff != "" {
		t.Errorf("listed are (-want +got):\n%s", diff)
	}
	if !strings.Contains(proposal.Plan.Statement, "broken rule: stage-order on production, level off: dev") {
		t.Errorf("the statement is\n%s", proposal.Plan.Statement)
	}
	if refusal := proposal.Refusal(); refusal != nil {
		t.Errorf("it is refused: %v", refusal)
	}
	if warned := proposal.Verdict.Warnings(); len(warned) != 1 || warned[0].Rule != portal.TestsPassed {
		t.Errorf("the warnings are %v", warned)
	}
	if err := w.RunFix(repairing(func(wish *portal.FixWish) { wish.Bypass = nil })); err != nil {
		t.Errorf("it is not carried out: %v", err)
	}
}

func declareChecked(w *portaltest.World, environment string, checks ...string) {
	declared := w.State.Sites[environment].Environment
	for _, check := range checks {
		declared.Checks = append(declared.Checks, portal.Check{Name: check, Command: []string{"true"}})
	}
	w.MustDo(portal.DeclareEnvironment{Environment: declared, Update: true})
}

func changePipeline(w *portaltest.World, change func(*portal.Pipeline)) {
	changed := *w.State.Pipeline
	changed.Stages = append([]portal.Stage(nil), changed.Stages...)
	change(&changed)
	w.MustDo(portal.DeclarePipeline{Pipeline: changed, Update: true})
}
