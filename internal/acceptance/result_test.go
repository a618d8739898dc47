package acceptance

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

const (
	junitPassed = `<testsuite name="smoke" tests="2"><testcase name="a"/><testcase name="b"/></testsuite>`
	junitFailed = `<testsuite name="smoke" tests="3"><testcase name="a"/><testcase name="b"><failure message="no"/></testcase><testcase name="c"><error message="no"/></testcase></testsuite>`
	junitDated  = `<testsuite name="smoke" tests="1" timestamp="2026-11-20T09:00:00"><testcase name="a"/></testsuite>`
)

// tested is a pipeline whose qa runs a release and asks for the suite smoke.
func tested(version string) string {
	return pipeline(`name = "development"`, `name = "qa", required_tests = ["smoke"]`, `name = "production"`) + environments("development", "qa", "production") +
		releases("2.4.0", "2.5.0") + chain(version, "development", "qa")
}

// smoke is its result, read from reports.
func smoke(more string) string {
	return `
resource "portal_test_result" "smoke" {
  pipeline    = portal_pipeline.this.name
  environment = "qa"
  release     = portal_release_deployment.qa.release
  suite       = "smoke"
  ` + more + `
}`
}

const fromReport = `junit_report = "{dir}/report.xml"`

// recorded is what the state has of it.
func recorded(outcome string, tests, failures, skipped int64, sha256 knownvalue.Check) []statecheck.StateCheck {
	is := func(name string, check knownvalue.Check) statecheck.StateCheck {
		return has("portal_test_result.smoke", name, check)
	}
	return []statecheck.StateCheck{
		is("outcome", text(outcome)), is("tests", knownvalue.Int64Exact(tests)), is("failures", knownvalue.Int64Exact(failures)),
		is("skipped", knownvalue.Int64Exact(skipped)), is("report_sha256", sha256), is("recorded_by", text("jane@example.com")),
		is("content_digest", knownvalue.NotNull()),
	}
}

func TestATestResultIsReadFromItsReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("tests.xml", junitPassed)
	// The tests are run by the apply that deploys, after the deployment.
	base := tested("2.4.0") + `
resource "terraform_data" "tests" {
  triggers_replace = portal_release_deployment.qa.receipt
  provisioner "local-exec" {
    command = "cp {dir}/tests.xml {dir}/report.xml"
  }
}`
	result := smoke(fromReport + "\n  depends_on = [terraform_data.tests]")
	production := deploy("production", "portal_test_result.smoke.release")
	another := statecheck.CompareValue(compare.ValuesDiffer())
	id := func() statecheck.StateCheck {
		return another.AddStateValue("portal_test_result.smoke", tfjsonpath.New("id"))
	}
	w.run(
		// They vouch for the release in that very apply.
		resource.TestStep{Config: w.config(base, result, production), ConfigStateChecks: append(recorded("passed", 2, 0, 0, text(sum(junitPassed))), id())},
		resource.TestStep{
			PreConfig: func() { w.write("report.xml", junitFailed) },
			Config:    w.config(base, result, production),
			ConfigPlanChecks: preApply(
				actions("portal_test_result.smoke", plancheck.ResourceActionUpdate),
				actions(deployment("production"), plancheck.ResourceActionNoop),
				plancheck.ExpectUnknownValue("portal_test_result.smoke", tfjsonpath.New("id")),
				plancheck.ExpectUnknownValue("portal_test_result.smoke", tfjsonpath.New("outcome")),
			),
			ConfigStateChecks: append(recorded("failed", 3, 2, 0, text(sum(junitFailed))), id()),
		},
		resource.TestStep{
			PreConfig: func() { w.remove("report.xml") },
			Config:    w.config(base, result, production), PlanOnly: true,
		},
		resource.TestStep{
			PreConfig: func() { w.write("report.xml", "no report at all") },
			Config:    w.config(base, result, production), PlanOnly: true,
			ExpectError: says(`The result of smoke cannot be read`, `report.xml cannot be read as a JUnit report`, `set runner_exit`, `an earlier result of the suite counts until`),
		},
		resource.TestStep{
			PreConfig: func() { w.remove("report.xml") },
			Config:    w.config(base, result, production, strings.Replace(testResult("wrong", "qa", "load", "passed", ""), "portal_release_deployment.qa.release", `"2.5.0"`, 1)), PlanOnly: true,
			ExpectError: says(`does not run release 2.5.0`, `It runs 2.4.0`),
		},
	)
	if n := len(events[portal.TestRecorded](t, w.entries())); n != 2 {
		t.Errorf("%d results are recorded", n)
	}
}

func TestAReportForEachClassIsOneResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	result := smoke(`junit_reports = ["{dir}/reports/**/TEST-*.xml"]`)
	base := tested("2.4.0")
	both := sum(sum(junitPassed) + "  TEST-a.xml\x00" + sum(junitFailed) + "  b/TEST-b.xml\x00")
	w.run(
		resource.TestStep{Config: w.config(base)},
		resource.TestStep{Config: w.config(base, result), ExpectError: says(`The result of smoke cannot be read`, `No file matches`, `TEST-*.xml`)},
		resource.TestStep{
			PreConfig: func() { w.write("reports/TEST-a.xml", junitPassed); w.write("reports/notes.xml", junitFailed) },
			Config:    w.config(base, result), ConfigStateChecks: recorded("passed", 2, 0, 0, text(sum(junitPassed))),
		},
		// One more class, which fails.
		resource.TestStep{
			PreConfig: func() { w.write("reports/b/TEST-b.xml", junitFailed) },
			Config:    w.config(base, result), ConfigStateChecks: recorded("failed", 5, 2, 0, text(both)),
		},
		resource.TestStep{Config: w.config(base, result), PlanOnly: true},
		resource.TestStep{Config: w.config(base, result, deploy("production", releaseOf("qa"))), PlanOnly: true, ExpectError: says(`tests-passed`, `smoke failed on qa`)},
	)
}

func TestTheRunnersExitStatusDecidesToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := tested("2.4.0")
	with := func(more string) string { return w.config(base, smoke(fromReport+"\n  "+more)) }
	w.run(
		resource.TestStep{Config: w.config(base)},
		resource.TestStep{Config: with("runner_exit = 0"), ExpectError: says(`report.xml does not exist`, `The runner exited with status 0, but the result counts as passed only with a readable report`)},
		resource.TestStep{Config: with("runner_exit = 137"), ConfigStateChecks: recorded("failed", 0, 0, 0, knownvalue.Null())},
		resource.TestStep{Config: with("runner_exit = 137"), PlanOnly: true},
		resource.TestStep{
			PreConfig: func() { w.write("report.xml", junitPassed) },
			Config:    with("runner_exit = 137"), ConfigStateChecks: recorded("failed", 2, 0, 0, text(sum(junitPassed))),
		},
		resource.TestStep{Config: with("runner_exit = 0"), ConfigStateChecks: recorded("passed", 2, 0, 0, text(sum(junitPassed)))},
		resource.TestStep{Config: with("runner_exit = 0\n minimum_tests = 3"), ConfigStateChecks: recorded("failed", 2, 0, 0, text(sum(junitPassed)))},
	)
}

func TestAReportOfAnEarlierRunIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := func(name string) {
		before := time.Now().Add(-10 * time.Minute)
		if err := os.Chtimes(w.path(name), before, before); err != nil {
			t.Fatal(err)
		}
	}
	w.write("report.xml", junitPassed)
	still := w.still()
	w.run(
		// In the apply that deploys it is only known then.
		resource.TestStep{
			Config:      w.config(tested("2.4.0"), smoke(fromReport), deploy("production", "portal_test_result.smoke.release")),
			ExpectError: says(`stale-report: the result of smoke may not be recorded for "intranet/qa"`, `The report was written at 20`, `2.4.0 runs there since 20`, `remove old reports before the tests start`),
		},
		resource.TestStep{
			PreConfig: func() {
				w.mustRun("qa", "app", "app 2.4.0")
				w.mustRun("production")
				old("report.xml")
				still.remember()
			},
			Config: w.config(tested("2.4.0"), smoke(fromReport)), PlanOnly: true,
			ExpectError: says(`stale-report`, `The report was written at 20`),
		},
		// A report with a time in it is of one run. Writing it once more does not help.
		resource.TestStep{
			PreConfig: func() { still.compare(); w.write("report.xml", junitDated) },
			Config:    w.config(tested("2.4.0"), smoke(fromReport)), ConfigStateChecks: recorded("passed", 1, 0, 0, text(sum(junitDated))),
		},
		resource.TestStep{Config: w.config(tested("2.5.0"))},
		resource.TestStep{
			PreConfig: func() { w.write("report.xml", junitDated); still.remember() },
			Config:    w.config(tested("2.5.0"), smoke(fromReport)), PlanOnly: true,
			ExpectError: says(`stale-report`, `The very same report was recorded for release 2.4.0 on qa, which was other content than the 2.5.0 that runs on qa now`),
		},
		resource.TestStep{
			PreConfig: func() { still.compare(); w.write("report.xml", junitPassed) },
			Config:    w.config(tested("2.5.0"), smoke(fromReport)), ConfigStateChecks: recorded("passed", 2, 0, 0, text(sum(junitPassed))),
		},
	)
}

