package junit

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// outcome is what became of a test case.
type outcome int8

const (
	passed outcome = iota
	skipped
	failed
)

// outcome judges a test case that has ended, by what is in it and by what the
// suite around it claims.
func (e *element) outcome(around claim) outcome {
	switch {
	case e.skipped && e.couldNotRun == "" && around.expected(e.failures, e.errors):
		return skipped
	case e.failures+e.errors > 0, e.couldNotRun != "", e.lastRunFailed:
		return failed
	case e.skipped, e.status == notRun, e.status == left:
		return skipped
	case e.status == bad:
		return failed
	}
	return passed
}

// claim is what a suite says of itself in its attributes.
type claim struct{ tests, failures, errors number }

// number is the value of an attribute, if the attribute is there.
type number struct {
	n    int64
	said bool
}

// set reads a number. The larger of two is kept, and no number, however large,
// is taken for none.
func (n *number) set(s string) {
	value, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil && !math.IsInf(value, 1) {
		return
	}
	n.n, n.said = max(n.n, int64(min(max(value, 0), math.MaxInt32))), true
}

func (n number) isZero() bool { return n.said && n.n == 0 }

// expected reports whether the failures of a skipped test case were expected:
// the suite has them and says that it has none.
func (c claim) expected(failures, errors int64) bool {
	return failures+errors > 0 && (failures == 0 || c.failures.isZero()) && (errors == 0 || c.errors.isZero())
}

// failed is how many tests of a suite failed, by its attributes. Surefire 2
// counts each run of a test: then those that did not decide are taken off.
func (c claim) failed(cases int64, again reruns) int64 {
	failures, errors := c.failures.n, c.errors.n
	if c.tests.said && c.tests.n == cases+again.failures+again.errors {
		failures = max(failures-again.failures, 0)
		errors = max(errors-again.errors, 0)
	}
	return failures + errors
}

// status is what the attributes of a test case say of it. The larger of two
// counts.
type status int8

const (
	unsaid status = iota
	notRun        // "notrun", as CTest and GoogleTest write it
	left          // left out in another way
	bad
)

func statusOf(s string) status {
	switch strings.ToLower(s) {
	case "notrun":
		return notRun
	case "disabled", "skipped", "suppressed", "ignored", "pending", "untested":
		return left
	case "fail", "failed", "failure", "error", "errored", "panicked", "timedout", "timeout", "interrupted", "aborted":
		return bad
	}
	return unsaid
}

// property reads a property of a suite. Ginkgo writes its verdict on a suite
// there; with focused specs its exit status is not 0 although none failed.
func (e *element) property(name, value string) {
	switch {
	case name == "SuiteSucceeded" && value == "false" && e.verdict == "":
		e.verdict = "the runner reports that it did not succeed"
	case name == "SuiteHasProgrammaticFocus" && value == "true" && e.verdict == "":
		e.verdict = "some of its specs are focused, the others did not run"
	case name == "SpecialSuiteFailureReason" && value != "" && e.verdict != "":
		e.verdict = value
	}
}

// skip is the <skipped> that is open. Depth 0: there is none.
type skip struct {
	depth         int
	kind, message string
	text          []byte // its beginning
}

const longestReason = 256

func (s *skip) read(text []byte) {
	if s.depth > 0 {
		s.text = append(s.text, text[:min(len(text), longestReason-len(s.text))]...)
	}
}

// reason is what is given as the reason for skipping.
func (s *skip) reason() string {
	for _, reason := range []string{s.message, string(s.text), s.kind} {
		if reason = strings.TrimSpace(reason); reason != "" {
			return reason
		}
	}
	return ""
}

// notSkips are the types that EUnit gives to the tests that it could not run or
// finish. It has no others: there is no way to skip a test.
var notSkips = []string{
	"timeout", "unknown", "abort", "blame", "exit", "startup", "setup_failed", "cleanup_failed", "instantiation_failed",
	"generator_failed", "module_not_found", "application_not_found", "no_such_function", "file_read_error", "bad_test", "bad_generator",
}

// interrupted are reasons such as "User interrupt", which lit gives, or "Test
// run was interrupted", but not "Interrupts are not emulated here".
var interrupted = regexp.MustCompile(`(?i)^(the |this )?` +
	`((user|keyboard) ?interrupt\b|((test|run|test run|execution) )?(was )?interrupted\b|interrupt$)`)

// couldNotRun reports whether a test case is called skipped although nobody
// wanted to skip it.
func (s *skip) couldNotRun(of status) bool {
	switch {
	case slices.Contains(notSkips, s.kind), strings.EqualFold(s.kind, "interrupted"), interrupted.MatchString(s.reason()):
		return true
	case bytes.HasPrefix(bytes.TrimSpace(s.text), []byte("{tc_auto_skip")): // Common Test: what the case needs has failed
		return true
	case of == notRun: // CTest: no executable, a file that is required, a fixture, …
		return s.message != "" && !strings.HasPrefix(s.message, "SKIP_") && s.message != "Disabled"
	}
	return false
}

// summary is what node writes in comments at the end: "pass 3", "fail 1",
// "cancelled 0". Tests with subtests are in no other place, nor is what went
// wrong outside the tests: "Error: …".
type summary struct {
	last    string // word of the comment before
	seen    bool
	failure int64
	errors  notes
}

func (s *summary) read(comment string) {
	comment = strings.TrimSpace(comment)
	if strings.HasPrefix(comment, "Error:") {
		s.errors.add("%s", comment)
	}
	word, rest, _ := strings.Cut(comment, " ")
	n, err := strconv.ParseInt(rest, 10, 32)
	if err != nil || n < 0 {
		s.last = ""
		return
	}
	switch {
	case word == "fail" && s.last == "pass":
		s.seen = true
		s.failure += n
	case word == "cancelled" && s.last == "fail":
		s.failure += n
	}
	s.last = word
}

// failed is how many tests failed by the summary.
func (s *summary) failed() int64 {
	if !s.seen {
		return 0
	}
	return s.failure
}

// message is the first error outside the tests. Without a summary the comments
// are somebody else's.
func (s *summary) message() string {
	if !s.seen || len(s.errors) == 0 {
		return ""
	}
	return s.errors[0]
}

// notes are a few lines for people.
type notes []string

func (n *notes) add(format string, args ...any) {
	const most, longest = 3, 240
	if len(*n) == most {
		return
	}
	line := []rune(strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	if len(line) > longest {
		line = append(line[:longest-1], '…')
	}
	*n = append(*n, strings.TrimRight(string(line), ":."))
}
