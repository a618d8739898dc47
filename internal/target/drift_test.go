package target

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestDriftSaysWhatDiffers(t *testing.T) {
	sum := func(c string) string { return strings.Repeat(c, 64) }
	app := portal.Item{Version: "1.0.0", Kind: "file", SHA256: sum("a")}
	zip := portal.Item{Version: "1.0.0", Kind: portal.KindArchive, SHA256: sum("b"), StripComponents: 1}
	want := portal.Content{"app": app, "theme": zip}
	cases := map[string]struct {
		seen Observation
		want []string
	}{
		"nothing": {Observation{Content: want}, nil},
		"a file": {
			Observation{Content: portal.Content{"app": {Version: UnknownVersion, Kind: "file", SHA256: sum("c")}, "theme": zip}},
			[]string{"app: changed: sha256 cccccccccccc, and aaaaaaaaaaaa was deployed"},
		},
		"files of an archive": {
			Observation{
				Content:     portal.Content{"app": app, "theme": {Version: UnknownVersion, Kind: portal.KindArchive, SHA256: sum("c")}},
				Differences: map[string]string{"theme": "1 file changed: x"},
			},
			[]string{"theme: 1 file changed: x"},
		},
		"an archive whose files are not known": {
			Observation{Content: portal.Content{"app": app, "theme": {Version: UnknownVersion, Kind: portal.KindArchive, SHA256: sum("c")}}},
			[]string{"theme: changed"},
		},
		"one gone, one more": {
			Observation{Content: portal.Content{"theme": zip, "extra": app}},
			[]string{"app: gone", "extra: present, but not deployed"},
		},
		"what a program can tell: a version": {
			Observation{Content: portal.Content{"app": {Version: "0.9.0", StripComponents: UntoldStrip}, "theme": zip}},
			[]string{"app: version 0.9.0, and 1.0.0 was deployed"},
		},
		"what a program can tell: that it was changed": {
			Observation{Content: portal.Content{"app": {Version: UnknownVersion, StripComponents: UntoldStrip}, "theme": zip}},
			[]string{"app: changed"},
		},
		"a kind": {
			Observation{Content: portal.Content{"app": {Kind: "war", StripComponents: UntoldStrip}, "theme": zip}},
			[]string{"app: kind war, and file was deployed"},
		},
		"how it was unpacked": {
			Observation{Content: portal.Content{"app": app, "theme": {Version: "1.0.0", Kind: portal.KindArchive, SHA256: sum("b")}}},
			[]string{"theme: unpacked differently"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := Drift(c.seen, want)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (len(got) == 0) != Matches(c.seen.Content, want) {
				t.Error("it tells something where it matches, or nothing where it does not")
			}
		})
	}
}

func TestDriftIsShort(t *testing.T) {
	seen := Observation{Content: portal.Content{}}
	for i := range 300 {
		seen.Content[fmt.Sprintf("file%03d\n%s", i, strings.Repeat("x", 1000))] = portal.Item{Version: UnknownVersion}
	}
	lines := Drift(seen, nil)
	if len(lines) != mostComponents+1 || lines[mostComponents] != "… and 280 more components" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	for _, line := range lines {
		if len(line) > 200 || strings.Contains(line, "\n") {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
}

func TestFileDrift(t *testing.T) {
	cases := map[string]struct {
		changed, added, gone []string
		want                 string
	}{
		"one":         {gone: []string{"a.css"}, want: "1 file gone: a.css"},
		"of each":     {[]string{"a", "b"}, []string{"c"}, []string{"d"}, "2 files changed, 1 added, 1 gone: a, b, c, d"},
		"many":        {added: []string{"1", "2", "3", "4", "5", "6"}, want: "6 files added: 1, 2, 3, 4, 5, …"},
		"an odd name": {added: []string{"a\x1b[2J", "b, c"}, want: `2 files added: "a\x1b[2J", "b, c"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := FileDrift(c.changed, c.added, c.gone); got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}
