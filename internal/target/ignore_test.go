package target

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestPatternsMatchWhatIsNotOurs(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		folder, want  bool
	}{
		{"app/", "app", true, true},
		{"app/", "app", false, false}, // a file of that name is something else
		{"app/", "app/WEB-INF/web.xml", false, true},
		{"app/", "app.war", false, false},
		{"app", "app", false, true},
		{"app", "help/app", false, false},
		{"*.log", "server.log", false, true},
		{"*.log", "help/server.log", false, false},
		{"**/*.log", "help/a/server.log", false, true},
		{"**/*.log", "server.log", false, true},
		{"help/logs/**", "help/logs/a/b.txt", false, true},
		{"help/logs/**", "help/index.html", false, false},
		{"help/{logs,cache}/", "help/cache/x", false, true},
		{"help/?", "help/ab", false, false},
	} {
		if got := (Patterns{c.pattern}).Match(c.path, c.folder); got != c.want {
			t.Errorf("%s matches %s (a folder: %t): %t", c.pattern, c.path, c.folder, got)
		}
	}
	if (Patterns{}).Match("app", true) || Patterns(nil).Match("app", true) {
		t.Error("without patterns something matches")
	}
}

func TestWhatIsNoPatternIsRefused(t *testing.T) {
	for _, pattern := range []string{"", "/", "/app", "../app", "..", "./app", "app//", "a/../b", "app[", "a\nb", "{a"} {
		if (Patterns{"app/", pattern}).Check() == nil {
			t.Errorf("%q is taken", pattern)
		}
	}
	if err := (Patterns{"app/", "**/*.log", "help/{a,b}/[x-z]?"}).Check(); err != nil {
		t.Error(err)
	}
}

func TestAComponentThatMatchesIsHidden(t *testing.T) {
	content := portal.Content{"app.war": {Kind: "war"}, "help": {Kind: portal.KindArchive}, "logs": {Kind: "file"}}
	for _, c := range []struct{ pattern, component string }{
		{"app/", ""}, {"help/tmp/**", ""}, {"logs/", ""}, // a file is no folder
		{"*.war", "app.war"}, {"help/", "help"}, {"help/**", "help"}, {"**", "app.war"}, {"logs", "logs"},
	} {
		component, pattern := (Patterns{c.pattern}).Hides(content)
		if component != c.component || (component != "" && pattern != c.pattern) {
			t.Errorf("%s hides %q, by %q", c.pattern, component, pattern)
		}
	}
}

func TestNoPatternsAreNotTheDefaultOnes(t *testing.T) {
	for text, want := range map[string]Patterns{`{"path":"/srv"}`: nil, `{"ignore_patterns":[]}`: {}, `{"ignore_patterns":["a/"]}`: {"a/"}, `not JSON`: nil} {
		if diff := cmp.Diff(want, PatternsOf(json.RawMessage(text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for want, ignoring := range map[string]Ignoring{`{}`: {}, `{"ignore_patterns":[]}`: {IgnorePatterns: Patterns{}}} {
		if got, err := json.Marshal(ignoring); err != nil || string(got) != want {
			t.Errorf("it is written as %s, want %s (%v)", got, want, err)
		}
	}
}
