package provider

import (
	"context"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// withoutKept leaves out of what has to be brought what targets still have. They are
// asked only where something could not be brought, and only a refusal is withheld by
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
