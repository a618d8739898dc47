package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// described has one event or more of every kind, and its description.
var described = []struct {
	event portal.Event
	want  string
}{
	{portal.PipelineDeclared{Pipeline: portaltest.Line("dev", "qa", "production")}, "shop: stages dev, qa, production"},
	{portal.PipelineRetired{}, "the pipeline is retired"},
	{portal.EnvironmentDeclared{Environment: portaltest.RegularEnvironment("qa-1", "qa")}, "qa-1: on stage qa, target directory"},
	{
		portal.EnvironmentDeclared{Environment: portal.Environment{Name: "lane", Stage: "qa", Lane: portal.LaneEmergency, Target: portal.Target{Kind: "command"}}},
		"lane: on stage qa, target command, emergency lane",
	},
	{portal.EnvironmentRemoved{Environment: "qa-1"}, "qa-1: removed"},
	{portal.ReleaseRegistered{Release: portaltest.FullRelease("2.5.0")}, "2.5.0: full, 1 component"},
	{
		portal.ReleaseRegistered{Release: portal.Release{
			Version: "2.5.1", Type: portal.Differential, Base: "2.5.0",
			Components: map[string]portal.Component{"app": {}, "theme": {}}, Incorporates: []string{"EF-1", "EF-2"},
		}},
		"2.5.1: differential on 2.5.0, 2 components, contains EF-1 and EF-2",
	},
	{
		portal.FreezeDeclared{Freeze: portal.Freeze{
			Name: "holidays", Reason: "nobody is there",
			StartsAt: portaltest.Start, EndsAt: portaltest.Start.Add(time.Hour),
		}},
		"holidays: the final stage from 2026-11-20T09:00:00Z to 2026-11-20T10:00:00Z: nobody is there",
	},
	{
		portal.FreezeDeclared{Freeze: portal.Freeze{
			Name: "load-test", Stages: []string{"qa", "staging"}, Reason: "load",
			StartsAt: portaltest.Start, EndsAt: portaltest.Start.Add(time.Hour),
		}},
		"load-test: qa and staging from 2026-11-20T09:00:00Z to 2026-11-20T10:00:00Z: load",
	},
	{portal.FreezeRemoved{Freeze: "holidays"}, "holidays: removed"},
	{portal.DeploymentStarted{Environment: "production", Release: "2.5.0", Mode: portal.ModeEnter}, "production: 2.5.0 (enter)"},
	{
		portal.DeploymentStarted{Environment: "production", Release: "2.4.0", Fixes: []string{"EF-1"}, Mode: portal.ModeFix},
		"production: 2.4.0+EF-1 (fix)",
	},
	{
		portal.DeploymentStarted{Environment: "qa", Release: "2.5.0", Mode: portal.ModeEnter, Warnings: []string{"soak-time: dev: 1h of 24h", "freeze: load-test"}},
		"qa: 2.5.0 (enter), warned: soak-time, freeze",
	},
	{portal.DeploymentStarted{Environment: "qa", Mode: portal.ModeRemove}, "qa: nothing (remove)"},
	{portal.DeploymentRecovering{Environment: "qa"}, "qa: an unfinished deployment is taken over"},
	{portal.DeploymentEnded{Environment: "qa", Outcome: portal.Succeeded}, "qa: succeeded"},
	{
		portal.DeploymentEnded{Environment: "qa", Outcome: portal.Failed, Detail: "deploy.sh failed with exit code 3\nno space left"},
		"qa: failed: deploy.sh failed with exit code 3 …",
	},
	{portal.DeploymentEnded{Environment: "qa", Outcome: portal.Interrupted, Untouched: true}, "qa: interrupted, nothing was changed"},
	{
		portal.DeploymentRefused{Environment: "production", Release: "2.5.0", Rules: []portal.Rule{portal.StageOrder, portal.SoakTime}},
		"production: 2.5.0 is refused: stage-order, soak-time",
	},
	{portal.DeploymentRefused{Fix: "EF-1", Rules: []portal.Rule{portal.FixApproved}}, "emergency fix EF-1 is refused: fix-approved"},
	{
		portal.LedgerRestored{Reason: "the disk died", Epochs: map[string]int64{"qa": 9, "dev": 5}},
		"the ledger is older than what it deploys to (dev, qa): the disk died",
	},
	{
		portal.LedgerRestored{Reason: "seen a newer one", Fix: "EF-1", Epochs: map[string]int64{"production": 9}},
		"EF-1: the ledger is older than what it deploys to (production): seen a newer one",
	},
	{
		portal.ClockMended{Reason: "ntp was off", Newest: portaltest.Start},
		"entries of up to 2026-11-20T09:00:00Z were recorded with a clock that was ahead and count as of now: ntp was off",
	},
	{portal.TestRecorded{Environment: "qa", Release: "2.5.0", Suite: "smoke", Passed: true, Tests: 40}, "qa: suite smoke passed for 2.5.0"},
	{portal.TestRecorded{Environment: "qa", Release: "2.5.0", Suite: "smoke", Tests: 40, Failures: 2}, "qa: suite smoke failed for 2.5.0, 2 of 40 tests"},
	{
		portal.TestRecorded{Environment: "qa", Release: "2.4.0", Fix: "EF-1", Suite: "ping", Passed: true, Check: true},
		"qa: check ping passed for emergency fix EF-1",
	},
	{portal.TestRecorded{Environment: "qa", Suite: "ping", Passed: true, Check: true}, "qa: check ping passed"}, // after a removal
	{portal.ApprovalRecorded{Release: "2.5.0", Stage: "qa", Approver: "carl"}, "carl lets 2.5.0 leave qa"},
	{portal.ApprovalRevoked{Release: "2.5.0", Stage: "qa", Approver: "carl", Reason: "the wrong build"}, "carl no longer lets 2.5.0 leave qa: the wrong build"},
	{
		portal.FixOpened{Fix: portaltest.Fix("EF-1", "1.0.1").Fix, Plan: portal.FixPlan{
			Targets: []portal.FixTarget{{Environment: "prod-1"}, {Environment: "prod-2"}},
			Bypassed: []portal.Bypass{
				{Rule: portal.StageOrder, Environment: "prod-1"},
				{Rule: portal.SoakTime, Environment: "prod-1"},
				{Rule: portal.StageOrder, Environment: "prod-2"},
			},
		}},
		"EF-1: opened for INC-1: app 1.0.1 to prod-1 and prod-2, bypassing soak-time and stage-order",
	},
	{
		portal.FixAmended{Fix: portaltest.Fix("EF-1", "1.0.2").Fix, Plan: portal.FixPlan{Targets: []portal.FixTarget{{Environment: "production"}}}},
		"EF-1: amended for INC-1: app 1.0.2 to production",
	},
	{portal.FixRestated{Fix: "EF-1"}, "EF-1: justification or sources updated"},
	{
		portal.FixStepStarted{FixStep: portal.FixStep{Fix: "EF-1", Index: 3}, Action: portal.StepDeploy, Environment: "production", Release: "2.4.0+EF-1"},
		"EF-1: step 4, deploy on production: 2.4.0+EF-1",
	},
	{portal.FixStepStarted{FixStep: portal.FixStep{Fix: "EF-1"}, Action: portal.StepHold, Environment: "staging"}, "EF-1: step 1, hold on staging"},
	{
		portal.FixStepEnded{
			FixStep: portal.FixStep{Fix: "EF-1", Index: 3}, Action: portal.StepDeploy, Environment: "production",
			Outcome: portal.Failed, Detail: "it does not start",
		},
		"EF-1: step 4, deploy on production failed: it does not start",
	},
	{portal.FixFinished{Fix: "EF-1"}, "EF-1: every step succeeded"},
	{portal.FixReconciled{Fix: "EF-1", Release: "2.6.0"}, "EF-1: every target runs a release that contains it, the newest is 2.6.0"},
	{portal.FixReviewed{Fix: "EF-1", Review: portal.Review{Reviewer: "dora", Outcome: "accepted"}}, "EF-1: reviewed by dora: accepted"},
	{portal.FixWithdrawing{Fix: "EF-1", Reason: "it made things worse"}, "EF-1: withdrawal began: it made things worse"},
	{portal.FixWithdrawn{Fix: "EF-1"}, "EF-1: withdrawn"},
}

