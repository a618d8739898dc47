package portal_test

import (
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func required(stage string, suites ...string) func(p *portal.Pipeline) {
	return on(stage, func(s *portal.Stage) { s.RequiredTests = suites })
}

func TestTestsPassed(t *testing.T) {
	arrive := func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") }
	judgeAll(t, []ruling{
		{name: "no result", pipeline: required("qa", "smoke"), story: arrive, want: []portal.Rule{portal.TestsPassed}},
		{
			name: "a passing result", pipeline: required("qa", "smoke"),
			story: func(w *portaltest.World) { arrive(w); w.Pass("qa", "2.0.0", "smoke") },
		},
		{
			name: "a failing result", pipeline: required("qa", "smoke"), want: []portal.Rule{portal.TestsPassed},
			story: func(w *portaltest.World) { arrive(w); w.Fail("qa", "2.0.0", "smoke") },
		},
		{
			name: "one suite of two", pipeline: required("qa", "load", "smoke"), want: []portal.Rule{portal.TestsPassed},
			story: func(w *portaltest.World) { arrive(w); w.Pass("qa", "2.0.0", "load") },
		},
		{
			name: "another suite", pipeline: required("qa", "smoke"), want: []portal.Rule{portal.TestsPassed},
			story: func(w *portaltest.World) { arrive(w); w.Pass("qa", "2.0.0", "load") },
		},
		{
			name: "the suite on another stage", pipeline: required("qa", "smoke"), want: []portal.Rule{portal.TestsPassed},
			story: func(w *portaltest.World) { arrive(w); w.Pass("dev", "2.0.0", "smoke") },
		},
		{
			name: "a failing newest result revokes the older pass", pipeline: required("qa", "smoke"), want: []portal.Rule{portal.TestsPassed},
			story: func(w *portaltest.World) {
				arrive(w)
				w.Pass("qa", "2.0.0", "smoke")
				w.Wait(time.Minute)
				w.Fail("qa", "2.0.0", "smoke")
			},
		},
		{
			name: "within the same instant too", pipeline: required("qa", "smoke"), want: []portal.Rule{portal.TestsPassed},
			story: func(w *portaltest.World) { arrive(w); w.Pass("qa", "2.0.0", "smoke"); w.Fail("qa", "2.0.0", "smoke") },
		},
		{
			name: "also when the release has left", pipeline: required("qa", "smoke"), want: []portal.Rule{portal.TestsPassed},
			story: func(w *portaltest.World) {
				arrive(w)
				w.Pass("qa", "2.0.0", "smoke")
				w.Wait(time.Minute)
				w.Fail("qa", "2.0.0", "smoke")
				w.Travel("3.0.0", "dev", "qa")
			},
		},
		{
			name: "a pass after the failure counts again", pipeline: required("qa", "smoke"),
			story: func(w *portaltest.World) {
				arrive(w)
				w.Fail("qa", "2.0.0", "smoke")
				w.Wait(time.Minute)
				w.Pass("qa", "2.0.0", "smoke")
			},
		},
		{
			name: "the final stage's own suites are not asked to enter it", pipeline: required("production", "smoke"), story: arrive,
		},
		{
			name: "a check that passed is a result", pipeline: required("qa", "alive"),
			story: func(w *portaltest.World) {
				w.Deploy("dev", "2.0.0")
				epoch := w.MustStart("qa", "2.0.0")
				w.MustDo(portal.EndDeployment{
					Environment: "qa", Epoch: epoch, Outcome: portal.Succeeded,
					Checks: []portal.CheckResult{{Name: "alive", Passed: true}},
				})
			},
		},
		{
			name: "all environments must have passed where all are asked for", want: []portal.Rule{portal.TestsPassed},
			pipeline: on("qa", func(s *portal.Stage) { s.RequiredTests, s.Quorum = []string{"smoke"}, portal.QuorumAll }),
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				w.Travel("2.0.0", "dev", "qa", "qa-2")
				w.Pass("qa", "2.0.0", "smoke")
			},
		},
		{
			name: "one environment cannot lend its test to another", want: []portal.Rule{portal.TestsPassed},
			pipeline: required("qa", "load", "smoke"),
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				w.Travel("2.0.0", "dev", "qa", "qa-2")
				w.Pass("qa", "2.0.0", "smoke")
				w.Pass("qa-2", "2.0.0", "load")
			},
		},
		{
			name: "a stage without environment has run nothing", pipeline: required("qa", "smoke"),
			want: []portal.Rule{portal.StageOrder, portal.TestsPassed},
			story: func(w *portaltest.World) {
				w.MustDo(portal.RemoveEnvironment{Name: "qa"})
				w.Deploy("dev", "2.0.0")
			},
		},
		{
			name: "a result of a stage the environment has left is no result here", pipeline: required("qa", "smoke"),
			want: []portal.Rule{portal.TestsPassed},
			story: func(w *portaltest.World) {
				w.Environment("x", "dev")
				w.Travel("2.0.0", "dev", "x")
				w.Pass("x", "2.0.0", "smoke")
				w.Empty("x")
				w.MustDo(portal.RemoveEnvironment{Name: "qa"})
				w.Environment("x", "qa")
				w.Deploy("x", "2.0.0")
			},
		},
		{
			name: "and recording it again is a new record", pipeline: required("qa", "smoke"),
			story: func(w *portaltest.World) {
				w.Environment("x", "dev")
				w.Travel("2.0.0", "dev", "x")
				w.Pass("x", "2.0.0", "smoke")
				w.Empty("x")
				w.Environment("x", "qa")
				w.Deploy("x", "2.0.0")
				w.Pass("x", "2.0.0", "smoke")
			},
		},
	})
}
