package portal

import (
	"fmt"
	"slices"
	"strings"
)

// RecordTest records a result of a suite for what runs on an environment now: a
// release, or an emergency fix over whichever release it is laid.
type RecordTest struct {
	Environment  string
	Release      string // exactly one of Release and Fix
	Fix          string
	Suite        string
	Passed       bool
	Tests        int
	Failures     int
	ReportSHA256 string
	ReportURL    string
	Summary      string
	RunID        string
}

// Subjects implements Command. What a fix is laid over runs, and is always
// loaded.
func (c RecordTest) Subjects() Subjects {
	if c.Fix != "" {
		return Subjects{}
	}
	return Subjects{Releases: []string{c.Release}}
}

// Validate lists everything that is wrong with the record by itself.
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
	problems = append(problems, ValidateText("report_url", c.ReportURL)...)
	problems = append(problems, ValidateText("summary", c.Summary)...)
	return append(problems, ValidateText("run", c.RunID)...)
}

// Decide implements Command. Where the newest result of the suite is this very
// one it is adopted; give another RunID for a new record.
func (c RecordTest) Decide(f Facts) ([]Event, error) {
	if err := invalid("test result of "+c.Suite, c.Validate()); err != nil {
		return nil, err
	}
	site, err := f.vouching(c)
	if err != nil {
		return nil, err
	}
	if f.RecordedTest(c) != nil {
		return nil, nil
	}
	return []Event{TestRecorded{
		Environment: c.Environment, Release: site.Running.Release, Fix: c.Fix, Digest: site.Running.Digest, Suite: c.Suite, Passed: c.Passed,
		Tests: c.Tests, Failures: c.Failures, ReportSHA256: c.ReportSHA256, ReportURL: c.ReportURL, Summary: c.Summary, RunID: c.RunID,
	}}, nil
}

// vouching returns the environment if it runs what was tested, for certain: a
// result vouches for what runs there now, and for nothing else.
func (f Facts) vouching(c RecordTest) (*Site, error) {
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
		return nil, reject(summary, "It runs %s, and a test result vouches for what runs there now. %s", site.describe(), f.bringFix(site, c.Fix))
	case c.Fix == "" && (there == nil || there.Release != c.Release):
		return nil, reject(summary, "It runs %s, and a test result vouches for what runs there now. Deploy %s there first; in one configuration, let the result refer to the deployment: release = portal_release_deployment.NAME.release.",
			site.describe(), c.Release)
	case !site.Intact():
		return nil, reject(summary, "What runs there is not certain: a deployment of %s is %s. Apply it again first.", site.Attempt.Effective(), orOpen(site.Attempt.Outcome))
	}
	return site, nil
}

// bringFix tells how a fix comes to an environment that does not run it.
func (f Facts) bringFix(site *Site, fix string) string {
	refer := fmt.Sprintf("advance_to = %q of portal_emergency_fix takes it there and stops; in one configuration, let the result refer to the fix: emergency_fix = portal_emergency_fix.NAME.name.", site.Stage)
	x := f.Fixes[fix]
	switch {
	case x == nil:
		return "The ledger has no emergency fix of that name. Declare it first: " + refer
	case x.withdrawn():
		return "The fix was withdrawn."
	case x.Active() && x.Plan.test(site.Name) != nil:
		return fmt.Sprintf("The fix is %s and has not come there. Deploy it there first: %s", x.Status(), refer)
	case x.Active():
		return fmt.Sprintf("The fix is %s, and its steps are on %s. Record the result of where it is tested.", x.Status(), joinAnd(sortedSet(x.Plan.environments())))
	}
	return fmt.Sprintf("Set redeploy on %s to take the fix along first. Where the release contains it, record the result for the release.", site.Name)
}

func orOpen(outcome Outcome) string {
	if outcome == "" {
		return "in flight"
	}
	return string(outcome)
}

// RecordedTest returns the newest result of the suite for what runs on the
// environment if it is the very one that the command would record, or nil.
func (f Facts) RecordedTest(c RecordTest) *Test {
	site := f.Sites[c.Environment]
	if site == nil || site.Running == nil || (c.Fix == "" && site.Running.Release != c.Release) {
		return nil
	}
	test := f.Evidence(site.Running.Release, c.Environment).NewestTest(site.Place(), site.Running.Digest, c.Suite)
	if test == nil || test.Fix != c.Fix || test.Passed != c.Passed || test.RunID != c.RunID || test.ReportSHA256 != c.ReportSHA256 ||
		test.ReportURL != c.ReportURL || test.Summary != c.Summary || test.Tests != c.Tests || test.Failures != c.Failures {
		return nil
	}
	return test
}

// RecordApproval records that one person lets a release leave a stage.
type RecordApproval struct {
	Release  string
	Stage    string
	Approver string
	Comment  string
}

// Subjects implements Command.
func (c RecordApproval) Subjects() Subjects { return Subjects{Releases: []string{c.Release}} }

// Decide implements Command. An approval that is there already is adopted.
func (c RecordApproval) Decide(f Facts) ([]Event, error) {
	problems := validatePerson("approver", c.Approver)
	if err := invalid("approval", append(problems, ValidateText("comment", c.Comment)...)); err != nil {
		return nil, err
	}
	p, err := f.pipeline()
	if err != nil {
		return nil, err
	}
	if p.Stage(c.Stage) == nil {
		return nil, reject(fmt.Sprintf("pipeline %q has no stage %q", f.Name, c.Stage), "Its stages are: %s.", strings.Join(stageNames(p), ", "))
	}
	if len(p.Approvers) > 0 {
		return nil, reject(fmt.Sprintf("an approval of pipeline %q has to be signed", f.Name),
			"The pipeline lists approvers, and then only approvals with their signature count. This version of the provider cannot verify signatures yet, so it records no approval here. Remove approvers from the pipeline to record approvals by name.")
	}
	release, err := f.release(c.Release)
	if err != nil {
		return nil, err
	}
	if f.RecordedApproval(c) != nil {
		return nil, nil
	}
	if _, err := f.ContentOf(c.Release); err != nil {
		return nil, reject(fmt.Sprintf("release %s cannot be approved yet", c.Release),
			"What it amounts to cannot be told: %s. Register the missing release first; an approval is for content that is known.", err)
	}
	return []Event{ApprovalRecorded{Release: c.Release, Stage: c.Stage, Approver: c.Approver, Comment: c.Comment, Statement: f.ReleaseStatement(&release.Release, c.Stage)}}, nil
}

// validatePerson checks the name by which a person is counted.
func validatePerson(field, name string) []Problem {
	switch {
	case strings.TrimSpace(name) == "":
		return []Problem{{field, "is blank: say who it is"}}
	case strings.TrimSpace(name) != name:
		return []Problem{{field, fmt.Sprintf("%q begins or ends with a space: remove it", name)}}
	}
	return ValidateLine(field, name)
}

// RecordedApproval returns the approval that the command would record if it is
// there already, or nil.
func (f Facts) RecordedApproval(c RecordApproval) *Approval {
	all := f.Approvals(c.Release)
	i := slices.IndexFunc(all, func(a Approval) bool {
		return a.Stage == c.Stage && a.Approver == c.Approver && a.Comment == c.Comment
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}
