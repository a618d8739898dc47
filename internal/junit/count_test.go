package junit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// judged writes a report and judges it by itself: "passed", "failed" or
// "refused", and why.
func judged(t testing.TB, content string) (result string, v Verdict, err error) {
	t.Helper()
	report, err := Read(write(t, "junit.xml", content))
	v, err = Judge(Run{Report: report, Err: err})
	switch {
	case err != nil:
		return "refused", v, err
	case v.Passed:
		return "passed", v, nil
	}
	return "failed", v, nil
}

func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type countCase struct {
	name, xml, want          string
	tests, failures, skipped int64
	reason                   string // part of the reason or of the error
}

func checkCounts(t *testing.T, cases []countCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, v, err := judged(t, c.xml)
			if got != c.want || v.Tests != c.tests || v.Failures != c.failures || v.Skipped != c.skipped {
				t.Errorf("%s: %+v, %v", got, v, err)
			}
			said := v.Reason
			if err != nil {
				said = err.Error()
			}
			if !strings.Contains(said, c.reason) {
				t.Errorf("it says %q, not %q", said, c.reason)
			}
		})
	}
}

func TestCasesAndSuites(t *testing.T) {
	checkCounts(t, []countCase{
		{"one suite", `<testsuite><testcase name="a"/><testcase name="b"/></testsuite>`, "passed", 2, 0, 0, "2 tests passed."},
		{"suites in suites", `<testsuites><testsuite><testcase name="a"/><testsuite><testcase name="b"><failure/></testcase></testsuite></testsuite><testsuite><testcase name="c"/></testsuite></testsuites>`, "failed", 3, 1, 0, `1 failure (3 tests ran): test "b" failed.`},
		{"failures and errors", `<testsuite><testcase name="a"><failure message="no">at x</failure></testcase><testcase name="b"><error/></testcase><testcase name="c"/></testsuite>`, "failed", 3, 2, 0, "2 failures"},
		{"several failures of one case are one", `<testsuite><testcase name="a"><failure/><failure/><error/></testcase></testsuite>`, "failed", 1, 1, 0, ""},
		{"skipped cases are counted apart", `<testsuite><testcase name="a"><skipped/></testcase><testcase name="b"/></testsuite>`, "passed", 1, 0, 1, "1 test passed, 1 skipped."},
		{"a case beside the suites", `<testsuites><testcase name="a"><failure/></testcase><testsuite><testcase name="b"/></testsuite></testsuites>`, "failed", 2, 1, 0, ""},
		{"a case in a case is part of it", `<testsuite><testcase name="a"><testcase name="b"><failure/></testcase></testcase></testsuite>`, "failed", 1, 1, 0, ""},
		{"a failure in what a case prints is none", `<testsuite><testcase name="a"><system-out><![CDATA[<failure/>]]></system-out></testcase></testsuite>`, "passed", 1, 0, 0, ""},
		{"a failure further down in a case is not its own", `<testsuite><testcase name="a"><attempt><failure/></attempt></testcase></testsuite>`, "passed", 1, 0, 0, ""},
		{"a warning is no failure", `<testsuite warnings="1"><testcase name="a"><warning>w</warning></testcase></testsuite>`, "passed", 1, 0, 0, ""},
		{"elements of a namespace", `<testsuite xmlns="urn:x" xmlns:y="urn:y" y:errors="0"><testcase name="a"><y:failure/></testcase></testsuite>`, "failed", 1, 1, 0, ""},
		{"an empty name is a name", `<testsuite><testcase name=""/></testsuite>`, "passed", 1, 0, 0, ""},
		{"a case without a name refuses", `<testsuite tests="1"><testcase name="a"/>` + "\n" + `<testcase time="0.0"/></testsuite>`, "refused", 0, 0, 0, "line 2: a test case has no name"},
		{"a case without a name refuses beside a failure", `<testsuite><testcase name="a"><failure/></testcase><testcase time="0.0"/></testsuite>`, "refused", 0, 0, 0, "has no name"},
		{"no case refuses", `<testsuite name="a" tests="3"/>`, "refused", 0, 0, 0, "has no test case: nothing was tested"},
		{"no suite in the suites refuses", `<testsuites tests="0" failures="0"></testsuites>`, "refused", 0, 0, 0, "has no test case"},
		{"only skipped cases refuse", `<testsuite><testcase name="a"><skipped/></testcase></testsuite>`, "refused", 0, 0, 0, "has only skipped test cases (1)"},
		{"joined reports count together", `<?xml version="1.0" encoding="utf-8"?><testsuite><testcase name="a"/></testsuite><?xml version="1.0" encoding="latin1"?><testsuite><testcase name="b"><error/></testcase></testsuite>`, "failed", 2, 1, 0, ""},
		{"text around the suites", "file | % lines\n<testsuite><testcase name=\"a\"/></testsuite>\nbye", "passed", 1, 0, 0, ""},
	})
}

