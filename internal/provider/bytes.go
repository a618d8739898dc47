package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// badBytes lists, as far as it can be known at plan, which of the bytes that are
// needed are not what was registered, cannot be had, or are archives that are not
// unpacked. A cache that cannot be used is an error: it says nothing about bytes.
func badBytes(ctx context.Context, cache *artifact.Cache, needs rollout.Needs) ([]string, error) {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		err := cache.Check(ctx, needs[name])
		var full *artifact.CacheError
		switch {
		case errors.As(err, &full):
			return nil, err
		case err != nil:
			lines = append(lines, fmt.Sprintf("component %q: %s", name, err))
		}
	}
	return lines, nil
}

// bytesOfFix judges the bytes that a fix needs. It is nil if nothing is known to
// be wrong with them.
func (s *session) bytesOfFix(ctx context.Context, fix string, needs rollout.Needs) error {
	if len(needs) == 0 {
		return nil
	}
	opened, err := s.open(ctx)
	if err != nil {
		return nil //nolint:nilerr // the one who judged has said so
	}
	lines, err := badBytes(ctx, opened.Artifacts, needs)
	if len(lines) > 0 {
		return portal.RefuseFixDigest(fix, lines)
	}
	return err
}

// withoutKept leaves out of what has to be brought what targets still have. They are
// asked only if something could not be brought, and only a refusal is withheld by
// what they say: nothing that is planned comes from it.
func (s *session) withoutKept(ctx context.Context, pipeline string, needs rollout.Needs, deliveries ...rollout.Delivery) rollout.Needs {
	opened, err := s.open(ctx)
	if err != nil {
		return needs
	}
	within, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	return opened.Lacking(within, pipeline, needs, deliveries, func(source artifact.Source) bool { return opened.Artifacts.Check(ctx, source) == nil })
}
