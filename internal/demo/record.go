package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// record shows the ledger's entries about production, and proves that it fits
// together.
func (s *story) record(ctx context.Context) (err error) {
	engine, err := engines.Open(ctx, "sqlite:"+s.path(".portal", "ledger.db"))
	if err != nil {
		return err
	}
	record := ledger.New(engine)
	defer func() { err = errors.Join(err, record.Close()) }()
	entries, err := record.Entries(ctx, "intranet", 0, 1000)
	if err != nil {
		return err
	}
	fmt.Printf("\nThe ledger has %d entries. Those that changed production:\n\n", len(entries))
	wanted := []string{"2.4.0 succeeded", "2.4.0 succeeded", "2.5.0 succeeded", "2.4.0 succeeded"}
	started := ""
	for _, stored := range entries {
		entry, event, err := portal.ReadEntry(stored.Bytes)
		if err != nil {
			return err
		}
		text := ""
		switch e := event.(type) {
		case portal.DeploymentStarted:
			if e.Environment == "production" {
				started = e.Release
				text = fmt.Sprintf("%-8s %s", e.Mode, e.Release)
			}
		case portal.DeploymentEnded:
			if e.Environment == "production" {
				text = string(e.Outcome)
				if found := started + " " + text; len(wanted) == 0 || found != wanted[0] {
					return fmt.Errorf("entry %d says %s, and %v should be next", entry.Number, found, wanted)
				}
				wanted = wanted[1:]
			}
		}
		if text != "" {
			fmt.Printf("  %3d  %s  %-14s  %-18s  %-16s sha256 %s…\n",
				entry.Number, entry.At.Format(time.RFC3339), entry.By, entry.Kind, text, portal.HashEntry(stored.Bytes)[:12])
		}
	}
	if len(wanted) > 0 {
		return fmt.Errorf("the ledger does not have %v", wanted)
	}
	if err := record.Verify(ctx, "intranet"); err != nil {
		return fmt.Errorf("the ledger does not fit together: %w", err)
	}
	fmt.Print("\nThe state was rebuilt from the entries, and is the one that is stored.\nRefusals at plan are not among them: a plan writes nothing.\n")
	return nil
}

// left says where everything is.
func (s *story) left(context.Context) error {
	fmt.Printf(`
Look at
  %s
  %s
    main.tf, *.auto.tfvars      the configuration
    env/production/current      what production runs
    env/production/releases     and ran before
    .portal/ledger.db           the record
and go on from there:
  TF_CLI_CONFIG_FILE=%s %s -chdir=%s plan
`, s.first, s.emergency, s.terraform.config, s.terraform.path, s.emergency)
	return nil
}
