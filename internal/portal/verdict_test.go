package portal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// strict is a pipeline with every requirement.
func strict() portal.Pipeline {
	p := portaltest.Line("development", "qa", "uat", "staging", "production")
	p.Stage("qa").RequiredTests = []string{"integration"}
	p.Stage("uat").RequiredTests = []string{"acceptance"}
	p.Stage("staging").SoakTime = 24 * time.Hour
	p.Stage("staging").RequiredApprovals = 2
	return p
}

func TestAVerdictNeverStopsAtTheFirst(t *testing.T) {
	w := portaltest.New(t, strict())
	w.Register("1.0.0")
	delta := portaltest.Delta("2.0.0", "1.9.0", "theme")
	delta.Requires = map[string]string{"dx": ">= 9"}
	w.MustDo(portal.RegisterRelease{Release: delta})
	lane := portaltest.RegularEnvironment("production", "production")
	lane.Lane = portal.LaneEmergency
	w.MustDo(portal.DeclareEnvironment{Environment: lane, Update: true})
	w.Freeze("night", at(0), at(time.Hour))

	refusal := portal.RefusalError{Verdict: w.Propose(portal.Deploy{
		Environment: "production", Release: "2.0.0", Planned: &portal.Planned{Receipt: "1:abc"},
	}).Verdict}
	want := []portal.Rule{
		portal.StageOrder, portal.TestsPassed, portal.SoakTime, portal.Approvals, portal.FreezeInForce,
		portal.DifferentialBase, portal.EmergencyLane, portal.Prerequisites, portal.StalePlan,
	}
	if diff := cmp.Diff(want, refusal.Rules()); diff != "" {
		t.Errorf("broken rules (-want +got):\n%s", diff)
	}
	for _, rule := range want {
		if !strings.Contains(refusal.Error(), string(rule)+": ") {
			t.Errorf("the message does not name %s:\n%s", rule, refusal.Error())
		}
	}
}

func TestEveryRuleThatConcernsTheModeIsListed(t *testing.T) {
	always := []portal.Rule{portal.EmergencyLane, portal.FixRegression, portal.Prerequisites, portal.EnvironmentHeld}
	entering := []portal.Rule{
		portal.StageOrder, portal.TestsPassed, portal.SoakTime, portal.Approvals, portal.FreezeInForce,
		portal.StageOccupied, portal.RolledBack, portal.DifferentialBase,
	}
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0", "3.0.0")
	w.Travel("1.0.0", "dev")
	w.Travel("2.0.0", "dev")
	for _, c := range []struct {
		mode     portal.Mode
		release  string
		redeploy string
		want     []portal.Rule
	}{
		{portal.ModeEnter, "3.0.0", "", append(entering, always...)},
		{portal.ModeRedeploy, "2.0.0", "again", append([]portal.Rule{portal.FreezeInForce, portal.DifferentialBase}, always...)},
		{portal.ModeRepair, "2.0.0", "", append([]portal.Rule{portal.FreezeInForce}, always...)},
		{portal.ModeRollback, "1.0.0", "", append([]portal.Rule{portal.FreezeInForce}, always...)},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			verdict := w.Propose(portal.Deploy{Environment: "dev", Release: c.release, Redeploy: c.redeploy}).Verdict
			var got []portal.Rule
			for _, gate := range verdict.Gates() {
				got = append(got, gate.Rule)
				if gate.Detail == "" {
					t.Errorf("%s says nothing", gate.Rule)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" || verdict.Mode != c.mode {
				t.Errorf("mode %s, judged (-want +got):\n%s", verdict.Mode, diff)
			}
		})
	}
}

func TestALowerReleaseThatNeverRanHereIsNoRollback(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0")
	w.Travel("2.0.0", "dev")
	if mode := w.Judge("dev", "1.0.0").Mode; mode != portal.ModeEnter {
		t.Errorf("mode %s, want %s", mode, portal.ModeEnter)
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		level  portal.Level
		rule   portal.Rule
		status portal.Status
	}{
		{"", portal.StageOrder, portal.Refused},
		{portal.LevelError, portal.StageOrder, portal.Refused},
		{portal.LevelWarn, portal.StageOrder, portal.Warned},
		{portal.LevelOff, portal.StageOrder, portal.Off},
		{portal.LevelOff, portal.TestsPassed, portal.Off},
		{portal.LevelWarn, portal.SoakTime, portal.Warned},
		{portal.LevelWarn, portal.Approvals, portal.Warned},
		{portal.LevelOff, portal.FreezeInForce, portal.Off},
		{portal.LevelOff, portal.EnvironmentHeld, portal.Refused}, // cannot be set, even if a record says so
	} {
		t.Run(string(c.rule)+" "+string(c.level), func(t *testing.T) {
			w := portaltest.New(t, strict())
			w.Register("1.0.0", "2.0.0")
			w.Freeze("night", at(0), at(time.Hour))
			w.State.Pipeline.Rules = nil
			if c.level != "" {
				w.State.Pipeline.Rules = map[portal.Rule]portal.Level{c.rule: c.level}
			}
			to := "production"
			if c.rule == portal.EnvironmentHeld {
				to = "development"
				w.MustStart(to, "1.0.0")
			}
			if gate := gateOf(t, w.Judge(to, "2.0.0"), c.rule); gate.Status != c.status {
				t.Errorf("%s, want %s", gate.Status, c.status)
			}
		})
	}
}

func TestABrokenRuleThatOnlyWarnsLetsPassAndIsRecorded(t *testing.T) {
	w := worldOf(t, func(p *portal.Pipeline) { p.Rules = map[portal.Rule]portal.Level{portal.StageOrder: portal.LevelWarn} })
	w.Register("2.0.0")
	events, err := w.Do(portal.StartDeployment{Deploy: portal.Deploy{Environment: "production", Release: "2.0.0"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"stage-order: It has not been on every stage before this one: 2.0.0 never ran on dev and qa."}
	if diff := cmp.Diff(want, events[0].(portal.DeploymentStarted).Warnings); diff != "" {
		t.Errorf("recorded warnings (-want +got):\n%s", diff)
	}
}

func TestARefusedDeploymentHoldsTheWholeVerdict(t *testing.T) {
	w := portaltest.New(t, strict())
	w.Register("2.0.0")
	_, err := w.Start("production", "2.0.0")
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal", err)
	}
	events := w.MustDo(portal.RecordRefusal{Environment: "production", Release: "2.0.0", Refusal: refusal})
	recorded := events[0].(portal.DeploymentRefused)
	if diff := cmp.Diff(refusal.Rules(), recorded.Rules); diff != "" {
		t.Errorf("recorded rules (-want +got):\n%s", diff)
	}
	if want := len(recorded.Rules) + len(strict().Stages) - 1; len(recorded.Verdict) != want {
		t.Errorf("%d lines are recorded, want one a broken rule and one a stage before, %d:\n%s", len(recorded.Verdict), want, strings.Join(recorded.Verdict, "\n"))
	}
}
