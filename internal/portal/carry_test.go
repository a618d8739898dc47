package portal_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func incorporating(release portal.Release, fixes ...string) portal.Release {
	release.Incorporates = fixes
	return release
}

func based(base string, release portal.Release) portal.Release {
	release.Type, release.Base = portal.Differential, base
	return release
}

// fixed applies fixes of app, one on top of the other: 1 -> 1.f -> 1.g -> 1.h.
func fixed(n int) func(w *portaltest.World) {
	return func(w *portaltest.World) {
		for i, version := range []string{"1.f", "1.g", "1.h"}[:n] {
			w.MustRunFix(portaltest.Fix([]string{"EF-1", "EF-2", "EF-3"}[i], version))
			w.Wait(time.Second)
		}
	}
}

func TestCarrying(t *testing.T) {
	for _, c := range []struct {
		name     string
		story    func(w *portaltest.World)
		releases []portal.Release // the last one is judged
		effect   string           // "": it is refused by fix-regression
		has      string           // the version of app, or of patch
		contains []string
		lost     []string
	}{
		{name: "what the fix replaced gets it", story: fixed(1), releases: []portal.Release{bill("2.0.0", "app 1", "web 2")}, effect: "2.0.0+EF-1", has: "1.f"},
		{
			name: "what the fix put contains it", story: fixed(1), releases: []portal.Release{bill("2.0.0", "app 1.f", "web 2")},
			effect: "2.0.0", has: "1.f", contains: []string{"EF-1"},
		},
		{name: "anything else would lose it", story: fixed(1), releases: []portal.Release{bill("2.0.0", "app 2", "web 2")}, lost: []string{"EF-1"}},
		{name: "so would a release without the component", story: fixed(1), releases: []portal.Release{bill("2.0.0", "web 2")}, lost: []string{"EF-1"}},
		{
			name: "unless it says that it contains it", story: fixed(1), effect: "2.0.0", has: "2", contains: []string{"EF-1"},
			releases: []portal.Release{incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1")},
		},
		{
			name: "a differential release on the fixed one gets it", story: fixed(1), effect: "1.1.0+EF-1", has: "1.f",
			releases: []portal.Release{over("1.1.0", "web 2")},
		},
		{
			name: "one that brings its own component would lose it", story: fixed(1), lost: []string{"EF-1"},
			releases: []portal.Release{over("1.1.0", "app 2")},
		},
		{
			name: "one whose base says that it contains it", story: fixed(1), effect: "2.1.0", has: "2", contains: []string{"EF-1"},
			releases: []portal.Release{incorporating(bill("2.0.0", "app 2", "web 1"), "EF-1"), based("2.0.0", bill("2.1.0", "web 2"))},
		},
		{
			name: "one that replaces what its base said of", story: fixed(1), lost: []string{"EF-1"},
			releases: []portal.Release{incorporating(bill("2.0.0", "app 2", "web 1"), "EF-1"), based("2.0.0", bill("2.1.0", "app 2.1"))},
		},
		{
			name: "over two bases", story: fixed(1), effect: "2.2.0", has: "2", contains: []string{"EF-1"},
			releases: []portal.Release{
				incorporating(bill("2.0.0", "app 2", "web 1"), "EF-1"),
				based("2.0.0", bill("2.1.0", "web 2")), based("2.1.0", bill("2.2.0", "web 3")),
			},
		},
		{
			name: "the first link of two gets both", story: fixed(2), releases: []portal.Release{bill("2.0.0", "app 1", "web 2")},
			effect: "2.0.0+EF-1.EF-2", has: "1.g",
		},
		{
			name: "the second link of two gets the later one", story: fixed(2),
			releases: []portal.Release{bill("2.0.0", "app 1.f", "web 2")}, effect: "2.0.0+EF-2", has: "1.g",
			contains: []string{"EF-1"},
		},
		{
			name: "the last link contains both", story: fixed(2), releases: []portal.Release{bill("2.0.0", "app 1.g", "web 2")},
			effect: "2.0.0", has: "1.g", contains: []string{"EF-1", "EF-2"},
		},
		{
			name: "to contain the later one is to contain the earlier", story: fixed(2), effect: "2.0.0", has: "2", contains: []string{"EF-1", "EF-2"},
			releases: []portal.Release{incorporating(bill("2.0.0", "app 2", "web 2"), "EF-2")},
		},
		{
			name: "to contain the earlier one is not to contain the later", story: fixed(2), lost: []string{"EF-2"}, contains: []string{"EF-1"},
			releases: []portal.Release{incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1")},
		},
		{
			name: "three links, from the middle", story: fixed(3), releases: []portal.Release{bill("2.0.0", "app 1.g", "web 2")},
			effect: "2.0.0+EF-3", has: "1.h", contains: []string{"EF-1", "EF-2"},
		},
		{name: "three links, lost altogether", story: fixed(3), releases: []portal.Release{bill("2.0.0", "app 2")}, lost: []string{"EF-1", "EF-2", "EF-3"}},
		{
			name: "two components, one of them contained, get the other", effect: "2.0.0+EF-1", has: "1.f",
			story:    func(w *portaltest.World) { w.MustRunFix(repairing(bringing("app 1.f", "web 1.f"))) },
			releases: []portal.Release{bill("2.0.0", "app 1", "web 1.f")},
		},
		{
			name: "two components, one of them lost, are lost", lost: []string{"EF-1"},
			story:    func(w *portaltest.World) { w.MustRunFix(repairing(bringing("app 1.f", "web 1.f"))) },
			releases: []portal.Release{bill("2.0.0", "app 1.f", "web 2")},
		},
		{
			name: "a fix that adds a component is laid over a release without it", effect: "2.0.0+EF-1", has: "1",
			story:    func(w *portaltest.World) { w.MustRunFix(repairing(bringing("patch 1"))) },
			releases: []portal.Release{bill("2.0.0", "app 2", "web 2")},
		},
		{
			name: "and lost by one that has another", lost: []string{"EF-1"},
			story:    func(w *portaltest.World) { w.MustRunFix(repairing(bringing("patch 1"))) },
			releases: []portal.Release{bill("2.0.0", "app 2", "patch 2")},
		},
		{
			name: "and contained in one that has it", effect: "2.0.0", has: "1", contains: []string{"EF-1"},
			story:    func(w *portaltest.World) { w.MustRunFix(repairing(bringing("patch 1"))) },
			releases: []portal.Release{bill("2.0.0", "app 2", "patch 1")},
		},
		{
			name: "not before it is on its first target", effect: "2.0.0", has: "2",
			story:    func(w *portaltest.World) { w.MustRunFix(repairing(advancing("staging"))) },
			releases: []portal.Release{bill("2.0.0", "app 2", "web 2")},
		},
		{
			name: "from its first target on, while it is on its way to the second", lost: []string{"EF-1"},
			story: func(w *portaltest.World) {
				w.Environment("a", "production")
				w.Deploy("a", "1.0.0")
				w.MustDo(portal.OpenFix{FixWish: repairing()})
				if err := w.RunSteps("EF-1", 5); err != nil {
					panic(err)
				}
			},
			releases: []portal.Release{bill("2.0.0", "app 2", "web 2")},
		},
		{
			name: "not after it was withdrawn", effect: "2.0.0", has: "2",
			story:    all(fixed(1), func(w *portaltest.World) { w.MustRunFix(repairing(withdrawing)) }),
			releases: []portal.Release{bill("2.0.0", "app 2", "web 2")},
		},
		{
			name: "withdrawing the later one leaves the earlier", effect: "2.0.0+EF-1", has: "1.f",
			story:    all(fixed(2), func(w *portaltest.World) { w.MustRunFix(repairing(named("EF-2"), withdrawing)) }),
			releases: []portal.Release{bill("2.0.0", "app 1", "web 2")},
		},
		{
			name: "bytes count, not versions", story: fixed(1), effect: "2.0.0+EF-1", has: "1.f",
			releases: []portal.Release{func() portal.Release {
				r := bill("2.0.0", "app 1", "web 2")
				c := r.Components["app"]
				c.Version = "another name"
				r.Components["app"] = c
				return r
			}()},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			c.story(w)
			register(w, c.releases...)
			release := c.releases[len(c.releases)-1].Version
			content, err := w.State.ContentOf(release)
			if err != nil {
				t.Fatal(err)
			}
			carried := w.State.Carry("dev", release, content)
			var lost []string
			for _, conflict := range carried.Conflicts {
				lost = append(lost, conflict.Fix)
			}
			for what, pair := range map[string][2][]string{"lost": {c.lost, lost}, "contained": {c.contains, carried.Contains}} {
				if diff := cmp.Diff(pair[0], pair[1], cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
			if after, _ := w.State.ContentOf(release); !after.Equal(content) {
				t.Error("carrying changes the release's own content")
			}
			// The first stage judges by it already.
			if base := c.releases[len(c.releases)-1].Base; base != "" && base != "1.0.0" {
				return // it cannot go to dev at once
			}
			p := w.Propose(portal.Deploy{Environment: "dev", Release: release})
			refused := slices.Contains((&portal.RefusalError{Verdict: p.Verdict}).Rules(), portal.FixRegression)
			if refused != (len(c.lost) > 0) {
				t.Errorf("refused by fix-regression: %v", refused)
			}
			if refused {
				gate := gateOf(t, p.Verdict, portal.FixRegression)
				for _, name := range c.lost {
					if !strings.Contains(gate.Detail, name) || !strings.Contains(gate.Cure, name) {
						t.Errorf("it does not name %s: %s %s", name, gate.Detail, gate.Cure)
					}
				}
				return
			}
			item := p.To["app"]
			if _, added := w.State.Fixes["EF-1"].Components["patch"]; added {
				item = p.To["patch"]
			}
			if p.Effective() != c.effect || item.Version != c.has {
				t.Errorf("it becomes %s with %s, want %s with %s", p.Effective(), item.Version, c.effect, c.has)
			}
		})
	}
}

func TestAReleaseThatPretendsToContainAFix(t *testing.T) {
	for _, c := range []struct {
		name    string
		fixes   int
		release portal.Release
		refused bool
	}{
		{"it has what was replaced", 1, incorporating(bill("2.0.0", "app 1"), "EF-1"), true},
		{"it has something else", 1, incorporating(bill("2.0.0", "app 2"), "EF-1"), false},
		{"it has what was put", 1, incorporating(bill("2.0.0", "app 1.f"), "EF-1"), false},
		{"it has what was replaced, and says nothing", 1, bill("2.0.0", "app 1"), false},
		{"its base has what was replaced", 1, incorporating(over("2.0.0", "web 2"), "EF-1"), true},
		{"it has what the first of two replaced", 2, incorporating(bill("2.0.0", "app 1"), "EF-2"), true},
		{"it has what the first of two put", 2, incorporating(bill("2.0.0", "app 1.f"), "EF-2"), true},
		{"it has what the first of two put, and says so", 2, incorporating(bill("2.0.0", "app 1.f"), "EF-1"), false},
		{"it names a fix that is not there", 1, incorporating(bill("2.0.0", "app 1"), "EF-9"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			fixed(c.fixes)(w)
			_, err := w.Do(portal.RegisterRelease{Release: c.release})
			var refusal *portal.RefusalError
			if refused := errors.As(err, &refusal); refused != c.refused {
				t.Fatalf("registering it gives %v", err)
			}
			if c.refused && refusal.Rules()[0] != portal.FixRegression {
				t.Errorf("it is refused by %v", refusal.Rules())
			}
		})
	}
	t.Run("it was registered before the fix, and carries it all the same", func(t *testing.T) {
		w := repairWorld(t)
		register(w, incorporating(bill("2.0.0", "app 1", "web 2"), "EF-1"))
		fixed(1)(w)
		if p := w.Propose(portal.Deploy{Environment: "dev", Release: "2.0.0"}); p.Effective() != "2.0.0+EF-1" {
			t.Errorf("it becomes %s", p.Effective())
		}
	})
}

// TestAFixOfHowAnArchiveIsUnpacked brings the bytes that run already; only how much is stripped off
// the names differs.
func TestAFixOfHowAnArchiveIsUnpacked(t *testing.T) {
	archive := func(strip int) map[string]portal.Component {
		part := portaltest.Part("app", "1")
		part.Kind, part.StripComponents = portal.KindArchive, strip
		return map[string]portal.Component{"app": part}
	}
	release := func(version string, strip int) portal.Release {
		r := portaltest.FullRelease(version)
		r.Components = archive(strip)
		return r
	}
	w := worldOf(t, nil)
	w.MustDo(portal.RegisterRelease{Release: release("1.0.0", 0)})
	w.MustDo(portal.RegisterRelease{Release: release("2.0.0", 0)})
	w.MustDo(portal.RegisterRelease{Release: release("3.0.0", 1)})
	w.Travel("1.0.0", "dev", "qa", "production")
	wish := portaltest.Fix("EF-1", "1")
	wish.Components = archive(1)
	w.MustRunFix(wish)
	if got := w.State.Sites["production"].Running.Content["app"].StripComponents; got != 1 {
		t.Errorf("production runs it with strip_components %d", got)
	}
	for version, want := range map[string]string{"2.0.0": "2.0.0+EF-1", "3.0.0": "3.0.0"} {
		if got := w.Propose(portal.Deploy{Environment: "dev", Release: version}).Effective(); got != want {
			t.Errorf("%s becomes %s, want %s", version, got, want)
		}
	}
	again := portaltest.Fix("EF-2", "1")
	again.Components = archive(1)
	if _, err := w.Do(portal.OpenFix{FixWish: again}); err == nil || !strings.Contains(err.Error(), "changes nothing") {
		t.Errorf("the same once more gives %v", err)
	}
}

func TestAFixThatTargetsOneOfTwoThatDiffer(t *testing.T) {
	w := repairWorld(t)
	w.Environment("a", "production")
	stand(bill("2.0.0", "app 2", "web 1"), "dev", "staging", "a")(w)
	w.MustRunFix(repairing(reaching("production")))
	if got := w.Propose(portal.Deploy{Environment: "dev", Release: "1.0.0"}).Effective(); got != "1.0.0+EF-1" {
		t.Errorf("1.0.0 becomes %s", got)
	}
	// What runs on a has not been replaced, so it would lose the fix, and the refusal says so.
	var told bool
	for _, o := range w.State.Obligations(w.State.Fixes["EF-1"]) {
		told = told || (!o.Met && strings.HasPrefix(o.What, "a runs 2.0.0"))
	}
	if !told {
		t.Errorf("nobody tells that a runs without it: %v", w.State.Obligations(w.State.Fixes["EF-1"]))
	}
	// The other group gets a fix of its own.
	w.Wait(time.Second)
	w.MustRunFix(repairing(named("EF-2"), bringing("app 2.f"), reaching("a")))
	runs(t, w, map[string]string{"a": "2.0.0+EF-2", "production": "1.0.0+EF-1"})
	if got := w.State.Sites["a"].Content()["app"].Version; got != "2.f" {
		t.Errorf("a has app %s", got)
	}
}

// TestReconciling takes the fix into a release and beyond.
func TestReconciling(t *testing.T) {
	w := repairWorld(t)
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	fixed(1)(w)
	register(
		w, incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1"),
		bill("1.5.0", "app 1.5"), bill("1.6.0", "app 1"), bill("2.0.1-rc", "app 2.1"), bill("2.1.0", "app 3"),
		bill("2.2.0", "app 1"), bill("2.3.0", "app 1.f"), bill("2.4.0", "web 4"),
	)
	x := func() *portal.FixState { return w.State.Fixes["EF-1"] }
	w.Travel("2.0.0", "dev", "staging", "a")
	if x().Status() != portal.StatusApplied {
		t.Errorf("one of two targets has it, and it is %s", x().Status())
	}
	w.Deploy("production", "2.0.0")
	if x().Status() != portal.StatusReconciled || x().ReconciledBy != "2.0.0" {
		t.Errorf("every target has it, and it is %s by %q", x().Status(), x().ReconciledBy)
	}
	for release, want := range map[string]string{
		"1.0.0": "1.0.0+EF-1", "1.6.0": "1.6.0+EF-1", "2.2.0": "2.2.0+EF-1", "2.3.0": "2.3.0", "2.0.0": "2.0.0",
		"2.1.0": "2.1.0", "2.0.1-rc": "2.0.1-rc", "2.4.0": "2.4.0", "1.5.0": "",
	} {
		p := w.Propose(portal.Deploy{Environment: "dev", Release: release, Redeploy: "again"})
		got := p.Effective()
		if slices.Contains((&portal.RefusalError{Verdict: p.Verdict}).Rules(), portal.FixRegression) {
			got = ""
		}
		if got != want {
			t.Errorf("%s becomes %q, want %q", release, got, want)
		}
	}
	w.Deploy("production", "1.0.0") // a rollback
	runs(t, w, map[string]string{"production": "1.0.0+EF-1"})
	if x().Status() != portal.StatusReconciled {
		t.Errorf("after a rollback it is %s", x().Status())
	}
}

func TestAFixIsReconciledWhenWhatLackedItIsRemoved(t *testing.T) {
	w := repairWorld(t)
	w.Environment("a", "production")
	w.Deploy("a", "1.0.0")
	fixed(1)(w)
	register(w, incorporating(bill("2.0.0", "app 2", "web 2"), "EF-1"))
	w.Travel("2.0.0", "dev", "staging", "production")
	w.Remove("a")
	if x := w.State.Fixes["EF-1"]; x.Status() != portal.StatusReconciled {
		t.Errorf("it is %s", x.Status())
	}
}

func TestAFixWhoseTargetsAreGoneOwesNothing(t *testing.T) {
	w := repairWorld(t)
	fixed(1)(w)
	if len(w.State.Debts()) != 1 {
		t.Error("it owes nothing while its target is there")
	}
	w.Remove("production")
	for _, o := range w.State.Obligations(w.State.Fixes["EF-1"]) {
		if !o.Met {
			t.Errorf("it owes: %s", o.What)
		}
	}
	if len(w.State.Debts()) != 0 {
		t.Error("it owes something")
	}
}
