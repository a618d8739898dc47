package provider

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/releaseportal/terraform-provider-portal/internal/junit"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// reportPaths are the paths and patterns that the user wrote, and the attribute
// that has them.
func (m *testResultModel) reportPaths(ctx context.Context, diags *diagnostics) ([]string, path.Path) {
	if !m.JUnitReports.IsNull() {
		return stringsOf(ctx, m.JUnitReports, diags), path.Root("junit_reports")
	}
	return []string{m.JUnitReport.ValueString()}, path.Root("junit_report")
}

// named says for messages where a result is from.
func (m *testResultModel) named(ctx context.Context) string {
	if !m.fromReport() {
		return "outcome = \"" + m.Outcome.ValueString() + "\""
	}
	var ignored diagnostics
	paths, _ := m.reportPaths(ctx, &ignored)
	return strings.Join(paths, ", ")
}

// read reads the reports and judges them with what is known of the runner.
func (m *testResultModel) read(ctx context.Context, diags *diagnostics) (*junit.Report, junit.Verdict, error) {
	paths, _ := m.reportPaths(ctx, diags)
	readAll := junit.ReadMatches
	if m.JUnitReports.IsNull() {
		readAll = junit.Read // a path, whatever characters it has
	}
	found, err := readAll(paths...)
	run := junit.Run{Report: found, Err: err, MinimumTests: m.MinimumTests.ValueInt64()}
	if !m.RunnerExit.IsNull() {
		exit := m.RunnerExit.ValueInt64()
		run.RunnerExit = &exit
	}
	verdict, err := junit.Judge(run)
	return run.Shown(), verdict, err
}

// absent reports whether reading failed only because there is no report, or not
// yet: the tests may be run by this very apply.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// byLedger converts a time of this machine's clock to the ledger's.
func (s *session) byLedger(ctx context.Context, pipeline string, at time.Time) (time.Time, error) {
	if at.IsZero() {
		return at, nil
	}
	var ahead time.Duration
	err := s.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		ahead = time.Until(f.Now)
		return nil
	})
	return at.Add(ahead), err
}

// command makes the command that records the result. When its report was written is
// told by this machine's clock.
func (m *testResultModel) command(ctx context.Context, walk string) (portal.RecordTest, junit.Verdict, error) {
	c := portal.RecordTest{
		Environment: m.Environment.ValueString(), Release: m.Release.ValueString(), Fix: m.EmergencyFix.ValueString(), Suite: m.Suite.ValueString(),
		Passed: m.Outcome.ValueString() == outcomePassed, ReportURL: m.ReportURL.ValueString(), Summary: textOf(m.Summary), RunID: m.Run.ValueString(),
		Walk: walk,
	}
	if !m.ContentDigest.IsUnknown() {
		c.Digest = m.ContentDigest.ValueString()
	}
	if !m.fromReport() {
		return c, junit.Verdict{Passed: c.Passed}, nil
	}
	var diags diagnostics
	report, verdict, err := m.read(ctx, &diags)
	if err != nil {
		return c, verdict, err
	}
	c.Passed, c.Tests, c.Failures, c.Skipped = verdict.Passed, int(verdict.Tests), int(verdict.Failures), int(verdict.Skipped)
	if !m.RunnerExit.IsNull() {
		exit := int(m.RunnerExit.ValueInt64())
		c.RunnerExit = &exit
	}
	if report != nil {
		c.ReportSHA256, c.ReportDated, c.ReportWritten = report.SHA256, report.Timestamped, report.Oldest
	}
	return c, verdict, nil
}

// unreadable is the error for reports of which no result can be made.
func (m *testResultModel) unreadable(ctx context.Context, err error) diagnostics {
	var diags diagnostics
	_, at := m.reportPaths(ctx, &diags)
	diags.AddAttributeError(at, fmt.Sprintf("The result of %s cannot be read", m.Suite.ValueString()),
		portal.Sentence(err.Error())+"\nNothing was recorded: an earlier result of the suite counts until a new one is recorded.")
	return diags
}

// failing warns of a result that is about to be recorded as failed: the release
// stays where it is.
func (m *testResultModel) failing(verdict junit.Verdict) diagnostics {
	var diags diagnostics
	if verdict.Passed || !m.fromReport() {
		return diags
	}
	summary := m.Suite.ValueString() + " failed on " + m.Environment.ValueString()
	if verdict.Failures > 0 {
		summary = fmt.Sprintf("%s: %d of %d failed on %s", m.Suite.ValueString(), verdict.Failures, verdict.Tests, m.Environment.ValueString())
	}
	diags.AddWarning(summary, verdict.Reason+"\nIt is recorded as failed, and what was tested cannot leave this stage.")
	return diags
}
