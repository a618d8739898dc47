package portal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func item(version string) portal.Item {
	return portal.Item{Version: version, Kind: "file", SHA256: portaltest.SHA256(version)}
}

func TestDigestsAreForGood(t *testing.T) {
	// They are recorded and signed: if one of these changes, so does the meaning
	// of every ledger.
	release := portaltest.FullRelease("1.0.0")
	for name, c := range map[string]struct{ got, want string }{
		"no content":  {portal.Content(nil).Digest(), "2b5ae4f72603e34864768ce952b07cb0dbd21d22a8d6fa4f0f10d9d1a50ed40b"},
		"empty":       {portal.Content{}.Digest(), "2b5ae4f72603e34864768ce952b07cb0dbd21d22a8d6fa4f0f10d9d1a50ed40b"},
		"a component": {portal.Content{"app": item("1")}.Digest(), "6b8e8ff841a304a45ac106ff0fdfc718cc9df7069d2d120eb094b5fe145dd211"},
		"a release":   {release.Digest(), "3dcff5c5eaee355e8fb476021a72ad71ce168551c79eb3724b1d8909355d91a4"},
		"an attempt":  {portal.AttemptKey("ledger-1", "shop", "dev", "1.0.0", "abc", 1), "1270b8c52619faa8ffbe9e7bd6d887effdb3b8d7b59188c7ec4396c0989901b0"},
	} {
		if c.got != c.want {
			t.Errorf("%s has digest %s, want %s", name, c.got, c.want)
		}
	}
}

