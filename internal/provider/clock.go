package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// tellClock warns, once in a walk, where the newest entry of a pipeline lies in the
// future.
func (s *session) tellClock(ctx context.Context, pipeline string, diags *diag.Diagnostics) {
	s.walk.mu.Lock()
	told := s.walk.clocks[pipeline]
	s.walk.clocks[pipeline] = true
	s.walk.mu.Unlock()
	if told {
		return
	}
	// Where the ledger cannot be read, somebody else says so.
	_ = s.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if problem, cure := f.ClockProblem(); problem != "" {
			diags.AddWarning("The record of pipeline \""+pipeline+"\" is ahead of the clock", problem+".\n"+cure)
		}
		return nil
	})
}
