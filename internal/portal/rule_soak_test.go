package portal_test

import (
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func soak(stage string, d time.Duration) func(p *portal.Pipeline) {
	return on(stage, func(s *portal.Stage) { s.SoakTime = d })
}

func TestSoakTime(t *testing.T) {
	arrive := func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") }
	short := []portal.Rule{portal.SoakTime}
	judgeAll(t, []ruling{
		{name: "just arrived", pipeline: soak("qa", time.Hour), story: arrive, want: short},
		{
			name: "one second short", pipeline: soak("qa", time.Hour), want: short,
			story: func(w *portaltest.World) { arrive(w); w.Wait(time.Hour - time.Second) },
		},
		{
			name: "just long enough", pipeline: soak("qa", time.Hour),
			story: func(w *portaltest.World) { arrive(w); w.Wait(time.Hour) },
		},
		{
			name: "it has left too early", pipeline: soak("qa", time.Hour), want: short,
			story: func(w *portaltest.World) {
				arrive(w)
				w.Wait(30 * time.Minute)
				w.Travel("3.0.0", "dev", "qa")
				w.Wait(time.Hour)
			},
		},
		{
			name: "time adds up over two stays", pipeline: soak("qa", time.Hour),
			story: func(w *portaltest.World) {
				arrive(w)
				w.Wait(30 * time.Minute)
				w.Travel("3.0.0", "dev", "qa")
				w.Wait(time.Hour)
				w.Deploy("qa", "2.0.0") // a rollback
				w.Wait(30 * time.Minute)
			},
		},
		{
			name: "time in flight does not count", pipeline: soak("qa", time.Hour), want: short,
			story: func(w *portaltest.World) {
				arrive(w)
				w.Wait(30 * time.Minute)
				epoch := w.MustStart("qa", "2.0.0")
				w.Wait(30 * time.Minute)
				w.End("qa", epoch, portal.Succeeded)
			},
		},
		{
			name: "an attempt that touched nothing lets it go on", pipeline: soak("qa", time.Hour),
			story: func(w *portaltest.World) {
				arrive(w)
				w.Wait(30 * time.Minute)
				w.Deploy("dev", "3.0.0")
				epoch := w.MustStart("qa", "3.0.0")
				w.MustDo(portal.EndDeployment{Environment: "qa", Epoch: epoch, Outcome: portal.Failed, Untouched: true})
				w.Wait(30 * time.Minute)
			},
		},
		{
			name: "a failed attempt stops it", pipeline: soak("qa", time.Hour), want: short,
			story: func(w *portaltest.World) {
				arrive(w)
				w.Wait(30 * time.Minute)
				w.Deploy("dev", "3.0.0")
				w.End("qa", w.MustStart("qa", "3.0.0"), portal.Failed)
				w.Wait(30 * time.Minute)
			},
		},
		{
			name: "and its repair starts it again", pipeline: soak("qa", time.Hour),
			story: func(w *portaltest.World) {
				arrive(w)
				w.Wait(30 * time.Minute)
				w.Deploy("dev", "3.0.0")
				w.End("qa", w.MustStart("qa", "3.0.0"), portal.Failed)
				w.Wait(30 * time.Minute)
				w.Deploy("qa", "2.0.0")
				w.Wait(30 * time.Minute)
			},
		},
		{
			name: "an environment declared again has aged nothing", pipeline: soak("qa", time.Hour), want: []portal.Rule{portal.StageOrder, portal.SoakTime},
			story: func(w *portaltest.World) {
				arrive(w)
				w.Wait(30 * time.Minute)
				w.Remove("qa")
				w.Environment("qa", "qa")
				w.Wait(time.Hour)
			},
		},
		{
			name: "an emptied environment ages no more", pipeline: soak("qa", time.Hour), want: short,
			story: func(w *portaltest.World) {
				arrive(w)
				w.Wait(30 * time.Minute)
				w.Empty("qa")
				w.Wait(time.Hour)
			},
		},
		{
			name: "every environment must have soaked where all are asked for", want: short,
			pipeline: on("qa", func(s *portal.Stage) { s.SoakTime, s.Quorum = time.Hour, portal.QuorumAll }),
			story: func(w *portaltest.World) {
				w.Environment("qa-2", "qa")
				arrive(w)
				w.Wait(time.Hour)
				w.Deploy("qa-2", "2.0.0")
			},
		},
		{
			name: "a stage without environment has soaked nothing", pipeline: soak("qa", time.Hour),
			want: []portal.Rule{portal.StageOrder, portal.SoakTime},
			story: func(w *portaltest.World) {
				w.MustDo(portal.RemoveEnvironment{Name: "qa"})
				w.Deploy("dev", "2.0.0")
			},
		},
	})
}

func TestEligibleAtTellsWhenTimeAloneWillDo(t *testing.T) {
	for _, c := range []struct {
		name     string
		pipeline func(p *portal.Pipeline)
		story    func(w *portaltest.World)
		want     time.Time
	}{
		{
			name: "the rest of the soak time", pipeline: soak("qa", time.Hour), want: at(time.Hour),
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa"); w.Wait(10 * time.Minute) },
		},
		{
			name: "the stage that takes longest", want: at(3 * time.Hour),
			pipeline: func(p *portal.Pipeline) {
				soak("qa", time.Hour)(p)
				soak("dev", 3*time.Hour)(p)
				p.Rules = map[portal.Rule]portal.Level{portal.SoakTime: portal.LevelWarn}
			},
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				next := *w.State.Pipeline
				next.Rules = nil
				w.MustDo(portal.DeclarePipeline{Pipeline: next, Update: true})
			},
		},
		{
			name: "the environment that is closest", pipeline: soak("qa", time.Hour), want: at(time.Hour),
			story: func(w *portaltest.World) {
				w.Environment("a", "qa")
				w.Travel("2.0.0", "dev", "qa")
				w.Wait(30 * time.Minute)
				w.Deploy("a", "2.0.0")
			},
		},
		{
			name: "the environment on which it still runs", pipeline: soak("qa", time.Hour), want: at(time.Hour + 50*time.Minute),
			story: func(w *portaltest.World) {
				w.Environment("a", "qa")
				w.Travel("2.0.0", "dev", "a")
				w.Wait(50 * time.Minute)
				w.Deploy("qa", "2.0.0")
				w.Travel("3.0.0", "dev", "a")
			},
		},
		{
			name: "a fraction of a second is not promised away", pipeline: soak("qa", time.Hour), want: at(time.Hour + time.Second),
			story: func(w *portaltest.World) { w.Wait(time.Millisecond); w.Travel("2.0.0", "dev", "qa") },
		},
		{
			name: "the end of a freeze", want: at(4 * time.Hour),
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Freeze("night", at(0), at(4*time.Hour))
			},
		},
		{
			name: "the end of the freeze that follows it", want: at(6 * time.Hour),
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Freeze("night", at(0), at(4*time.Hour))
				w.Freeze("morning", at(4*time.Hour), at(6*time.Hour))
			},
		},
		{
			name: "the end of a freeze that will have begun", pipeline: soak("qa", time.Hour), want: at(4 * time.Hour),
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Freeze("night", at(time.Hour), at(4*time.Hour))
			},
		},
		{
			name: "never where a test is missing too", want: time.Time{},
			pipeline: on("qa", func(s *portal.Stage) { s.SoakTime, s.RequiredTests = time.Hour, []string{"smoke"} }),
			story:    func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") },
		},
		{
			name: "never where it no longer runs there", pipeline: soak("qa", time.Hour), want: time.Time{},
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa"); w.Travel("3.0.0", "dev", "qa") },
		},
		{
			name: "never where nothing is broken", want: time.Time{},
			story: func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, c.pipeline)
			w.Register("2.0.0", "3.0.0")
			c.story(w)
			if got := w.Judge("production", "2.0.0").EligibleAt(); !got.Equal(c.want) {
				t.Errorf("eligible at %v, want %v", got, c.want)
			}
			if !c.want.IsZero() {
				w.Now = c.want
				if broken := w.Broken("production", "2.0.0"); len(broken) > 0 {
					t.Errorf("at the promised time it is still refused: %v", broken)
				}
			}
		})
	}
}
