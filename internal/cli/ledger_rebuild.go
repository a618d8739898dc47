package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

func (a *app) rebuildCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Make the stored state again from the entries",
		Long: "Make the stored state again from the entries. This writes to the ledger; the entries stay as\n" +
			"they are. Nothing is written for a pipeline whose entries do not fit together: exit code 1.",
		Args: cobra.NoArgs,
		RunE: a.withLedger(func(ctx context.Context, l *ledger.Ledger, _ []string) error {
			return a.examine(ctx, l, "rebuilt", l.Rebuild)
		}),
	}
}
