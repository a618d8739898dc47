package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

const (
	historyEnvironments = 100
	historyEntries      = 100_000
)

// history measures the same plan over a short and over a long record. The long
// one has genuine entries, made by the ledger itself: release after release,
// deployed to every environment of the first stage and tested there.
func (b *bench) history(ctx context.Context, budget time.Duration) error {
	var roots [2]*root
	var entries [2]int64
	for i, name := range []string{"short", "long"} {
		r, err := b.prepare(name, contender{hcl: promotion(historyEnvironments, directories), overrides: map[string]string{portalAddress: b.real}})
		if err != nil {
			return err
		}
		roots[i] = r
		if name == "long" {
			if _, err := r.apply(ctx, environmentsOnly(historyEnvironments)...); err != nil {
				return err
			}
			if err := age(ctx, ledgerOf(r), historyEntries); err != nil {
				return fmt.Errorf("making history: %w", err)
			}
		}
		if _, err := r.apply(ctx); err != nil {
			return err
		}
		if entries[i], err = headOf(ctx, ledgerOf(r)); err != nil {
			return err
		}
	}
	var planned [2]series
	err := b.inTurns(budget, func() error {
		for _, i := range []int{1, 0} {
			if err := timed(&planned[i])(roots[i].plan(ctx)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	names := []string{fmt.Sprintf("%d entries", entries[1]), fmt.Sprintf("%d entries", entries[0])}
	fmt.Printf("\nThe same plan over a long and over a short history\n\n")
	compare("refresh and plan, no changes", names, []series{planned[1], planned[0]}, 2*historyEnvironments+2, map[int]float64{1: aimHistory})
	return nil
}

// environmentsOnly leaves the deployments of a root module out of an apply.
func environmentsOnly(n int) []string {
	args := make([]string, n)
	for i := range args {
		args[i] = fmt.Sprintf("-target=portal_environment.e%d", i)
	}
	return args
}

func ledgerOf(r *root) string { return filepath.Join(r.dir, ".portal", "ledger.db") }

func headOf(ctx context.Context, path string) (int64, error) {
	engine, err := engines.Open(ctx, "sqlite:"+path)
	if err != nil {
		return 0, err
	}
	head, err := engine.Head(ctx, "bench")
	return head, errors.Join(err, engine.Close())
}

// age records until there are that many entries, and leaves every environment
// empty, as it was.
func age(ctx context.Context, path string, entries int64) (err error) {
	engine, err := engines.Open(ctx, "sqlite:"+path)
	if err != nil {
		return err
	}
	l := ledger.New(engine)
	defer func() { err = errors.Join(err, l.Close()) }()
	by := portal.Actor{Name: "bench"}
	record := func(command portal.Command) ([]portal.Meta, error) { return l.Record(ctx, "bench", by, command) }
	var sites []string
	err = l.View(ctx, "bench", by, portal.Subjects{}, func(f portal.Facts) error {
		for _, site := range f.OnStage("test", portal.LaneRegular) {
			sites = append(sites, site.Name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for number := 1; ; number++ {
		head, err := engine.Head(ctx, "bench")
		if err != nil || head >= entries {
			return errors.Join(err, onEach(sites, func(site string) error { return attempt(record, portal.StartRemoval{Environment: site}, site) }))
		}
		release := fmt.Sprintf("0.%d.0", number)
		digest := fmt.Sprintf("%064x", number)
		_, err = record(portal.RegisterRelease{Release: portal.Release{
			Version: release, Type: portal.Full,
			Components: map[string]portal.Component{"theme": {Version: release, Kind: portal.DefaultKind, Source: "/theme-" + release, SHA256: digest}},
		}})
		if err != nil {
			return err
		}
		err = onEach(sites, func(site string) error {
			err := attempt(record, portal.StartDeployment{Deploy: portal.Deploy{Environment: site, Release: release}}, site)
			for run := 0; run < 4 && err == nil; run++ {
				_, err = record(portal.RecordTest{
					Environment: site, Release: release, Suite: fmt.Sprintf("suite-%d", run%2), Passed: run > 1,
					Tests: 120, Failures: 1 - run/2, RunID: fmt.Sprint(number, run),
				})
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

// attempt starts a deployment and ends it with success.
func attempt(record func(portal.Command) ([]portal.Meta, error), start portal.Command, site string) error {
	metas, err := record(start)
	if err != nil || len(metas) == 0 {
		return err
	}
	_, err = record(ending{site: site})
	return err
}

// ending ends the open attempt of an environment, whichever it is.
type ending struct {
	portal.EndDeployment
	site string
}

// Subjects implements portal.Command.
func (ending) Subjects() portal.Subjects { return portal.Subjects{} }

// Decide implements portal.Command.
func (e ending) Decide(f portal.Facts) ([]portal.Event, error) {
	return portal.EndDeployment{Environment: e.site, Epoch: f.Sites[e.site].Epoch, Outcome: portal.Succeeded, Took: time.Second}.Decide(f)
}

// onEach does something at all of them at once.
func onEach(sites []string, do func(site string) error) error {
	errs := make([]error, len(sites))
	var all sync.WaitGroup
	for i, site := range sites {
		all.Go(func() { errs[i] = do(site) })
	}
	all.Wait()
	return errors.Join(errs...)
}
