package portal

import "time"

// RecordedReport is what a test report was first recorded for. Only reports that contain a time are
// kept: another run cannot write the same bytes.
type RecordedReport struct {
	Release     string `json:"release"`
	Environment string `json:"environment"`
	Digest      string `json:"digest"` // of the content
}

// ReportTolerance is how much older than the first deployment to an environment a report recorded
// for it may be, if another process deployed.
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

// MarkReport says that a report was looked up, so that a missing one was never recorded.
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
