package examples_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRefusalsAreTestedAsDocumented(t *testing.T) {
	t.Parallel()
	if output := copyOf(t, "policy").must("test"); !strings.Contains(output, "3 passed, 0 failed") {
		t.Errorf("not every run of the test passed:\n%s", output)
	}
}

// conftest is the program that judges by the example's policy.
func conftest(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("PORTAL_TEST_CONFTEST"); path != "" {
		return path
	}
	path, err := exec.LookPath("conftest")
	if err != nil {
		t.Skip("there is no conftest on the PATH: make test-policy builds one")
	}
	return path
}

// judge shows a plan as JSON, and lists what the policy says to it.
func (r *root) judge(conftest, plan string) (denied, warned []string) {
	r.t.Helper()
	file := filepath.Join(r.dir, "plan.json")
	if err := os.WriteFile(file, []byte(r.must("show", "-json", plan)), 0o600); err != nil {
		r.t.Fatal(err)
	}
	output, err := exec.CommandContext(r.t.Context(), conftest, "test", "--policy", filepath.Join(r.dir, "policy"), "--output", "json", file).Output()
	var results []struct {
		Warnings, Failures []struct{ Msg string }
	}
	if json.Unmarshal(output, &results) != nil || len(results) != 1 {
		r.t.Fatalf("conftest answers %v:\n%s", err, output)
	}
	for _, failure := range results[0].Failures {
		denied = append(denied, failure.Msg)
	}
	for _, warning := range results[0].Warnings {
		warned = append(warned, warning.Msg)
	}
	return denied, warned
}

func TestAPolicyJudgesPlansAsDocumented(t *testing.T) {
	t.Parallel()
	conftest := conftest(t)
	r := copyOf(t, "policy")
	has := func(messages []string, beginning string) bool {
		return slices.ContainsFunc(messages, func(m string) bool { return strings.HasPrefix(m, beginning) })
	}
	r.apply("-var=soak_time=0s")
	r.apply("-var=soak_time=0s", `-var=runs={staging="2.5.0",production="2.5.0"}`)

	r.must("plan", "-input=false", "-out=plan", `-var=runs={staging="2.4.0",production="2.5.0"}`, "-var=soak_time=0s")
	if denied, warned := r.judge(conftest, "plan"); len(denied) > 0 || !has(warned, "portal_release_deployment.staging goes back to 2.4.0: ~ theme 1.1.0 -> 1.0.0") {
		t.Errorf("a rollback: denied %q, warned %q", denied, warned)
	}

	both := `-var=runs={staging="2.5.0",production="2.5.0"}`
	r.apply(both) // from now on a release soaks for a day
	r.write("fix.tf", `
resource "portal_emergency_fix" "this" {
  pipeline      = portal_pipeline.intranet.name
  name          = "EF-1"
  components    = { theme = { version = "1.0.1", source = "theme-1.0.0.css" } }
  justification = { reason = "r", incident = "i", severity = "s", requested_by = "ann", why_not_normal_path = "w" }
  bypass        = ["stage-order", "tests-passed", "soak-time"]
}
`)
	r.must("plan", "-input=false", "-out=plan", both)
	denied, _ := r.judge(conftest, "plan")
	if len(denied) != 1 || !has(denied, "portal_emergency_fix.this breaks soak-time for production: ask the release managers.") {
		t.Errorf("a fix that does not soak: denied %q", denied)
	}
	r.remove("fix.tf")

	r.write("broken.tf", `
resource "portal_release_deployment" "again" {
  pipeline    = portal_pipeline.intranet.name
  environment = "production"
  release     = "9.9.9"
}
`)
	if output, code := r.run("plan", "-input=false", "-out=failed", both); code == 0 {
		t.Fatalf("a release that is not registered is planned:\n%s", output)
	}
	if denied, _ := r.judge(conftest, "failed"); !has(denied, "the plan has failed") {
		t.Errorf("a plan that failed: denied %q", denied)
	}
}
