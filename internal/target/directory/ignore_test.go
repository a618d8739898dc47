package directory

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// put writes a file below current, as a server does.
func put(t *testing.T, place *Target, name, text string) {
	t.Helper()
	path := filepath.Join(place.current(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, path, text)
}

// site has a web application and unpacked pages.
func site(t *testing.T, epoch int64, release string) target.Change {
	t.Helper()
	change := archived(t, epoch, release, "help", map[string]string{"index.html": "help " + release, "logs/README": "logs go here"})
	war := wish(t, epoch, release, map[string]string{"app.war": "app " + release})
	change.To["app.war"], change.Files["app.war"] = war.To["app.war"], war.Files["app.war"]
	return change
}

func TestWhatAServerWritesBesideIsNotOurs(t *testing.T) {
	for _, c := range []struct {
		name     string
		patterns target.Patterns
		writes   map[string]string
		intact   bool
	}{
		{"a web application, unpacked", nil, map[string]string{"app/WEB-INF/web.xml": "x", "app/index.jsp": "x"}, true},
		{"a folder of no web application", nil, map[string]string{"shop/index.jsp": "x"}, false},
		{"a file where a folder is unpacked", nil, map[string]string{"app": "x"}, false},
		{"a web application, unpacked, and nothing is to be ignored", target.Patterns{}, map[string]string{"app/index.jsp": "x"}, false},
		{"a web application, unpacked, and other patterns", target.Patterns{"*.log"}, map[string]string{"app/index.jsp": "x"}, false},
		{"a file that matches", target.Patterns{"*.log"}, map[string]string{"server.log": "x"}, true},
		{"a file that does not", target.Patterns{"*.log"}, map[string]string{"server.txt": "x"}, false},
		{"files in an archive's folder", target.Patterns{"help/tmp/", "help/**/*.bak"}, map[string]string{"help/tmp/a/b": "x", "help/index.html.bak": "x"}, true},
		{"files in an archive's folder that do not match", target.Patterns{"help/tmp/"}, map[string]string{"help/temp/a": "x"}, false},
		{"an archive's file that was changed", target.Patterns{"help/tmp/"}, map[string]string{"help/index.html": "x"}, false},
		{"beside files of an archive that match", target.Patterns{"help/logs/**"}, map[string]string{"help/logs/today": "x"}, true},
		{"an archive's file that matches", target.Patterns{"help/logs/*"}, map[string]string{"help/logs/README": "x"}, true},
		{"a component is told whatever matches", target.Patterns{"*.war"}, map[string]string{"app.war": "x"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := Config{Path: fresh(t, 0).path, Ignoring: target.Ignoring{IgnorePatterns: c.patterns}}
			place := mustNew(t, config)
			change := site(t, 1, "1.0.0")
			mustApply(t, place, change)
			for name, text := range c.writes {
				put(t, place, name, text)
			}
			seen := mustObserve(t, place)
			if target.Matches(seen, change.To) != c.intact {
				t.Errorf("it is as it was put there: %t, and tells %v", !c.intact, seen)
			}
			// What is there counts as intact for a rollback, too.
			if kept, err := place.Keeps(t.Context(), change.Release, change.To); err != nil || kept != c.intact {
				t.Errorf("it is kept: %t, %v", kept, err)
			}
		})
	}
}

// Other patterns are asked of what an earlier configuration, or an earlier version,
// has put there.
func TestPatternsAreNoPartOfWhatIsThere(t *testing.T) {
	config := Config{Path: fresh(t, 0).path}
	change := site(t, 1, "1.0.0")
	mustApply(t, mustNew(t, config), change)
	with := func(patterns ...string) *Target {
		config.IgnorePatterns = patterns
		return mustNew(t, config)
	}
	for _, patterns := range [][]string{nil, {}, {"help/logs/**"}, {"help/index.html"}} {
		if seen := mustObserve(t, with(patterns...)); !target.Matches(seen, change.To) {
			t.Errorf("%q: it tells %v", patterns, seen)
		}
	}
	place := with("help/logs/**")
	dir, _ := place.serving()
	var kept map[string]any
	if err := json.Unmarshal([]byte(mustRead(t, place.manifest(dir))), &kept); err != nil {
		t.Fatal(err)
	}
	delete(kept, "files") // as an earlier version wrote it
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, place.manifest(dir), string(text))
	for _, patterns := range [][]string{nil, {"help/logs/**"}, {"help/tmp/"}} {
		if seen := mustObserve(t, with(patterns...)); !target.Matches(seen, change.To) {
			t.Errorf("of an earlier version, %q: it tells %v", patterns, seen)
		}
	}
	put(t, place, "help/tmp/a", "x")
	if seen := mustObserve(t, with("help/tmp/")); !target.Matches(seen, change.To) {
		t.Errorf("of an earlier version, beside it: it tells %v", seen)
	}
}

func TestWhatWasWrittenBesideGoesWithItsRelease(t *testing.T) {
	place := fresh(t, 1)
	mustApply(t, place, site(t, 1, "1.0.0"))
	put(t, place, "app/index.jsp", "unpacked 1.0.0")
	next := site(t, 2, "1.1.0")
	mustApply(t, place, next)
	if _, err := os.Stat(filepath.Join(place.current(), "app")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the new release has what was written beside the old one: %v", err)
	}
	put(t, place, "app/index.jsp", "unpacked 1.1.0")
	mustApply(t, place, target.Change{Key: "k", Epoch: 3, Pipeline: "intranet", Environment: "production"})
	if there, err := place.probe(); there || err != nil {
		t.Errorf("an emptied directory still has %v (%v)", list(t, place.path), err)
	}
}

// What somebody else writes may not be ours to read.
func TestWhatIsIgnoredIsNotRead(t *testing.T) {
	config := Config{Path: fresh(t, 0).path, Ignoring: target.Ignoring{IgnorePatterns: target.Patterns{"help/tmp/", "work/"}}}
	place := mustNew(t, config)
	change := site(t, 1, "1.0.0")
	mustApply(t, place, change)
	for _, dir := range []string{"help/tmp", "work"} {
		if err := os.Mkdir(filepath.Join(place.current(), dir), 0o000); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(change.To, mustObserve(t, place)); diff != "" {
		t.Error(diff)
	}
}

func TestPatternsAreChecked(t *testing.T) {
	_, err := New(Config{Path: "/srv", Ignoring: target.Ignoring{IgnorePatterns: target.Patterns{"a["}}})
	if err == nil || !strings.Contains(err.Error(), "ignore_patterns") {
		t.Errorf("it says %v", err)
	}
}
