package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/junit"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func (a *app) reportCommand() *cobra.Command {
	var runnerExit, minimum int64
	cmd := &cobra.Command{
		Use:   "report FILES...",
		Short: "Show what portal_test_result would record for JUnit reports",
		Long: "Show what portal_test_result would record for JUnit reports. Nothing is recorded, and no ledger\n" +
			"is needed.\n\n" +
			"FILES are paths and patterns as in junit_reports, such as 'reports/**/*.xml'. Together they are\n" +
			"one result. Exit code 0: passed. 1: failed. 2: the reports cannot be used.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("report needs the paths of JUnit reports\nFor example: report 'reports/**/*.xml' --runner-exit $status")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			run := junit.Run{MinimumTests: minimum, Words: junit.Words{
				RunnerExit: "--runner-exit", MinimumTests: "--minimum-tests", Failed: `or record outcome = "failed" with portal_test_result instead of the report`,
			}}
			if cmd.Flags().Changed("runner-exit") {
				run.RunnerExit = &runnerExit
			}
			if cmd.Flags().Changed("minimum-tests") && minimum < 1 {
				return fmt.Errorf("--minimum-tests is %d, and must be at least 1", minimum)
			}
			run.Report, run.Err = junit.ReadMatches(args...)
			return a.report(run)
		},
	}
	cmd.Flags().Int64Var(&runnerExit, "runner-exit", 0, "exit `STATUS` of the test runner itself; any other than 0 makes the result failed")
	cmd.Flags().Int64Var(&minimum, "minimum-tests", 0, "`NUMBER` of tests that have to run; with fewer the result is failed")
	return cmd
}

// testReport is what would be recorded of reports.
type testReport struct {
	Outcome  string `json:"outcome"` // passed, failed or refused
	Reason   string `json:"reason"`
	Tests    int64  `json:"tests"`
	Failures int64  `json:"failures"`
	Skipped  int64  `json:"skipped"`
	SHA256   string `json:"report_sha256,omitempty"`
}

// report judges a run of tests and prints the result.
func (a *app) report(run junit.Run) error {
	verdict, err := junit.Judge(run)
	shown := testReport{Outcome: verdict.Outcome(), Reason: verdict.Reason, Tests: verdict.Tests, Failures: verdict.Failures, Skipped: verdict.Skipped}
	if report := run.Shown(); report != nil {
		shown.SHA256 = report.SHA256
	}
	if err != nil {
		shown = testReport{Outcome: "refused", Reason: portal.Sentence(err.Error())}
	}
	switch {
	case a.json:
		if err := a.document(shown); err != nil {
			return err
		}
	case err == nil:
		a.printResult(&shown)
	}
	if err == nil && !verdict.Passed {
		return errNo
	}
	return err
}

func (a *app) printResult(r *testReport) {
	a.printf("%s: %s\n\ntests     %d\nfailures  %d\nskipped   %d\n", r.Outcome, portal.OneLine(r.Reason), r.Tests, r.Failures, r.Skipped)
	if r.SHA256 != "" {
		a.printf("sha256    %s\n", r.SHA256)
	}
}
