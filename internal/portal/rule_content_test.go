package portal_test

import (
	"slices"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// differential registers 2.0.0 again as a release on a base.
func differential(base string) func(w *portaltest.World) {
	return func(w *portaltest.World) {
		w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("2.1.0", base, "theme")})
	}
}

func TestDifferentialBase(t *testing.T) {
	wrong := []portal.Rule{portal.DifferentialBase}
	for _, c := range []struct {
		name    string
		release string // "": 2.1.0
		story   func(w *portaltest.World)
		want    []portal.Rule
		mode    portal.Mode
	}{
		{name: "on its base", story: func(w *portaltest.World) { differential("1.0.0")(w); w.Deploy("dev", "1.0.0") }},
		{name: "on another release", story: func(w *portaltest.World) { differential("1.0.0")(w); w.Deploy("dev", "3.0.0") }, want: wrong},
		{name: "on an empty environment", story: differential("1.0.0"), want: wrong},
		{name: "its base is not registered", story: differential("0.9.0"), want: wrong},
		{
			name: "its base's base is not registered", want: wrong,
			story: func(w *portaltest.World) {
				w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("2.0.5", "0.9.0", "skin")})
				differential("2.0.5")(w)
			},
		},
		{
			name: "on content equal to its base's",
			story: func(w *portaltest.World) {
				differential("1.0.0")(w)
				twin := portaltest.FullRelease("1.0.0")
				twin.Version = "1.0.1"
				w.MustDo(portal.RegisterRelease{Release: twin})
				w.Deploy("dev", "1.0.1")
			},
		},
		{
			name: "on a base that is differential itself",
			story: func(w *portaltest.World) {
				w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("1.1.0", "1.0.0", "skin")})
				differential("1.1.0")(w)
				w.Travel("1.0.0", "dev")
				w.Travel("1.1.0", "dev")
			},
		},
		{
			name: "on its base's base only", want: wrong,
			story: func(w *portaltest.World) {
				w.MustDo(portal.RegisterRelease{Release: portaltest.Delta("1.1.0", "1.0.0", "skin")})
				differential("1.1.0")(w)
				w.Deploy("dev", "1.0.0")
			},
		},
		{
			name: "on itself, again", mode: portal.ModeRepair,
			story: func(w *portaltest.World) {
				differential("1.0.0")(w)
				w.Travel("1.0.0", "dev")
				w.Travel("2.1.0", "dev")
			},
		},
		{
			name: "a rollback to it brings whole what ran here", mode: portal.ModeRollback,
			story: func(w *portaltest.World) {
				differential("1.0.0")(w)
				w.Travel("1.0.0", "dev")
				w.Travel("2.1.0", "dev")
				w.Travel("3.0.0", "dev")
			},
		},
		{name: "a full release asks for nothing", release: "3.0.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0", "3.0.0")
			if c.story != nil {
				c.story(w)
			}
			release, mode := c.release, c.mode
			if release == "" {
				release = "2.1.0"
			}
			if mode == "" {
				mode = portal.ModeEnter
			}
			verdict := w.Judge("dev", release)
			if got := (&portal.RefusalError{Verdict: verdict}).Rules(); len(got) != len(c.want) || (len(got) > 0 && got[0] != c.want[0]) {
				t.Errorf("broken: %v, want %v", got, c.want)
			}
			if verdict.Mode != mode {
				t.Errorf("mode %s, want %s", verdict.Mode, mode)
			}
		})
	}
}

