package portal_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// ends starts a deployment, or the removal if the release is "", and ends it.
func ends(t *testing.T, w *portaltest.World, environment, release string, end portal.EndDeployment) {
	t.Helper()
	var start portal.Command = portal.StartDeployment{Deploy: portal.Deploy{Environment: environment, Release: release}}
	if release == "" {
		start = portal.StartRemoval{Environment: environment}
	}
	w.MustDo(start)
	end.Environment, end.Epoch = environment, w.State.Sites[environment].Epoch
	w.MustDo(end)
}

var (
	succeeds  = portal.EndDeployment{Outcome: portal.Succeeded}
	untouched = portal.EndDeployment{Outcome: portal.Failed, Untouched: true}
	silent    = portal.EndDeployment{Outcome: portal.Failed}
	broken    = portal.EndDeployment{Outcome: portal.Failed, Observed: portal.ObservedNew}
	blind     = portal.EndDeployment{Outcome: portal.Unknown, Observed: portal.ObservedUnknown}
	wiped     = portal.EndDeployment{Outcome: portal.Failed, Observed: portal.ObservedOther}
	halfway   = portal.EndDeployment{Outcome: portal.Interrupted, Observed: portal.ObservedOther, Found: portal.Content{"app": half}}
	half      = portal.Item{Version: "1 and 2", SHA256: portaltest.SHA256("half")}
)

// TestWhatIsInService checks, after deployments that end in every way, what a target is known to
// run, what last succeeded, and what the next one is planned from.
func TestWhatIsInService(t *testing.T) {
	one, two := bill("1.0.0", "app 1"), bill("2.0.0", "app 2")
	app := func(item portal.Item) portal.Content { return portal.Content{"app": item} }
	v1, v2 := app(one.Components["app"].Item()), app(two.Components["app"].Item())
	back := portal.EndDeployment{Outcome: portal.Failed, Observed: portal.ObservedOther, Found: v1}
	type attempt struct {
		release string
		end     portal.EndDeployment
	}
	for _, c := range []struct {
		name      string
		attempts  []attempt
		inService string // "": nothing
		content   portal.Content
		unknown   bool
		running   string // what last succeeded; "": nothing
		intact    bool
		changes   []string // of the next deployment, of 3.0.0
	}{
		{"nothing was tried", nil, "", nil, false, "", true, []string{"+ app 3"}},
		{"succeeded", []attempt{{"1.0.0", succeeds}}, "1.0.0", v1, false, "1.0.0", true, []string{"~ app 1 -> 3"}},
		{"a check failed", []attempt{{"1.0.0", succeeds}, {"2.0.0", broken}}, "2.0.0", v2, false, "1.0.0", false, []string{"~ app 2 -> 3"}},
		{"failed before it was touched", []attempt{{"1.0.0", succeeds}, {"2.0.0", untouched}}, "1.0.0", v1, false, "1.0.0", true, []string{"~ app 1 -> 3"}},
		{"could not be told", []attempt{{"1.0.0", succeeds}, {"2.0.0", blind}}, "unknown", v1, true, "1.0.0", false, []string{"~ app 1 -> 3"}},
		{"interrupted half-way", []attempt{{"1.0.0", succeeds}, {"2.0.0", halfway}}, "unknown", app(half), false, "1.0.0", false, []string{"~ app 1 and 2 -> 3"}},
		{"everything is gone", []attempt{{"1.0.0", succeeds}, {"2.0.0", wiped}}, "", nil, false, "1.0.0", false, []string{"+ app 3"}},
		{"an earlier build did not record it", []attempt{{"1.0.0", succeeds}, {"2.0.0", silent}}, "1.0.0", v1, false, "1.0.0", false, []string{"~ app 1 -> 3"}},
		{"the first of all did not start", []attempt{{"1.0.0", broken}}, "1.0.0", v1, false, "", false, []string{"~ app 1 -> 3"}},
		{"the first of all cannot be told", []attempt{{"1.0.0", blind}}, "unknown", nil, true, "", false, []string{"+ app 3"}},
		{"the next one touches nothing", []attempt{{"1.0.0", succeeds}, {"2.0.0", broken}, {"1.0.0", untouched}}, "2.0.0", v2, false, "1.0.0", false, []string{"~ app 2 -> 3"}},
		{"nor does it tell what is unknown", []attempt{{"1.0.0", succeeds}, {"2.0.0", blind}, {"1.0.0", untouched}}, "unknown", v1, true, "1.0.0", false, []string{"~ app 1 -> 3"}},
		{"the next one cannot be told", []attempt{{"1.0.0", succeeds}, {"2.0.0", broken}, {"1.0.0", blind}}, "unknown", v2, true, "1.0.0", false, []string{"~ app 2 -> 3"}},
		{"the next one succeeds", []attempt{{"1.0.0", succeeds}, {"2.0.0", broken}, {"2.0.0", succeeds}}, "2.0.0", v2, false, "2.0.0", true, []string{"~ app 2 -> 3"}},
		{"it is repaired", []attempt{{"1.0.0", succeeds}, {"2.0.0", halfway}, {"1.0.0", succeeds}}, "1.0.0", v1, false, "1.0.0", true, []string{"~ app 1 -> 3"}},
		{"its repair does not start", []attempt{{"1.0.0", succeeds}, {"2.0.0", broken}, {"1.0.0", broken}}, "1.0.0", v1, false, "1.0.0", false, []string{"~ app 1 -> 3"}},
		{"the target went back by itself", []attempt{{"1.0.0", succeeds}, {"2.0.0", broken}, {"2.0.0", back}}, "1.0.0", v1, false, "1.0.0", false, []string{"~ app 1 -> 3"}},
		{"removed", []attempt{{"1.0.0", succeeds}, {"", succeeds}}, "", nil, false, "", true, []string{"+ app 3"}},
		{"removed, with an error", []attempt{{"1.0.0", succeeds}, {"", broken}}, "", nil, false, "1.0.0", false, []string{"+ app 3"}},
		{"removed half-way", []attempt{{"1.0.0", succeeds}, {"", halfway}}, "unknown", app(half), false, "1.0.0", false, []string{"~ app 1 and 2 -> 3"}},
		{"not removed after a failure", []attempt{{"1.0.0", broken}, {"", untouched}}, "1.0.0", v1, false, "", false, []string{"~ app 1 -> 3"}},
		{"removed after a failure", []attempt{{"1.0.0", broken}, {"", succeeds}}, "", nil, false, "", true, []string{"+ app 3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			register(w, one, two, bill("3.0.0", "app 3"))
			for _, a := range c.attempts {
				ends(t, w, "dev", a.release, a.end)
			}
			site := w.State.Sites["dev"]
			there := site.InService()
			got, running := "", ""
			if there != nil {
				got = there.Effective()
			}
			if site.Running != nil {
				running = site.Running.Release
			}
			if got != c.inService || running != c.running || site.Intact() != c.intact {
				t.Errorf("in service is %q, %q last succeeded, intact: %v; want %q, %q, %v", got, running, site.Intact(), c.inService, c.running, c.intact)
			}
			if !site.Content().Equal(c.content) {
				t.Errorf("its content is %v, want %v", site.Content(), c.content)
			}
			from := c.content.Digest()
			if c.unknown {
				from = "unknown"
			}
			if there != nil && (there.Known() == c.unknown || (there.Known() && there.Digest != from)) {
				t.Errorf("its digest is %q, want %q", there.Digest, from)
			}
			started := w.MustDo(portal.StartDeployment{Deploy: portal.Deploy{Environment: "dev", Release: "3.0.0"}})[0].(portal.DeploymentStarted)
			if started.FromDigest != from || !slices.Equal(started.Changes, c.changes) {
				t.Errorf("the next one changes %q from %s, want %q from %s", started.Changes, started.FromDigest, c.changes, from)
			}
		})
	}
}

