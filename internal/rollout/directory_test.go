package rollout_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
)

// onDisk makes every environment a real directory.
func (y *yard) onDisk() {
	y.Target = func(_ string, e portal.Environment) (target.Target, error) {
		return directory.New(directory.Config{Path: y.directory(e.Name)})
	}
}

func (y *yard) directory(environment string) string { return filepath.Join(y.dir, "srv", environment) }

// serves compares what a directory has in service.
func (y *yard) serves(environment, want string) {
	y.t.Helper()
	files, err := filepath.Glob(filepath.Join(y.directory(environment), "current", "*"))
	if err != nil {
		y.t.Fatal(err)
	}
	got := ""
	for _, file := range files {
		bytes, err := os.ReadFile(file)
		if err != nil {
			y.t.Fatal(err)
		}
		got += string(bytes)
	}
	if got != want {
		y.t.Errorf("%s serves %q, not %q", environment, got, want)
	}
}

func TestADirectoryIsDeployedToAndEmptied(t *testing.T) {
	y := newYard(t)
	y.onDisk()
	y.register("1.0.0")
	y.register("1.1.0")
	y.mustDeploy("dev", "1.0.0")
	y.serves("dev", "app 1.0.0")
	y.mustDeploy("dev", "1.1.0")
	y.serves("dev", "app 1.1.0")
	y.mustDeploy("prod", "1.1.0")
	y.serves("prod", "app 1.1.0")
	if err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev"}); err != nil {
		t.Fatal(err)
	}
	y.serves("dev", "")
}

// A ledger that was rolled back starts its epochs again; the directory has seen newer ones and
// keeps what it has.
func TestADirectoryRefusesEpochsItHasSeen(t *testing.T) {
	y := newYard(t)
	y.onDisk()
	y.register("1.0.0")
	y.register("1.1.0")
	y.mustDeploy("dev", "1.0.0")
	y.mustDeploy("dev", "1.1.0")
	late, err := y.Target("shop", portal.Environment{Name: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	err = late.Apply(t.Context(), target.Change{Key: "late", Epoch: 1, Ledger: y.Ledger.ID(), Pipeline: "shop", Environment: "dev"})
	if !errors.Is(err, target.ErrStaleEpoch) {
		t.Errorf("the late one is told %v", err)
	}
	y.serves("dev", "app 1.1.0")
}

func TestTenDeploymentsAtOnceAllSucceed(t *testing.T) {
	y := newYard(t)
	y.onDisk()
	y.register("1.0.0")
	names := make([]string, 10)
	for i := range names {
		names[i] = fmt.Sprintf("dev-%d", i)
		e := portaltest.RegularEnvironment(names[i], "dev")
		e.Target = portal.Target{Kind: "directory", Address: "directory:" + y.directory(names[i]), Config: json.RawMessage(`{}`)}
		y.must(portal.DeclareEnvironment{Environment: e})
	}
	errs := make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() { errs[i] = y.Deploy(t.Context(), "shop", ann, wish(name, "1.0.0")) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		y.serves(name, "app 1.0.0")
		if site := y.site(name); !site.Runs("1.0.0") {
			t.Errorf("recorded to run on %s: %+v", name, site.Running)
		}
	}
}

func TestADirectoryOfAnotherLedgerIsLeftAlone(t *testing.T) {
	theirs := newYard(t)
	theirs.onDisk()
	theirs.register("1.0.0")
	theirs.mustDeploy("dev", "1.0.0")
	y := newYard(t)
	y.dir = theirs.dir
	y.onDisk()
	y.register("1.1.0")
	err := y.deploy("dev", "1.1.0")
	var failed *rollout.FailedError
	if !errors.As(err, &failed) || !failed.Untouched {
		t.Fatalf("got %v", err)
	}
	note := filepath.Join(y.directory("dev"), ".portal.json")
	for _, part := range []string{"another ledger", "shop/dev", theirs.Ledger.ID(), "remove " + note} {
		if !strings.Contains(failed.Detail, part) {
			t.Errorf("it does not say %q: %s", part, failed.Detail)
		}
	}
	y.serves("dev", "app 1.0.0")

	// Their history is gone for good, and the reader knows what to do.
	if err := os.Remove(note); err != nil {
		t.Fatal(err)
	}
	y.mustDeploy("dev", "1.1.0")
	y.serves("dev", "app 1.1.0")
	if err := theirs.deploy("dev", "1.0.0"); err == nil {
		t.Error("the other one goes on")
	}
}
