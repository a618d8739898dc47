package junit

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	exit := func(n int64) *int64 { return &n }
	good := &Report{Files: []string{"r.xml"}, Tests: 12, Skipped: 3}
	bad := &Report{Files: []string{"r.xml"}, Tests: 30, Failures: 2, Notes: []string{`test "b" failed`}}
	nothing := &NothingRanError{&Report{Files: []string{"r.xml"}, Skipped: 4}}
	broken := errors.New("r.xml cannot be read")
	absent := &fs.PathError{Op: "stat", Path: "r.xml", Err: fs.ErrNotExist}
	const passed, failed, refused = "passed", "failed", "refused"
	cases := []struct {
		name string
		run  Run
		want string
		says string
	}{
		{"a report that passes", Run{Report: good}, passed, "12 tests passed, 3 skipped."},
		{"a report that fails", Run{Report: bad}, failed, `The report shows 2 failures (30 tests ran): test "b" failed.`},
		{"a report that cannot be read", Run{Err: broken}, refused, `r.xml cannot be read. If the tests failed, set runner_exit to the exit status of the runner, or outcome = "failed" instead of the report`},
		{"no report", Run{Err: absent}, refused, "runner_exit"},
		{"neither a report nor an error", Run{}, refused, "no report was given"},
		{"a report in which nothing ran", Run{Err: nothing}, refused, "r.xml has only skipped test cases (4): nothing was tested. If"},

		{"exit 0 and a report that passes", Run{Report: good, RunnerExit: exit(0)}, passed, ""},
		{"exit 0 saves no report that fails", Run{Report: bad, RunnerExit: exit(0)}, failed, "2 failures"},
		{"exit 0 without a readable report", Run{Err: broken, RunnerExit: exit(0)}, refused, "The runner exited with status 0, but the result counts as passed only with a readable report"},
		{"exit 0 without a report", Run{Err: absent, RunnerExit: exit(0)}, refused, `outcome = "failed"`},
		{"exit 0 and nothing ran", Run{Err: nothing, RunnerExit: exit(0)}, refused, "nothing was tested"},
		{"exit 0 and neither a report nor an error", Run{RunnerExit: exit(0)}, refused, "no report was given"},

		{"exit 1 and a report that passes", Run{Report: good, RunnerExit: exit(1)}, failed, "The runner exited with status 1; its report shows no failure (12 tests ran, 3 skipped)."},
		{"exit 1 and a report that fails", Run{Report: bad, RunnerExit: exit(1)}, failed, `The runner exited with status 1; its report shows 2 failures (30 tests ran): test "b" failed.`},
		{"exit 137 without a readable report", Run{Err: broken, RunnerExit: exit(137)}, failed, "The runner exited with status 137; there is no usable report (r.xml cannot be read)."},
		{"exit 2 without a report", Run{Err: absent, RunnerExit: exit(2)}, failed, "status 2"},
		{"exit 5 and nothing ran", Run{Err: nothing, RunnerExit: exit(5)}, failed, "status 5"},
		{"a negative exit, as Windows has them", Run{Report: good, RunnerExit: exit(-1073741819)}, failed, "status -1073741819"},
		{"exit 1 and neither a report nor an error", Run{RunnerExit: exit(1)}, failed, "there is no report."},

		{"as many tests as there have to be", Run{Report: good, MinimumTests: 12}, passed, ""},
		{"fewer tests than there have to be", Run{Report: good, MinimumTests: 13}, failed, "Only 12 tests ran, fewer than minimum_tests (13), 3 skipped."},
		{"fewer tests, and exit 0", Run{Report: good, MinimumTests: 13, RunnerExit: exit(0)}, failed, "Only 12"},
		{"nothing ran where something has to", Run{Err: nothing, MinimumTests: 1}, failed, "Only 0 tests ran, fewer than minimum_tests (1), 4 skipped."},
		{"nothing ran and nothing has to", Run{Err: nothing, MinimumTests: 0}, refused, "nothing was tested"},
		{"enough tests that failed", Run{Report: bad, MinimumTests: 1}, failed, "2 failures"},
		{"an unreadable report where something has to run", Run{Err: broken, MinimumTests: 1}, refused, "r.xml cannot be read"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v, err := Judge(c.run)
			got, says := v.Outcome(), v.Reason
			if err != nil {
				got, says = refused, err.Error()
			}
			if got != c.want || !strings.Contains(says, c.says) {
				t.Errorf("%s: %q, not %s: %q", got, says, c.want, c.says)
			}
			if err != nil && (v != Verdict{}) {
				t.Errorf("an error and a verdict: %+v", v)
			}
			if c.run.Report != nil && (v.Tests != c.run.Report.Tests || v.Failures != c.run.Report.Failures || v.Skipped != c.run.Report.Skipped) {
				t.Errorf("the counts are not those of the report: %+v", v)
			}
		})
	}
}

func TestARunWithoutAVerdictKeepsItsCause(t *testing.T) {
	_, err := Judge(Run{Err: &fs.PathError{Op: "stat", Path: "r.xml", Err: fs.ErrNotExist}})
	var unreadable *UnreadableError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &unreadable) {
		t.Errorf("%#v", err)
	}
}
