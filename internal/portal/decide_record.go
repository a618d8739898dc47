package portal

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// RecordTest records a result of a suite for what runs on an environment now: a release, or an
// emergency fix on top of any release.
type RecordTest struct {
	Environment  string
	Release      string // exactly one of Release and Fix
	Fix          string
	Suite        string
	Passed       bool
	Tests        int
	Failures     int
	Skipped      int
	Digest       string // of the content that was tested; "": what runs there now
	RunnerExit   *int
	ReportSHA256 string
	ReportDated  bool // the report has a time in it
	// ReportWritten is when the oldest of its files was written, by the ledger's time; zero: not
	// checked.
	ReportWritten Time
	ReportURL     string
	Summary       string
	RunID         string
	Walk          string // the Terraform walk that records it; "": none
	SameWalk      bool   // what was tested was deployed by the same walk
}

// Subjects implements Command. The release under a fix runs, and is always loaded.
func (c RecordTest) Subjects() Subjects {
	var s Subjects
	if c.Fix == "" {
		s.Releases = []string{c.Release}
	}
	if c.ReportDated {
		s.Reports = []string{c.ReportSHA256}
	}
	return s
}

// Validate lists everything wrong with the record itself.
func (c RecordTest) Validate() []Problem {
	problems := validateSuite("suite", c.Suite)
	switch {
	case c.Fix == "":
		problems = append(problems, ValidateVersion("release", c.Release)...)
	case c.Release != "":
		problems = append(problems, Problem{"emergency_fix", "a result is for a release or for an emergency fix: give exactly one of them"})
	default:
		problems = append(problems, ValidateFixName("emergency_fix", c.Fix)...)
	}
	if c.Digest != "" {
		problems = append(problems, ValidateDigest("content_digest", c.Digest)...)
	}
	problems = append(problems, ValidateText("report_url", c.ReportURL)...)
	problems = append(problems, validateAddress("report_url", "report_url", c.ReportURL, "")...)
	problems = append(problems, ValidateText("summary", c.Summary)...)
	return append(problems, ValidateText("run", c.RunID)...)
}

// Decide implements Command. If this is already the newest result of the suite it is adopted; give
// another RunID for a new record.
func (c RecordTest) Decide(f Facts) ([]Event, error) {
	if err := invalid("test result of "+c.Suite, c.Validate()); err != nil {
		return nil, err
	}
	site, err := f.siteRunning(c)
	if err != nil {
		return nil, err
	}
	if f.RecordedTest(c) != nil {
		return nil, nil
	}
	if err := f.staleReport(c, site); err != nil && !c.runnerFailed() {
		return nil, err
	}
	if err := f.secondInWalk(c, site); err != nil {
		return nil, err
	}
	return []Event{TestRecorded{
		Environment: c.Environment, Release: site.Running.Release, Fix: c.Fix, Digest: site.Running.Digest, Suite: c.Suite, Passed: c.Passed,
		Tests: c.Tests, Failures: c.Failures, Skipped: c.Skipped, RunnerExit: c.RunnerExit, ReportSHA256: c.ReportSHA256, ReportDated: c.ReportDated,
		ReportURL: c.ReportURL, Summary: c.Summary, RunID: c.RunID, Walk: c.Walk,
	}}, nil
}

// runnerFailed reports whether the runner itself says that the tests failed. That is about the run
// that has just ended, whichever report it left: if the failure were not recorded, an earlier pass
// would stay in force.
func (c RecordTest) runnerFailed() bool {
	return !c.Passed && c.RunnerExit != nil && *c.RunnerExit != 0
}

// secondInWalk refuses a second result of a suite in one Terraform walk: which is the newest would
// be chance.
func (f Facts) secondInWalk(c RecordTest, site *Site) error {
	before := f.Evidence(site.Running.Release, c.Environment).NewestTest(site.Place(), site.Running.Digest, c.Suite)
	if c.Walk == "" || before == nil || before.Walk != c.Walk || before.RunID != c.RunID {
		return nil
	}
	return TwoResults(f.Name+"/"+c.Environment, c.Suite)
}

// TwoResults is the rejection of two results of a suite for one environment in one Terraform walk.
func TwoResults(environment, suite string) error {
	return reject(fmt.Sprintf("two results of %s for %q in one run", suite, environment),
		"The newest result of a suite counts, and of two that are recorded at once chance decides which is newer. "+
			"If a runner writes a report for each class, record them as one result: junit_reports = [\"reports/**/*.xml\"]. "+
			"If they are two runs, give each its own run.")
}

