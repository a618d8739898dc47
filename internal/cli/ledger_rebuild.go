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
		Short: "Make the stored state again from the entries",
		Long: "Make the stored state again from the entries. This writes to the ledger; the entries stay as\n" +
			"they are, and an older ledger is brought up to date. Nothing is written for a pipeline whose\n" +
			"entries do not fit together: exit code 1.",
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
	cmd.Flags().BoolVar(&downgrade, "downgrade", false, "also of a ledger that a newer version has used, if this one reads all that is in its entries")
	return cmd
}
