package examples_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheStoryWithARootModuleForEachStage(t *testing.T) {
	t.Parallel()
	r := copyOf(t, "promotion")
	r.env = []string{"PORTAL_LEDGER_URL=sqlite:" + filepath.Join(r.dir, "ledger.db")}
	const built = `release={"version":"%s","components":{"theme":"%s","login-portlet":"%s"}}`
	stages := map[string]*root{}
	stage := func(name string) *root {
		if stages[name] == nil {
			stages[name] = r.below("ci/" + name)
		}
		return stages[name]
	}
	tested := func() {
		r.write("ci/reports/integration.xml", `<testsuite><testcase name="sign in"/></testsuite>`)
		stage("qa-result").apply("-var-file="+stage("qa").deployed(), "-var=reports=../reports", "-var=runner_exit=0")
	}
	accepted := func() {
		stage("uat-approval").apply("-var-file="+stage("uat").deployed(), "-var=approver=jane@example.com")
	}
	everywhere := []string{"-var=soak_time=0s", "-var=protect=false", "-var=servers=" + filepath.Join(r.dir, "env")}

	stage("pipeline").apply(everywhere...)
	release := fmt.Sprintf(built, "2.4.0", "1.0.0", "3.1.4")
	stage("development").apply("-var=" + release)
	stage("qa").apply()
	if output, code := stage("uat").run("plan", "-input=false"); code == 0 || !strings.Contains(output, "may enter uat now") {
		t.Fatalf("without a test no release may enter uat, and the plan says:\n%s", output)
	}
	tested()
	stage("uat").apply()
	accepted()
	stage("staging").apply()
	stage("production").apply()
	stage("production").settled()
	r.runs("production", "theme", "Theme 1.0.0: grey on white\n")

	// The next release is built: production has nothing to do before it is accepted.
	release = fmt.Sprintf(built, "2.5.0", "1.1.0", "3.2.0")
	stage("development").apply("-var=" + release)
	stage("qa").apply()
	stage("production").settled()
	tested()
	stage("uat").apply()
	accepted()
	stage("staging").apply()
	stage("production").apply()
	r.runs("production", "theme", "Theme 1.1.0: white on blue\n")

	// Back, on purpose.
	stage("production").apply("-var=release=2.4.0")
	r.runs("production", "theme", "Theme 1.0.0: grey on white\n")

	for _, name := range []string{"production", "staging", "uat", "qa"} {
		stage(name).destroy("-var=release=2.4.0") // pinned: nothing else may be eligible any more
	}
	stage("development").destroy("-var=" + release)
	stage("pipeline").destroy(everywhere...)
}

// deployed is the file with what the root module says that it has deployed.
func (r *root) deployed() string {
	r.t.Helper()
	r.write("deployed.tfvars.json", r.must("output", "-raw", "deployed"))
	return filepath.Join(r.dir, "deployed.tfvars.json")
}
