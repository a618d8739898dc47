package rollout

import (
	"context"
	"fmt"
	"maps"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// Delivery is one planned deployment, whose target may still have what it needs.
type Delivery struct {
	Environment portal.Environment
	Release     string // the effective version
	Content     portal.Content
	// Later says that something else is deployed there first: what the target has now may be gone
	// then.
	Later bool
	needs []string // the names of what it needs
}

// DeliveryOf returns the delivery of a content, with its needs from NeedsOf.
func DeliveryOf(environment portal.Environment, release string, content portal.Content) Delivery {
	return Delivery{Environment: environment, Release: release, Content: content, needs: content.Names()}
}

// DeliveriesOfFix returns those of the remaining steps of a fix, with its needs from NeedsOfFix.
func DeliveriesOfFix(f portal.Facts, proposal *portal.FixProposal) []Delivery {
	var deliveries []Delivery
	seen := map[string]bool{}
	for _, step := range proposal.Left() {
		site := f.Sites[step.Environment]
		if !step.Deploys() || site == nil {
			continue
		}
		d := Delivery{Environment: site.Environment, Release: step.Effective(), Content: step.Content, Later: seen[step.Environment]}
		for name, item := range step.Content {
			d.needs = append(d.needs, needOfFix(name, item))
		}
		seen[step.Environment] = true
		deliveries = append(deliveries, d)
	}
	return deliveries
}

// Hidden fails with a *portal.RejectionError if a delivery has a component that matches the
// ignore_patterns of its target: nobody would see whether it is there.
func Hidden(pipeline string, deliveries ...Delivery) error {
	for _, d := range deliveries {
		if component, pattern := target.PatternsOf(d.Environment.Target.Config).Hides(d.Content); component != "" {
			return &portal.RejectionError{
				Summary: fmt.Sprintf("component %q of %s matches ignore_patterns of environment %q", component, d.Release, pipeline+"/"+d.Environment.Name),
				Detail: fmt.Sprintf("What matches %q counts as somebody else's there, so that nobody would see whether the component is there. "+
					"Write a pattern that matches only what a server writes beside the components. Nothing was changed.", pattern),
			}
		}
	}
	return nil
}

// CheckOwners fails with a *portal.RejectionError if another ledger deploys to the target of a
// delivery, as far as the targets record it and can be reached.
func (r *Rollout) CheckOwners(ctx context.Context, pipeline string, deliveries ...Delivery) error {
	for _, d := range deliveries {
		if d.Later {
			continue
		}
		opened, err := r.Target(pipeline, d.Environment)
		owned, notes := opened.(target.Owned)
		if err != nil || !notes {
			continue // the deployment there reports the problem
		}
		owner, note, err := owned.Owner(ctx)
		if err != nil {
			continue
		}
		if err := owner.CheckOwner(r.Ledger.ID(), note); err != nil {
			return &portal.RejectionError{
				Summary: fmt.Sprintf("the target of environment %q belongs to another ledger", pipeline+"/"+d.Environment.Name),
				Detail:  portal.Sentence(err.Error()),
			}
		}
	}
	return nil
}

// Keeps reports whether the target of a delivery still has all of it, byte for byte. A target that
// cannot be reached, or keeps nothing, does not.
func (r *Rollout) Keeps(ctx context.Context, pipeline string, d Delivery) bool {
	if d.Later || len(d.Content) == 0 {
		return false
	}
	opened, err := r.Target(pipeline, d.Environment)
	if err != nil {
		return false
	}
	keeper, keeps := opened.(target.Keeper)
	if !keeps {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, observeFor)
	defer cancel()
	kept, err := keeper.Keeps(ctx, d.Release, d.Content)
	return err == nil && kept
}

// Lacking returns the needs that must be fetched: not what targets still have. A target is only
// asked for what is not in the cache.
func (r *Rollout) Lacking(ctx context.Context, pipeline string, needs Needs, deliveries []Delivery, atHand func(artifact.Source) bool) Needs {
	lacking := Needs{}
	for _, d := range deliveries {
		if !needs.all(d.needs, atHand) && r.Keeps(ctx, pipeline, d) {
			continue
		}
		for _, name := range d.needs {
			lacking[name] = needs[name]
		}
	}
	return lacking
}

func (n Needs) all(names []string, is func(artifact.Source) bool) bool {
	for _, name := range names {
		if !is(n[name]) {
			return false
		}
	}
	return true
}

// cached reports whether a component is in the cache.
func (r *Rollout) cached(source artifact.Source) bool { return r.Artifacts.Has(source.SHA256) }

// secure brings into the cache what deliveries need and their targets do not have. Targets are
// asked before sources, which may be gone or far away; if the cache has lost what it had, once
// more.
func (r *Rollout) secure(ctx context.Context, pipeline string, needs Needs, deliveries []Delivery) error {
	if err := Hidden(pipeline, deliveries...); err != nil {
		return err
	}
	first := r.Lacking(ctx, pipeline, needs, deliveries, r.cached)
	_, err := r.bring(ctx, first)
	if !isDigestProblem(err) {
		return err
	}
	never := func(artifact.Source) bool { return false }
	if again := r.Lacking(ctx, pipeline, needs, deliveries, never); !maps.Equal(first, again) {
		_, err = r.bring(ctx, again)
	}
	return err
}
