package portal_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestHowAnAttemptEnds checks what is left on an environment that ran 1.0.0 for an hour when an
// attempt at 2.0.0 has ended an hour later.
func TestHowAnAttemptEnds(t *testing.T) {
	for _, c := range []struct {
		name      string
		outcome   portal.Outcome
		untouched bool
		running   string
		intact    bool
		soaked    time.Duration // how long 1.0.0 has run, an hour after the end
	}{
		{"succeeded", portal.Succeeded, false, "2.0.0", true, time.Hour},
		{"failed", portal.Failed, false, "1.0.0", false, time.Hour},
		{"failed without touching it", portal.Failed, true, "1.0.0", true, 2 * time.Hour},
		{"interrupted", portal.Interrupted, false, "1.0.0", false, time.Hour},
		{"interrupted without touching it", portal.Interrupted, true, "1.0.0", true, 2 * time.Hour},
		{"unknown", portal.Unknown, false, "1.0.0", false, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0", "2.0.0")
			w.Deploy("dev", "1.0.0")
			w.Wait(time.Hour)
			epoch := w.MustStart("dev", "2.0.0")
			w.Wait(time.Hour)
			w.MustDo(portal.EndDeployment{Environment: "dev", Epoch: epoch, Outcome: c.outcome, Untouched: c.untouched, Detail: "because"})
			w.Wait(time.Hour)
			site := w.State.Sites["dev"]
			if site.Running.Release != c.running || site.Intact() != c.intact {
				t.Errorf("it runs %s, intact: %v; want %s, %v", site.Running.Release, site.Intact(), c.running, c.intact)
			}
			if site.Attempt.Open() || site.Attempt.Outcome != c.outcome || site.Attempt.Detail != "because" {
				t.Errorf("the attempt is %+v", site.Attempt)
			}
			run := w.State.Evidence("1.0.0", "dev").Runs[0]
			soaked := run.Ran
			if !run.Since.IsZero() {
				soaked += w.Now.Sub(run.Since)
			}
			if soaked != c.soaked {
				t.Errorf("1.0.0 has run %s, want %s", soaked, c.soaked)
			}
		})
	}
}