func TestWhatHappenedIsSaidInOneLine(t *testing.T) {
	for _, c := range described {
		if got := portal.Describe(c.event); got != c.want {
			t.Errorf("%s is\n  %s\nwant\n  %s", c.event.Kind(), got, c.want)
		}
	}
}

func TestEveryKindOfEventIsDescribed(t *testing.T) {
	var kinds []string
	for _, c := range described {
		kinds = append(kinds, c.event.Kind())
	}
	for _, kind := range portal.EventKinds() {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no event of kind %s is described in this test", kind)
		}
		blank, err := portal.DecodeEvent(kind, []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if portal.Describe(blank) == "" {
			t.Errorf("an event of kind %s has no phrase", kind)
		}
	}
}

func TestADescriptionCannotMislead(t *testing.T) {
	for _, c := range []struct{ name, detail, want string }{
		{"a terminal's commands", "\x1b[2Jall is well", `qa: failed: \u001b[2Jall is well`},
		{"text from right to left", "a\u202eb", `qa: failed: a\u202eb`},
		{"a second line that looks like another entry", "no\r\n8 ann qa: succeeded", "qa: failed: no …"},
		{"a line end that only some know", "no\u2028qa: succeeded", "qa: failed: no …"},
		{"a tab", "a\tb", "qa: failed: a b"},
		{"bytes that are no text", "a\xff", `qa: failed: a\ufffd`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := portal.Describe(portal.DeploymentEnded{Environment: "qa", Outcome: portal.Failed, Detail: c.detail}); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
		})
	}
	if text := "two\nlines\tand a tab"; portal.Printable(text) != text || !strings.Contains(portal.Printable(text+"\x00"), `\u0000`) {
		t.Errorf("%q", portal.Printable(text+"\x00"))
	}
}
