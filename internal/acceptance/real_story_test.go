//go:build unix

package acceptance

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
)

// storyDir is where the demo was run whose folders are test data. A ledger has the
// absolute paths of its targets, so they have to be there again.
const storyDir = "/tmp/portal-story"

// TestALedgerOfAnEarlierBuild opens what the demo of version 0.1.0 has left, as
// ledgers of users are: Terraform's state, targets and record, of a build that did
// not know what this one does. Nothing is to be done, also where everything that
// follows from the entries is gone.
func TestALedgerOfAnEarlierBuild(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(t *testing.T, path string)
	}{
		{"as it was left", func(*testing.T, string) {}},
		{"with nothing but its entries", dropDerived},
	} {
		t.Run(c.name, func(t *testing.T) {
			unpackStory(t)
			for _, story := range []string{"intranet", "emergency"} {
				r := storyRoot(t, story)
				path := filepath.Join(r.dir, ".portal", "ledger.db")
				c.before(t, path)
				r.mustBeEmpty()
				r.mustNotBeTainted()
				mustVerify(t, path)
				want, err := os.ReadFile(filepath.Join("..", "portal", "testdata", "stories", "0.1.0-"+story+".jsonl"))
				if err != nil {
					t.Fatal(err)
				}
				if exported := portalCommand(t, "ledger", "export", "--ledger", "sqlite:"+path); !bytes.Equal(exported, want) {
					t.Errorf("%s is exported as\n%s", story, exported)
				}
			}
		})
	}
}

// unpackStory puts the folders where they were. Another run of the tests on this
// host may have them there: that one is waited for.
func unpackStory(t *testing.T) {
	t.Helper()
	eventually(t, storyDir+" is gone (where no other test runs: remove it)", time.Minute, func() bool {
		err := os.Mkdir(storyDir, 0o700)
		if err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		return err == nil
	})
	t.Cleanup(func() { _ = os.RemoveAll(storyDir) })
	archive := filepath.Join("..", "ledger", "sqlite", "testdata", "0.1.0-story.tar.gz")
	if output, err := exec.Command("tar", "-xzf", archive, "-C", storyDir).CombinedOutput(); err != nil {
		t.Fatalf("unpacking %s: %v\n%s", archive, err, output)
	}
}

// storyRoot is one of the story's root modules, as this Terraform reads it.
func storyRoot(t *testing.T, name string) *root {
	t.Helper()
	r := newWorld(t).root("ci")
	r.dir = filepath.Join(storyDir, name)
	r.built, r.env = true, []string{"PORTAL_ACTOR=ci@example.com"}
	if strings.HasPrefix(filepath.Base(terraformPath), "tofu") { // it has a registry of its own
		state := filepath.Join(r.dir, "terraform.tfstate")
		text, err := os.ReadFile(state)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("registry.terraform.io"), []byte("registry.opentofu.org"))
		if err := os.WriteFile(state, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// dropDerived leaves a ledger nothing but its entries.
func dropDerived(t *testing.T, path string) {
	t.Helper()
	engine, err := engines.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	err = engine.Write(t.Context(), func(tx ledger.WriteTx) error {
		return tx.Restate([]ledger.Derived{{Pipeline: "intranet"}}, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func mustVerify(t *testing.T, path string) {
	t.Helper()
	engine, err := engines.Open(context.WithoutCancel(t.Context()), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	if err := ledger.New(engine).Verify(t.Context(), "intranet"); err != nil {
		t.Error(err)
	}
}

// portalCommand runs the built binary as people do.
func portalCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(filepath.Join(providerDir(t), "terraform-provider-portal"), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr.String())
	}
	return stdout.Bytes()
}
