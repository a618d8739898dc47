package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ci"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// withLedger runs a command that only reads the ledger, which has to be there.
func (a *app) withLedger(run func(ctx context.Context, l *ledger.Ledger, args []string) error) func(*cobra.Command, []string) error {
	return a.with(a.open, run)
}

// with runs a command on a ledger, and closes it.
func (a *app) with(
	open func(context.Context) (*ledger.Ledger, error),
	run func(ctx context.Context, l *ledger.Ledger, args []string) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		l, err := open(cmd.Context())
		if err != nil {
			return err
		}
		defer func() {
			if closeErr := l.Close(); err == nil {
				err = closeErr
			}
		}()
		return run(cmd.Context(), l, args)
	}
}

// open opens the ledger to read it: an older one stays as it is.
func (a *app) open(ctx context.Context) (*ledger.Ledger, error) {
	return a.opened(ctx, engines.Existing(), ledger.ReadOnly())
}

// openToRebuild opens the ledger to write what follows from its entries.
func (a *app) openToRebuild(ctx context.Context) (*ledger.Ledger, error) {
	return a.opened(ctx, engines.ToRebuild())
}

func (a *app) opened(ctx context.Context, how engines.Option, options ...ledger.Option) (*ledger.Ledger, error) {
	address, err := engines.Parse(cmp.Or(a.url, a.getenv(engines.Variable), engines.Default))
	if err != nil {
		return nil, err
	}
	engine, err := address.Open(ctx, how, engines.WithClock(a.program.Clock))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no ledger at %s\nNothing was created. Name the ledger with --ledger sqlite:PATH or in %s; without them it is %s below the working directory",
			address, engines.Variable, strings.TrimPrefix(engines.Default, "sqlite:"))
	}
	if err != nil {
		return nil, err
	}
	return ledger.New(engine, options...), nil
}

// pipelines are those that were named, or else all that the ledger has.
func (a *app) pipelines(ctx context.Context, l *ledger.Ledger) ([]string, error) {
	all, err := l.Pipelines(ctx)
	if err != nil || a.name == "" {
		return all, err
	}
	if !slices.Contains(all, a.name) {
		return nil, fmt.Errorf("the ledger has no pipeline %q\n%s", a.name, has(all))
	}
	return []string{a.name}, nil
}

// pipeline is the one that was named, or else the only one that the ledger has.
func (a *app) pipeline(ctx context.Context, l *ledger.Ledger) (string, error) {
	names, err := a.pipelines(ctx, l)
	switch {
	case err != nil:
		return "", err
	case len(names) == 0:
		return "", fmt.Errorf("the ledger has no pipeline\n%s", has(nil))
	case len(names) > 1:
		return "", fmt.Errorf("the ledger has %d pipelines\nChoose one with --pipeline. %s", len(names), has(names))
	}
	return names[0], nil
}

func has(names []string) string {
	if len(names) == 0 {
		return "It has no entries: check --ledger and " + engines.Variable
	}
	return "It has: " + strings.Join(names, ", ")
}

// by is who looks on.
func (a *app) by() portal.Actor { return portal.Actor{Name: ci.Actor(a.getenv)} }

// actor is who writes, and from which run.
func (a *app) actor() portal.Actor {
	return portal.Actor{Name: ci.Actor(a.getenv), Run: cmp.Or(a.getenv("PORTAL_RUN_URL"), ci.Detect(a.getenv).URL)}
}

// explain says in plain words what kept a command from running.
func explain(err error) string {
	var rejection *portal.RejectionError
	var corrupt *ledger.CorruptError
	switch {
	case errors.As(err, &rejection):
		return rejection.Summary + "\n" + rejection.Detail
	case errors.As(err, &corrupt):
		return err.Error() + "\nThe ledger was damaged or changed. Run portal ledger verify"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return err.Error()
}