func TestEvidenceOfOneReleaseOverItsWholeLife(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0")
	run := func(release string) portal.Run {
		t.Helper()
		runs := w.State.Evidence(release, "dev").Runs
		if len(runs) != 1 {
			t.Fatalf("%d runs of %s, want one a content", len(runs), release)
		}
		return runs[0]
	}
	content, err := w.State.ContentOf("1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	want := portal.Run{Digest: content.Digest(), Place: w.State.Sites["dev"].Place(), First: w.Now, Since: w.Now}
	check := func(what string) {
		t.Helper()
		if diff := cmp.Diff(want, run("1.0.0")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	w.Deploy("dev", "1.0.0")
	check("arrived")

	w.Wait(time.Minute)
	epoch := w.MustStart("dev", "1.0.0") // a repair
	want.Ran, want.Since = time.Minute, time.Time{}
	check("in flight")

	w.Wait(time.Minute)
	w.MustDo(portal.TakeOver{Environment: "dev"})
	w.Wait(time.Minute)
	check("taken over")

	w.End("dev", epoch+1, portal.Succeeded)
	want.Since = w.Now
	check("repaired")

	w.Wait(time.Minute)
	w.Deploy("dev", "2.0.0")
	want.Ran, want.Since = 2*time.Minute, time.Time{}
	check("replaced")

	w.Wait(time.Minute)
	w.Deploy("dev", "1.0.0")
	want.Since = w.Now
	check("brought back")

	w.Wait(time.Minute)
	w.Remove("dev")
	want.Ran, want.Since = 3*time.Minute, time.Time{}
	check("removed")
}

func TestWhoeverWasSupersededIsTold(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	first := w.MustStart("dev", "1.0.0")
	if _, err := w.Do(portal.TakeOver{Environment: "dev"}); err == nil {
		t.Error("an attempt whose holder lives was taken over")
	}
	w.Wait(portaltest.LeaseTime)
	_, err := w.Start("dev", "1.0.0")
	var abandoned *portal.AbandonedError
	if !errors.As(err, &abandoned) || abandoned.Attempt.Epoch != first {
		t.Fatalf("starting over an abandoned attempt gives %v", err)
	}
	events := w.MustDo(portal.TakeOver{Environment: "dev"})
	second := events[0].(portal.DeploymentRecovering).Epoch
	if second <= first {
		t.Errorf("epoch %d comes after %d", second, first)
	}
	end := portal.EndDeployment{Environment: "dev", Epoch: first, Outcome: portal.Succeeded}
	if _, err := w.Do(end); !errors.Is(err, portal.ErrSuperseded) {
		t.Errorf("the first holder ends it with %v", err)
	}
	w.End("dev", second, portal.Succeeded)
	end.Epoch = second
	if _, err := w.Do(end); !errors.Is(err, portal.ErrSuperseded) {
		t.Errorf("ending it twice gives %v", err)
	}
	if events := w.MustDo(portal.TakeOver{Environment: "dev"}); len(events) != 0 {
		t.Errorf("taking over what has ended records %v", events)
	}
	if third := w.MustStart("dev", "1.0.0"); third <= second {
		t.Errorf("epoch %d comes after %d", third, second)
	}
}

func TestAnEnvironmentDeclaredAgainIsNotTheOldOne(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	old := w.MustStart("dev", "1.0.0")
	oldKey := w.State.Sites["dev"].Attempt.Key
	w.Wait(portaltest.LeaseTime)
	w.MustDo(portal.RemoveEnvironment{Name: "dev"})
	w.Environment("dev", "dev")
	w.MustStart("dev", "1.0.0")

	end := portal.EndDeployment{Environment: "dev", Epoch: old, Outcome: portal.Succeeded}
	if _, err := w.Do(end); !errors.Is(err, portal.ErrSuperseded) {
		t.Errorf("who deployed to the removed environment ends the new one's deployment: %v", err)
	}
	if key := w.State.Sites["dev"].Attempt.Key; key == oldKey {
		t.Error("both attempts have the same key")
	}
}

func TestTheKeyOfAnAttempt(t *testing.T) {
	key := func(story func(w *portaltest.World)) string {
		w := worldOf(t, nil)
		w.Register("1.0.0", "2.0.0")
		story(w)
		return w.State.Sites["dev"].Attempt.Key
	}
	first := key(func(w *portaltest.World) { w.MustStart("dev", "1.0.0") })
	if again := key(func(w *portaltest.World) { w.Wait(time.Hour); w.As("bob"); w.MustStart("dev", "1.0.0") }); again != first {
		t.Error("the same wish at another time by somebody else has another key")
	}
	if taken := key(func(w *portaltest.World) {
		w.MustStart("dev", "1.0.0")
		w.Wait(time.Hour)
		w.MustDo(portal.TakeOver{Environment: "dev"})
	}); taken != first {
		t.Error("taking an attempt over changes its key")
	}
	for name, story := range map[string]func(w *portaltest.World){
		"another release": func(w *portaltest.World) { w.MustStart("dev", "2.0.0") },
		"a second try": func(w *portaltest.World) {
			w.End("dev", w.MustStart("dev", "1.0.0"), portal.Failed)
			w.MustStart("dev", "1.0.0")
		},
		"a removal": func(w *portaltest.World) {
			w.Deploy("dev", "1.0.0")
			w.MustDo(portal.StartRemoval{Environment: "dev"})
		},
	} {
		if key(story) == first {
			t.Errorf("%s has the same key", name)
		}
	}
}

func TestAnOutcomeIsOneOfFour(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	epoch := w.MustStart("dev", "1.0.0")
	for _, outcome := range []portal.Outcome{"", "done"} {
		if _, err := w.Do(portal.EndDeployment{Environment: "dev", Epoch: epoch, Outcome: outcome}); err == nil {
			t.Errorf("%q is taken as an outcome", outcome)
		}
	}
}

func TestRemoval(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0")
	nothing := func(what string) {
		t.Helper()
		if events := w.MustDo(portal.StartRemoval{Environment: "dev"}); len(events) != 0 {
			t.Errorf("%s: removing gives %v", what, events)
		}
	}
	nothing("nothing was ever there")
	w.Deploy("dev", "1.0.0")
	w.Empty("dev")
	if site := w.State.Sites["dev"]; !site.Blank() || site.Content() != nil {
		t.Errorf("after removal there is %+v", site.Running)
	}
	nothing("removed already")
	w.End("dev", w.MustStart("dev", "2.0.0"), portal.Failed)
	if events := w.MustDo(portal.StartRemoval{Environment: "dev"}); len(events) != 1 {
		t.Error("what a failed first deployment left is not removed")
	}
}

func TestPreviousRelease(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0")
	previous := func() string { return w.State.Sites["dev"].Running.Previous }
	for _, step := range []struct{ release, redeploy, want string }{
		{"1.0.0", "", ""}, {"2.0.0", "", "1.0.0"}, {"2.0.0", "again", "1.0.0"}, {"1.0.0", "again", "2.0.0"},
	} {
		w.Redeploy("dev", step.release, step.redeploy)
		if got := previous(); got != step.want {
			t.Errorf("before %s came %q, want %q", step.release, got, step.want)
		}
	}
}

func TestAResultVouchesOnlyForWhatRunsThere(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0")
	record := func() error {
		_, err := w.Do(portal.RecordTest{Environment: "dev", Release: "1.0.0", Suite: "smoke", Passed: true})
		return err
	}
	if record() == nil {
		t.Error("a result for what does not run there is recorded")
	}
	w.Deploy("dev", "1.0.0")
	if err := record(); err != nil {
		t.Error(err)
	}
	if events := w.MustDo(portal.RecordTest{Environment: "dev", Release: "1.0.0", Suite: "smoke", Passed: true}); len(events) != 0 {
		t.Error("the very same result is recorded twice")
	}
	if events := w.MustDo(portal.RecordTest{Environment: "dev", Release: "1.0.0", Suite: "smoke", Passed: true, RunID: "2"}); len(events) != 1 {
		t.Error("a result of another run is not a new record")
	}
	epoch := w.MustStart("dev", "2.0.0")
	if record() == nil {
		t.Error("a result is recorded while a deployment is in flight")
	}
	w.End("dev", epoch, portal.Failed)
	if record() == nil {
		t.Error("a result is recorded after a deployment that failed")
	}
}
