package target

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"pgregory.net/rapid"
)

var (
	digestA = strings.Repeat("a", 64)
	digestB = strings.Repeat("b", 64)
)

func TestMatchesComparesWhatTheTargetCanTell(t *testing.T) {
	want := portal.Content{"theme": {Version: "1.0.0", Kind: "file", SHA256: digestA}}
	cases := map[string]struct {
		observed portal.Content
		matches  bool
	}{
		"the same":           {want, true},
		"only the version":   {portal.Content{"theme": {Version: "1.0.0"}}, true},
		"only the digest":    {portal.Content{"theme": {SHA256: digestA}}, true},
		"only the name":      {portal.Content{"theme": {}}, true},
		"another version":    {portal.Content{"theme": {Version: "1.0.1"}}, false},
		"another kind":       {portal.Content{"theme": {Kind: "war"}}, false},
		"another digest":     {portal.Content{"theme": {Version: "1.0.0", SHA256: digestB}}, false},
		"an unknown version": {portal.Content{"theme": {Version: UnknownVersion, SHA256: digestA}}, false},
		"another name":       {portal.Content{"skin": {}}, false},
		"one too many":       {portal.Content{"theme": {}, "skin": {}}, false},
		"nothing":            {nil, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Matches(c.observed, want); got != c.matches {
				t.Errorf("got %v", got)
			}
		})
	}
	if !Matches(nil, portal.Content{}) {
		t.Error("nothing does not match nothing")
	}
}

func TestMatchesComparesHowAnArchiveWasUnpacked(t *testing.T) {
	unpacked := func(strip int) portal.Content {
		return portal.Content{"docs": {Version: "1.0.0", Kind: "archive", SHA256: digestA, StripComponents: strip}}
	}
	for _, c := range []struct {
		name           string
		observed, want int
		matches        bool
	}{
		{"the same", 1, 1, true},
		{"another way", 1, 2, false},
		{"not as it is wanted by now", 1, 0, false},
		{"whole, and stripped by now", 0, 1, false},
		{"where the target cannot tell", UntoldStrip, 1, true},
		{"where the target cannot tell, and whole is wanted", UntoldStrip, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Matches(unpacked(c.observed), unpacked(c.want)); got != c.matches {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestResolveLeavesWhatDisagreesAsItWasSeen(t *testing.T) {
	want := portal.Content{"theme": {Version: "1.0.0", Kind: "file", SHA256: digestA}, "skin": {Version: "2.0.0", Kind: "file", SHA256: digestA}}
	observed := portal.Content{"theme": {Version: "1.0.0"}, "skin": {SHA256: digestB}, "extra": {}}
	resolved := Resolve(observed, want)
	if diff := cmp.Diff(portal.Content{"theme": want["theme"], "skin": {SHA256: digestB}, "extra": {}}, resolved); diff != "" {
		t.Error(diff)
	}
	if observed["theme"].SHA256 != "" {
		t.Error("the observation was changed")
	}
}

func TestResolveTakesTheFirstThatAgrees(t *testing.T) {
	before := portal.Content{"docs": {Version: "1.0.0", Kind: "archive", SHA256: digestA}}
	wanted := portal.Content{"docs": {Version: "2.0.0", Kind: "archive", SHA256: digestB, StripComponents: 2}}
	observed := portal.Content{"docs": {SHA256: digestB, StripComponents: UntoldStrip}, "extra": {SHA256: digestA, StripComponents: UntoldStrip}}
	got := Resolve(observed, before, wanted)
	want := portal.Content{"docs": wanted["docs"], "extra": {SHA256: digestA}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("what nobody can tell is left out, and nothing else:", diff)
	}
}

func TestResolveGivesWhatIsWantedExactlyWhereItMatches(t *testing.T) {
	item := rapid.Custom(func(t *rapid.T) portal.Item {
		return portal.Item{
			Version: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "version"),
			Kind:    rapid.SampledFrom([]string{"", "file", "war"}).Draw(t, "kind"),
			SHA256:  rapid.SampledFrom([]string{"", digestA, digestB}).Draw(t, "sha256"),

			StripComponents: rapid.SampledFrom([]int{0, 1}).Draw(t, "strip"),
		}
	})
	seen := rapid.Custom(func(t *rapid.T) portal.Item {
		seen := item.Draw(t, "seen")
		if rapid.Bool().Draw(t, "untold") {
			seen.StripComponents = UntoldStrip
		}
		return seen
	})
	names := rapid.SampledFrom([]string{"theme", "skin", "login"})
	content, observation := rapid.MapOfN(names, item, 0, 3), rapid.MapOfN(names, seen, 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		observed, want := portal.Content(observation.Draw(t, "observed")), portal.Content(content.Draw(t, "want"))
		if Matches(observed, want) != maps.Equal(Resolve(observed, want), want) {
			t.Fatalf("matches: %v, resolved: %v", Matches(observed, want), Resolve(observed, want))
		}
	})
}

func TestACredentialShowsNoSecret(t *testing.T) {
	credential := Credential{Username: "deployer", Password: "SECRET1", Token: "SECRET2"}
	encoded, err := json.Marshal(struct{ C Credential }{credential})
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{string(encoded), credential.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, credential), fmt.Sprintf(verb, &credential), fmt.Sprintf(verb, []Credential{credential}))
	}
	for _, text := range shown {
		if strings.Contains(text, "SECRET") || strings.Contains(text, "534543524554") {
			t.Errorf("shown: %s", text)
		}
	}
}

func TestCheckRefusesWhatNoTargetMayBeAskedFor(t *testing.T) {
	good := Change{
		Key: "k", Release: "2.4.0+EF-1.EF-2", To: portal.Content{"theme": {Version: "1", SHA256: digestA}},
		Files: map[string]string{"theme": "/cache/theme"},
	}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(c *Change){
		"a release that is an option":        func(c *Change) { c.Release = "-rf" },
		"a release that leads out":           func(c *Change) { c.Release = "../1" },
		"a key with a line feed":             func(c *Change) { c.Key = "a\nb" },
		"a component without a file":         func(c *Change) { c.Files = nil },
		"a component without a digest":       func(c *Change) { c.To = portal.Content{"theme": {Version: "1"}} },
		"a version with an escape":           func(c *Change) { c.To = portal.Content{"theme": {Version: "1\x1b[2J", SHA256: digestA}} },
		"a hostile name in what was there":   func(c *Change) { c.From = portal.Content{"../theme": {}} },
		"a component name that leads out":    func(c *Change) { c.To = portal.Content{"../theme": {SHA256: digestA}} },
		"a component name that is an option": func(c *Change) { c.To = portal.Content{"-theme": {SHA256: digestA}} },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			change := good
			if spoil(&change); change.Check() == nil {
				t.Error("it is taken")
			}
		})
	}
}