func TestWhatSuitesSayOfThemselves(t *testing.T) {
	checkCounts(t, []countCase{
		{"an error of a suite beside its cases", `<testsuite name="s"><testcase name="a"/><error message="setting up"/></testsuite>`, "failed", 1, 1, 0, `suite "s" has an error of its own: setting up.`},
		{"an error of a suite without a case", `<testsuites><testsuite tests="0" errors="0"><error message="no plan"/></testsuite></testsuites>`, "failed", 0, 1, 0, "a suite has an error of its own: no plan"},
		{"a failure of a suite without a case", `<testsuite><failure/></testsuite>`, "failed", 0, 1, 0, ""},
		{"a claim without a case", `<testsuite name="g" tests="0" failures="0" errors="1"/>`, "failed", 0, 1, 0, `suite "g" counts more failures (1) than the report shows (0).`},
		{"a claim of all suites without a suite", `<testsuites failures="1"><testsuite/></testsuites>`, "failed", 0, 1, 0, ""},
		{"failures that only the suite knows of", `<testsuite failures="1" errors="2"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>`, "failed", 2, 3, 0, ""},
		{"the same failures on two levels count once", `<testsuites failures="1"><testsuite failures="1"><testcase name="a"><failure/></testcase></testsuite></testsuites>`, "failed", 1, 1, 0, ""},
		{"a claim of fewer failures than there are", `<testsuite failures="0" errors="0"><testcase name="a"><failure/></testcase></testsuite>`, "failed", 1, 1, 0, ""},
		{"a claim that is no number claims nothing", `<testsuite failures="" errors="NaN"><testcase name="a"/></testsuite>`, "passed", 1, 0, 0, ""},
		{"a claim below zero claims nothing", `<testsuite failures="-1" errors="2"><testcase name="a"/></testsuite>`, "failed", 1, 2, 0, ""},
		{"a claim beyond all numbers is a claim", `<testsuite failures="1e999"><testcase name="a"/></testsuite>`, "failed", 1, 1<<31 - 1, 0, ""},
		{"a claim with a fraction", `<testsuite failures=" 1.0 "><testcase name="a"/></testsuite>`, "failed", 1, 1, 0, ""},

		{"Ginkgo's verdict counts", `<testsuite name="s"><properties><property name="SuiteSucceeded" value="false"/><property name="SpecialSuiteFailureReason" value="pending&#xA;specs"/></properties><testcase name="a" status="passed"/></testsuite>`, "failed", 1, 1, 0, `suite "s" failed as a whole: pending specs.`},
		{"Ginkgo's verdict adds nothing to a failure", `<testsuite><properties><property name="SuiteSucceeded" value="false"/></properties><testcase name="a"><failure/></testcase></testsuite>`, "failed", 1, 1, 0, ""},
		{"Ginkgo's verdict on a suite beside another", `<testsuites><testsuite><properties><property name="SuiteSucceeded" value="true"/></properties><testcase name="a"/></testsuite><testsuite tests="0"><properties><property name="SuiteSucceeded" value="false"/></properties></testsuite></testsuites>`, "failed", 1, 1, 0, ""},
		{"Ginkgo's verdict that nothing ran is what refuses", `<testsuite name="s" tests="0"><properties><property name="SuiteSucceeded" value="false"/><property name="SpecialSuiteFailureReason" value="no specs"/></properties></testsuite>`, "refused", 0, 0, 0, `nothing was tested (suite "s" failed as a whole: no specs)`},
		{"Ginkgo's focus fails", `<testsuite><properties><property name="SuiteSucceeded" value="true"/><property name="SuiteHasProgrammaticFocus" value="true"/></properties><testcase name="a"/><testcase name="b" status="skipped"><skipped/></testcase></testsuite>`, "failed", 1, 1, 1, "focused"},
		{"a suite that succeeded, without focus", `<testsuite><properties><property name="SuiteSucceeded" value="true"/><property name="SuiteHasProgrammaticFocus" value="false"/></properties><testcase name="a"/></testsuite>`, "passed", 1, 0, 0, ""},
		{"a property further down in a suite is no verdict", `<testsuite><system-out><x><property name="SuiteSucceeded" value="false"/></x></system-out><testcase name="a"/></testsuite>`, "passed", 1, 0, 0, ""},
		{"a property of a case is no verdict", `<testsuite><testcase name="a"><properties><property name="SuiteSucceeded" value="false"/></properties></testcase></testsuite>`, "passed", 1, 0, 0, ""},
	})
}

