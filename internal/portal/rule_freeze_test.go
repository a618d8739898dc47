package portal_test

import (
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestFreeze(t *testing.T) {
	arrive := func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") }
	frozen := []portal.Rule{portal.FreezeInForce}
	begin, end := at(time.Hour), at(2*time.Hour)
	// story sets the clock once the freeze is declared.
	story := func(now time.Time, stages ...string) func(w *portaltest.World) {
		return func(w *portaltest.World) { arrive(w); w.Freeze("night", begin, end, stages...); w.Now = now }
	}
	judgeAll(t, []ruling{
		{name: "just before it begins", story: story(begin.Add(-time.Nanosecond))},
		{name: "as it begins", story: story(begin), want: frozen},
		{name: "just before it ends", story: story(end.Add(-time.Nanosecond)), want: frozen},
		{name: "as it ends", story: story(end)},
		{
			name: "it concerns the final stage by default", to: "dev",
			story: func(w *portaltest.World) { w.Freeze("night", begin, end); w.Now = begin },
		},
		{
			name: "a named stage", to: "dev", want: frozen,
			story: func(w *portaltest.World) { w.Freeze("night", begin, end, "dev"); w.Now = begin },
		},
		{name: "another stage", story: story(begin, "dev", "qa")},
		{
			name: "one of several", want: frozen,
			story: func(w *portaltest.World) { story(begin)(w); w.Freeze("noon", end, end.Add(time.Hour)) },
		},
		{
			name:  "a removed one",
			story: func(w *portaltest.World) { story(begin)(w); w.MustDo(portal.RemoveFreeze{Name: "night"}) },
		},
		{
			name:  "one moved elsewhere",
			story: func(w *portaltest.World) { story(begin)(w); w.Freeze("night", end, end.Add(time.Hour)) },
		},
		{
			name: "a rollback is only warned", to: "qa",
			story: func(w *portaltest.World) {
				arrive(w)
				w.Travel("3.0.0", "dev", "qa")
				w.Freeze("night", at(0), end, "qa")
			},
		},
		{
			name: "a redeployment", to: "qa", redeploy: "again", want: []portal.Rule{portal.FreezeInForce},
			story: func(w *portaltest.World) { arrive(w); w.Freeze("night", at(0), end, "qa") },
		},
	})
}

func TestFreezeGateOfARollback(t *testing.T) {
	for _, c := range []struct {
		level portal.Level
		want  portal.Status
	}{{portal.LevelError, portal.Warned}, {portal.LevelWarn, portal.Warned}, {portal.LevelOff, portal.Off}} {
		t.Run(string(c.level), func(t *testing.T) {
			w := worldOf(t, func(p *portal.Pipeline) { p.Rules = map[portal.Rule]portal.Level{portal.FreezeInForce: c.level} })
			w.Register("1.0.0", "2.0.0")
			w.Travel("1.0.0", "dev")
			w.Travel("2.0.0", "dev")
			w.Freeze("night", at(0), at(time.Hour), "dev")
			verdict := w.Judge("dev", "1.0.0")
			if got := gateOf(t, verdict, portal.FreezeInForce).Status; got != c.want || verdict.Mode != portal.ModeRollback {
				t.Errorf("freeze is %s in mode %s, want %s", got, verdict.Mode, c.want)
			}
		})
	}
}