// TestAPlanIsStaleOnceSomethingElseIsInService: also if what last succeeded is the same.
func TestAPlanIsStaleOnceSomethingElseIsInService(t *testing.T) {
	for _, c := range []struct {
		name  string
		end   portal.EndDeployment
		stale bool
	}{
		{"a deployment that touched nothing", untouched, false},
		{"a deployment that did not start", broken, true},
		{"a deployment that stopped half-way", halfway, true},
		{"a deployment of which nothing is known", blind, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0", "2.0.0")
			w.Deploy("dev", "1.0.0")
			planned := &portal.Planned{Receipt: w.State.Sites["dev"].InService().Receipt}
			ends(t, w, "dev", "2.0.0", c.end)
			verdict := w.Propose(portal.Deploy{Environment: "dev", Release: "2.0.0", Planned: planned}).Verdict
			if got := gateOf(t, verdict, portal.StalePlan).Status == portal.Refused; got != c.stale {
				t.Errorf("the plan of a deployment is stale: %v, want %v", got, c.stale)
			}
			var refusal *portal.RefusalError
			_, err := portal.StartRemoval{Environment: "dev", Planned: planned}.Decide(w.Facts())
			if errors.As(err, &refusal) {
				t.Errorf("what last succeeded is still that, and the plan of its removal is stale: %v", err)
			}
			later := &portal.Planned{Receipt: "1:of another deployment"}
			if _, err := (portal.StartRemoval{Environment: "dev", Planned: later}).Decide(w.Facts()); !errors.As(err, &refusal) {
				t.Errorf("the removal of something else is not stale: %v", err)
			}
		})
	}
}

