package directory

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// wish is a change to the named files, which hold their text.
func wish(t testing.TB, epoch int64, release string, files map[string]string) target.Change {
	t.Helper()
	c := target.Change{
		Key: fmt.Sprintf("attempt-%d", epoch), Epoch: epoch, Pipeline: "intranet", Environment: "production", Release: release,
		To: portal.Content{}, Files: map[string]string{},
	}
	dir := t.TempDir()
	for name, text := range files {
		c.Files[name] = filepath.Join(dir, name)
		mustWrite(t, c.Files[name], text)
		c.To[name] = portal.Item{Version: release, Kind: "file", SHA256: digest(text)}
	}
	return c
}

// archived is a change to one component, an archive of the named files.
func archived(t testing.TB, epoch int64, release, name string, files map[string]string) target.Change {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		file, err := w.Create(path)
		if err == nil {
			_, err = file.Write([]byte(files[path]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := wish(t, epoch, release, map[string]string{name: packed.String()})
	item := c.To[name]
	item.Kind = KindArchive
	c.To[name] = item
	return c
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func mustApply(t testing.TB, to *Target, change target.Change) {
	t.Helper()
	if err := to.Apply(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func mustObserve(t testing.TB, to *Target) portal.Content {
	t.Helper()
	observed, err := to.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return observed.Content
}

func fresh(t testing.TB, keep int) *Target {
	return mustNew(t, Config{Path: filepath.Join(t.TempDir(), "srv"), Keep: keep})
}

func TestNewRefuses(t *testing.T) {
	for name, config := range map[string]Config{
		"a relative path":             {Path: "srv"},
		"no path":                     {},
		"the root of the file system": {Path: "/tmp/.."},
		"keeping less than nothing":   {Path: "/srv", Keep: -1},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestCurrentHoldsComponentsOnly(t *testing.T) {
	place := fresh(t, 0)
	mustApply(t, place, wish(t, 1, "1.0.0", map[string]string{"theme": "a", "login": "b"}))
	resolved, err := filepath.EvalSymlinks(place.current())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"login", "theme"}, list(t, resolved)); diff != "" {
		t.Error(diff)
	}
	if mode := mustStat(t, filepath.Join(place.path, "current", "theme")).Mode(); mode != 0o644 {
		t.Errorf("a file has mode %v", mode)
	}
	if mode := mustStat(t, filepath.Join(place.path, "current")).Mode(); mode != fs.ModeDir|0o755 {
		t.Errorf("the release has mode %v", mode)
	}
}

func mustStat(t testing.TB, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestAFileInServiceIsNotTheCachesFile(t *testing.T) {
	place := fresh(t, 0)
	change := wish(t, 1, "1.0.0", map[string]string{"theme": "a"})
	mustApply(t, place, change)
	if os.SameFile(mustStat(t, change.Files["theme"]), mustStat(t, filepath.Join(place.path, "current", "theme"))) {
		t.Error("it is linked to the cache")
	}
}

func TestSomebodyElsesCurrentIsNotReplaced(t *testing.T) {
	place := fresh(t, 0)
	if err := os.MkdirAll(place.current(), 0o755); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(place.current(), "precious"), "x")
	if err := place.Apply(t.Context(), wish(t, 1, "1.0.0", map[string]string{"theme": "a"})); !errors.Is(err, target.ErrUnknownContent) {
		t.Errorf("got %v", err)
	}
	mustRead(t, filepath.Join(place.current(), "precious"))
}

func TestARollbackSwitchesBackToWhatIsThere(t *testing.T) {
	place := fresh(t, 0)
	first := wish(t, 1, "1.0.0", map[string]string{"theme": "a"})
	mustApply(t, place, first)
	before := mustStat(t, place.current())
	mustApply(t, place, wish(t, 2, "1.1.0", map[string]string{"theme": "b"}))
	first.Epoch = 3
	mustApply(t, place, first)
	if !os.SameFile(before, mustStat(t, place.current())) {
		t.Error("it was built again")
	}
}

func TestARollbackToADamagedReleaseBuildsItAnew(t *testing.T) {
	place := fresh(t, 0)
	first := wish(t, 1, "1.0.0", map[string]string{"theme": "a"})
	mustApply(t, place, first)
	old, _ := place.serving()
	mustApply(t, place, wish(t, 2, "1.1.0", map[string]string{"theme": "b"}))
	mustWrite(t, filepath.Join(place.release(old), "theme"), "x")
	first.Epoch = 3
	mustApply(t, place, first)
	if diff := cmp.Diff(first.To, mustObserve(t, place)); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(place.release(old)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the damaged release stays: %v", err)
	}
}

func TestOfOldReleasesTheLatestInServiceAreKept(t *testing.T) {
	place := fresh(t, 2)
	first := wish(t, 1, "1.0.0", map[string]string{"theme": "1"})
	mustApply(t, place, first)
	mustApply(t, place, wish(t, 2, "2.0.0", map[string]string{"theme": "2"}))
	time.Sleep(15 * time.Millisecond) // a file system's clock ticks every few
	first.Epoch = 3
	mustApply(t, place, first)
	time.Sleep(15 * time.Millisecond)
	mustApply(t, place, wish(t, 4, "3.0.0", map[string]string{"theme": "3"}))
	var kept []string
	for _, name := range list(t, place.releases()) {
		if version, _, ok := strings.Cut(name, "-"); ok && !slices.Contains(kept, version) {
			kept = append(kept, version)
		}
	}
	if diff := cmp.Diff([]string{"1.0.0", "3.0.0"}, kept); diff != "" {
		t.Error(diff)
	}
}

func TestARemovalLeavesForeignFilesAlone(t *testing.T) {
	place := fresh(t, 0)
	mustApply(t, place, wish(t, 1, "1.0.0", map[string]string{"theme": "a"}))
	mustWrite(t, filepath.Join(place.path, "README"), "x")
	mustWrite(t, filepath.Join(place.releases(), "notes.txt"), "x")
	mustApply(t, place, target.Change{Key: "k", Epoch: 2, Pipeline: "intranet", Environment: "production"})
	if diff := cmp.Diff([]string{"README", "releases", "releases/notes.txt"}, list(t, place.path)); diff != "" {
		t.Error(diff)
	}
}

func TestAnEpochOfAnotherEnvironmentSaysNothing(t *testing.T) {
	place := fresh(t, 0)
	mustApply(t, place, wish(t, 7, "1.0.0", map[string]string{"theme": "a"}))
	renamed := wish(t, 1, "1.0.0", map[string]string{"theme": "a"})
	renamed.Environment = "live"
	mustApply(t, place, renamed)
}

func TestWaitingForAnotherDeploymentEndsWithTheContext(t *testing.T) {
	place := fresh(t, 0)
	unlock, err := place.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = place.Apply(ctx, wish(t, 1, "1.0.0", map[string]string{"theme": "a"}))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another process deploys") {
		t.Errorf("got %v", err)
	}
}

func TestAFailedBuildLeavesNothingBehind(t *testing.T) {
	place := fresh(t, 0)
	change := wish(t, 1, "1.0.0", map[string]string{"theme": "a", "wrong": "b"})
	mustWrite(t, change.Files["wrong"], "changed in the cache")
	if err := place.Apply(t.Context(), change); err == nil || !strings.Contains(err.Error(), "changed after it was checked") {
		t.Fatalf("got %v", err)
	}
	if left := list(t, place.releases()); len(left) != 0 {
		t.Errorf("there is still %v", left)
	}
}

func TestTheAddressIsOfThePlaceHoweverItIsSpelled(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(base, "real"), 0o755), os.Symlink("real", filepath.Join(base, "alias"))); err != nil {
		t.Fatal(err)
	}
	want := "directory:" + filepath.Join(base, "real", "not", "yet")
	for _, spelled := range []string{"real/not/yet", "alias/not/yet", "alias/../real/not/yet/", "alias/not/x/../yet"} {
		if got, err := (Config{Path: base + "/" + spelled}).Address(); err != nil || got != want {
			t.Errorf("%s: got %s, %v", spelled, got, err)
		}
	}
}
