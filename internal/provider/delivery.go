package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// toBe gives the environments of a pipeline as this walk will have declared them.
func (s *session) toBe(ctx context.Context, pipeline string, look func(map[string]*portal.Site)) {
	_ = s.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if !s.walk.imagine(f, portal.Subjects{}, func(imagined portal.Facts) { look(imagined.Sites) }) {
			look(f.Sites)
		}
		return nil // who judges the plan says what kept it from being looked at
	})
}

// deliverable refuses deliveries that their targets, as this walk will have declared
// them, cannot take: of components that match what they ignore, and where another
// ledger deploys.
func (s *session) deliverable(ctx context.Context, pipeline string, deliveries ...rollout.Delivery) error {
	deliveries = slices.Clone(deliveries)
	s.toBe(ctx, pipeline, func(sites map[string]*portal.Site) {
		for i := range deliveries {
			if site := sites[deliveries[i].Environment.Name]; site != nil {
				deliveries[i].Environment = site.Environment
			}
		}
	})
	if err := rollout.Hidden(pipeline, deliveries...); err != nil {
		return err
	}
	opened, err := s.open(ctx)
	if err != nil {
		return nil //nolint:nilerr // the one who judged has said so
	}
	return opened.CheckOwners(ctx, pipeline, deliveries...)
}

// excused reports whether the drift that a refresh saw is only what this very walk
// declares to be not ours: nothing has to be repaired then. Patterns that are
// declared already were left out by the refresh.
func (s *session) excused(ctx context.Context, pipeline, environment string, before *seen) bool {
	if before == nil || !before.Differs || before.Observed == nil {
		return false
	}
	var now, then target.Patterns
	_ = s.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if site := f.Sites[environment]; site != nil {
			now = target.PatternsOf(site.Target.Config)
		}
		return nil
	})
	s.toBe(ctx, pipeline, func(sites map[string]*portal.Site) {
		if site := sites[environment]; site != nil {
			then = target.PatternsOf(site.Target.Config)
		}
	})
	if slices.Equal(now, then) {
		return false
	}
	left := maps.Clone(before.Observed)
	maps.DeleteFunc(left, func(name string, _ portal.Item) bool {
		_, ours := before.Recorded[name]
		return !ours && then.Match(name, true) // what it is, the next refresh shows
	})
	return target.Matches(left, before.Recorded)
}
