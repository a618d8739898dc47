package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

func (a *app) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print all entries as JSON lines",
		Long: "Print all entries as JSON lines, oldest first, one pipeline after the other. Each line has exactly\n" +
			"the stored bytes: the sha256 of a line, without its line end, is the one in the receipt.\n" +
			"The entries are not checked; use ledger verify for that.",
		Args: cobra.NoArgs,
		RunE: a.withLedger(func(ctx context.Context, l *ledger.Ledger, _ []string) error {
			names, err := a.pipelines(ctx, l)
			if err != nil {
				return err
			}
			for _, name := range names {
				if err := l.Scan(ctx, name, time.Time{}, a.exportEntry); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

func (a *app) exportEntry(entry ledger.StoredEntry) error {
	if _, err := a.out.Write(entry.Bytes); err != nil {
		return err
	}
	return a.out.WriteByte('\n')
}
