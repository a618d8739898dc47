package portal_test

import (
	"slices"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestStageOccupied(t *testing.T) {
	exclusive := on("qa", func(s *portal.Stage) { s.Exclusive, s.RequiredTests = true, []string{"smoke"} })
	all := func(p *portal.Pipeline) { exclusive(p); quorum("production", portal.QuorumAll)(p) }
	occupied := []portal.Rule{portal.StageOccupied}
	arrive := func(w *portaltest.World) { w.Deploy("dev", "2.0.0"); w.Travel("1.0.0", "dev", "qa") }
	judgeAll(t, []ruling{
		{name: "nobody is there", to: "qa", pipeline: exclusive, story: func(w *portaltest.World) { w.Deploy("dev", "2.0.0") }},
		{name: "a stage that is not exclusive", to: "qa", story: arrive},
		{name: "from its arrival", to: "qa", pipeline: exclusive, story: arrive, want: occupied},
		{
			name: "not before its arrival", to: "qa-2", pipeline: exclusive,
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				w.Deploy("dev", "2.0.0")
				w.Deploy("dev", "1.0.0")
				w.MustStart("qa", "1.0.0")
			},
		},
		{
			name: "a passed test alone does not end it", to: "qa", pipeline: exclusive, want: occupied,
			story: func(w *portaltest.World) { arrive(w); w.Pass("qa", "1.0.0", "smoke") },
		},
		{
			name: "until it ran on the next stage", to: "qa", pipeline: exclusive,
			story: func(w *portaltest.World) { arrive(w); w.Pass("qa", "1.0.0", "smoke"); w.Deploy("production", "1.0.0") },
		},
		{
			name: "until a required suite failed", to: "qa", pipeline: exclusive,
			story: func(w *portaltest.World) { arrive(w); w.Fail("qa", "1.0.0", "smoke") },
		},
		{
			name: "until a required suite failed on another environment of the stage", to: "qa", pipeline: exclusive,
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				arrive(w)
				w.Deploy("qa-2", "1.0.0")
				w.Fail("qa-2", "1.0.0", "smoke")
			},
		},
		{
			name: "a failure of another release on another environment does not end it", to: "qa", pipeline: exclusive, want: occupied,
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				w.Deploy("dev", "2.0.0")
				w.Travel("3.0.0", "dev", "qa-2")
				w.Fail("qa-2", "3.0.0", "smoke")
				w.Travel("1.0.0", "dev", "qa")
			},
		},
		{
			name: "a failure of another suite does not end it", to: "qa", pipeline: exclusive, want: occupied,
			story: func(w *portaltest.World) { arrive(w); w.Fail("qa", "1.0.0", "load") },
		},
		{
			name: "a failure that was made good does not end it", to: "qa", pipeline: exclusive, want: occupied,
			story: func(w *portaltest.World) { arrive(w); w.Fail("qa", "1.0.0", "smoke"); w.Pass("qa", "1.0.0", "smoke") },
		},
		{
			name: "until every environment of the next stage has it, where all are asked for", to: "qa", pipeline: all, want: occupied,
			story: func(w *portaltest.World) {
				w.Environment("production-2", "production")
				arrive(w)
				w.Pass("qa", "1.0.0", "smoke")
				w.Deploy("production", "1.0.0")
			},
		},
		{
			name: "on another environment of the stage", to: "qa-2", pipeline: exclusive, want: occupied,
			story: func(w *portaltest.World) { w.Environment("qa-2", "qa"); arrive(w) },
		},
		{
			name: "the same release on another environment", to: "qa-2", pipeline: exclusive,
			story: func(w *portaltest.World) { w.Environment("qa-2", "qa"); w.Travel("2.0.0", "dev", "qa") },
		},
		{
			name: "not while it waits for an emergency fix", to: "qa-2", pipeline: exclusive,
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa")
				w.Pass("qa", "1.0.0", "smoke")
				w.Deploy("production", "1.0.0")
				w.Travel("3.0.0", "dev", "qa")
				w.Deploy("dev", "2.0.0")
				w.MustDo(portal.OpenFix{FixWish: w.Read(repairing())})
				steps := w.State.Fixes["EF-1"].Plan.Steps
				suspended := slices.IndexFunc(steps, func(s portal.Step) bool { return s.Action == portal.StepSuspend })
				if err := w.RunSteps("EF-1", suspended+1); err != nil || w.State.Sites["qa"].Suspended == nil {
					t.Errorf("3.0.0 does not wait on qa: %v", err)
				}
				w.Environment("qa-2", "qa")
			},
		},
		{
			name: "emptied", to: "qa", pipeline: exclusive,
			story: func(w *portaltest.World) { arrive(w); w.Empty("qa") },
		},
		{
			name: "on the final stage nothing is under test", pipeline: on("production", func(s *portal.Stage) { s.Exclusive = true }),
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa", "production")
				w.Travel("2.0.0", "dev", "qa")
			},
		},
		{
			name: "a rollback frees the stage", to: "qa", pipeline: exclusive,
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Fail("qa", "2.0.0", "smoke")
				w.Travel("3.0.0", "dev", "qa")
			},
		},
	})
}
