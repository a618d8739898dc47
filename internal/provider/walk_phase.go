package provider

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// phase is which of its two walks Terraform is in. It does not say: a plan is made
// once while planning and once more right before it is applied. But it reads what it
// has in its state, and data sources, and plans what does not change or is not known
// yet, only while planning, and changes something only while applying.
type phase struct {
	reads   atomic.Bool
	changes atomic.Bool

	asked sync.Once
	until time.Time // when the wait for a sign is over
}

// waitForSigns is how long a walk waits for a sign, if none is there yet: once,
// from the first question on.
const waitForSigns = time.Second

// reading notes that something is read.
func (s *session) reading() { s.phase.reads.Store(true) }

// planning notes a plan of something that does not change, or that is not known yet.
func (s *session) planning(req resource.ModifyPlanRequest) {
	stays := !req.State.Raw.IsNull() && req.Plan.Raw.Equal(req.State.Raw)
	if stays || !req.Config.Raw.IsFullyKnown() {
		s.reading()
	}
}

// changing notes that something is changed.
func (s *session) changing() { s.phase.changes.Store(true) }

// surelyApplies reports whether this is certainly the walk that applies.
func (s *session) surelyApplies() bool { return s.phase.changes.Load() }

// applies reports whether this is the walk that applies. Without any sign it is: the
// first change of a saved plan comes without one, while a plan has read what is in the
// state, or is of a pipeline that is still to come.
func (s *session) applies(ctx context.Context, pipeline string) bool {
	fresh := false
	_ = s.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error { fresh = f.Pipeline == nil; return nil })
	if fresh {
		return s.surelyApplies()
	}
	s.phase.asked.Do(func() { s.phase.until = time.Now().Add(waitForSigns) })
	for {
		switch {
		case s.phase.changes.Load():
			return true
		case s.phase.reads.Load():
			return false
		case ctx.Err() != nil || time.Now().After(s.phase.until):
			return true
		}
		time.Sleep(waitForSigns / 20)
	}
}