func TestContentDigestTellsContentsApart(t *testing.T) {
	base := portal.Content{"app": item("1"), "theme": item("2")}
	for name, other := range map[string]portal.Content{
		"a version":          {"app": {Version: "1.0", Kind: "file", SHA256: item("1").SHA256}, "theme": item("2")},
		"a kind":             {"app": {Version: "1", Kind: "war", SHA256: item("1").SHA256}, "theme": item("2")},
		"bytes":              {"app": {Version: "1", Kind: "file", SHA256: item("3").SHA256}, "theme": item("2")},
		"how it is unpacked": {"app": {Version: "1", Kind: item("1").Kind, SHA256: item("1").SHA256, StripComponents: 1}, "theme": item("2")},
		"a name":             {"app": item("1"), "themes": item("2")},
		"one less":           {"app": item("1")},
		"one more":           {"app": item("1"), "theme": item("2"), "skin": item("2")},
		"two swapped":        {"app": item("2"), "theme": item("1")},
		"fields that shift":  {"app": {Version: "1f", Kind: "ile", SHA256: item("1").SHA256}, "theme": item("2")},
	} {
		if other.Digest() == base.Digest() || other.Equal(base) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func TestDiff(t *testing.T) {
	from := portal.Content{
		"app": item("1"), "old-skin": item("0.9.0"), "same": item("1"), "war": {Version: "1", Kind: "file", SHA256: "abc"},
		"built": {Version: "2", SHA256: "0123456789abcdef"},
	}
	to := portal.Content{
		"app": item("2"), "theme": item("1.0.0"), "same": item("1"), "war": {Version: "1", Kind: "war", SHA256: "abc"},
		"built": {Version: "2", SHA256: "fedcba9876543210"},
	}
	want := []string{
		"~ app 1 -> 2", "~ built 2 (0123456789ab) -> 2 (fedcba987654)", "- old-skin 0.9.0", "+ theme 1.0.0", "~ war 1 (file) -> 1 (war)",
	}
	if diff := cmp.Diff(want, portal.DescribeChanges(from, to)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// contents draws contents of few names and versions, so that they often meet.
func contents() *rapid.Generator[portal.Content] {
	return rapid.Custom(func(t *rapid.T) portal.Content {
		versions := rapid.MapOf(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.SampledFrom([]string{"1", "2"})).Draw(t, "versions")
		content := portal.Content{}
		for name, version := range versions {
			content[name] = item(version)
		}
		return content
	})
}

func TestADiffTurnsOneContentIntoTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := contents().Draw(t, "from"), contents().Draw(t, "to")
		got := portal.Content{}
		for name, item := range from {
			got[name] = item
		}
		for _, change := range portal.Diff(from, to) {
			if change.Op == portal.Remove {
				delete(got, change.Name)
			} else {
				got[change.Name] = change.To
			}
		}
		if !got.Equal(to) || got.Digest() != to.Digest() {
			t.Fatalf("got %v, want %v", got, to)
		}
		if same := from.Digest() == to.Digest(); same != from.Equal(to) || same != (len(portal.Diff(from, to)) == 0) {
			t.Fatalf("digest, Equal and Diff disagree on %v and %v", from, to)
		}
	})
}

func TestContentOfAChainOfBases(t *testing.T) {
	w := worldOf(t, nil)
	full := portaltest.FullRelease("1.0.0")
	full.Components["skin"] = portaltest.Part("skin", "1.0.0")
	first := portaltest.Delta("1.1.0", "1.0.0", "theme")
	first.Removes = []string{"skin", "never-there"}
	second := portaltest.Delta("1.2.0", "1.1.0", "skin")
	elsewhere := portaltest.Part("app", "1.0.0")
	elsewhere.Source = "https://example.com/app"
	second.Components["app"] = elsewhere
	for _, r := range []portal.Release{second, first} {
		w.MustDo(portal.RegisterRelease{Release: r})
	}
	if _, err := w.State.ContentOf("1.2.0"); err == nil || err.Error() != "release 1.1.0 is based on 1.0.0, which is not registered" {
		t.Errorf("without the full release: %v", err)
	}
	if got := w.State.Sources("1.2.0"); len(got) != 0 {
		t.Errorf("sources without the full release: %v", got)
	}
	w.MustDo(portal.RegisterRelease{Release: full})
	for version, want := range map[string]portal.Content{
		"1.0.0": {"app": elsewhere.Item(), "skin": full.Components["skin"].Item()},
		"1.1.0": {"app": elsewhere.Item(), "theme": first.Components["theme"].Item()},
		"1.2.0": {"app": elsewhere.Item(), "theme": first.Components["theme"].Item(), "skin": second.Components["skin"].Item()},
	} {
		got, err := w.State.ContentOf(version)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("content of %s (-want +got):\n%s", version, diff)
		}
	}
	want := map[string]string{
		elsewhere.SHA256: "https://example.com/app", portaltest.Part("skin", "1.2.0").SHA256: "dist/skin-1.2.0",
		portaltest.Part("skin", "1.0.0").SHA256: "dist/skin-1.0.0", portaltest.Part("theme", "1.1.0").SHA256: "dist/theme-1.1.0",
	}
	if diff := cmp.Diff(want, w.State.Sources("1.2.0")); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}

func TestReleaseDigest(t *testing.T) {
	base := portaltest.Delta("2.0.0", "1.0.0", "theme")
	base.Removes = []string{"a", "b"}
	for _, c := range []struct {
		name   string
		change func(r *portal.Release)
		same   bool
	}{
		{"what it removes in another order", func(r *portal.Release) { r.Removes = []string{"b", "a"} }, true},
		{"notes", func(r *portal.Release) { r.Notes = "new" }, true},
		{"a source", func(r *portal.Release) {
			part := r.Components["theme"]
			part.Source = "elsewhere"
			r.Components = map[string]portal.Component{"theme": part}
		}, true},
		{"the base", func(r *portal.Release) { r.Base = "1.0.1" }, false},
		{"the type", func(r *portal.Release) { r.Type = portal.Full }, false},
		{"what it removes", func(r *portal.Release) { r.Removes = []string{"a"} }, false},
		{"a component", func(r *portal.Release) {
			r.Components = map[string]portal.Component{"theme": portaltest.Part("theme", "3")}
		}, false},
	} {
		other := base
		c.change(&other)
		if got := other.Digest() == base.Digest(); got != c.same {
			t.Errorf("%s: same digest %v, want %v", c.name, got, c.same)
		}
	}
}
