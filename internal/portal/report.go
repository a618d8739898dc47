package portal

import (
	"fmt"
	"time"
)

// RecordedReport is what a test report was first recorded for. Only reports with a
// time in them are kept: the same bytes again cannot be another run's.
type RecordedReport struct {
	Release     string `json:"release"`
	Environment string `json:"environment"`
	Digest      string `json:"digest"` // of the content
}

// ReportTolerance is how much older than the first deployment to an environment a
// report may be that is recorded for it, where another process deployed.
const ReportTolerance = time.Minute

// knowsReport reports whether a report was looked up, recorded or not.
func (s *State) knowsReport(sha256 string) bool {
	_, known := s.seenReports[sha256]
	return known || s.complete
}

// KnowsReports reports whether every one of the reports was looked up.
func (s *State) KnowsReports(sha256s []string) bool {
	for _, sha256 := range sha256s {
		if !s.knowsReport(sha256) {
			return false
		}
	}
	return true
}

// MarkReport says that a report was looked up, so that one that is not there was
// never recorded.
func (s *State) MarkReport(sha256 string) {
	if !s.knowsReport(sha256) {
		s.seenReports[sha256] = nil
	}
}

// noteReport keeps what a report was first recorded for.
func (s *State) noteReport(e TestRecorded) {
	if !s.knowsReport(e.ReportSHA256) || s.seenReports[e.ReportSHA256] != nil {
		return
	}
	s.seenReports[e.ReportSHA256] = &RecordedReport{Release: e.Release, Environment: e.Environment, Digest: e.Digest}
	s.touch(EntityReport, e.ReportSHA256)
}

// staleReport refuses a report that cannot be about what the environment runs: it
// was written before that was deployed, or was recorded for other content. That the
// environment runs it for certain is known by then, so that nothing else has been
// in service since. Where nothing ever was before, a report of a moment earlier is
// about nothing else either.
func (f Facts) staleReport(c RecordTest, site *Site) error {
	if c.ReportSHA256 == "" {
		return nil
	}
	running := site.Running
	subject := fmt.Sprintf("the result of %s may not be recorded for %q", c.Suite, f.Name+"/"+site.Name)
	refused := func(detail, cure string) error {
		return refuse(Verdict{Subject: subject, Environment: site.Name, Stage: site.Stage}, Gate{Rule: StaleReport, Detail: detail, Cure: cure})
	}
	tolerance := time.Duration(0)
	if !c.SameWalk && site.first() {
		tolerance = ReportTolerance
	}
	if c.ReportWritten.Add(tolerance).Before(running.At) && !c.ReportWritten.IsZero() {
		return refused(
			fmt.Sprintf("The report was written at %s, and %s runs there since %s: it is about something else.",
				FormatTime(c.ReportWritten), running.Effective(), FormatTime(running.At)),
			"Run the tests again. In a pipeline, remove old reports before the tests start: if the runner dies, the old file is all there is.")
	}
	if c.ReportDated {
		if before := f.seenReports[c.ReportSHA256]; before != nil && before.Digest != running.Digest {
			return refused(
				fmt.Sprintf("The very same report was recorded for release %s on %s, which was other content than the %s that runs on %s now.",
					before.Release, before.Environment, running.Effective(), site.Name),
				"Run the tests on what runs there now, and record their report.")
		}
	}
	return nil
}