// siteRunning returns the environment if it certainly runs what was tested: a result counts for
// what runs there now and for nothing else.
func (f Facts) siteRunning(c RecordTest) (*Site, error) {
	site, err := f.site(c.Environment)
	if err != nil {
		return nil, err
	}
	what := "release " + c.Release
	if c.Fix != "" {
		what = "emergency fix " + c.Fix
	}
	summary := fmt.Sprintf("%q does not run %s", f.Name+"/"+site.Name, what)
	there := site.Running
	switch {
	case c.Fix != "" && (there == nil || !slices.Contains(there.Fixes, c.Fix)):
		return nil, reject(summary, "It runs %s, and a test result counts only for what runs there now. %s", site.describe(), f.bringFix(site, c.Fix))
	case c.Fix == "" && (there == nil || there.Release != c.Release):
		return nil, reject(summary, "It runs %s, and a test result counts only for what runs there now. Deploy %s there first. If one configuration does both, let the result refer to the deployment: release = portal_release_deployment.NAME.release.",
			site.describe(), c.Release)
	case !site.Intact():
		why := fmt.Sprintf("a deployment of %s is %s", site.Attempt.Effective(), orOpen(site.Attempt.Outcome))
		if site.Observed != nil && !site.Attempt.Open() {
			why = "it was last seen to run " + site.describe()
		}
		return nil, reject(summary, "What runs there is unknown: %s. Deploy again first.", why)
	case c.Digest != "" && c.Digest != there.Digest:
		return nil, reject(summary+" as it was tested", "content_digest is %s, and %s has the content %s: something else was deployed there since the tests began. Test that, and record its result.",
			c.Digest, there.Effective(), there.Digest)
	}
	return site, nil
}

// bringFix says how to bring a fix to an environment that does not run it.
func (f Facts) bringFix(site *Site, fix string) string {
	refer := fmt.Sprintf("advance_to = %q of portal_emergency_fix takes it there and stops. If one configuration does both, let the result refer to the fix: emergency_fix = portal_emergency_fix.NAME.name.", site.Stage)
	x := f.Fixes[fix]
	switch {
	case x == nil:
		return "The ledger has no emergency fix of that name. Declare it first: " + refer
	case x.withdrawn():
		return "The fix was withdrawn."
	case x.Active() && x.Plan.test(site.Name) != nil:
		return fmt.Sprintf("The fix is %s and has not been deployed there. Deploy it there first: %s", x.Status(), refer)
	case x.Active():
		return fmt.Sprintf("The fix is %s, and its steps are on %s. Record the result where it is tested.", x.Status(), joinAnd(sortedSet(x.Plan.environments())))
	}
	return fmt.Sprintf("Set redeploy on %s first, so that it carries the fix. If the release contains the fix, record the result for the release.", site.Name)
}

func orOpen(outcome Outcome) string {
	if outcome == "" {
		return "in flight"
	}
	return string(outcome)
}

// RecordedTest returns the newest result of the suite for what runs on the environment if it is the
// one that the command would record, or nil.
func (f Facts) RecordedTest(c RecordTest) *Test {
	site := f.Sites[c.Environment]
	if site == nil || site.Running == nil || (c.Fix == "" && site.Running.Release != c.Release) {
		return nil
	}
	test := f.Evidence(site.Running.Release, c.Environment).NewestTest(site.Place(), site.Running.Digest, c.Suite)
	if test == nil || test.Fix != c.Fix || test.Passed != c.Passed || !sameExit(test.RunnerExit, c.RunnerExit) || test.RunID != c.RunID || test.ReportSHA256 != c.ReportSHA256 ||
		test.ReportURL != c.ReportURL || test.Summary != c.Summary || test.Tests != c.Tests || test.Failures != c.Failures || test.Skipped != c.Skipped {
		return nil
	}
	return test
}

// sameExit reports whether two exit statuses of a runner are the same, or neither is
// known.
func sameExit(a, b *int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// validatePerson checks the name by which a person is counted. Two names that look the
// same are one to a reader: no word of a name has letters of several alphabets that
// look alike.
func validatePerson(field, name string) []Problem {
	switch {
	case strings.TrimSpace(name) == "":
		return []Problem{{field, "is blank: say who it is"}}
	case strings.TrimSpace(name) != name:
		return []Problem{{field, fmt.Sprintf("%q begins or ends with a space: remove it", name)}}
	case strings.ContainsFunc(name, isJoiner):
		return []Problem{{field, fmt.Sprintf("%q has an invisible character: remove it", name)}}
	}
	for _, word := range strings.Fields(name) {
		if alphabets := lookAlikes(word); len(alphabets) > 1 {
			return []Problem{{field, fmt.Sprintf("%q mixes alphabets whose letters look alike (%s): write the name in one alphabet", name, strings.Join(alphabets, " and "))}}
		}
	}
	return ValidateLine(field, name)
}

// lookAlikes names the alphabets of a word whose letters can be taken for each other's.
func lookAlikes(word string) []string {
	var found []string
	for _, alphabet := range []struct {
		name    string
		letters *unicode.RangeTable
	}{{"Latin", unicode.Latin}, {"Cyrillic", unicode.Cyrillic}, {"Greek", unicode.Greek}, {"Armenian", unicode.Armenian}} {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(alphabet.letters, r) }) {
			found = append(found, alphabet.name)
		}
	}
	return found
}
