package provider

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestWhatTheFilesOfADeclarationSay(t *testing.T) {
	dir := t.TempDir()
	there, gone := filepath.Join(dir, "there"), filepath.Join(dir, "gone")
	if err := os.WriteFile(there, []byte("now"), 0o600); err != nil {
		t.Fatal(err)
	}
	now, before := portaltest.SHA256("now"), portaltest.SHA256("before")
	for _, c := range []struct {
		name          string
		source        string
		written       string // sha256, as it is written
		known         string
		knownVersion  string // 1 where it is empty
		keeps, needed bool
		want          string
		changed       bool
		says          string
	}{
		{name: "a new file", source: there, want: now},
		{name: "the same file", source: there, known: now, want: now},
		{name: "changed, and it is a change", source: there, known: before, want: now, changed: true},
		{name: "changed, and what is known stays", source: there, known: before, keeps: true, want: before, changed: true},
		{name: "changed, in another version", source: there, known: before, knownVersion: "0", want: now},
		{name: "written down", source: there, written: before, known: before, want: before},
		{name: "gone, and known", source: gone, known: before, want: before},
		{name: "no file any more, and known", source: dir, known: before, want: before},
		{name: "gone, and known in another version", source: gone, known: before, knownVersion: "0", says: "Warning: The source of component app of it does not exist yet"},
		{name: "not there yet", source: gone, says: "Warning: The source of component app of it does not exist yet"},
		{name: "not there, and needed", source: gone, needed: true, says: "Error: The source of component app of it does not exist"},
		{name: "no file", source: dir, says: "Error: The source of component app cannot be read"},
		{name: "elsewhere", source: "https://files.example/app", known: before, want: before},
	} {
		t.Run(c.name, func(t *testing.T) {
			var diags diagnostics
			components := map[string]portal.Component{"app": {Version: "1", Source: c.source, SHA256: c.written}}
			known := map[string]portal.Component{"app": {Version: first(c.knownVersion, "1"), SHA256: c.known}}
			look := sources{what: "it", known: []map[string]portal.Component{nil, known}, keeps: c.keeps, needed: c.needed}
			complete, changed := look.fill(components, &diags)
			if got := components["app"].SHA256; got != c.want || complete != (c.want != "") {
				t.Errorf("it is %q, complete: %t", got, complete)
			}
			var want []rebuilt
			if c.changed {
				want = []rebuilt{{"app", c.source, c.known, now}}
			}
			if diff := cmp.Diff(want, changed, cmp.AllowUnexported(rebuilt{})); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
			if got := lines(diags); got != c.says {
				t.Errorf("it says %q, want %q", got, c.says)
			}
		})
	}
}

// TestWhatComesOfAFileThatAFixWasOpenedWith asks at each point of a fix what its
// changed file means. No plan is in the way of a fix that is done.
func TestWhatComesOfAFileThatAFixWasOpenedWith(t *testing.T) {
	const amended = "Warning: Emergency fix shop/EF-1 is amended: the file of component app has other bytes"
	for _, c := range []struct {
		name      string
		steps     int // of: hold, suspend, roll_back, deploy, test, hold, deploy, unhold, restore, resume, unhold
		withdraws bool
		withdrawn bool
		keeps     bool
		says      string
	}{
		{name: "just opened", says: amended},
		{name: "before its first target", steps: 6, says: amended},
		{name: "before its first target, taken back", steps: 6, withdraws: true, keeps: true},
		{name: "on a target, with steps left", steps: 7, keeps: true, says: "Error: Emergency fix shop/EF-1 is on a target, and the file of component app has other bytes"},
		{name: "on a target, taken back", steps: 7, withdraws: true, keeps: true},
		{name: "done", steps: 11, keeps: true, says: "Warning: The file of component app has other bytes than emergency fix shop/EF-1 deployed"},
		{name: "withdrawn", steps: 11, withdrawn: true, keeps: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			p.register("1.0.0", "2.0.0")
			for _, name := range []string{"dev", "qa", "production"} {
				p.deployed(name, "1.0.0")
			}
			p.deployed("dev", "2.0.0")
			p.deployed("qa", "2.0.0")
			wish := portaltest.Fix("EF-1", "1.0.1")
			p.opened(wish, c.steps)
			if c.withdrawn {
				wish.Withdraw = "it made things worse"
				p.opened(wish, 100)
				wish.Withdraw = ""
			}
			recorded, err := p.recordedFix(t.Context(), "shop", "EF-1")
			if err != nil || recorded == nil {
				t.Fatal(recorded, err)
			}
			if c.withdraws {
				wish.Withdraw = "it made things worse"
			}
			if look := recorded.look(&wish, nil, false); look.keeps != c.keeps {
				t.Errorf("what it was opened with stays: %t", look.keeps)
			}
			var diags diagnostics
			recorded.tell("shop/EF-1", rebuilt{"app", "/build/app", portaltest.SHA256("old"), portaltest.SHA256("new")}, c.withdraws, &diags)
			if got := lines(diags); got != c.says {
				t.Errorf("it says %q", got)
			}
			for _, d := range diags {
				if !strings.Contains(d.Detail(), "/build/app has sha256 "+portaltest.SHA256("new")) {
					t.Errorf("it does not name the file: %s", d.Detail())
				}
			}
		})
	}
}

