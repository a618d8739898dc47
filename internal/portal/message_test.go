package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestMessages compares refusals word by word, as a reader sees them who does not know the code.
func TestMessages(t *testing.T) {
	for _, c := range []struct {
		name     string
		pipeline portal.Pipeline
		story    func(w *portaltest.World)
		deploy   portal.Deploy
		want     string
	}{
		{
			name: "half the way", pipeline: strict(),
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "development")
				w.Wait(2*time.Hour + 28*time.Minute)
				w.Deploy("qa", "2.0.0")
				w.Pass("qa", "2.0.0", "integration")
				w.Deploy("uat", "2.0.0")
			},
			want: `
stage-order: release 2.0.0 may not enter "production"
It has not been on every stage before this one: 2.0.0 never ran on staging.
    development  ran from 2026-11-20T09:00:00Z
    qa           ran from 2026-11-20T11:28:00Z, tests passed: integration
    uat          ran from 2026-11-20T11:28:00Z, test missing: acceptance
    staging      never deployed, approvals: 0 of 2
Take it through staging, or, to repair production now, declare a portal_emergency_fix.

tests-passed: A required test suite has not passed: acceptance has no result on uat.
Record (portal_test_result) a passing result of acceptance on uat, while the release runs there.

soak-time: It has not run long enough: it ran less than 24h on staging (0s so far, and it does not run there now).
Let it run there for the soak time.

approvals: It is not approved: 2 approvals required to leave staging (nobody approved it).
Record them with portal_approval; deployer, who deploys, does not count.`,
		},
		{
			name: "only time is missing",
			pipeline: func() portal.Pipeline {
				p := portaltest.Line("dev", "qa", "production")
				p.Stage("qa").SoakTime = 90 * time.Minute
				return p
			}(),
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa"); w.Wait(20 * time.Minute) },
			want: `
soak-time: release 2.0.0 may not enter "production"
It has not run long enough: it ran less than 1h30m on qa (20m so far, complete at 2026-11-20T10:30:00Z).
    dev  ran from 2026-11-20T09:00:00Z
    qa   ran from 2026-11-20T09:00:00Z, soaked 20m of 1h30m
Wait until 2026-11-20T10:30:00Z.
It will be allowed from 2026-11-20T10:30:00Z, if nothing else changes.`,
		},
		{
			name: "only time is missing, and then a freeze is in force",
			pipeline: func() portal.Pipeline {
				p := portaltest.Line("dev", "qa", "production")
				p.Stage("qa").SoakTime = 90 * time.Minute
				return p
			}(),
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Freeze("lunch", at(time.Hour), at(3*time.Hour))
			},
			want: `
soak-time: release 2.0.0 may not enter "production"
It has not run long enough: it ran less than 1h30m on qa (0s so far, complete at 2026-11-20T10:30:00Z).
    dev  ran from 2026-11-20T09:00:00Z
    qa   ran from 2026-11-20T09:00:00Z, soaked 0s of 1h30m
Wait until 2026-11-20T10:30:00Z.
It will be allowed from 2026-11-20T12:00:00Z, when freeze "lunch" has ended, if nothing else changes.`,
		},
		{
			name: "a stage in the middle", pipeline: portaltest.Line("dev", "qa", "production"),
			deploy: portal.Deploy{Environment: "qa"},
			want: `
stage-order: release 2.0.0 may not enter "qa"
It has not been on every stage before this one: 2.0.0 never ran on dev.
    dev  never deployed
Take it through dev.`,
		},
		{
			name: "a failed test, several environments",
			pipeline: func() portal.Pipeline {
				p := portaltest.Line("dev", "qa", "production")
				p.Stage("qa").RequiredTests, p.Stage("qa").Quorum = []string{"smoke"}, portal.QuorumAll
				return p
			}(),
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				w.Travel("2.0.0", "dev", "qa", "qa-2")
				w.Fail("qa", "2.0.0", "smoke")
				w.Pass("qa-2", "2.0.0", "smoke")
			},
			want: `
tests-passed: release 2.0.0 may not enter "production"
A required test suite has not passed: smoke failed on qa at 2026-11-20T09:00:00Z.
    dev  ran from 2026-11-20T09:00:00Z
    qa   qa: ran from 2026-11-20T09:00:00Z, test failed: smoke at 2026-11-20T09:00:00Z; qa-2: ran from 2026-11-20T09:00:00Z, tests passed: smoke
Record (portal_test_result) a passing result of smoke on qa, while the release runs there.`,
		},
		{
			name: "the stage before is only planned",
			pipeline: func() portal.Pipeline {
				p := portaltest.Line("dev", "qa", "production")
				p.Stage("qa").SoakTime = 24 * time.Hour
				return p
			}(),
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev")
				w.Wait(time.Hour)
				w.Suppose("qa", "2.0.0")
			},
			want: `
soak-time: release 2.0.0 may not enter "production"
It has not run long enough: it ran less than 24h on qa (0s so far, and only this plan takes it there).
    dev  ran from 2026-11-20T09:00:00Z
    qa   comes with this plan, soaked 0s of 24h
Apply without this deployment first, then let the release run there for the soak time.`,
		},
		{
			name: "the stage before, where it was for an hour, is only planned again",
			pipeline: func() portal.Pipeline {
				p := portaltest.Line("dev", "qa", "production")
				p.Stage("qa").SoakTime = 24 * time.Hour
				return p
			}(),
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Wait(time.Hour)
				w.MustDo(portal.RegisterRelease{Release: portaltest.FullRelease("2.1.0")})
				w.Travel("2.1.0", "dev", "qa")
				w.Suppose("qa", "2.0.0")
			},
			want: `
soak-time: release 2.0.0 may not enter "production"
It has not run long enough: it ran less than 24h on qa (1h so far, and only this plan takes it there).
    dev  ran from 2026-11-20T09:00:00Z
    qa   ran from 2026-11-20T09:00:00Z, soaked 1h of 24h
Apply without this deployment first, then let the release run there for the soak time.`,
		},
		{
			name: "a freeze", pipeline: portaltest.Line("dev", "production"),
			story: func(w *portaltest.World) {
				w.Deploy("dev", "2.0.0")
				w.Freeze("night", at(0), at(9*time.Hour))
			},
			want: `
freeze: release 2.0.0 may not enter "production"
Freeze "night" is in force on production from 2026-11-20T09:00:00Z until 2026-11-20T18:00:00Z: nobody is there.
Wait until 2026-11-20T18:00:00Z, or end the freeze, in a separate apply.
It will be allowed from 2026-11-20T18:00:00Z, if nothing else changes.`,
		},
		{
			name: "in flight", pipeline: portaltest.Line("dev", "production"),
			story:  func(w *portaltest.World) { w.MustStart("dev", "1.0.0") },
			deploy: portal.Deploy{Environment: "dev"},
			want: `
environment-held: release 2.0.0 may not enter "dev"
A deployment of 1.0.0 by deployer is in flight on dev since 2026-11-20T09:00:00Z.
Wait until it has ended, then plan again.`,
		},
		{
			name: "in flight on the stage before", pipeline: portaltest.Line("dev", "production"),
			story: func(w *portaltest.World) { w.MustStart("dev", "2.0.0") },
			want: `
stage-order: release 2.0.0 may not enter "production"
It has not been on every stage before this one: on dev its newest deployment, of 2026-11-20T09:00:00Z, has not ended.
    dev  its newest deployment, of 2026-11-20T09:00:00Z, has not ended
Take it through dev, or, to repair production now, declare a portal_emergency_fix. A deployment of it there has not ended: plan again when it has. In one configuration, let this deployment's release refer to that one (release = portal_release_deployment.NAME.release), so that it comes after it.`,
		},
		{
			name: "an emergency lane", pipeline: portaltest.Line("dev", "production"),
			story: func(w *portaltest.World) {
				lane := portaltest.RegularEnvironment("hot", "dev")
				lane.Lane = portal.LaneEmergency
				w.MustDo(portal.DeclareEnvironment{Environment: lane})
			},
			deploy: portal.Deploy{Environment: "hot"},
			want: `
emergency-lane: release 2.0.0 may not enter "hot"
Environment "hot" is kept for emergency fixes: regular deployments do not go there.
Deploy to a regular environment of the stage, or change lane.`,
		},
		{
			name: "rolled back", pipeline: portaltest.Line("dev", "production"),
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev")
				w.Travel("2.0.0", "dev")
				w.Deploy("dev", "1.0.0")
			},
			deploy: portal.Deploy{Environment: "dev"},
			want: `
rolled-back: release 2.0.0 may not enter "dev"
Environment "dev" was rolled back from 2.0.0.
Deploy a newer release, or set redeploy to a new value to bring this one back on purpose.`,
		},
		{
			name: "no base", pipeline: portaltest.Line("dev", "production"),
			story: func(w *portaltest.World) {
				w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("2.1.0", "2.0.9", "theme")})
			},
			deploy: portal.Deploy{Environment: "dev", Release: "2.1.0"},
			want: `
differential-base: release 2.1.0 may not enter "dev"
It is differential, and its content is not known: release 2.1.0 is based on 2.0.9, which is not registered.
Register the missing base with portal_release.`,
		},
		{
			name: "another base", pipeline: portaltest.Line("dev", "production"),
			story: func(w *portaltest.World) {
				w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("2.1.0", "2.0.0", "theme")})
				w.Deploy("dev", "1.0.0")
			},
			deploy: portal.Deploy{Environment: "dev", Release: "2.1.0"},
			want: `
differential-base: release 2.1.0 may not enter "dev"
It is differential, built against 2.0.0, and dev runs 1.0.0.
Deploy 2.0.0 there first, or register a full release.`,
		},
		{
			name: "a stale plan to roll back", pipeline: portaltest.Line("dev", "production"),
			story:  func(w *portaltest.World) { w.Travel("1.0.0", "dev"); w.Travel("2.0.0", "dev") },
			deploy: portal.Deploy{Environment: "dev", Release: "1.0.0", Planned: &portal.Planned{}},
			want: `
stale-plan: "dev" may not be rolled back to release 1.0.0
Environment "dev" has changed since this was planned: it runs 2.0.0 since 2026-11-20T09:00:00Z. Nothing was changed.
Plan again and read the new plan.`,
		},
		{
			name: "an occupied stage",
			pipeline: func() portal.Pipeline {
				p := portaltest.Line("dev", "production")
				p.Stages[0].Exclusive = true
				return p
			}(),
			story:  func(w *portaltest.World) { w.Deploy("dev", "1.0.0") },
			deploy: portal.Deploy{Environment: "dev"},
			want: `
stage-occupied: release 2.0.0 may not enter "dev"
Stage "dev" is exclusive, and 1.0.0 is under test on dev since 2026-11-20T09:00:00Z.
Take 1.0.0 on to production, or roll dev back.`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := portaltest.New(t, c.pipeline)
			w.Register("1.0.0", "2.0.0")
			if c.story != nil {
				c.story(w)
			}
			if c.deploy.Environment == "" {
				c.deploy.Environment = "production"
			}
			if c.deploy.Release == "" {
				c.deploy.Release = "2.0.0"
			}
			_, err := w.Do(portal.StartDeployment{Deploy: c.deploy})
			if err == nil {
				t.Fatal("it was allowed")
			}
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), err.Error()); diff != "" {
				t.Errorf("the message (-want +got):\n%s", diff)
			}
		})
	}
}
