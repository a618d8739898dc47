package rollout_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// loseSources deletes what the releases were registered from, and the cache.
func (y *yard) loseSources(versions ...string) {
	y.t.Helper()
	for _, version := range versions {
		if err := os.Remove(y.source(version)); err != nil {
			y.t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(y.dir, "cache", "sha256")); err != nil {
		y.t.Fatal(err)
	}
}

// byHand changes every copy of a version that a directory keeps.
func (y *yard) byHand(environment, version string) {
	y.t.Helper()
	copies, err := filepath.Glob(filepath.Join(y.directory(environment), "releases", version+"-*", "app"))
	if err != nil || len(copies) == 0 {
		y.t.Fatalf("%s keeps no %s: %v", environment, version, err)
	}
	for _, path := range copies {
		if err := os.WriteFile(path, []byte("by hand"), 0o600); err != nil {
			y.t.Fatal(err)
		}
	}
}

// refusedByDigest fails unless an error is the refusal of bytes that are not available.
func refusedByDigest(t *testing.T, err error) {
	t.Helper()
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.DigestMatch}) {
		t.Errorf("it ends with %v", err)
	}
}

func TestARollbackToWhatIsOnDiskNeedsNoSource(t *testing.T) {
	scene := func(t *testing.T) *yard {
		y := newYard(t)
		y.onDisk()
		y.register("1.0.0")
		y.register("1.1.0")
		y.mustDeploy("dev", "1.0.0")
		y.mustDeploy("dev", "1.1.0")
		return y
	}
	t.Run("the directory has it", func(t *testing.T) {
		y := scene(t)
		y.loseSources("1.0.0", "1.1.0")
		y.mustDeploy("dev", "1.0.0")
		y.serves("dev", "app 1.0.0")
	})
	t.Run("its process dies, and the next one goes on", func(t *testing.T) {
		y := scene(t)
		y.loseSources("1.0.0")
		y.abandon(portal.StartDeployment{Deploy: wish("dev", "1.0.0")})
		y.mustDeploy("dev", "1.0.0")
		y.serves("dev", "app 1.0.0")
	})
	t.Run("it was changed by hand", func(t *testing.T) {
		y := scene(t)
		y.byHand("dev", "1.0.0")
		y.loseSources("1.0.0")
		refusedByDigest(t, y.deploy("dev", "1.0.0"))
		y.serves("dev", "app 1.1.0")
	})
	t.Run("another directory has it", func(t *testing.T) {
		y := scene(t)
		y.mustDeploy("prod", "1.1.0")
		y.loseSources("1.0.0")
		refusedByDigest(t, y.deploy("prod", "1.0.0"))
		y.serves("prod", "app 1.1.0")
	})
	t.Run("what is cached was spoilt", func(t *testing.T) {
		y := scene(t)
		cached, err := filepath.Glob(filepath.Join(y.dir, "cache", "sha256", "*", "*"))
		if err != nil || len(cached) == 0 {
			t.Fatalf("nothing is cached: %v", err)
		}
		y.loseSources("1.0.0")
		for _, path := range cached {
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("spoilt"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		y.mustDeploy("dev", "1.0.0")
		y.serves("dev", "app 1.0.0")
	})
	t.Run("the target keeps nothing", func(t *testing.T) {
		y := newYard(t) // on an invalid place
		y.register("1.0.0")
		y.register("1.1.0")
		y.mustDeploy("dev", "1.0.0")
		y.mustDeploy("dev", "1.1.0")
		y.loseSources("1.0.0")
		refusedByDigest(t, y.deploy("dev", "1.0.0"))
	})
}

func TestAFixCountsOnWhatIsOnDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	scene := func(t *testing.T) *incident {
		y := &incident{yard: newYard(t)}
		y.onDisk()
		for _, version := range []string{"1.0.0", "1.0.1", "2.0.0"} {
			y.register(version)
		}
		y.mustDeploy("dev", "1.0.0")
		y.mustDeploy("prod", "1.0.0")
		y.mustDeploy("dev", "2.0.0")
		return y
	}
	t.Run("to roll back what is under test", func(t *testing.T) {
		y := scene(t)
		y.loseSources("1.0.0")
		if err := y.fix("1.0.1"); err != nil {
			t.Fatal(err)
		}
		y.mustBeDone(wholeFix...)
		y.serves("prod", "app 1.0.1")
		y.serves("dev", "app 2.0.0")
	})
	t.Run("to be taken back", func(t *testing.T) {
		y := scene(t)
		if err := y.fix("1.0.1"); err != nil {
			t.Fatal(err)
		}
		y.loseSources("1.0.0", "1.0.1", "2.0.0")
		if err := y.withdraw("1.0.1"); err != nil {
			t.Fatal(err)
		}
		y.serves("prod", "app 1.0.0")
		y.serves("dev", "app 2.0.0")
	})
	t.Run("not to restore what it has deployed over", func(t *testing.T) {
		y := scene(t)
		y.loseSources("2.0.0")
		err := y.fix("1.0.1")
		refusedByDigest(t, err)
		if err == nil || !strings.Contains(err.Error(), "app 2.0.0") {
			t.Errorf("it does not say what is missing: %v", err)
		}
		y.serves("dev", "app 2.0.0")
	})
}
