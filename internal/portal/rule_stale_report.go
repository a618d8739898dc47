package portal

import (
	"fmt"
	"time"
)

var staleReportRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:      StaleReport,
		Refuses: "a test result whose report was written before the deployment that it would count for, or was recorded for other content",
	},
	Applies: never, // judged when a result is recorded, by staleReport
}

// staleReport refuses a report that cannot be about what the environment runs: it was written
// before that was deployed, or was recorded for other content. The caller knows that the
// environment certainly runs it, so that nothing else has been in service since. If nothing ever
// was before, a report from a moment earlier is not about anything else either.
func (f Facts) staleReport(c RecordTest, site *Site) error {
	if c.ReportSHA256 == "" {
		return nil
	}
	running := site.Running
	subject := fmt.Sprintf("the result of %s may not be recorded for %q", c.Suite, f.Name+"/"+site.Name)
	refused := func(detail, cure string) error {
		return refuse(Verdict{subject: subject, Environment: site.Name, Stage: site.Stage}, Gate{Rule: StaleReport, Detail: detail, Cure: cure})
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
