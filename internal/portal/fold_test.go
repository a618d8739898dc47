package portal_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestWhatIsStoredIsTheFoldOfTheEntries lives through random histories. After
// each, the entities that were stored on the way load into the same state as
// folding every entry does, and are stored again as the same bytes.
func TestWhatIsStoredIsTheFoldOfTheEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := live(t)
		folded := portal.NewState(w.State.Ledger, w.State.Name, true)
		stored := map[portal.EntityKey][]byte{}
		for _, recorded := range w.Log {
			folded.Apply(recorded.Event, recorded.Meta)
			keep(t, folded, stored)
		}
		loaded := portal.NewState(w.State.Ledger, w.State.Name, true)
		for key, body := range stored {
			if err := loaded.Load(key, body); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "sites", w.State.Sites, loaded.Sites)
		same(t, "fixes", w.State.Fixes, loaded.Fixes)
		same(t, "freezes", w.State.Freezes, loaded.Freezes)
		same(t, "pipeline", w.State.Pipeline, loaded.Pipeline)
		for _, release := range versions {
			same(t, "release", w.State.Release(release), loaded.Release(release))
			same(t, "approvals", w.State.Approvals(release), loaded.Approvals(release))
			for _, environment := range environments {
				same(t, "evidence", w.State.Evidence(release, environment), loaded.Evidence(release, environment))
			}
		}
		loaded.Head, loaded.HeadAt = w.State.Head, w.State.HeadAt
		facts := w.Facts()
		facts.State = loaded
		for _, release := range versions {
			deploy := portal.Deploy{Environment: "production", Release: release}
			before, errBefore := w.Facts().Propose(deploy)
			after, errAfter := facts.Propose(deploy)
			if (errBefore == nil) != (errAfter == nil) {
				t.Fatalf("proposing %s: %v before, %v after", release, errBefore, errAfter)
			}
			if errBefore == nil {
				same(t, "verdict", before.Verdict, after.Verdict)
			}
		}
	})
}

// TestWhatIsLoadedLaterCounts judges a release before its evidence is loaded, and after: nothing
// that was computed before may be used then.
func TestWhatIsLoadedLaterCounts(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("2.0.0")
	w.Travel("2.0.0", "dev", "qa")
	folded := portal.NewState(w.State.Ledger, w.State.Name, true)
	for _, recorded := range w.Log {
		folded.Apply(recorded.Event, recorded.Meta)
	}
	entities, err := folded.TakeChanged()
	if err != nil {
		t.Fatal(err)
	}
	facts := w.Facts()
	facts.State = portal.NewState(w.State.Ledger, w.State.Name, true)
	load := func(wanted func(portal.EntityKind) bool) {
		for _, entity := range entities {
			if !wanted(entity.Kind) {
				continue
			}
			if err := facts.Load(entity.EntityKey, entity.Body); err != nil {
				t.Fatal(err)
			}
		}
	}
	allowed := func() bool {
		p, err := facts.Propose(portal.Deploy{Environment: "production", Release: "2.0.0"})
		if err != nil {
			t.Fatal(err)
		}
		return p.Verdict.Allowed()
	}
	load(func(kind portal.EntityKind) bool { return kind != portal.EntityEvidence })
	if allowed() {
		t.Error("nothing vouches for it, and it is allowed")
	}
	load(func(kind portal.EntityKind) bool { return kind == portal.EntityEvidence })
	if !allowed() {
		t.Error("what vouches for it was loaded, and it is refused")
	}
}

func keep(t *rapid.T, state *portal.State, stored map[portal.EntityKey][]byte) {
	entities, err := state.TakeChanged()
	if err != nil {
		t.Fatal(err)
	}
	for _, entity := range entities {
		if entity.Body == nil {
			delete(stored, entity.EntityKey)
			continue
		}
		stored[entity.EntityKey] = entity.Body
	}
}

func same(t *rapid.T, what string, a, b any) {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	if errLeft != nil || errRight != nil {
		t.Fatalf("%s: %v, %v", what, errLeft, errRight)
	}
	if diff := cmp.Diff(string(left), string(right)); diff != "" {
		t.Fatalf("%s (-folded +loaded):\n%s", what, diff)
	}
}

var (
	versions     = []string{"1.0.0", "1.1.0", "2.0.0"}
	environments = []string{"dev", "qa", "qa-2", "production"}
)

