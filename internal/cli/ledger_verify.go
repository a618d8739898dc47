package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check that the ledger is consistent",
		Long: "Check that the ledger is consistent: every entry has the hash and the number that it was recorded\n" +
			"with, and the derived state matches the entries.\n\n" +
			"For each pipeline, this prints the number of entries, the receipt of the newest one, and \"ok\" or\n" +
			"the first inconsistency. Compare the receipt with one that you keep elsewhere, because a ledger\n" +
			"that was rewritten as a whole is consistent too. Exit code 1: the ledger is inconsistent.",
		Args: cobra.NoArgs,
		RunE: a.withLedger(func(ctx context.Context, l *ledger.Ledger, _ []string) error {
			return a.examine(ctx, l, "ok", l.Verify)
		}),
	}
}
