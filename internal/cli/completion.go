package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// completer lists values out of a ledger, for a shell to offer.
type completer func(context.Context, *ledger.Ledger) ([]string, error)

// offer lists values. A shell that asks in vain offers nothing: there is no place
// to say why.
func (a *app) offer(cmd *cobra.Command, values completer) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	l, err := a.open(cmd.Context())
	if err != nil {
		return nil, directive
	}
	defer func() { _ = l.Close() }()
	names, err := values(cmd.Context(), l)
	if err != nil {
		return nil, directive
	}
	return names, directive
}

func (a *app) completeFlag(cmd *cobra.Command, flag string, values completer) {
	// It fails only for a flag that is not there, which tests would see.
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.offer(cmd, values)
	})
}

// completeCheck completes a release, then an environment.
func (a *app) completeCheck(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return a.offer(cmd, a.completeReleases)
	case 1:
		return a.offer(cmd, a.completeEnvironments)
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completePipelines(ctx context.Context, l *ledger.Ledger) ([]string, error) {
	return l.Pipelines(ctx)
}

// completeReleases lists the newest first.
func (a *app) completeReleases(ctx context.Context, l *ledger.Ledger) ([]string, error) {
	pipeline, err := a.pipeline(ctx, l)
	if err != nil {
		return nil, err
	}
	releases, err := l.Releases(ctx, pipeline)
	slices.SortFunc(releases, func(a, b string) int { return portal.ComparePrecedence(b, a) })
	return releases, err
}

func (a *app) completeEnvironments(ctx context.Context, l *ledger.Ledger) ([]string, error) {
	return a.completeFacts(ctx, l, func(f portal.Facts) (names []string) {
		for name := range f.Sites {
			names = append(names, name)
		}
		return names
	})
}

func (a *app) completeFixes(ctx context.Context, l *ledger.Ledger) ([]string, error) {
	return a.completeFacts(ctx, l, func(f portal.Facts) (names []string) {
		for name := range f.Fixes {
			names = append(names, name)
		}
		return names
	})
}

func (a *app) completeFacts(ctx context.Context, l *ledger.Ledger, list func(portal.Facts) []string) ([]string, error) {
	pipeline, err := a.pipeline(ctx, l)
	if err != nil {
		return nil, err
	}
	var names []string
	err = l.View(ctx, pipeline, a.by(), portal.Subjects{}, func(f portal.Facts) error {
		names = slices.Sorted(slices.Values(list(f)))
		return nil
	})
	return names, err
}
