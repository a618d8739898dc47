package portal_test

import (
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// branches makes qa and uat branches that both begin after dev and join in production; if alone is
// set, uat is a branch of its own.
func branches(alone bool) func(p *portal.Pipeline) {
	return func(p *portal.Pipeline) {
		uat := portal.Stage{Name: "uat", After: []string{"dev"}}
		if alone {
			uat.After = nil
		}
		p.Stages = []portal.Stage{p.Stages[0], p.Stages[1], uat, {Name: "production", After: []string{"qa", "uat"}}}
	}
}

func quorum(stage string, q portal.Quorum) func(p *portal.Pipeline) {
	return on(stage, func(s *portal.Stage) { s.Quorum = q })
}

func TestStageOrder(t *testing.T) {
	judgeAll(t, []ruling{
		{name: "the first stage is open to all", to: "dev"},
		{name: "the final stage is not entered at once", want: []portal.Rule{portal.StageOrder}},
		{
			name: "a stage is not skipped", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev") },
		},
		{
			name:  "every stage before lets it in",
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") },
		},
		{
			name: "another release on the stages before is no help", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) { w.Travel("1.0.0", "dev", "qa") },
		},
		{
			name:  "it may have left the stages before",
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa"); w.Travel("3.0.0", "dev", "qa") },
		},
		{
			name: "started is not been there", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) { w.Deploy("dev", "2.0.0"); w.MustStart("qa", "2.0.0") },
		},
		{
			name: "failed is not been there", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.Deploy("dev", "2.0.0")
				w.End("qa", w.MustStart("qa", "2.0.0"), portal.Failed)
			},
		},
		{
			name: "a failed newest deployment of it no longer vouches", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.End("qa", w.MustStart("qa", "2.0.0"), portal.Failed)
			},
		},
		{
			name: "a failed deployment of another release leaves what was proven",
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Deploy("dev", "3.0.0")
				w.End("qa", w.MustStart("qa", "3.0.0"), portal.Failed)
			},
		},
		{
			name: "both branches are before the stage they meet in", pipeline: branches(false), want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") },
		},
		{
			name: "both branches walked", pipeline: branches(false),
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa", "uat") },
		},
		{
			name: "a branch does not wait for the other", pipeline: branches(false), to: "uat",
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev") },
		},
		{name: "a branch of its own begins at once", pipeline: branches(true), to: "uat"},
		{
			name: "any environment of a stage will do",
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				w.Travel("2.0.0", "dev", "qa-2")
			},
		},
		{
			name: "every environment of the stage is asked for", pipeline: quorum("qa", portal.QuorumAll), want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				w.Travel("2.0.0", "dev", "qa-2")
			},
		},
		{
			name: "every environment of the stage has had it", pipeline: quorum("qa", portal.QuorumAll),
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				w.Travel("2.0.0", "dev", "qa-2", "qa")
			},
		},
		{
			name: "a stage without environments vouches for nothing", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.MustDo(portal.RemoveEnvironment{Name: "qa"})
				w.Travel("2.0.0", "dev")
			},
		},
		{
			name: "nor does one where all are asked for", pipeline: quorum("qa", portal.QuorumAll), want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.MustDo(portal.RemoveEnvironment{Name: "qa"})
				w.Travel("2.0.0", "dev")
			},
		},
		{
			name: "an emergency-lane environment does not count", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				lane := portaltest.RegularEnvironment("qa", "qa")
				lane.Lane = portal.LaneEmergency
				w.MustDo(portal.DeclareEnvironment{Environment: lane, Update: true})
			},
		},
		{
			name: "an environment that moved vouches only for where it stood", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.Environment("dev-2", "dev")
				w.Travel("2.0.0", "dev", "dev-2")
				w.Empty("dev-2")
				w.Environment("dev-2", "qa")
			},
		},
		{
			name: "nor is what ran on a moved environment a rollback", want: []portal.Rule{portal.StageOrder},
			to: "dev-2",
			story: func(w *portaltest.World) {
				w.Environment("dev-2", "dev")
				w.Travel("2.0.0", "dev-2")
				w.Empty("dev-2")
				w.Environment("dev-2", "production")
				w.Travel("3.0.0", "dev", "qa", "dev-2")
			},
		},
		{
			name: "an environment declared again vouches for nothing of before", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Remove("qa")
				w.Environment("qa", "qa")
			},
		},
	})
}
