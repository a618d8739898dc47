package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

func (a *app) rebuildCommand() *cobra.Command {
	downgrade := false
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Rebuild the derived state from the entries",
		Long: "Rebuild the derived state from the entries. This writes to the ledger. The entries stay as they\n" +
			"are, and a ledger of an older version is updated. Nothing is written for a pipeline whose\n" +
			"entries are inconsistent: exit code 1.",
		Args: cobra.NoArgs,
		RunE: a.with(a.openToRebuild, func(ctx context.Context, l *ledger.Ledger, _ []string) error {
			if downgrade {
				if err := l.Downgrade(ctx); err != nil {
					return err
				}
			}
			return a.examine(ctx, l, "rebuilt", l.Rebuild)
		}),
	}
	cmd.Flags().BoolVar(&downgrade, "downgrade", false, "also rebuild a ledger that a newer version has used, if this version can read all its entries")
	return cmd
}
