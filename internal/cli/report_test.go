package cli_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/cli"
)

// reports writes report files into the working directory.
func reports(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func sumOf(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

const (
	passing = `<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>`
	failing = `<testsuite><testcase name="c"/><testcase name="d"><failure message="no"/></testcase></testsuite>`
	nothing = `<testsuite><testcase name="e"><skipped/></testcase></testsuite>`
)

func TestReportSaysWhatWouldBeRecorded(t *testing.T) {
	files := map[string]string{"passing.xml": passing, "failing.xml": failing, "nothing.xml": nothing, "classes/a.xml": passing, "classes/b/c.xml": failing, "broken.xml": "<testsuite>"}
	both := sumOf(sumOf(passing) + "  a.xml\x00" + sumOf(failing) + "  b/c.xml\x00")
	for _, c := range []struct {
		name     string
		args     []string
		code     int
		want     map[string]any // JSON, without the reason
		contains string         // the reason
	}{
		{"passed", []string{"passing.xml"}, cli.ExitDone, result("passed", 1, 0, 1, sumOf(passing)), "1 test passed, 1 skipped."},
		{"failed", []string{"failing.xml"}, cli.ExitNo, result("failed", 2, 1, 0, sumOf(failing)), "The report shows 1 failure (2 tests ran)"},
		{"the runner failed", []string{"passing.xml", "--runner-exit", "3"}, cli.ExitNo, result("failed", 1, 0, 1, sumOf(passing)), "The runner exited with status 3; its report shows no failure"},
		{"the runner exited with 0", []string{"passing.xml", "--runner-exit", "0"}, cli.ExitDone, result("passed", 1, 0, 1, sumOf(passing)), "1 test passed"},
		{"0 saves no failing report", []string{"failing.xml", "--runner-exit", "0"}, cli.ExitNo, result("failed", 2, 1, 0, sumOf(failing)), "1 failure"},
		{"the runner failed without a report", []string{"none.xml", "--runner-exit", "1"}, cli.ExitNo, result("failed", 0, 0, 0, ""), "there is no usable report (none.xml does not exist)"},
		{"the runner failed, and nothing ran", []string{"nothing.xml", "--runner-exit", "5"}, cli.ExitNo, result("failed", 0, 0, 1, sumOf(nothing)), "The runner exited with status 5"},
		{"a report for each class", []string{"classes/**/*.xml"}, cli.ExitNo, result("failed", 3, 1, 1, both), "1 failure (3 tests ran, 1 skipped)"},
		{"enough tests", []string{"passing.xml", "--minimum-tests", "1"}, cli.ExitDone, result("passed", 1, 0, 1, sumOf(passing)), "1 test passed"},
		{"too few tests", []string{"passing.xml", "--minimum-tests", "2"}, cli.ExitNo, result("failed", 1, 0, 1, sumOf(passing)), "Only 1 test ran, fewer than --minimum-tests (2)"},
		{"nothing ran", []string{"nothing.xml"}, cli.ExitCannotRun, result("refused", 0, 0, 0, ""), "nothing was tested"},
		{"no report", []string{"none/*.xml"}, cli.ExitCannotRun, result("refused", 0, 0, 0, ""), "No file matches none/*.xml. If the tests failed, set --runner-exit to the exit status of the runner, or record outcome = \"failed\" with portal_test_result"},
		{"no report, and the runner exited with 0", []string{"none.xml", "--runner-exit", "0"}, cli.ExitCannotRun, result("refused", 0, 0, 0, ""), "If the tests failed, set --runner-exit to the runner's own exit status"},
		{"one of two cannot be read", []string{"passing.xml", "broken.xml"}, cli.ExitCannotRun, result("refused", 0, 0, 0, ""), "broken.xml cannot be read as a JUnit report"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reports(t, files)
			args := append([]string{"report"}, c.args...)
			printed := run(t, nil, append(args, "--json")...)
			var got map[string]any
			if err := json.Unmarshal([]byte(printed.stdout), &got); err != nil {
				t.Fatalf("%v in %q", err, printed.stdout)
			}
			reason, _ := got["reason"].(string)
			delete(got, "reason")
			if diff := cmp.Diff(c.want, got); printed.code != c.code || diff != "" || !strings.Contains(reason, c.contains) {
				t.Errorf("it ends with %d, want %d, because %q (-want +got):\n%s", printed.code, c.code, reason, diff)
			}
			forPeople := run(t, nil, args...)
			text := forPeople.stdout
			if c.code == cli.ExitCannotRun {
				text = forPeople.stderr
				if forPeople.stdout != "" {
					t.Errorf("it prints %q", forPeople.stdout)
				}
			}
			if forPeople.code != c.code || !strings.Contains(strings.ToLower(text), strings.ToLower(c.contains)) {
				t.Errorf("for people it ends with %d and says %q, want %d and %q", forPeople.code, text, c.code, c.contains)
			}
		})
	}
}

func result(outcome string, tests, failures, skipped float64, sha256 string) map[string]any {
	m := map[string]any{"outcome": outcome, "tests": tests, "failures": failures, "skipped": skipped}
	if sha256 != "" {
		m["report_sha256"] = sha256
	}
	return m
}

func TestAReportForPeople(t *testing.T) {
	reports(t, map[string]string{"a.xml": passing, "bad.xml": "<testsuite><testcase name=\"x\x1b[31m\"><failure message=\"\x1b]0;title\x07\nred\"/></testcase></testsuite>"})
	run(t, nil, "report", "a.xml").mustBe(t, cli.ExitDone, "passed: 1 test passed, 1 skipped.\n\ntests     1\nfailures  0\nskipped   1\nsha256    SHA256\n", "")
	if got := run(t, nil, "report", "bad.xml"); got.code != cli.ExitNo || strings.ContainsAny(got.stdout, "\x1b\x07") {
		t.Errorf("a report reaches the terminal: %d, %q", got.code, got.stdout)
	}
	run(t, nil, "report", "none.xml", "--runner-exit", "-1").mustBe(t, cli.ExitNo,
		"failed: The runner exited with status -1; there is no usable report (none.xml does not exist).\n\ntests     0\nfailures  0\nskipped   0\n", "")
}

func TestAReportThatIsAskedForWrongly(t *testing.T) {
	reports(t, map[string]string{"a.xml": passing})
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no file", nil, "report needs the paths of JUnit reports"},
		{"an empty path", []string{""}, "the path of a report is empty"},
		{"a status that is none", []string{"a.xml", "--runner-exit", "failed"}, "--runner-exit"},
		{"a status that is empty", []string{"a.xml", "--runner-exit", ""}, "--runner-exit"},
		{"no tests at least", []string{"a.xml", "--minimum-tests", "0"}, "--minimum-tests is 0, and must be at least 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := run(t, nil, append([]string{"report"}, c.args...)...)
			if got.code != cli.ExitCannotRun || got.stdout != "" || !strings.Contains(got.stderr, c.says) {
				t.Errorf("it ends with %d and says %q, want %q", got.code, got.stderr, c.says)
			}
		})
	}
}

// TestAReportKeepsItsName reads a report whose name could be a word.
func TestAReportKeepsItsName(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("results", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"results", "nothing"} {
		got := run(t, nil, "report", name, "--json")
		if got.code != cli.ExitCannotRun || !strings.Contains(got.stdout, `"reason": "\"`+name+`\" `) {
			t.Errorf("%+v", got)
		}
	}
}