// live lets random things happen to a pipeline. What is refused simply does not happen.
func live(t *rapid.T) *portaltest.World {
	pipeline := portaltest.Line("dev", "qa", "production")
	pipeline.Stages[1].Exclusive = rapid.Bool().Draw(t, "exclusive")
	w := portaltest.New(t, pipeline)
	version := rapid.SampledFrom(versions)
	environment := rapid.SampledFrom(environments)
	stage := rapid.SampledFrom([]string{"dev", "qa", "production"})
	flag := rapid.Bool()
	try := func(command portal.Command) { _, _ = w.Do(command) }
	t.Repeat(map[string]func(*rapid.T){
		"wait": func(t *rapid.T) {
			w.Wait(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds"))*time.Second + time.Nanosecond)
		},
		"register": func(t *rapid.T) {
			try(portal.RegisterRelease{Release: portaltest.FullRelease(version.Draw(t, "release"))})
		},
		"register a differential one": func(t *rapid.T) {
			try(portal.RegisterRelease{Release: portaltest.Delta("1.1.0", "1.0.0", "theme")})
		},
		"deploy": func(t *rapid.T) {
			_ = w.TryDeploy(portal.Deploy{
				Environment: environment.Draw(t, "environment"), Release: version.Draw(t, "release"),
				Redeploy: rapid.SampledFrom([]string{"", "again"}).Draw(t, "redeploy"),
			})
		},
		"start": func(t *rapid.T) { _, _ = w.Start(environment.Draw(t, "environment"), version.Draw(t, "release")) },
		"end": func(t *rapid.T) {
			name := environment.Draw(t, "environment")
			if site := w.State.Sites[name]; site != nil {
				try(portal.EndDeployment{
					Environment: name, Epoch: site.Epoch, Untouched: flag.Draw(t, "untouched"), Took: time.Second, Detail: "as <drawn>",
					Outcome: rapid.SampledFrom([]portal.Outcome{portal.Succeeded, portal.Failed, portal.Interrupted, portal.Unknown}).Draw(t, "outcome"),
					Checks:  []portal.CheckResult{{Name: "alive", Passed: flag.Draw(t, "alive"), Took: time.Millisecond}},
				})
			}
		},
		"take over": func(t *rapid.T) { try(portal.TakeOver{Environment: environment.Draw(t, "environment")}) },
		"empty":     func(t *rapid.T) { try(portal.StartRemoval{Environment: environment.Draw(t, "environment")}) },
		"test": func(t *rapid.T) {
			try(portal.RecordTest{
				Environment: environment.Draw(t, "environment"), Release: version.Draw(t, "release"), Suite: "smoke",
				Passed: flag.Draw(t, "passed"), Tests: 3,
			})
		},
		"approve": func(t *rapid.T) {
			try(portal.RecordApproval{
				Release: version.Draw(t, "release"), Stage: stage.Draw(t, "stage"),
				Approver: rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "who"),
			})
		},
		"freeze": func(t *rapid.T) {
			try(portal.DeclareFreeze{Update: true, Freeze: portal.Freeze{Name: "night", Reason: "none", StartsAt: w.Now, EndsAt: w.Now.Add(time.Minute)}})
		},
		"fix": func(t *rapid.T) {
			wish := portaltest.Fix(rapid.SampledFrom([]string{"EF-1", "EF-2"}).Draw(t, "fix"), rapid.SampledFrom([]string{"1.f", "1.g"}).Draw(t, "version"))
			wish.Environments = []string{environment.Draw(t, "target")}
			wish.AdvanceTo = rapid.SampledFrom([]string{"", "", "qa"}).Draw(t, "how far")
			if flag.Draw(t, "reviewed") {
				wish.Review = &portal.Review{Reviewer: "cid", Outcome: "accepted", Notes: "fine"}
			}
			if flag.Draw(t, "withdrawn") {
				wish.Withdraw = "it makes it worse"
			}
			_ = w.RunFix(wish, environment.Draw(t, "broken"))
		},
		"thaw": func(t *rapid.T) { try(portal.RemoveFreeze{Name: "night"}) },
		"declare": func(t *rapid.T) {
			try(portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment(environment.Draw(t, "environment"), stage.Draw(t, "stage")), Update: true})
		},
		"remove": func(t *rapid.T) { try(portal.RemoveEnvironment{Name: environment.Draw(t, "environment")}) },
		"retire": func(t *rapid.T) { try(portal.RetirePipeline{}) },
		"change": func(t *rapid.T) {
			next := pipeline
			next.Description = rapid.SampledFrom([]string{"", "changed"}).Draw(t, "description")
			try(portal.DeclarePipeline{Pipeline: next, Update: true})
		},
		"refuse": func(t *rapid.T) {
			if refusal := w.Facts().CheckUnchanged(&portal.Release{Version: version.Draw(t, "release")}); refusal != nil {
				try(portal.RecordRefusal{Environment: "dev", Release: "1.0.0", Refusal: refusal})
			}
		},
	})
	return w
}

func TestEveryEventReadsBackAsItWasRecorded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, recorded := range live(t).Log {
			_, bytes, err := portal.NewEntry("l", "shop", recorded.Meta.Number, "id", recorded.Meta.At, recorded.Meta.By, recorded.Event)
			if err != nil {
				t.Fatal(err)
			}
			entry, event, err := portal.ReadEntry(bytes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(recorded.Event, event); diff != "" || entry.Kind != recorded.Event.Kind() {
				t.Fatalf("%s (-recorded +read):\n%s", entry.Kind, diff)
			}
			if meta := entry.Meta(portal.HashEntry(bytes)); !meta.At.Equal(recorded.Meta.At) || meta.By != recorded.Meta.By || meta.Number != recorded.Meta.Number {
				t.Fatalf("it reads back with %+v, want %+v", meta, recorded.Meta)
			}
		}
	})
}

func TestAnEntryOfANewerVersionIsNotGuessedAt(t *testing.T) {
	for name, text := range map[string]string{
		"format": `{"v":2,"kind":"pipeline.retired","body":{}}`,
		"kind":   `{"v":1,"kind":"pipeline.sold","body":{}}`,
		"JSON":   `{`,
		"body":   `{"v":1,"kind":"pipeline.retired"}`,
	} {
		if _, _, err := portal.ReadEntry([]byte(text)); err == nil {
			t.Errorf("an entry with another %s is read", name)
		}
	}
	if err := portal.NewState("l", "shop", true).Load(portal.EntityKey{Kind: "contract"}, []byte(`{}`)); err == nil {
		t.Error("an entity of another kind is loaded")
	}
}
