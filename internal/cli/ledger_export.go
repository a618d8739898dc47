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
		Long: "Print all entries as JSON lines, oldest first, one pipeline after the other. Each line has the\n" +
			"exact bytes that are stored: the sha256 over a line, without its end, is that of the receipt.\n" +
			"It does not check them; ledger verify does.",
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