// TestRequiresComparesNumbers holds for what is installed and for components.
func TestRequiresComparesNumbers(t *testing.T) {
	for _, c := range []struct {
		constraint string
		met, unmet []string
	}{
		{
			">= 3.1, < 4",
			[]string{"3.1", "3.1.4-hotfix.1", "3.1.5-SNAPSHOT", "3.1.4-p1", "3.1.4.1", "3.1.4+hotfix1", "3.1.0-rc1"},
			[]string{"3.0.9-hotfix.1", "4.0.0-rc1", "4.0"},
		},
		{"~> 3.1.4", []string{"3.1.4-p1", "3.1.9-p1"}, []string{"3.2.0-p1", "3.1.3-p1"}},
		{"3.1.4", []string{"3.1.4", "3.1.4-p1"}, []string{"3.1.5-p1"}},
		{"!= 3.1.4", []string{"3.1.5-p1"}, []string{"3.1.4-p1"}},
		{"> 3.1.4", []string{"3.1.5-p1"}, []string{"3.1.4-p1"}},
		{"< 3.1.4", []string{"3.1.3-p1"}, []string{"3.1.4-rc1"}},
		{">= 3.1.4-beta", []string{"3.1.4-beta", "3.1.4-rc1", "3.1.4", "3.2.0-alpha"}, []string{"3.1.4-alpha", "3.1.3-rc1"}},
		{"= 3.1.4-hotfix.1", []string{"3.1.4-hotfix.1"}, []string{"3.1.4", "3.1.4-hotfix.2", "3.1.5-hotfix.1"}},
		{">= 2017.02.10-08", []string{"2017.02.10-09", "2017.2.11-01", "2018.1.1"}, []string{"2017.02.10-07"}},
		{">= 3", nil, []string{"three", "3.1.4.Final", ""}},
	} {
		for _, v := range append(c.met, c.unmet...) {
			if got, want := portal.Satisfies(v, c.constraint), slices.Contains(c.met, v); got != want {
				t.Errorf("%q meets %q: %t, want %t", v, c.constraint, got, want)
			}
		}
	}
}

func TestAComponentWhoseVersionCannotBeComparedIsNamed(t *testing.T) {
	w := worldOf(t, nil)
	release := portaltest.FullRelease("2.1.0")
	release.Requires = map[string]string{"app": ">= 2"}
	app := release.Components["app"]
	app.Version = "Q3"
	release.Components["app"] = app
	w.MustDo(portal.RegisterRelease{Release: release})
	gate := gateOf(t, w.Judge("dev", "2.1.0"), portal.Prerequisites)
	want := `What 2.1.0 requires is not on dev: app >= 2 (the release has "Q3", which is not a version that can be compared: begin it with its numbers).`
	if gate.Status != portal.Refused || gate.Detail != want {
		t.Errorf("%s: %s\nwant %s", gate.Status, gate.Detail, want)
	}
}

func TestPrerequisites(t *testing.T) {
	for _, c := range []struct {
		name      string
		requires  map[string]string
		installed map[string]string
		base      bool // differential, on a release that brings "app" 1.0.0
		want      string
	}{
		{name: "nothing is required"},
		{name: "installed", requires: map[string]string{"dx": ">= 9.5, < 10"}, installed: map[string]string{"dx": "9.5.226"}},
		{
			name: "installed and too old", requires: map[string]string{"dx": ">= 9.6"}, installed: map[string]string{"dx": "9.5.226"},
			want: "What 2.1.0 requires is not on dev: dx >= 9.6 (9.5.226 is installed).",
		},
		{
			name: "not there", requires: map[string]string{"dx": ">= 9.6", "java": ">= 17"},
			want: "What 2.1.0 requires is not on dev: dx >= 9.6 (not installed); java >= 17 (not installed).",
		},
		{name: "brought by the release itself", requires: map[string]string{"theme": "~> 2.0"}},
		{
			name: "brought in a wrong version", requires: map[string]string{"theme": "< 2"},
			want: "What 2.1.0 requires is not on dev: theme < 2 (the release has 2.1.0).",
		},
		{name: "in the content that stays", base: true, requires: map[string]string{"app": "1.0.0"}},
		{
			name: "in content that a full release takes away", requires: map[string]string{"app": "1.0.0"},
			want: "What 2.1.0 requires is not on dev: app 1.0.0 (not installed).",
		},
		{name: "either of the two will do", requires: map[string]string{"theme": ">= 2"}, installed: map[string]string{"theme": "1.0"}},
		{name: "a hotfix of what is required", requires: map[string]string{"dx": ">= 9.5.226, < 10"}, installed: map[string]string{"dx": "9.5.226-cf3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			dev := portaltest.RegularEnvironment("dev", "dev")
			dev.Installed = c.installed
			w.MustDo(portal.DeclareEnvironment{Environment: dev, Update: true})
			w.Register("1.0.0")
			w.Deploy("dev", "1.0.0")
			release := portaltest.Delta("2.1.0", "1.0.0", "theme")
			if !c.base {
				release.Type, release.Base = portal.Full, ""
			}
			release.Requires = c.requires
			w.MustDo(portal.RegisterRelease{Release: release})
			gate := gateOf(t, w.Judge("dev", "2.1.0"), portal.Prerequisites)
			if refused := gate.Status == portal.Refused; refused != (c.want != "") || (refused && gate.Detail != c.want) {
				t.Errorf("%s: %s\nwant %q", gate.Status, gate.Detail, c.want)
			}
		})
	}
}
