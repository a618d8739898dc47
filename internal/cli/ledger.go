package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func (a *app) ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Verify, export, rebuild or correct the ledger",
		Long: "Verify or export the ledger, rebuild its derived state, or correct it after a restore from a backup\n" +
			"or after a wrong clock.\n\n" +
			"Without --pipeline these commands work on every pipeline of the ledger.",
		Args: cobra.ArbitraryArgs,
		RunE: helpOrUnknown,

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(a.verifyCommand(), a.exportCommand(), a.rebuildCommand(), a.restoredCommand(), a.mendClockCommand())
	return cmd
}

// ledgerReport says of each pipeline whether its record fits together.
type ledgerReport struct {
	OK        bool             `json:"ok"`
	Pipelines []pipelineReport `json:"pipelines"`
}

type pipelineReport struct {
	Pipeline string `json:"pipeline"`
	Entries  int64  `json:"entries"`
	Head     string `json:"head,omitempty"` // receipt of the newest entry
	OK       bool   `json:"ok"`
	Entry    int64  `json:"entry,omitempty"` // the first that does not fit; 0: what is stored beside the entries
	Problem  string `json:"problem,omitempty"`
	Warning  string `json:"warning,omitempty"` // it fits, but a clock is wrong

	missing bool // the problem is that there is no such entry
}

// examine does something to each pipeline that fails with a *ledger.CorruptError
// if the record does not fit, and reports what came of it.
func (a *app) examine(ctx context.Context, l *ledger.Ledger, fits string, do func(context.Context, string) error) error {
	names, err := a.pipelines(ctx, l)
	if err != nil {
		return err
	}
	report := ledgerReport{OK: true, Pipelines: []pipelineReport{}}
	for _, name := range names {
		// Read first: what is verified afterwards has at least these entries.
		newest, err := l.Newest(ctx, name)
		if err != nil {
			return err
		}
		one := pipelineReport{Pipeline: name, OK: true}
		if newest != nil {
			one.Entries = newest.Number
			one.Head = portal.Meta{Number: newest.Number, Hash: newest.SHA256}.Receipt()
		}
		var corrupt *ledger.CorruptError
		if err := do(ctx, name); errors.As(err, &corrupt) {
			one.OK, report.OK = false, false
			one.Entry, one.Problem, one.missing = corrupt.Number, corrupt.What, corrupt.Missing()
		} else if err != nil {
			return err
		}
		if one.OK {
			if one.Warning, err = a.clockWarning(ctx, l, name); err != nil {
				return err
			}
		}
		report.Pipelines = append(report.Pipelines, one)
	}
	if a.json {
		err = a.document(report)
	} else {
		err = a.printReport(report, fits)
	}
	if err == nil && !report.OK {
		return errNo
	}
	return err
}

// clockWarning says that the newest entry lies in the future, "" if it does not.
func (a *app) clockWarning(ctx context.Context, l *ledger.Ledger, pipeline string) (warning string, err error) {
	err = l.View(ctx, pipeline, a.by(), portal.Subjects{}, func(f portal.Facts) error {
		if problem, cure := f.ClockProblem(); problem != "" {
			warning = problem + ".\n" + cure
		}
		return nil
	})
	return warning, err
}

func (a *app) printReport(report ledgerReport, fits string) error {
	if len(report.Pipelines) == 0 {
		a.printf("The ledger has no pipelines.\n")
	}
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, one := range report.Pipelines {
		outcome := fits
		if !one.OK {
			outcome = one.describe()
		}
		// The table's error is the writer's.
		_, _ = fmt.Fprintf(table, "%s\tentries: %d\t%s\t%s\n", portal.OneLine(one.Pipeline), one.Entries, portal.OneLine(one.Head), portal.OneLine(outcome))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, one := range report.Pipelines {
		if one.Warning != "" {
			a.printf("\nWarning: %s\n", one.Warning)
		}
	}
	if !report.OK {
		a.printf("\nThe ledger was damaged or changed. Do not deploy with this ledger until you know what happened: keep a copy\n" +
			"of it and compare it with a backup. ledger rebuild rebuilds the derived state from the entries; it cannot\n" +
			"recover entries.\n")
	}
	return nil
}

func (r pipelineReport) describe() string {
	switch {
	case r.missing:
		return fmt.Sprintf("entry %d is missing", r.Entry)
	case r.Entry == 0:
		return "inconsistent: " + r.Problem
	}
	return fmt.Sprintf("entry %d is inconsistent: %s", r.Entry, r.Problem)
}
