package junit

import (
	"errors"
	"fmt"
)

// Verdict is the result of a run of tests.
type Verdict struct {
	Passed   bool
	Tests    int64  // that ran
	Failures int64  // that the report shows; a run may have failed without any
	Skipped  int64  // that did not run
	Reason   string // one sentence: why it passed or failed
}

// Outcome is "passed" or "failed".
func (v Verdict) Outcome() string {
	if v.Passed {
		return "passed"
	}
	return "failed"
}

// Run is what is known of a run of tests.
type Run struct {
	Report *Report // of Read or ReadMatches, nil if there is an error
	Err    error   // of the same

	RunnerExit   *int64 // exit status of the runner itself; nil if nobody says
	MinimumTests int64  // fewer that ran are a failed result; 0 if any number will do

	Words Words // of the caller; the zero Words are the attributes of portal_test_result
}

// Words are the caller's names for what messages say to set.
type Words struct{ RunnerExit, MinimumTests, Failed string }

func (r Run) words() Words {
	if r.Words == (Words{}) {
		return Words{"runner_exit", "minimum_tests", `or outcome = "failed" instead of the report`}
	}
	return r.Words
}

// Shown is the report, also one that shows no test that ran, or nil.
func (r Run) Shown() *Report {
	var nothing *NothingRanError
	if errors.As(r.Err, &nothing) {
		return nothing.Report
	}
	return r.Report
}

// Judge says whether a run has passed. Both have to say so, the runner and its
// report: an exit status other than 0 is a failed result whatever the report
// says, also without one, and exit status 0 saves no report that fails. The
// error is for a run of which nothing can be said; it says what to do.
func Judge(run Run) (Verdict, error) {
	report, v := run.Shown(), Verdict{}
	var nothing *NothingRanError
	if report != nil {
		v.Tests, v.Failures, v.Skipped = report.Tests, report.Failures, report.Skipped
	}
	switch {
	case run.RunnerExit != nil && *run.RunnerExit != 0:
		v.Reason = fmt.Sprintf("The runner exited with status %d; %s.", *run.RunnerExit, shown(report, run.Err))
	case run.Err != nil && (!errors.As(run.Err, &nothing) || run.MinimumTests < 1):
		return Verdict{}, unreadable(run)
	case report == nil:
		return Verdict{}, unreadable(Run{Err: errors.New("no report was given"), RunnerExit: run.RunnerExit, Words: run.Words})
	case v.Failures > 0:
		v.Reason = sentence(report)
	case v.Tests < run.MinimumTests:
		v.Reason = fmt.Sprintf("Only %s ran, fewer than %s (%d)%s.", plural(v.Tests, "test"), run.words().MinimumTests, run.MinimumTests, alsoSkipped(report))
	default:
		v.Passed, v.Reason = true, sentence(report)
	}
	return v, nil
}

// UnreadableError says that a run cannot be judged.
type UnreadableError struct {
	Err    error
	advice string
}

func (e *UnreadableError) Error() string { return e.Err.Error() + ". " + e.advice }
func (e *UnreadableError) Unwrap() error { return e.Err }

func unreadable(run Run) error {
	words := run.words()
	advice := fmt.Sprintf("If the tests failed, set %s to the exit status of the runner, %s", words.RunnerExit, words.Failed)
	if run.RunnerExit != nil {
		advice = fmt.Sprintf("The runner exited with status 0, but the result counts as passed only with a readable report. "+
			"If the tests failed, set %s to the runner's own exit status, %s", words.RunnerExit, words.Failed)
	}
	return &UnreadableError{run.Err, advice}
}

// shown is what a report shows, as the second half of a sentence.
func shown(report *Report, err error) string {
	switch {
	case err != nil:
		return "there is no usable report (" + err.Error() + ")"
	case report == nil:
		return "there is no report"
	case report.Failures == 0:
		return "its report shows no failure (" + plural(report.Tests, "test") + " ran" + alsoSkipped(report) + ")"
	}
	return "its report shows " + failures(report)
}

// sentence says what a report shows.
func sentence(report *Report) string {
	if report.Failures > 0 {
		return "The report shows " + failures(report) + "."
	}
	return plural(report.Tests, "test") + " passed" + alsoSkipped(report) + "."
}

func failures(report *Report) string {
	s := fmt.Sprintf("%s (%s ran%s)", plural(report.Failures, "failure"), plural(report.Tests, "test"), alsoSkipped(report))
	if len(report.Notes) > 0 {
		s += ": " + report.Notes[0]
	}
	return s
}

func alsoSkipped(report *Report) string {
	if report == nil || report.Skipped == 0 {
		return ""
	}
	return fmt.Sprintf(", %d skipped", report.Skipped)
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