// TestAFileThatChangesAfterThePlan plans a file in one process and looks at it in
// another one, which has been told nothing.
func TestAFileThatChangesAfterThePlan(t *testing.T) {
	read := func(s *session) { s.reading() }
	change := func(s *session) { s.changing() }
	both := func(s *session) { s.reading(); s.changing() }
	none := func(*session) {}
	const rebuiltSince, goneSince = "Error: digest-match: component app of release 2.0.0 was rebuilt after the plan", "Error: digest-match: the source of component app of release 2.0.0 is gone"
	for _, c := range []struct {
		name                string
		planned, known, now string
		signs               func(s *session)
		says                string
		slow                bool // no sign tells, so that it is waited for one
	}{
		{name: "as it was planned", planned: "a", now: "a", signs: change},
		{name: "rebuilt", planned: "a", now: "b", signs: change, says: rebuiltSince},
		{name: "rebuilt, and something was read as well", planned: "a", now: "b", signs: both, says: rebuiltSince},
		{name: "rebuilt, as the first change of a saved plan", planned: "a", now: "b", signs: none, says: rebuiltSince, slow: true},
		{name: "rebuilt, and planned again", planned: "a", now: "b", signs: read},
		{name: "never planned here", now: "b", signs: change},
		{name: "gone", planned: "a", signs: change, says: goneSince},
		{name: "gone, as the first change of a saved plan", planned: "a", signs: none, says: goneSince, slow: true},
		{name: "gone, and planned again", planned: "a", signs: read},
		{name: "not made by this apply", signs: change, says: goneSince},
		{name: "not there yet", signs: none},
		{name: "an amendment that was taken back", planned: "a", known: "k", now: "k", signs: change, says: rebuiltSince},
		{name: "what was planned is recorded", planned: "k", known: "k", now: "b", signs: change},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			digest := func(text string) string {
				if text == "" {
					return ""
				}
				return portaltest.SHA256(text)
			}
			ask := func(s *session, known, now string) string {
				var diags diagnostics
				refused := s.asPlanned(t.Context(), "shop", "release 2.0.0", "", "app", "/build/app", digest(known), digest(now), &diags)
				if refused != diags.HasError() {
					t.Errorf("it is refused: %t, and it says %v", refused, diags)
				}
				for _, d := range diags {
					if !strings.Contains(d.Detail(), "/build/app") {
						t.Errorf("it does not name the file: %s", d.Detail())
					}
				}
				return lines(diags)
			}
			process := func() *session {
				s := newSession(variables{}.get)
				s.url, s.by = p.url, p.by
				t.Cleanup(func() { _ = s.close() })
				return s
			}
			plans := process()
			plans.reading()
			if got := ask(plans, "", c.planned); got != "" {
				t.Errorf("planning, it says %s", got)
			}
			applies := process()
			c.signs(applies)
			began := time.Now()
			if got := ask(applies, c.known, c.now); got != c.says {
				t.Errorf("it says %q, want %q", got, c.says)
			}
			if took := time.Since(began); (took >= waitForSigns) != c.slow {
				t.Errorf("it took %s", took)
			}
		})
	}
	t.Run("a plan that was taken for an apply is refused once", func(t *testing.T) {
		p := newPlanner(t, nil)
		for _, c := range []struct {
			text    string
			refused bool
		}{{"a", false}, {"b", true}, {"b", false}} {
			s := newSession(variables{}.get)
			s.url = p.url
			t.Cleanup(func() { _ = s.close() })
			var diags diagnostics
			if s.asPlanned(t.Context(), "shop", "release 2.0.0", "", "app", "/build/app", "", portaltest.SHA256(c.text), &diags) != c.refused {
				t.Errorf("%s is refused: %t, %v", c.text, !c.refused, diags)
			}
		}
	})
	t.Run("a walk waits once for a sign", func(t *testing.T) {
		p := newPlanner(t, nil)
		plans, applies := newSession(variables{}.get), newSession(variables{}.get)
		for _, s := range []*session{plans, applies} {
			s.url = p.url
			t.Cleanup(func() { _ = s.close() })
		}
		plans.reading()
		began := time.Now()
		for _, walk := range []struct {
			s       *session
			text    string
			refused bool
		}{{plans, "a", false}, {applies, "b", true}} {
			for n := range 5 {
				var diags diagnostics
				component := "app" + strconv.Itoa(n)
				if walk.s.asPlanned(t.Context(), "shop", "release 2.0.0", "", component, "/build/app", "", portaltest.SHA256(walk.text), &diags) != walk.refused {
					t.Errorf("%s of %s is refused: %t, %v", walk.text, component, !walk.refused, diags)
				}
			}
		}
		if took := time.Since(began); took >= 2*waitForSigns {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("what is not known yet is planned", func(t *testing.T) {
		p := newPlanner(t, nil)
		s := newSession(variables{}.get)
		s.url = p.url
		t.Cleanup(func() { _ = s.close() })
		m := aPipeline(t, "dev", "qa", "production")
		m.Description = types.StringUnknown()
		plan(t, resourceOf[*pipelineResource](newPipelineResource, s), nil, m)
		if s.applies(t.Context(), "shop") {
			t.Error("a plan with something that is not known yet is taken for an apply")
		}
	})
	t.Run("what stays as it is was planned", func(t *testing.T) {
		p := newPlanner(t, nil)
		s := newSession(variables{}.get)
		s.url = p.url
		t.Cleanup(func() { _ = s.close() })
		m := aPipeline(t, "dev", "qa", "production")
		plan(t, resourceOf[*pipelineResource](newPipelineResource, s), m, m)
		if s.applies(t.Context(), "shop") {
			t.Error("a plan of what stays is taken for an apply")
		}
	})
	t.Run("of a pipeline that is still to come", func(t *testing.T) {
		s := newSession(variables{}.get)
		s.url = "sqlite:" + filepath.Join(t.TempDir(), "ledger.db")
		t.Cleanup(func() { _ = s.close() })
		for _, text := range []string{"a", "b"} {
			var diags diagnostics
			if s.asPlanned(t.Context(), "shop", "release 2.0.0", "", "app", "/build/app", "", portaltest.SHA256(text), &diags) {
				t.Errorf("a second plan is refused: %v", diags)
			}
		}
	})
}

func TestPlansThatWereNeverAppliedAreForgotten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "planned")
	old := newPlannedFiles(dir, "ledger")
	old.note(old.file("shop", "release 1.0.0", "app", "/app"), portaltest.SHA256("old"))
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("noted are %v, %v", entries, err)
	}
	long := time.Now().Add(-rememberFor - time.Hour)
	if err := os.Chtimes(filepath.Join(dir, entries[0].Name()), long, long); err != nil {
		t.Fatal(err)
	}
	p := newPlannedFiles(dir, "ledger")
	file := p.file("shop", "release 2.0.0", "app", "/app")
	p.note(file, portaltest.SHA256("new"))
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || p.read(file) != portaltest.SHA256("new") {
		t.Errorf("noted are %v, %v", left, err)
	}
	if p.read(old.file("shop", "release 1.0.0", "app", "/app")) != "" {
		t.Error("the old one is still there")
	}
}
