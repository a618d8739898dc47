package portal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// measure adds up what was recorded at a point in time or later.
func measure(w *portaltest.World, since time.Time) portal.Figures {
	m := portal.NewMetrics(w.State)
	for _, recorded := range w.Log {
		if !recorded.Meta.At.Before(since) {
			m.Add(recorded.Event, recorded.Meta)
		}
	}
	return m.Figures(w.Facts())
}

func TestMetricsOfDeployments(t *testing.T) {
	const day = 24 * time.Hour
	production := func(w *portaltest.World, outcome portal.Outcome, release string, untouched bool) {
		w.MustDo(portal.EndDeployment{Environment: "production", Epoch: w.MustStart("production", release), Outcome: outcome, Untouched: untouched})
	}
	for _, c := range []struct {
		name  string
		since time.Duration // from the beginning
		story func(w *portaltest.World)
		want  portal.Figures
	}{
		{
			name:  "nothing was deployed",
			story: func(*portaltest.World) {},
		},
		{
			name:  "only the final stage counts",
			story: func(w *portaltest.World) { w.Travel("1.0.0", "dev", "qa") },
		},
		{
			name: "lead time begins with the registration and is a median of releases",
			story: func(w *portaltest.World) {
				w.Wait(time.Hour)
				w.Travel("1.0.0", "dev", "qa", "production")
				w.Wait(2 * time.Hour)
				w.Travel("2.0.0", "dev", "qa", "production")
			},
			want: portal.Figures{Deployments: 2, LeadTime: new(2 * time.Hour), ChangeFailureRate: new(0.0)},
		},
		{
			name: "lead time does not begin anew with another source",
			story: func(w *portaltest.World) {
				w.Wait(time.Hour)
				moved := portaltest.FullRelease("1.0.0")
				moved.Notes = "moved"
				w.MustDo(portal.RegisterRelease{Release: moved})
				w.Wait(time.Hour)
				w.Travel("1.0.0", "dev", "qa", "production")
			},
			want: portal.Figures{Deployments: 1, LeadTime: new(2 * time.Hour), ChangeFailureRate: new(0.0)},
		},
		{
			name:  "the registration may lie before the window",
			since: 2 * day,
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa", "production")
				w.Wait(3 * day)
				w.Travel("2.0.0", "dev", "qa", "production")
			},
			want: portal.Figures{Deployments: 1, LeadTime: new(3 * day), ChangeFailureRate: new(0.0)},
		},
		{
			name: "deploying again on purpose counts, and is no lead time; a repair does not",
			story: func(w *portaltest.World) {
				w.Wait(time.Hour)
				w.Travel("1.0.0", "dev", "qa", "production")
				w.Wait(time.Hour)
				w.Redeploy("production", "1.0.0", "again")
				w.Deploy("production", "1.0.0")
			},
			want: portal.Figures{Deployments: 2, LeadTime: new(time.Hour), ChangeFailureRate: new(0.0)},
		},
		{
			name: "each environment of the final stage counts, and a release arrives once",
			story: func(w *portaltest.World) {
				w.Environment("green", "production")
				w.Travel("1.0.0", "dev", "qa", "production")
				w.Wait(time.Hour)
				w.Deploy("green", "1.0.0")
			},
			want: portal.Figures{Deployments: 2, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(0.0)},
		},
		{
			name: "what fails is a failure, and so is an outcome that is unknown",
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa")
				production(w, portal.Failed, "1.0.0", false)
				production(w, portal.Unknown, "1.0.0", false)
				w.Deploy("production", "1.0.0")
			},
			want: portal.Figures{Deployments: 1, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(2.0 / 3)},
		},
		{
			name: "what was interrupted, or has changed nothing, is neither",
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa")
				production(w, portal.Interrupted, "1.0.0", false)
				production(w, portal.Failed, "1.0.0", true)
			},
		},
		{
			name: "a rollback makes a failure of what it leaves, and is no deployment",
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa", "production")
				w.Travel("2.0.0", "dev", "qa", "production")
				w.Deploy("production", "1.0.0")
			},
			want: portal.Figures{Deployments: 2, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(0.5)},
		},
		{
			name: "a rollback further back makes a failure of that release too",
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa", "production")
				w.Travel("2.0.0", "dev", "qa", "production")
				w.Travel("3.0.0", "dev", "qa", "production")
				w.Deploy("production", "2.0.0")
				w.Deploy("production", "1.0.0")
			},
			want: portal.Figures{Deployments: 3, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(2.0 / 3)},
		},
		{
			name:  "what was brought before the window is not judged",
			since: day,
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa", "production")
				w.Travel("2.0.0", "dev", "qa", "production")
				w.Wait(2 * day)
				w.Deploy("production", "1.0.0")
			},
		},
		{
			name:  "what began before the window is not in it",
			since: time.Hour,
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa")
				epoch := w.MustStart("production", "1.0.0")
				w.Wait(2 * time.Hour)
				w.End("production", epoch, portal.Succeeded)
			},
		},
		{
			name: "one that another process has recovered counts once",
			story: func(w *portaltest.World) {
				w.Travel("1.0.0", "dev", "qa")
				epoch := w.MustStart("production", "1.0.0")
				w.Wait(time.Hour)
				w.MustDo(portal.TakeOver{Environment: "production"})
				w.End("production", epoch+1, portal.Succeeded)
			},
			want: portal.Figures{Deployments: 1, LeadTime: new(time.Hour), ChangeFailureRate: new(0.0)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0", "2.0.0", "3.0.0")
			c.story(w)
			if diff := cmp.Diff(c.want, measure(w, at(c.since)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMetricsOfFixes(t *testing.T) {
	only := func(w *portaltest.World) {
		w.Pass("dev", "1.0.0", "unit")
		w.Travel("1.0.0", "qa", "production")
	}
	for _, c := range []struct {
		name  string
		since time.Duration
		story func(w *portaltest.World)
		want  portal.Figures
	}{
		{
			name: "a fix makes a failure of what it repairs, and is timed to its first target",
			story: func(w *portaltest.World) {
				only(w)
				w.MustRunFix(portaltest.Fix("EF-1", "1.0.1"))
			},
			want: portal.Figures{
				Deployments: 1, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(1.0), Fixes: 1,
				TimeToRestore: new(5 * time.Second), // hold, deploy and test on qa, hold and deploy on the target
				Bypasses:      map[portal.Rule]int{portal.StageOrder: 1, portal.TestsPassed: 1},
				Open:          3, // a release, the review, and dev
			},
		},
		{
			name: "one that has not come to a target has restored nothing and repaired nothing",
			story: func(w *portaltest.World) {
				only(w)
				wish := portaltest.Fix("EF-1", "1.0.1")
				wish.AdvanceTo = "qa"
				w.MustRunFix(wish)
			},
			want: portal.Figures{
				Deployments: 1, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(0.0), Fixes: 1,
				Bypasses: map[portal.Rule]int{portal.StageOrder: 1, portal.TestsPassed: 1},
			},
		},
		{
			name: "one that is amended counts once",
			story: func(w *portaltest.World) {
				only(w)
				if w.RunFix(portaltest.Fix("EF-1", "1.0.1"), "qa") == nil {
					panic("it does not halt")
				}
				w.MustRunFix(portaltest.Fix("EF-1", "1.0.2"))
			},
			want: portal.Figures{
				Deployments: 1, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(1.0), Fixes: 1,
				TimeToRestore: new(6 * time.Second),
				Bypasses:      map[portal.Rule]int{portal.StageOrder: 1, portal.TestsPassed: 1},
				Open:          3,
			},
		},
		{
			name: "a release that has to wait is counted when it goes on",
			story: func(w *portaltest.World) {
				only(w)
				w.Deploy("dev", "2.0.0")
				w.Pass("dev", "2.0.0", "unit")
				w.Deploy("qa", "2.0.0")
				w.MustRunFix(portaltest.Fix("EF-1", "1.0.1"))
			},
			want: portal.Figures{
				Deployments: 1, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(1.0), Fixes: 1,
				TimeToRestore: new(7 * time.Second),
				Bypasses:      map[portal.Rule]int{portal.StageOrder: 1, portal.TestsPassed: 1},
				Interrupted:   8 * time.Second, // suspended by the second step, until the tenth
				Open:          4,
			},
		},
		{
			name:  "what is owed is counted whenever the fix was opened, and by its date",
			since: time.Hour,
			story: func(w *portaltest.World) {
				only(w)
				w.MustRunFix(portaltest.Fix("EF-1", "1.0.1"))
				w.Wait(100 * time.Hour) // a release within 72, a review within 120
			},
			want: portal.Figures{Open: 3, Overdue: 1},
		},
		{
			name: "one that was withdrawn owes its review",
			story: func(w *portaltest.World) {
				only(w)
				w.MustRunFix(portaltest.Fix("EF-1", "1.0.1"))
				wish := portaltest.Fix("EF-1", "1.0.1")
				wish.Withdraw = "it made things worse"
				w.MustRunFix(wish)
			},
			want: portal.Figures{
				Deployments: 1, LeadTime: new(time.Duration(0)), ChangeFailureRate: new(1.0), Fixes: 1,
				TimeToRestore: new(5 * time.Second),
				Bypasses:      map[portal.Rule]int{portal.StageOrder: 1, portal.TestsPassed: 1},
				Open:          1,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, on("dev", func(s *portal.Stage) { s.RequiredTests = []string{"unit"} }))
			w.Register("1.0.0", "2.0.0")
			w.Deploy("dev", "1.0.0")
			c.story(w)
			if diff := cmp.Diff(c.want, measure(w, at(c.since)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
		})
	}
}
