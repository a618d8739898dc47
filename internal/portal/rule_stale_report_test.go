package portal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestWhatAReportVouchesFor records reports at 10:00 for what qa has run since 9:00.
func TestWhatAReportVouchesFor(t *testing.T) {
	ten := portaltest.Start.Add(time.Hour)
	report := func(age time.Duration) portal.RecordTest {
		return portal.RecordTest{
			Environment: "qa", Release: "1.0.0", Suite: "smoke", Passed: true, Tests: 3,
			ReportSHA256: portaltest.SHA256("report"), ReportWritten: ten.Add(-age),
		}
	}
	exits := func(status int, c portal.RecordTest) portal.RecordTest {
		c.RunnerExit, c.Passed = &status, status == 0
		return c
	}
	sameWalk := func(c portal.RecordTest) portal.RecordTest {
		c.SameWalk = true
		return c
	}
	undated := report(0)
	undated.ReportWritten = time.Time{}
	captured := func(c portal.RecordTest) portal.RecordTest {
		c.Digest = portal.Content{"app": portaltest.Part("app", c.Release).Item()}.Digest()
		return c
	}
	dated := func(age time.Duration) portal.RecordTest {
		c := report(age)
		c.ReportDated = true
		return c
	}
	for _, c := range []struct {
		name   string
		story  func(w *portaltest.World)
		record portal.RecordTest
		says   []string // "": it is recorded
	}{
		{name: "written while it runs there", record: report(30 * time.Minute)},
		{name: "written just after it was deployed", record: report(time.Hour - time.Second)},
		{name: "written just before the first deployment there ever was", record: report(time.Hour + 59*time.Second)},
		{name: "written just before, by who deployed", record: sameWalk(report(time.Hour + time.Second)), says: []string{"stale-report"}},
		{
			name: "written just before it was deployed again", record: report(-time.Hour + time.Second),
			story: func(w *portaltest.World) { w.Wait(time.Hour); w.Redeploy("qa", "1.0.0", "again") },
			says:  []string{"stale-report"},
		},
		{
			name: "written just before it was deployed to what was emptied", record: report(0),
			story: func(w *portaltest.World) { w.Wait(time.Second); w.Empty("qa"); w.Deploy("qa", "1.0.0") },
			says:  []string{"stale-report"},
		},
		{name: "of which nobody asks when it was written", record: undated},
		{
			name: "written for another release that ran there a moment ago", record: captured(report(time.Second)),
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Wait(2 * time.Second)
				w.Deploy("qa", "1.0.0")
			},
			says: []string{"stale-report", "1.0.0 runs there since 2026-11-20T10:00:02Z"},
		},
		{
			name: "written before it was deployed", record: report(2 * time.Hour),
			says: []string{
				"stale-report: the result of smoke may not be recorded for \"shop/qa\"", "written at 2026-11-20T08:00:00Z",
				"1.0.0 runs there since 2026-11-20T09:00:00Z", "remove old reports",
			},
		},
		{
			name: "written before it was deployed again", record: report(30 * time.Minute),
			story: func(w *portaltest.World) { w.Wait(time.Hour); w.Redeploy("qa", "1.0.0", "again") },
			says:  []string{"stale-report"},
		},
		{name: "written before it was deployed, and the runner failed now", record: exits(137, report(2*time.Hour))},
		{name: "written before it was deployed, and the runner is well", record: exits(0, report(2*time.Hour)), says: []string{"stale-report"}},
		{
			name: "the very report of another release", record: dated(0),
			story: func(w *portaltest.World) {
				other := dated(0)
				other.Release = "2.0.0"
				w.Travel("2.0.0", "dev", "qa")
				w.MustDo(other)
				w.Deploy("qa", "1.0.0")
			},
			says: []string{"stale-report", "very same report was recorded for release 2.0.0 on qa"},
		},
		{
			name: "the very report of another environment with the same content", record: dated(0),
			story: func(w *portaltest.World) {
				other := dated(0)
				other.Environment = "dev"
				w.MustDo(other)
			},
		},
		{
			name: "a report without a time that is written alike for each release", record: report(0),
			story: func(w *portaltest.World) {
				other := report(0)
				other.Release = "2.0.0"
				w.Travel("2.0.0", "dev", "qa")
				w.MustDo(other)
				w.Deploy("qa", "1.0.0")
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0", "2.0.0")
			w.Travel("1.0.0", "dev", "qa")
			w.Wait(time.Hour)
			if c.story != nil {
				c.story(w)
			}
			_, err := w.Do(c.record)
			if (err == nil) != (c.says == nil) {
				t.Fatalf("recording it: %v", err)
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q is not in %v", text, err)
				}
			}
		})
	}
}

func TestAResultIsForTheContentThatWasTested(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0")
	w.Travel("1.0.0", "dev", "qa")
	tested := w.State.Sites["qa"].Running.Digest
	result := portal.RecordTest{Environment: "qa", Release: "1.0.0", Suite: "smoke", Passed: true, Digest: tested}
	w.MustDo(result)
	w.MustRunFix(func() portal.FixWish { // the same release, with a fix in it
		wish := portaltest.Fix("EF-1", "1.f")
		wish.Environments = []string{"qa"}
		return wish
	}())
	result.RunID = "again"
	_, err := w.Do(result)
	var rejection *portal.RejectionError
	if !errors.As(err, &rejection) || !strings.Contains(err.Error(), "as it was tested") || !strings.Contains(err.Error(), tested) {
		t.Errorf("recorded for other content: %v", err)
	}
}

func TestTwoResultsOfASuiteInOneWalk(t *testing.T) {
	first := portal.RecordTest{Environment: "qa", Release: "1.0.0", Suite: "smoke", Passed: true, Walk: "w1"}
	second := first
	second.Passed = false
	with := func(change func(*portal.RecordTest)) portal.RecordTest {
		c := second
		change(&c)
		return c
	}
	for _, c := range []struct {
		name    string
		second  portal.RecordTest
		refused bool
	}{
		{"are refused", second, true},
		{"of another walk are a newer result", with(func(c *portal.RecordTest) { c.Walk = "w2" }), false},
		{"of another run are two runs", with(func(c *portal.RecordTest) { c.RunID = "2" }), false},
		{"of another suite", with(func(c *portal.RecordTest) { c.Suite = "load" }), false},
		{"on another environment", with(func(c *portal.RecordTest) { c.Environment = "dev" }), false},
		{"that are the very same are one", first, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0")
			w.Travel("1.0.0", "dev", "qa")
			w.MustDo(first)
			_, err := w.Do(c.second)
			if (err != nil) != c.refused || (c.refused && !strings.Contains(err.Error(), `two results of smoke for "shop/qa"`)) {
				t.Errorf("recording the second: %v", err)
			}
		})
	}
}