func TestReruns(t *testing.T) {
	checkCounts(t, []countCase{
		{"a case that passed when it was run again", `<testsuite tests="1" failures="0"><testcase name="a"><flakyFailure/></testcase></testsuite>`, "passed", 1, 0, 0, ""},
		{"runs are taken off the claim of a suite that counts them", `<testsuite tests="3" failures="1" errors="0"><testcase name="a"/><testcase name="b"><flakyFailure/></testcase></testsuite>`, "passed", 2, 0, 0, ""},
		{"so are runs with an error", `<testsuite tests="4" failures="1" errors="1"><testcase name="a"/><testcase name="b"><flakyError/><flakyFailure/></testcase></testsuite>`, "passed", 2, 0, 0, ""},
		{"runs are not taken off the claim of a suite that does not count them", `<testsuite tests="2" failures="1"><testcase name="a"/><testcase name="b"><flakyFailure/></testcase></testsuite>`, "failed", 2, 1, 0, ""},
		{"runs with a failure are not taken off the errors", `<testsuite tests="3" failures="0" errors="1"><testcase name="a"/><testcase name="b"><flakyFailure/></testcase></testsuite>`, "failed", 2, 1, 0, ""},
		{"runs of one case do not hide another that failed", `<testsuite tests="3" failures="2"><testcase name="a"><failure/></testcase><testcase name="b"><flakyFailure/></testcase></testsuite>`, "failed", 2, 1, 0, ""},
		{"a case that failed each time is one failure", `<testsuite tests="3" failures="3"><testcase name="a"><failure/><rerunFailure/><rerunFailure/></testcase></testsuite>`, "failed", 1, 1, 0, ""},
		{"a case of which only the second failure is there", `<testsuite><testcase name="a"><rerunError/></testcase></testsuite>`, "failed", 1, 1, 0, ""},
		{"runs are taken off on both levels", `<testsuites tests="2" failures="1"><testsuite tests="2" failures="1"><testcase name="a"><flakyFailure/></testcase></testsuite></testsuites>`, "passed", 1, 0, 0, ""},
	})
}

func TestSkippedThatMeansSomethingElse(t *testing.T) {
	beside := func(second string) string {
		return `<testsuite failures="0"><testcase name="a"/>` + second + `</testsuite>`
	}
	checkCounts(t, []countCase{
		{"status notrun is skipped", beside(`<testcase name="b" status="notrun"/>`), "passed", 1, 0, 1, ""},
		{"status disabled is skipped", beside(`<testcase name="b" status="disabled"><system-out>Disabled</system-out></testcase>`), "passed", 1, 0, 1, ""},
		{"only status disabled refuses", `<testsuite disabled="1"><testcase name="b" status="disabled"/></testsuite>`, "refused", 0, 0, 0, "only skipped"},
		{"result suppressed is skipped", beside(`<testcase name="b" status="notrun" result="suppressed"/>`), "passed", 1, 0, 1, ""},
		{"status run is run", beside(`<testcase name="b" status="run" result="completed"/>`), "passed", 2, 0, 0, ""},
		{"status failed without a failure fails", beside(`<testcase name="b" status="failed"/>`), "failed", 2, 1, 0, ""},
		{"status failed of a skipped case is skipped", beside(`<testcase name="b" status="failed"><skipped/></testcase>`), "passed", 1, 0, 1, ""},

		{"CTest's return code for skipping", beside(`<testcase name="b" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>`), "passed", 1, 0, 1, ""},
		{"CTest's expression for skipping", beside(`<testcase name="b" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>`), "passed", 1, 0, 1, ""},
		{"CTest's missing executable", beside(`<testcase name="b" status="notrun"><skipped message="Unable to find executable"/></testcase>`), "failed", 2, 1, 0, `test "b" failed: it is marked as skipped but could not run: Unable to find executable.`},
		{"CTest's missing file", beside(`<testcase name="b" status="notrun"><skipped message="Required Files Missing"/></testcase>`), "failed", 2, 1, 0, ""},
		{"CTest's failed fixture", beside(`<testcase name="b" status="notrun"><skipped message="Fixture dependency failed"/></testcase>`), "failed", 2, 1, 0, ""},
		{"the same words from somebody who skips", beside(`<testcase name="b"><skipped message="Unable to find executable"/></testcase>`), "passed", 1, 0, 1, ""},
		{"EUnit's timeout", beside(`<testcase name="b"><skipped type="timeout"/></testcase>`), "failed", 2, 1, 0, "could not run: timeout"},
		{"EUnit's killed test", beside(`<testcase name="b"><skipped type="unknown">undefined</skipped></testcase>`), "failed", 2, 1, 0, "could not run: undefined"},
		{"EUnit's setup that failed", beside(`<testcase name="b"><skipped type="setup_failed"/></testcase>`), "failed", 2, 1, 0, ""},
		{"Common Test's automatic skip", beside(`<testcase name="b"><skipped type="skip" message="Test b in x skipped!">{tc_auto_skip,` + "\n" + ` {failed,{x,init_per_suite,no_db}}}</skipped></testcase>`), "failed", 2, 1, 0, ""},
		{"Common Test's skip by a person", beside(`<testcase name="b"><skipped type="skip" message="Test b in x skipped!">{tc_user_skip,{skipped,"not now"}}</skipped></testcase>`), "passed", 1, 0, 1, ""},
		{"an interrupt by a person", beside(`<testcase name="b"><skipped message="User interrupt"/></testcase>`), "failed", 2, 1, 0, ""},
		{"an interrupted run, said in the text", beside(`<testcase name="b"><skipped>The test run was interrupted.</skipped></testcase>`), "failed", 2, 1, 0, ""},
		{"a skip about interrupts", beside(`<testcase name="b"><skipped message="Interrupts are not emulated here"/></testcase>`), "passed", 1, 0, 1, ""},
		{"an assumption that does not hold", beside(`<testcase name="b"><skipped type="org.opentest4j.TestAbortedException" message="Assumption failed"/></testcase>`), "passed", 1, 0, 1, ""},
		{"a failure that was expected, as the suite says", `<testsuite failures="0" errors="0"><testcase name="a"/><testcase name="b"><skipped message="may fail"/><failure/></testcase></testsuite>`, "passed", 1, 0, 1, ""},
		{"an error of a skipped case where the suite speaks of failures only", `<testsuite failures="0"><testcase name="a"/><testcase name="b"><skipped/><error/></testcase></testsuite>`, "failed", 2, 1, 0, ""},
		{"a failure of a skipped case that the suite counts", `<testsuite failures="1"><testcase name="a"/><testcase name="b"><skipped/><failure/></testcase></testsuite>`, "failed", 2, 1, 0, ""},
		{"a failure of a skipped case where no suite says anything", `<testsuites><testcase name="a"/><testcase name="b"><skipped type="todo"/><failure/></testcase></testsuites>`, "failed", 2, 1, 0, ""},
		{"a failure that nobody expected, of a case that could not run", `<testsuite failures="0"><testcase name="a"/><testcase name="b"><skipped type="timeout"/><failure/></testcase></testsuite>`, "failed", 2, 1, 0, ""},
	})
}

