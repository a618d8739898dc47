// Package examples_test applies what people copy: every example under a real
// terraform or tofu, each in a copy of its folder.
package examples_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	portalprovider "github.com/releaseportal/terraform-provider-portal/internal/provider"
	"github.com/releaseportal/terraform-provider-portal/internal/terraformtest"
)

// header makes an example a root module that finds the provider.
const header = `terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}
`

// terraform is the one to test with.
var terraform string

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // there is more memory than time
	err := terraformtest.Silence()
	if err == nil {
		terraformtest.Main(func() terraformtest.Provider { return portalprovider.New("examples", os.Getenv) })
		terraform, err = terraformtest.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestEachExampleIsAppliedAndSettlesAndIsDestroyed imports those resources on its way
// that its import.sh imports as it stands.
func TestEachExampleIsAppliedAndSettlesAndIsDestroyed(t *testing.T) {
	t.Parallel()
	var examples []string
	for _, pattern := range []string{"provider", "resources/*", "data-sources/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		examples = append(examples, found...)
	}
	if len(examples) != 1+8+6 {
		t.Errorf("there should be an example for the provider, eight resources and six data sources; there are %v", examples)
	}
	for _, example := range examples {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			r := copyOf(t, example)
			if example != "provider" {
				if err := os.WriteFile(filepath.Join(r.dir, "versions.tf"), []byte(header), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r.applyInOrder()
			r.must("apply", "-refresh-only", "-auto-approve", "-input=false")
			r.settled()
			if _, byNumber := importedByNumber[filepath.Base(example)]; strings.HasPrefix(example, "resources") && !byNumber {
				r.imported()
			}
			r.destroy()
		})
	}
}

// applyInOrder applies platform.tf by itself first, where an example has one.
func (r *root) applyInOrder() {
	r.t.Helper()
	for _, name := range []string{"resource.tf", "data-source.tf"} {
		_, platform := os.Stat(filepath.Join(r.dir, "platform.tf"))
		_, there := os.Stat(filepath.Join(r.dir, name))
		if platform == nil && there == nil {
			r.copy(name, name+".later")
			r.remove(name)
			r.apply()
			r.copy(name+".later", name)
		}
	}
	r.apply()
}

// importedByNumber are the resources whose import.sh has the number of an entry in it.
var importedByNumber = map[string]struct{}{"portal_test_result": {}, "portal_approval": {}}

// imported runs import.sh as it is, over a state that has forgotten the resource.
func (r *root) imported() {
	r.t.Helper()
	script, err := os.ReadFile(filepath.Join(r.dir, "import.sh"))
	if err != nil {
		r.t.Fatal(err)
	}
	said := strings.TrimSpace(string(script))
	arguments := strings.Fields(said[strings.LastIndexByte(said, '\n')+1:]) // below what is said about it
	if len(arguments) != 4 || arguments[0] != "terraform" || arguments[1] != "import" {
		r.t.Fatalf("import.sh is %q", script)
	}
	r.must("state", "rm", arguments[2])
	r.must("import", "-input=false", arguments[2], arguments[3])
	// A path comes back absolute, so there may be its spelling to put right, and no more.
	if output := r.must("apply", "-auto-approve", "-input=false"); !strings.Contains(output, "0 added") || !strings.Contains(output, "0 destroyed") {
		r.t.Errorf("the import does not fit the configuration:\n%s", output)
	}
	r.settled()
}

func TestTheFirstPipeline(t *testing.T) {
	t.Parallel()
	r := copyOf(t, "first-pipeline")
	r.apply()
	output, code := r.run("plan", "-input=false", "-var=production=1.0.0")
	for _, text := range []string{"tests-passed: release 1.0.0 may not enter", "acceptance has no result", "soak-time:"} {
		if code == 0 || !strings.Contains(output, text) {
			t.Errorf("%q is not in the plan that comes too early:\n%s", text, output)
		}
	}
	asDocumented(t, "../templates/guides/first-pipeline.md.tmpl", "Error: tests-passed: release 1.0.0", output)
	r.apply("-var=tested=1.0.0")
	output, code = r.run("plan", "-input=false", "-var=tested=1.0.0", "-var=production=1.0.0")
	if code == 0 || !strings.Contains(output, "soak-time: release 1.0.0 may not enter") || strings.Contains(output, "tests-passed:") {
		t.Errorf("after the test only the soak time should be missing:\n%s", output)
	}
	r.apply("-var=staging=1.1.0")
	r.settled("-var=staging=1.1.0")
	r.destroy("-var=staging=1.1.0")
}

func TestTheShortCutReadsAsDocumented(t *testing.T) {
	t.Parallel()
	r := copyOf(t, "promotion")
	r.apply("-var=soak_time=6s", "-var=acceptance=false", `-var=versions={development="2.5.0",qa="2.5.0",uat="2.5.0"}`)
	output, _ := r.run("plan", "-input=false", "-var=soak_time=6s", "-var=acceptance=false", `-var=versions={development="2.5.0",qa="2.5.0",uat="2.5.0",production="2.5.0"}`)
	asDocumented(t, "../README.md", `Error: stage-order: release 2.5.0`, output)
}

// The whole way of a fix: rehearsed, refused, planned, applied, and a release
// that contains it.
func TestTheFastPath(t *testing.T) {
	t.Parallel()
	r := copyOf(t, "fastpath")
	versions := func(development, qa, staging, production string) string {
		return fmt.Sprintf(`-var=versions={development=%q,qa=%q,staging=%q,production=%q}`, development, qa, staging, production)
	}
	const quick = "-var=soak_time=0s"
	r.apply(quick, "-var=accepted=2.4.0", versions("2.4.0", "2.4.0", "2.4.0", "2.4.0"))
	now := versions("2.5.0", "2.5.0", "2.5.0", "2.4.0")
	r.apply(now)

	r.copy("emergency/rehearsal.tf", "rehearsal.tf")
	output := r.must("plan", "-input=false", now)
	asDocumented(t, "../templates/guides/production-is-down.md.tmpl", "  + rehearsal = {", output)
	r.remove("rehearsal.tf")

	r.beside("EF-2026-017.tf", `, "stage-occupied"]`, `]`)
	output, code := r.run("plan", "-input=false", now)
	if code == 0 {
		t.Fatalf("a rule is broken that is not named, and the plan says:\n%s", output)
	}
	for _, page := range []string{"../README.md", "../templates/guides/production-is-down.md.tmpl"} {
		asDocumented(t, page, "Error: stage-occupied: emergency fix EF-2026-017", output)
	}

	r.beside("EF-2026-017.tf", `"bob@example.com" = ""`, ``)
	for _, page := range []string{"../templates/guides/rules.md", "../templates/guides/production-is-down.md.tmpl"} {
		asDocumented(t, page, "Warning: fix-approved: emergency fix", r.must("plan", "-input=false", now))
	}

	// A component that the check of staging does not let pass; then the right one.
	r.beside("EF-2026-017.tf", `components/login-portlet-3.1.5.txt`, `components/broken.txt`)
	if err := os.WriteFile(filepath.Join(r.dir, "components", "broken.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	output, code = r.run("apply", "-auto-approve", "-input=false", now)
	if code == 0 {
		t.Fatalf("the fix should not have passed its test:\n%s", output)
	}
	asDocumented(t, "../templates/guides/production-is-down.md.tmpl", "Error: Emergency fix EF-2026-017 is halted", output)
	r.runs("production", "login-portlet", "Login portlet 3.1.4\n")
	r.beside("EF-2026-017.tf", `"…"`, `"Superseded"`, `# withdraw`, `withdraw`)
	r.apply(now)
	r.runs("staging", "theme", "Theme 1.1.0: white on blue\n")
	r.remove("EF-2026-017.tf")
	r.apply(now)

	// Another one, as it is.
	const name, next = "EF-2026-017", "EF-2026-018"
	r.beside("EF-2026-018.tf", name, next)
	output = r.must("plan", "-input=false", "-out=plan", now)
	documented := strings.ReplaceAll(output, next, name)
	for _, page := range []string{"../README.md", "../templates/guides/production-is-down.md.tmpl"} {
		asDocumented(t, page, "  + fix = {", documented)
	}
	r.must("apply", "-input=false", "plan")
	r.settled(now)
	const fixed = "Login portlet 3.1.5: sessions survive the change to summer time\n"
	r.runs("production", "login-portlet", fixed)
	r.runs("production", "theme", "Theme 1.0.0: grey on white\n")
	r.runs("staging", "login-portlet", fixed)
	r.runs("staging", "theme", "Theme 1.1.0: white on blue\n")

	// 2.6.0 lacks the fix; 2.6.1 contains it.
	r.releases(`"2.6.0" = { components = { theme = "1.1.0", login-portlet = "3.2.0" } }`)
	output, code = r.run("plan", "-input=false", versions("2.6.0", "2.5.0", "2.5.0", "2.4.0"))
	if code == 0 {
		t.Fatalf("2.6.0 would lose the fix, and the plan says:\n%s", output)
	}
	asDocumented(t, "../templates/guides/after-the-emergency.md", "Error: fix-regression: release 2.6.0", strings.ReplaceAll(output, next, name))
	r.apply(quick, "-var=accepted=2.5.0", versions("2.5.0", "2.5.0", "2.5.0", "2.5.0"))
	r.runs("production", "login-portlet", fixed)
	r.releases(`"2.6.1" = { components = { theme = "1.1.0", login-portlet = "3.2.1" }, incorporates = ["EF-2026-018"] }`)
	r.apply(quick, "-var=accepted=2.6.1", versions("2.6.1", "2.6.1", "2.6.1", "2.6.1"))
	output = r.must("apply", "-refresh-only", "-auto-approve", "-input=false", quick, "-var=accepted=2.6.1", versions("2.6.1", "2.6.1", "2.6.1", "2.6.1"))
	if !strings.Contains(output, `"applied" -> "reconciled"`) {
		t.Errorf("the fix should be reconciled by itself:\n%s", output)
	}
	r.copy("EF-2026-018.tf", "EF-2026-018.tf", `# review`, `review`)
	last := []string{quick, "-var=accepted=2.6.1", versions("2.6.1", "2.6.1", "2.6.1", "2.6.1")}
	r.apply(last...)
	r.settled(last...)
	r.destroy(last...)
}

// beside copies the fix to where main.tf is, without the block that is there already.
func (r *root) beside(to string, replaced ...string) {
	r.t.Helper()
	r.copy("emergency/EF-2026-017.tf", to, replaced...)
	text, err := os.ReadFile(filepath.Join(r.dir, to))
	if err != nil {
		r.t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), "terraform {")
	_, after, ends := strings.Cut(rest, "\n}\n")
	if !found || !ends {
		r.t.Fatal("the fix has no terraform block")
	}
	r.write(to, before+after)
}

// The file of a fix is all that a folder needs, on a host that has the ledger.
func TestTheFastPathFromAFolderOfItsOwn(t *testing.T) {
	t.Parallel()
	r := copyOf(t, "fastpath")
	r.env = []string{"PORTAL_LEDGER_URL=sqlite:" + filepath.Join(r.dir, "ledger.db")}
	now := `-var=versions={development="2.4.0",qa="2.4.0",staging="2.4.0",production="2.4.0"}`
	r.apply("-var=soak_time=0s", "-var=accepted=2.4.0", now)
	fix := r.below("EF-2026-017")
	r.write("EF-2026-017/main.tf", "")
	r.copy("emergency/EF-2026-017.tf", "EF-2026-017/main.tf", `"components/`, `"../components/`)
	fix.apply()
	fix.settled()
	r.runs("production", "login-portlet", "Login portlet 3.1.5: sessions survive the change to summer time\n")
}

func TestTheStoryInOneRootModule(t *testing.T) {
	t.Parallel()
	r := copyOf(t, "promotion")
	output := r.must("test")
	if !strings.Contains(output, "5 passed, 0 failed") {
		t.Errorf("not every run of the test passed:\n%s", output)
	}
}

func TestTheScriptOfTheCommandTarget(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("the script is written in Python, and there is no python3 on the PATH")
	}
	r := copyOf(t, "targets/command")
	r.apply()
	r.settled()
	page := filepath.Join(r.dir, "env", "staging", "index.html")
	wanted, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte("altered by hand"), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, code := r.run("plan", "-detailed-exitcode", "-input=false"); code != 2 || !strings.Contains(output, `"drifted" -> "running"`) {
		t.Fatalf("the change by hand is not seen (%d):\n%s", code, output)
	}
	r.apply()
	if found, err := os.ReadFile(page); err != nil || string(found) != string(wanted) {
		t.Fatalf("the change by hand was not put right: %q, %v", found, err)
	}
	r.settled()
	r.destroy()
	if _, err := os.Stat(page); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s is still there after destroy: %v", page, err)
	}
}
