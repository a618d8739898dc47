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

func (a *app) restoredCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "restored",
		Short: "Record that the ledger was restored from a backup",
		Long: "Record that the ledger was restored from a backup. Its targets have seen newer deployments than the\n" +
			"ledger has, so they refuse it like any late process. This command adds an entry; after that,\n" +
			"deployments get higher epochs than the targets have seen. An emergency fix does this by itself.\n\n" +
			"First make sure that no other copy of this ledger is in use. Then plan: what the targets run and\n" +
			"the ledger does not have shows as drift.",
		Args: cobra.NoArgs,
		RunE: a.with(a.openToRebuild, func(ctx context.Context, l *ledger.Ledger, _ []string) error {
			return a.correct(ctx, l, portal.RestoreLedger{Reason: reason}, "deployments get higher epochs than the targets have seen")
		}),
	}
	return requireReason(cmd, &reason)
}

func (a *app) mendClockCommand() *cobra.Command {
	var reason string
	var whole bool
	cmd := &cobra.Command{
		Use:   "mend-clock",
		Short: "Correct entries with a time in the future",
		Long: "Correct entries with a time in the future, which were recorded while a clock was ahead. The entries\n" +
			"stay as they are but count as recorded now, so that soak times and freezes follow the clock again.\n" +
			"This command adds an entry and rebuilds the derived state.\n\n" +
			"First make sure that the clock of this machine is right: this cannot be undone.",
		Args: cobra.NoArgs,
		RunE: a.with(a.openToRebuild, func(ctx context.Context, l *ledger.Ledger, _ []string) error {
			if !whole {
				if err := a.notBeforeAll(ctx, l); err != nil {
					return err
				}
			}
			return a.correct(ctx, l, portal.MendClock{Reason: reason}, "its entries count as of now")
		}),
	}
	cmd.Flags().BoolVar(&whole, "whole-record", false, "correct the ledger even if all of its entries have a time in the future")
	return requireReason(cmd, &reason)
}

// notBeforeAll refuses a clock that is before everything in a record: one that was
// reset, most likely. By it, all that runs would count as having run ever since.
func (a *app) notBeforeAll(ctx context.Context, l *ledger.Ledger) error {
	names, err := a.pipelines(ctx, l)
	if err != nil {
		return err
	}
	for _, name := range names {
		var clock, first portal.Time
		err := l.View(ctx, name, a.actor(), portal.Subjects{}, func(f portal.Facts) error { clock = f.Clock; return nil })
		if err != nil {
			return err
		}
		err = l.Since(ctx, name, portal.Time{}, func(_ portal.Event, meta portal.Meta) {
			if meta.Number == 1 {
				first = meta.At
			}
		})
		if err != nil {
			return err
		}
		if clock.Before(first) {
			return &portal.RejectionError{
				Summary: fmt.Sprintf("the clock is earlier than every entry of pipeline %q", name),
				Detail: fmt.Sprintf("The clock says %s, and the first entry is of %s. Every entry would count as recorded now. That cannot be undone, and "+
					"it would satisfy every soak time once the clock is right. Correct the clock of this machine. If it is right, and was ahead when the pipeline was declared, add --whole-record.",
					portal.FormatTime(clock), portal.FormatTime(first)),
			}
		}
	}
	return nil
}

func requireReason(cmd *cobra.Command, reason *string) *cobra.Command {
	cmd.Flags().StringVar(reason, "reason", "", "`TEXT` to record: why this is done (required)")
	_ = cmd.MarkFlagRequired("reason") // it is there
	return cmd
}

// correct records a command on each pipeline, and reports what came of it. A
// pipeline that has no need of it is left alone, unless none has.
func (a *app) correct(ctx context.Context, l *ledger.Ledger, command portal.Command, done string) error {
	names, err := a.pipelines(ctx, l)
	if err != nil {
		return err
	}
	type corrected struct {
		Pipeline string `json:"pipeline"`
		Receipt  string `json:"receipt"`
	}
	list := []corrected{}
	var none error
	for _, name := range names {
		metas, err := l.Record(ctx, name, a.actor(), command)
		var rejection *portal.RejectionError
		switch {
		case errors.As(err, &rejection):
			none = err
		case err != nil:
			return err
		default:
			list = append(list, corrected{name, metas[0].Receipt()})
		}
	}
	if len(list) == 0 && none != nil {
		return none
	}
	if a.json {
		return a.document(list)
	}
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, one := range list {
		// The table's error is the writer's.
		_, _ = fmt.Fprintf(table, "%s\tentry %s\t%s\n", portal.OneLine(one.Pipeline), one.Receipt, done)
	}
	return table.Flush()
}