func TestTheSummaryThatNodeWritesInComments(t *testing.T) {
	report := func(comments ...string) string {
		all := `<testsuites><testcase name="a"/>`
		for _, comment := range comments {
			all += "<!-- " + comment + " -->"
		}
		return all + `</testsuites>`
	}
	checkCounts(t, []countCase{
		{"all passed", report("tests 1", "suites 0", "pass 1", "fail 0", "cancelled 0", "skipped 0"), "passed", 1, 0, 0, ""},
		{"a failure that is no case", report("tests 2", "suites 0", "pass 1", "fail 1", "cancelled 0"), "failed", 1, 1, 0, "the summary at the end counts more failures (1) than the report shows (0)"},
		{"a cancelled test", report("pass 1", "fail 1", "cancelled 2"), "failed", 1, 3, 0, ""},
		{"an error before the summary", report("Error: activity after the end", "tests 1", "pass 1", "fail 0"), "failed", 1, 1, 0, "the run failed as a whole: Error: activity after the end."},
		{"an error after the summary", report("tests 1", "pass 1", "fail 0", "Error: 50% line coverage"), "failed", 1, 1, 0, ""},
		{"an error beside failures adds nothing", report("pass 1", "fail 1", "cancelled 0", "Error: x"), "failed", 1, 1, 0, ""},
		{"a comment of a test", report("fail 3", "tests 1", "pass 1", "fail 0", "cancelled 0"), "passed", 1, 0, 0, ""},
		{"comments of another runner", report("Error: the name of a test", "fail 1"), "passed", 1, 0, 0, ""},
		{"a failure where no case is left", `<testsuites><!-- pass 0 --><!-- fail 1 --></testsuites>`, "failed", 0, 1, 0, ""},
		{"an error where nothing ran", `<testsuites><!-- pass 0 --><!-- fail 0 --><!-- Error: x --></testsuites>`, "refused", 0, 0, 0, "nothing was tested"},
	})
}

// A report nested as deep as it may be, with much text at the bottom, is read
// in the time of a flat one.
func TestADeepReportTakesNoTimeOutOfProportion(t *testing.T) {
	const depth = 100_000
	report := strings.Repeat("<testsuite>", depth) + `<testcase name="a"><system-out>` + strings.Repeat("<x>", depth) +
		strings.Repeat("a &amp; b ", 200_000) + strings.Repeat("</x>", depth) + "</system-out></testcase>" + strings.Repeat("</testsuite>", depth)
	began := time.Now()
	result, v, err := judged(t, report)
	if took := time.Since(began); result != "passed" || v.Tests != 1 || took > 10*time.Second {
		t.Errorf("%s: %+v, %v after %s", result, v, err, took)
	}
}
