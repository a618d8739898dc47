package directory

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

func TestWhatWasChangedByHandIsReported(t *testing.T) {
	installed := map[string]string{"theme": "a", "login": "b"}
	known := func(name string) portal.Item {
		return portal.Item{Version: "1.0.0", Kind: "file", SHA256: digest(installed[name])}
	}
	cases := map[string]struct {
		byHand func(t *testing.T, current string)
		want   portal.Content
	}{
		"a file with other bytes": {
			func(t *testing.T, current string) { mustWrite(t, filepath.Join(current, "theme"), "x") },
			portal.Content{"login": known("login"), "theme": {Version: "unknown", Kind: "file", SHA256: digest("x")}},
		},
		"a file removed": {
			func(t *testing.T, current string) {
				if err := os.Remove(filepath.Join(current, "theme")); err != nil {
					t.Fatal(err)
				}
			},
			portal.Content{"login": known("login")},
		},
		"a file added": {
			func(t *testing.T, current string) { mustWrite(t, filepath.Join(current, "extra"), "x") },
			portal.Content{"login": known("login"), "theme": known("theme"), "extra": {Version: "unknown", Kind: "file", SHA256: digest("x")}},
		},
		"all of it removed": {
			func(t *testing.T, current string) {
				resolved, _ := filepath.EvalSymlinks(current)
				if err := os.RemoveAll(resolved); err != nil {
					t.Fatal(err)
				}
			},
			nil,
		},
		"the link removed": {
			func(t *testing.T, current string) {
				if err := os.Remove(current); err != nil {
					t.Fatal(err)
				}
			},
			nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			place := fresh(t, 0)
			change := wish(t, 1, "1.0.0", installed)
			mustApply(t, place, change)
			c.byHand(t, place.current())
			if diff := cmp.Diff(c.want, mustObserve(t, place)); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
			mustApply(t, place, change)
			if diff := cmp.Diff(change.To, mustObserve(t, place)); diff != "" {
				t.Errorf("repaired (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFileBehindALinkIsNotTakenForTheFile(t *testing.T) {
	place := fresh(t, 0)
	mustApply(t, place, wish(t, 1, "1.0.0", map[string]string{"theme": "a"}))
	elsewhere := filepath.Join(t.TempDir(), "theme")
	mustWrite(t, elsewhere, "a")
	inService := filepath.Join(place.current(), "theme")
	if err := errors.Join(os.Remove(inService), os.Symlink(elsewhere, inService)); err != nil {
		t.Fatal(err)
	}
	if got := mustObserve(t, place)["theme"].Version; got != target.UnknownVersion {
		t.Errorf("it is taken for version %s", got)
	}
}

func TestContentThatCannotBeToldIsNotGuessed(t *testing.T) {
	cases := map[string]func(t *testing.T, place *Target){
		"current is a directory": func(t *testing.T, place *Target) {
			if err := errors.Join(os.Remove(place.current()), os.Mkdir(place.current(), 0o755)); err != nil {
				t.Fatal(err)
			}
		},
		"current leads elsewhere": func(t *testing.T, place *Target) {
			if err := errors.Join(os.Remove(place.current()), os.Symlink("/etc", place.current())); err != nil {
				t.Fatal(err)
			}
		},
		"current leads out of the releases": func(t *testing.T, place *Target) {
			if err := errors.Join(os.Remove(place.current()), os.Symlink("releases/../other", place.current())); err != nil {
				t.Fatal(err)
			}
		},
		"the manifest is damaged": func(t *testing.T, place *Target) {
			dir, _ := place.serving()
			mustWrite(t, place.manifest(dir), `{"format":1,"content":`)
		},
		"the manifest is gone": func(t *testing.T, place *Target) {
			dir, _ := place.serving()
			if err := os.Remove(place.manifest(dir)); err != nil {
				t.Fatal(err)
			}
		},
		"the manifest is of a newer format": func(t *testing.T, place *Target) {
			dir, _ := place.serving()
			mustWrite(t, place.manifest(dir), `{"format":2}`)
		},
		"the record of epochs is damaged": func(t *testing.T, place *Target) {
			mustWrite(t, filepath.Join(place.path, stateName), "")
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			place := fresh(t, 0)
			mustApply(t, place, wish(t, 1, "1.0.0", map[string]string{"theme": "a"}))
			spoil(t, place)
			if _, err := place.Observe(t.Context()); !errors.Is(err, target.ErrUnknownContent) || !strings.Contains(err.Error(), place.path) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A manifest that says nothing of strip_components is of a time when archives were
// unpacked whole.
func TestHowAnArchiveWasUnpackedIsRemembered(t *testing.T) {
	place := fresh(t, 0)
	whole := archived(t, 1, "1.0.0", "site", map[string]string{"top/index.html": "a"})
	stripped := whole
	stripped.Epoch, stripped.From, stripped.To = 2, whole.To, maps.Clone(whole.To)
	item := stripped.To["site"]
	item.StripComponents = 1
	stripped.To["site"] = item

	mustApply(t, place, whole)
	dir, _ := place.serving()
	if text := mustRead(t, place.manifest(dir)); strings.Contains(text, "strip_components") {
		t.Fatalf("the manifest is not like an old one: %s", text)
	}
	dying := dieAt(t, Config{Path: place.path}, pointLinked)
	if err := dying.Apply(t.Context(), stripped); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if seen := mustObserve(t, place); !target.Matches(seen, whole.To) || target.Matches(seen, stripped.To) {
		t.Errorf("before the switch it tells %v", seen)
	}
	mustApply(t, place, stripped)
	if seen := mustObserve(t, place); target.Matches(seen, whole.To) || !target.Matches(seen, stripped.To) {
		t.Errorf("after it, it tells %v", seen)
	}
}

func TestWhichFilesWereChangedByHandIsTold(t *testing.T) {
	cases := map[string]struct {
		byHand func(t *testing.T, place *Target)
		want   []string
	}{
		"nothing": {func(*testing.T, *Target) {}, nil},
		"a file in a folder and one more": {
			func(t *testing.T, place *Target) {
				put(t, place, "help/index.html", "by hand")
				put(t, place, "help/css/site.css", "by hand")
			},
			[]string{"help: 1 file changed, 1 added: index.html, css/site.css"},
		},
		"what is ignored is not told": {
			func(t *testing.T, place *Target) {
				put(t, place, "help/index.html", "by hand")
				put(t, place, "help/logs/today.log", "x")
			},
			[]string{"help: 1 file changed: index.html"},
		},
		"a folder that is a file": {
			func(t *testing.T, place *Target) {
				folder := filepath.Join(place.current(), "help")
				if err := os.RemoveAll(folder); err != nil {
					t.Fatal(err)
				}
				mustWrite(t, folder, "x")
			},
			[]string{"help: a file, where a folder was deployed"},
		},
		"a manifest of an earlier version": {
			func(t *testing.T, place *Target) {
				dir, _ := place.serving()
				kept, err := place.readManifest(dir)
				if err != nil {
					t.Fatal(err)
				}
				kept.Files = nil
				if err := writeJSON(place.manifest(dir), kept); err != nil {
					t.Fatal(err)
				}
				put(t, place, "help/index.html", "by hand")
			},
			[]string{"help: changed"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			place := mustNew(t, Config{Path: fresh(t, 0).path, Ignoring: target.Ignoring{IgnorePatterns: target.Patterns{"help/logs/"}}})
			change := site(t, 1, "1.0.0")
			mustApply(t, place, change)
			c.byHand(t, place)
			seen, err := place.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, target.Drift(seen, change.To)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
