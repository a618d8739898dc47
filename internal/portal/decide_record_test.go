package portal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestAResultForAFixVouchesForWhatItIsLaidOver(t *testing.T) {
	w := worldOf(t, func(p *portal.Pipeline) { p.Emergency.RequiredTests = []string{"smoke"} })
	w.Register("1.0.0")
	w.Travel("1.0.0", "dev", "qa", "production")
	wish := portaltest.Fix("EF-1", "1.0.1")
	wish.Bypass = []portal.Rule{portal.StageOrder}
	wish.AdvanceTo = "qa"
	w.MustRunFix(wish)
	result := portal.RecordTest{Environment: "qa", Fix: "EF-1", Suite: "smoke", Passed: true}
	events := w.MustDo(result)
	recorded, is := events[0].(portal.TestRecorded)
	if !is || recorded.Release != "1.0.0" || recorded.Fix != "EF-1" || recorded.Digest != w.State.Sites["qa"].Running.Digest {
		t.Errorf("recorded is %+v", events[0])
	}
	if again := w.MustDo(result); len(again) != 0 {
		t.Error("the very same result is recorded twice")
	}
	if other := w.MustDo(portal.RecordTest{Environment: "qa", Release: "1.0.0", Suite: "smoke", Passed: true}); len(other) != 1 {
		t.Error("a result for the release is taken for the one for the fix")
	}
	wish.AdvanceTo = ""
	w.MustRunFix(wish) // the test wants exactly this result
	if running := w.State.Sites["production"].Running.Effective(); running != "1.0.0+EF-1" {
		t.Errorf("production runs %s", running)
	}
}

// A result with another exit status of the runner is another result: only exactly what was
// requested is adopted.
func TestAResultWithAnotherExitStatusIsAnother(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	w.Travel("1.0.0", "dev", "qa")
	exit := func(status int) *int { return &status }
	result := portal.RecordTest{Environment: "qa", Release: "1.0.0", Suite: "smoke"}
	for _, c := range []struct {
		name string
		exit *int
		want int // entries
	}{
		{"without one", nil, 1},
		{"without one, again", nil, 0},
		{"with the first one", exit(1), 1},
		{"with the same", exit(1), 0},
		{"with another", exit(2), 1},
		{"without one any more", nil, 1},
	} {
		result.RunnerExit = c.exit
		if events := w.MustDo(result); len(events) != c.want {
			t.Errorf("%s: %d are recorded, want %d", c.name, len(events), c.want)
		}
		if recorded := w.Facts().RecordedTest(result); recorded == nil {
			t.Errorf("%s: it is not found", c.name)
		}
	}
}

func TestAResultForAFixIsRefusedWhereTheFixIsNot(t *testing.T) {
	withdrawn := portaltest.Fix("EF-1", "1.0.1")
	withdrawn.Withdraw = "it made things worse"
	ahead := portaltest.Fix("EF-1", "1.0.1")
	ahead.AdvanceTo = "qa"
	for _, c := range []struct {
		name        string
		story       func(w *portaltest.World)
		environment string
		says        []string
	}{
		{
			"where the ledger knows of none", func(*portaltest.World) {}, "qa",
			[]string{`"shop/qa" does not run emergency fix EF-1`, "It runs 1.0.0", "no emergency fix of that name", `advance_to = "qa"`},
		},
		{"where it has not come yet", func(w *portaltest.World) {
			w.MustDo(portal.OpenFix{FixWish: ahead})
		}, "qa", []string{"The fix is open and has not been deployed there", `advance_to = "qa"`, "emergency_fix = portal_emergency_fix.NAME.name"}},
		{"where it never comes", func(w *portaltest.World) { w.MustRunFix(ahead) }, "dev", []string{"its steps are on production and qa"}},
		{"where a regular deployment takes it along", func(w *portaltest.World) {
			w.MustRunFix(portaltest.Fix("EF-1", "1.0.1"))
		}, "dev", []string{"Set redeploy on dev"}},
		{"where it was", func(w *portaltest.World) {
			w.MustRunFix(portaltest.Fix("EF-1", "1.0.1"))
			w.MustRunFix(withdrawn)
		}, "qa", []string{"It runs 1.0.0", "The fix was withdrawn."}},
		{"while it is not certain", func(w *portaltest.World) {
			w.MustRunFix(portaltest.Fix("EF-1", "1.0.1"))
			w.MustStart("qa", "1.0.0")
		}, "qa", []string{"is unknown", "in flight"}},
		{"where its deployment did not start", func(w *portaltest.World) {
			w.MustRunFix(portaltest.Fix("EF-1", "1.0.1"))
			ends(t, w, "qa", "1.0.0", broken)
		}, "qa", []string{"is unknown", "last seen to run 1.0.0+EF-1, whose deployment did not succeed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0")
			w.Travel("1.0.0", "dev", "qa", "production")
			c.story(w)
			_, err := w.Do(portal.RecordTest{Environment: c.environment, Fix: "EF-1", Suite: "smoke", Passed: true})
			var rejection *portal.RejectionError
			if !errors.As(err, &rejection) {
				t.Fatalf("it is recorded, or %v", err)
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q is not in %v", text, err)
				}
			}
		})
	}
}

func TestAResultIsForOneThing(t *testing.T) {
	for _, c := range []struct {
		name         string
		release, fix string
		field        string // "": nothing is wrong
	}{
		{"a release", "1.0.0", "", ""},
		{"an emergency fix", "", "EF-1", ""},
		{"both", "1.0.0", "EF-1", "emergency_fix"},
		{"neither", "", "", "release"},
		{"an emergency fix whose name is none", "", "EF 1", "emergency_fix"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := portal.RecordTest{Environment: "qa", Release: c.release, Fix: c.fix, Suite: "smoke"}.Validate()
			switch {
			case c.field == "" && len(problems) > 0:
				t.Errorf("wrong is %v", problems)
			case c.field != "" && (len(problems) != 1 || problems[0].Field != c.field):
				t.Errorf("wrong is %v, want something at %s", problems, c.field)
			}
		})
	}
}
