package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// badBytes lists, as far as it can be known at plan, which of the bytes that are
// needed are not what was registered, cannot be had, or are archives that are not
// unpacked. A cache that cannot be used is an error: it says nothing about bytes.
func badBytes(ctx context.Context, cache *artifact.Cache, needs rollout.Needs) ([]string, error) {
	var lines []string
	for _, name := range sortedNames(needs) {
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
		return nil //nolint:nilerr // whoever judged has said so
	}
	lines, err := badBytes(ctx, opened.Artifacts, needs)
	if len(lines) > 0 {
		return portal.RefuseFixDigest(fix, lines)
	}
	return err
}

// lookAhead judges the archives of a fix that cannot be planned yet: they do not
// depend on what is still to come. What is recorded was judged before.
func (r *fixResource) lookAhead(ctx context.Context, plan *fixModel, diags *diagnostics) {
	if !plan.Withdraw.IsNull() || !componentsKnown(ctx, plan.Components) {
		return
	}
	opened, err := r.open(ctx)
	if err != nil || r.isRecorded(ctx, plan) {
		return
	}
	var lines []string
	components := decodeComponents(ctx, plan.Components, diags)
	for _, name := range sortedNames(components) {
		c := components[name]
		if c.Kind != artifact.KindArchive || artifact.IsRemote(c.Source) {
			continue
		}
		if c.SHA256 == "" {
			if c.SHA256, _, err = artifact.SumFile(c.Source); err != nil {
				continue // it may still be made
			}
		}
		err := opened.Artifacts.Check(ctx, artifact.Source{Location: c.Source, SHA256: c.SHA256, Kind: c.Kind, StripComponents: c.StripComponents})
		if refused := (*artifact.ArchiveError)(nil); errors.As(err, &refused) {
			lines = append(lines, name+" "+c.Version+": "+err.Error())
		}
	}
	if len(lines) > 0 {
		diags.Append(explain("planning", portal.RefuseFixDigest(plan.Name.ValueString(), lines))...)
	}
}

func (r *fixResource) isRecorded(ctx context.Context, plan *fixModel) bool {
	there := false
	_ = r.view(ctx, plan.Pipeline.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		there = f.Fixes[plan.Name.ValueString()] != nil
		return nil
	})
	return there
}
