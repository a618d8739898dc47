package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// called is what came of the binary, called by hand.
type called struct {
	code           int
	stdout, stderr string
}

// call calls the binary as users get it, under a name.
func (w *world) call(name string, args ...string) called {
	w.t.Helper()
	binary := filepath.Join(providerDir(w.t), "terraform-provider-portal")
	if name != filepath.Base(binary) {
		link := w.path(name)
		if err := os.Symlink(binary, link); err != nil && !errors.Is(err, os.ErrExist) {
			w.t.Fatal(err)
		}
		binary = link
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(w.t.Context(), binary, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "PORTAL_LEDGER_URL=sqlite:" + w.path("ledger.db"), "PORTAL_ACTOR=platform@example.com"}
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return called{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func TestRealTheBinaryServesPeopleToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.root("platform").write(simple("development", "production"), releases("2.4.0"), deploy("development", versionOf("2.4.0"))).apply()
	const plugin = "This binary is a plugin."
	for _, c := range []struct {
		name           string
		as             string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"the ledger is verified", "terraform-provider-portal", []string{"ledger", "verify"}, 0, "intranet  entries: ", ""},
		{"what was recorded is told", "portal", []string{"log", "--kind", "deployment"}, 0, "development: 2.4.0 (enter)", ""},
		{"a pipeline that is not there", "portal", []string{"check", "2.4.0", "production", "--pipeline", "no-such"}, 2, "", `no pipeline "no-such"`},
		{"the version", "portal", []string{"--version"}, 0, "portal dev", ""},
		{"without arguments it waits for Terraform, and says so", "terraform-provider-portal", nil, 1, "", plugin},
		{"without arguments, under its name for people, it helps", "portal", nil, 0, "Usage:", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := w.call(c.as, c.args...)
			if got.code != c.code {
				t.Errorf("the exit code is %d, want %d", got.code, c.code)
			}
			if !strings.Contains(got.stdout, c.stdout) || (c.stdout == "") != (got.stdout == "") {
				t.Errorf("standard output is %q, want %q", got.stdout, c.stdout)
			}
			if !strings.Contains(got.stderr, c.stderr) || (c.stderr == "") != (got.stderr == "") {
				t.Errorf("standard error is %q, want %q", got.stderr, c.stderr)
			}
		})
	}
}

func TestRealACheckSaysWhatTheDataSourceSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := pipeline(`name = "development", required_tests = ["smoke"], required_approvals = 1`, `name = "production"`) + environments("development", "production")
	r := w.root("platform").write(base, releases("2.4.0"), deploy("development", versionOf("2.4.0")), `
data "portal_promotion_check" "this" {
  for_each    = toset(["development", "production"])
  pipeline    = portal_pipeline.this.name
  release     = portal_release_deployment.development.release
  environment = each.key
  depends_on  = [portal_environment.production]
}
output "checks" { value = data.portal_promotion_check.this }
`)
	r.apply()
	type verdict struct {
		Allowed    bool
		Changes    []string
		EligibleAt string `json:"eligible_at"`
		Statement  string
		Gates      []struct{ Rule, Status, Detail, Cure string }
	}
	var said map[string]verdict
	if err := json.Unmarshal([]byte(r.must("output", "-json", "checks")), &said); err != nil {
		t.Fatal(err)
	}
	for environment, code := range map[string]int{"development": 0, "production": 1} {
		got := w.call("portal", "check", "2.4.0", environment, "--json")
		var checked verdict
		if err := json.Unmarshal([]byte(got.stdout), &checked); err != nil {
			t.Fatalf("%v: %+v", err, got)
		}
		for i := range checked.Gates { // the data source has it in one text
			if gate := &checked.Gates[i]; gate.Cure != "" {
				gate.Detail, gate.Cure = gate.Detail+"\n"+gate.Cure, ""
			}
		}
		if diff := cmp.Diff(said[environment], checked, cmpopts.EquateEmpty()); diff != "" || got.code != code || len(checked.Gates) == 0 {
			t.Errorf("%s: exit code %d, %s", environment, got.code, diff)
		}
	}
}
