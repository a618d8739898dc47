package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check that the record fits together",
		Long: "Check that the record fits together: every entry has the hash and the place that it was\n" +
			"recorded with, and the stored state is what the entries give.\n\n" +
			"Prints, for each pipeline, the number of entries, the receipt of the newest one, and \"ok\" or\n" +
			"the first thing that does not fit. Compare the receipt with one that you keep elsewhere: a\n" +
			"record that was rewritten as a whole fits together too. Exit code 1: something does not fit.",
		Args: cobra.NoArgs,
		RunE: a.withLedger(func(ctx context.Context, l *ledger.Ledger, _ []string) error {
			return a.examine(ctx, l, "ok", l.Verify)
		}),
	}
}
