package portal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestWhatAnEventIsAbout(t *testing.T) {
	started := portal.DeploymentStarted{Environment: "qa", Key: "k", Release: "2.5.0"}
	withFix := portal.DeploymentStarted{Environment: "qa", Key: "k", Release: "2.4.0", Fixes: []string{"EF-1"}, Step: &portal.FixStep{Fix: "EF-2"}}
	step := portal.FixStep{Fix: "EF-1"}
	plan := portal.FixPlan{Tests: []portal.FixTest{{Environment: "qa"}}, Targets: []portal.FixTarget{{Environment: "production"}}}
	for _, c := range []struct {
		name   string
		before []portal.Event
		event  portal.Event
		want   portal.About
	}{
		{"the pipeline", nil, portal.PipelineRetired{}, portal.About{}},
		{"an environment", nil, portal.EnvironmentDeclared{Environment: portal.Environment{Name: "qa"}}, portal.About{Environments: []string{"qa"}}},
		{"an environment that goes", nil, portal.EnvironmentRemoved{Environment: "qa"}, portal.About{Environments: []string{"qa"}}},
		{
			"a release with the fixes it contains", nil,
			portal.ReleaseRegistered{Release: portal.Release{Version: "2.5.0", Base: "2.4.0", Incorporates: []string{"EF-1"}}},
			portal.About{Releases: []string{"2.5.0"}, Fixes: []string{"EF-1"}},
		},
		{"a deployment", nil, started, portal.About{Environments: []string{"qa"}, Releases: []string{"2.5.0"}}},
		{
			"a deployment of a fix", nil, withFix,
			portal.About{Environments: []string{"qa"}, Releases: []string{"2.4.0+EF-1", "2.4.0"}, Fixes: []string{"EF-1", "EF-2"}},
		},
		{
			"its end",
			[]portal.Event{started},
			portal.DeploymentEnded{Environment: "qa", Key: "k"},
			portal.About{Environments: []string{"qa"}, Releases: []string{"2.5.0"}},
		},
		{
			"its end after another process has taken it over",
			[]portal.Event{started, portal.DeploymentRecovering{Environment: "qa", Key: "k"}},
			portal.DeploymentEnded{Environment: "qa", Key: "k"},
			portal.About{Environments: []string{"qa"}, Releases: []string{"2.5.0"}},
		},
		{"an end whose start was not read", nil, portal.DeploymentEnded{Environment: "qa", Key: "k"}, portal.About{Environments: []string{"qa"}}},
		{
			"the end of another one of the same key",
			[]portal.Event{started, portal.DeploymentEnded{Environment: "qa", Key: "k"}},
			portal.DeploymentEnded{Environment: "qa", Key: "k"},
			portal.About{Environments: []string{"qa"}},
		},
		{"a refusal", nil, portal.DeploymentRefused{Environment: "qa", Release: "2.5.0"}, portal.About{Environments: []string{"qa"}, Releases: []string{"2.5.0"}}},
		{"the refusal of a fix", nil, portal.DeploymentRefused{Fix: "EF-1"}, portal.About{Fixes: []string{"EF-1"}}},
		{
			"a result for a fix", nil,
			portal.TestRecorded{Environment: "qa", Release: "2.4.0", Fix: "EF-1"},
			portal.About{Environments: []string{"qa"}, Releases: []string{"2.4.0"}, Fixes: []string{"EF-1"}},
		},
		{"an approval", nil, portal.ApprovalRecorded{Release: "2.5.0", Stage: "qa"}, portal.About{Releases: []string{"2.5.0"}}},
		{
			"a fix", nil,
			portal.FixOpened{Fix: portal.Fix{Name: "EF-1"}, Plan: plan},
			portal.About{Environments: []string{"qa", "production"}, Fixes: []string{"EF-1"}},
		},
		{
			"a fix that is amended", nil,
			portal.FixAmended{Fix: portal.Fix{Name: "EF-1"}, Plan: plan},
			portal.About{Environments: []string{"qa", "production"}, Fixes: []string{"EF-1"}},
		},
		{"a fix that is restated", nil, portal.FixRestated{Fix: "EF-1"}, portal.About{Fixes: []string{"EF-1"}}},
		{
			"a step", nil,
			portal.FixStepStarted{FixStep: step, Environment: "qa", Release: "2.4.0+EF-1"},
			portal.About{Environments: []string{"qa"}, Releases: []string{"2.4.0+EF-1", "2.4.0"}, Fixes: []string{"EF-1"}},
		},
		{
			"the end of a step without a release", nil,
			portal.FixStepEnded{FixStep: step, Environment: "qa"},
			portal.About{Environments: []string{"qa"}, Fixes: []string{"EF-1"}},
		},
		{"a fix that is finished", nil, portal.FixFinished{Fix: "EF-1"}, portal.About{Fixes: []string{"EF-1"}}},
		{
			"a fix that a release contains everywhere", nil,
			portal.FixReconciled{Fix: "EF-1", Release: "2.5.0"},
			portal.About{Releases: []string{"2.5.0"}, Fixes: []string{"EF-1"}},
		},
		{"a review", nil, portal.FixReviewed{Fix: "EF-1"}, portal.About{Fixes: []string{"EF-1"}}},
		{
			"a withdrawal", nil,
			portal.FixWithdrawing{Fix: "EF-1", Steps: []portal.Step{{Environment: "qa"}, {Environment: "production"}, {Environment: "qa"}}},
			portal.About{Environments: []string{"production", "qa"}, Fixes: []string{"EF-1"}},
		},
		{"the end of a withdrawal", nil, portal.FixWithdrawn{Fix: "EF-1"}, portal.About{Fixes: []string{"EF-1"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			reader := portal.NewReader()
			for _, event := range c.before {
				reader.About(event)
			}
			if diff := cmp.Diff(c.want, reader.About(c.event), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