// TestAFixGoesOverWhatItHasStopped: it does not wait for anybody to look at what a stopped
// deployment has left, and records what it replaces.
func TestAFixGoesOverWhatItHasStopped(t *testing.T) {
	for _, withdraws := range []bool{false, true} {
		w := repairWorld(t)
		stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
		wish, end := repairing(), "1.0.0+EF-1"
		if withdraws {
			w.MustRunFix(wish)
			w.Pass("staging", "2.0.0")
			wish, end = repairing(withdrawing), "1.0.0"
		}
		w.MustStart("production", "2.0.0")
		err := w.RunFix(wish)
		var waiting *portal.WaitingError
		if !errors.As(err, &waiting) {
			t.Fatalf("it ends with %v", err)
		}
		gaveWay := halfway
		gaveWay.Environment, gaveWay.Epoch = "production", w.State.Sites["production"].Epoch
		w.MustDo(gaveWay)
		from := len(w.Log)
		if err := w.RunSteps("EF-1", len(w.State.Fixes["EF-1"].Plan.Steps)); err != nil {
			t.Fatal(err)
		}
		runs(t, w, map[string]string{"production": end})
		var replaced []string
		for _, r := range w.Log[from:] {
			if e, is := r.Event.(portal.DeploymentStarted); is && e.Environment == "production" {
				replaced = append(replaced, e.FromDigest)
			}
		}
		if want := []string{halfway.Found.Digest()}; !slices.Equal(replaced, want) {
			t.Errorf("it replaced %q, want %q", replaced, want)
		}
	}
}

// TestAFixThatHaltsIsAmendedAndWithdrawn: at every point what is in service is what the disk has,
// and each step is planned from that.
func TestAFixThatHaltsIsAmendedAndWithdrawn(t *testing.T) {
	w := repairWorld(t)
	stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
	onDisk := func(staging, status string) {
		t.Helper()
		for name, site := range w.State.Sites {
			if !w.Disks[name].Equal(site.Content()) {
				t.Errorf("%s: in service is %v, and on the disk is %v", name, site.Content(), w.Disks[name])
			}
		}
		if got := w.State.Sites["staging"].InService().Effective(); got != staging {
			t.Errorf("staging runs %s, want %s", got, staging)
		}
		if got := string(w.State.Fixes["EF-1"].Status()); got != status {
			t.Errorf("the fix is %s, want %s", got, status)
		}
	}
	details := func(wish portal.FixWish, want ...string) {
		t.Helper()
		var got []string
		for _, step := range w.PlanFix(wish).Plan.Steps {
			if step.Environment == "staging" && step.Deploys() {
				got = append(got, string(step.Action)+": "+step.Detail)
				if step.Over != w.Disks["staging"].Digest() && len(got) == 1 {
					t.Errorf("%s is planned over %s, and on the disk is %s", step.Action, step.Over, w.Disks["staging"].Digest())
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("steps on staging (-want +got):\n%s", diff)
		}
	}
	details(repairing(), "deploy: ~ app 1 -> 1.f")
	halts(t, w, repairing(), "staging")
	onDisk("2.0.0+EF-1", "halted")
	better := repairing(bringing("app 1.g"))
	details(better, "deploy: ~ app 1.f -> 1.g")
	halts(t, w, better, "staging")
	onDisk("2.0.0+EF-1", "halted")
	back := repairing(bringing("app 1.g"), withdrawing)
	details(back, "restore: ~ app 1.g -> 1")
	w.MustRunFix(back)
	onDisk("2.0.0", "withdrawn")
	runs(t, w, map[string]string{"staging": "2.0.0", "production": "1.0.0"})
}

// TestWithdrawingFromATargetThatItBroke: the fix never succeeded there, but it is there.
func TestWithdrawingFromATargetThatItBroke(t *testing.T) {
	w := repairWorld(t)
	halts(t, w, repairing(), "production")
	if got := w.State.Sites["production"].InService().Effective(); got != "1.0.0+EF-1" {
		t.Fatalf("production runs %s", got)
	}
	var detail string
	for _, step := range w.PlanFix(repairing(withdrawing)).Plan.Steps {
		if step.Environment == "production" && step.Deploys() {
			detail = step.Detail
		}
	}
	if detail != "~ app 1.f -> 1" {
		t.Errorf("production would change by %q", detail)
	}
	w.MustRunFix(repairing(withdrawing))
	runs(t, w, map[string]string{"staging": "1.0.0", "production": "1.0.0"})
	if !w.Disks["production"].Equal(w.State.Sites["production"].Content()) {
		t.Errorf("on the disk is %v", w.Disks["production"])
	}
}

// TestWhatAFailedDeploymentTookAlongIsTakenBack: a regular deployment carried the fix, did not
// start, and the next one touched nothing.
func TestWhatAFailedDeploymentTookAlongIsTakenBack(t *testing.T) {
	w := repairWorld(t)
	w.Environment("second", "dev")
	w.Deploy("second", "1.0.0")
	w.MustRunFix(repairing())
	again := portal.Deploy{Environment: "second", Release: "1.0.0", Redeploy: "x"}
	w.MustDo(portal.StartDeployment{Deploy: again})
	w.Disks["second"] = w.State.Sites["second"].Attempt.Content
	end := broken
	end.Environment, end.Epoch = "second", w.State.Sites["second"].Epoch
	w.MustDo(end)
	ends(t, w, "second", "1.0.0", untouched)
	if got := w.State.Sites["second"].InService().Effective(); got != "1.0.0+EF-1" {
		t.Fatalf("it runs %s", got)
	}
	w.MustRunFix(repairing(withdrawing))
	runs(t, w, map[string]string{"second": "1.0.0", "production": "1.0.0"})
	if !w.Disks["second"].Equal(w.State.Sites["second"].Content()) {
		t.Errorf("on the disk is %v", w.Disks["second"])
	}
}
