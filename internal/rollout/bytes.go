package rollout

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// fetchAtOnce is how many components are fetched at a time.
const fetchAtOnce = 4

// Needs is what must be fetched to deploy something: component name to where its bytes come from.
type Needs map[string]artifact.Source

// NeedsOf returns what must be fetched for a content, from the sources of its release.
func NeedsOf(content portal.Content, sources map[string]string) Needs {
	needs := make(Needs, len(content))
	for name, item := range content {
		needs[name] = artifact.Source{Location: sources[item.SHA256], SHA256: item.SHA256}
	}
	return needs
}

// fetch brings the bytes of a deployment into the cache before anything is started: nobody wants to
// learn half-way that they are not available. A refusal for another reason is left to the
// transaction that starts it.
func (r *Rollout) fetch(ctx context.Context, pipeline string, by portal.Actor, wish portal.Deploy) error {
	var needs Needs
	var delivery Delivery
	err := r.Ledger.View(ctx, pipeline, by, wish.Subjects(), func(f portal.Facts) error {
		proposal, err := f.Propose(wish)
		if err == nil && proposal.Verdict.Allowed() {
			needs = NeedsOf(proposal.To, f.Sources(wish.Release))
			delivery = DeliveryOf(proposal.Site.Environment, proposal.Effective(), proposal.To)
		}
		return err
	})
	if err != nil || needs == nil {
		return err
	}
	if err = r.secure(ctx, pipeline, needs, []Delivery{delivery}); err == nil || !isDigestProblem(err) {
		return err
	}
	return portal.RefuseDigest(wish.Environment, wish.Release, []string{err.Error()})
}

// bring fetches every component and returns the paths of the copies.
func (r *Rollout) bring(ctx context.Context, needs Needs) (map[string]string, error) {
	names := make([]string, 0, len(needs))
	for name := range needs {
		names = append(names, name)
	}
	paths := make([]string, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchAtOnce)
	for i, name := range names {
		group.Go(func() error {
			path, err := r.Artifacts.Fetch(ctx, needs[name])
			if err != nil {
				return fmt.Errorf("component %q: %w", name, err)
			}
			paths[i] = path
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	files := make(map[string]string, len(names))
	for i, name := range names {
		files[name] = paths[i]
	}
	return files, nil
}

// isDigestProblem reports whether bytes are not what was registered, are not available, or are an
// archive that cannot be unpacked.
func isDigestProblem(err error) bool {
	var mismatch *artifact.MismatchError
	var unavailable *artifact.UnavailableError
	var refused *artifact.ArchiveError
	return errors.As(err, &mismatch) || errors.As(err, &unavailable) || errors.As(err, &refused)
}