func TestAResultIsForTheContentThatWasTested(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	digest := ""
	captured := func(more string) string {
		w.write("report.xml", junitPassed)
		return smoke(fromReport + "\n  content_digest = \"" + more + "\"")
	}
	w.run(
		resource.TestStep{Config: w.config(tested("2.4.0")), ConfigStateChecks: []statecheck.StateCheck{
			has(deployment("qa"), "content_digest", knownvalue.StringFunc(func(value string) error { digest = value; return nil })),
		}},
		resource.TestStep{
			Config: w.config(tested("2.4.0"), captured(strings.Repeat("0", 64))), PlanOnly: true,
			ExpectError: says(`does not run release 2.4.0 as it was tested`, `something else was deployed there since the tests began`),
		},
		resource.TestStep{Config: w.config(tested("2.4.0"), captured("none")), PlanOnly: true, ExpectError: says(`content_digest`)},
	)
	if len(digest) != 64 {
		t.Errorf("the deployment shows the digest %q", digest)
	}
}

func TestTwoResultsOfASuiteInOneRunAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	still := w.still()
	report := func() {
		for _, class := range []string{"a", "b"} {
			w.write(class+".xml", junitPassed)
		}
		still.remember()
	}
	each := func(more string) string {
		text := ""
		for _, class := range []string{"a", "b"} {
			text += strings.NewReplacer(`"smoke" {`, `"`+class+`" {`, "CLASS", class).Replace(smoke(`junit_report = "{dir}/CLASS.xml"` + "\n  " + more))
		}
		return w.config(tested("2.4.0"), text)
	}
	w.run(
		resource.TestStep{Config: w.config(tested("2.4.0"))},
		resource.TestStep{PreConfig: report, Config: each(""), PlanOnly: true, ExpectError: says(`two results of smoke for "intranet/qa" in one run`, `chance decides which is newer`, `junit_reports`, `give each its own run`)},
		resource.TestStep{PreConfig: still.compare, Config: each(""), PlanOnly: true, ExpectError: says(w.path("a.xml"))},
		resource.TestStep{Config: each(""), PlanOnly: true, ExpectError: says(w.path("b.xml"))},
		resource.TestStep{Config: each("run = \"CLASS\"")},
	)
}

func TestRealAFailingReportWarnsAtPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.root("all").write(tested("2.4.0"))
	r.apply()
	w.write("report.xml", junitFailed)
	output := r.write(tested("2.4.0"), smoke(fromReport)).must("plan")
	if !says(`Warning: smoke: 2 of 3 failed on qa`, `The report shows 2 failures (3 tests ran)`, `It is recorded as failed, and what was tested cannot leave this stage.`).MatchString(output) {
		t.Errorf("it does not warn:\n%s", output)
	}
	w.write("report.xml", junitPassed)
	if output := r.must("plan"); strings.Contains(output, "failed on qa") {
		t.Errorf("it warns of a passing report:\n%s", output)
	}
	r.write(tested("2.4.0"), smoke(fromReport+"\n  runner_exit = 1"))
	if output := r.must("plan"); !says(`Warning: smoke failed on qa`, `The runner exited with status 1; its report shows no failure`).MatchString(output) {
		t.Errorf("it does not warn of the runner:\n%s", output)
	}
}

// What was imported is what is declared: nothing more is recorded.
func TestRealRecordsAreImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.root("all").write(tested("2.4.0"), testResult("smoke", "qa", "smoke", "passed", "run = \"17\"\n  summary = \"all green\""), approval("bob@example.com"))
	r.apply()
	w.write("report.xml", junitPassed)
	imported := func(address string) {
		t.Helper()
		var shown struct{ ID string }
		(&scene{world: w, root: r}).state(address, &shown)
		r.must("state", "rm", address)
		r.must("import", address, shown.ID)
	}
	for _, address := range []string{"portal_test_result.smoke", "portal_approval.bob"} {
		imported(address)
		r.mustBeEmpty()
	}
	// The path of a report is not in the ledger; what it says is, so there is nothing to record.
	r.write(tested("2.4.0"), smoke(fromReport), approval("bob@example.com")).apply()
	n := len(w.entries())
	imported("portal_test_result.smoke")
	r.apply()
	r.mustBeEmpty()
	if now := len(w.entries()); now != n {
		t.Errorf("%s were recorded", fmt.Sprint(kinds(w.entries()[n:])))
	}
}
