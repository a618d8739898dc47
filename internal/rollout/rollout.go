package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// Point names a boundary at which a process may die, as it does in tests.
type Point string

// The boundaries of a deployment, in order.
const (
	BeforeStart Point = "before-start" // the bytes are in the cache, nothing is recorded
	AfterStart  Point = "after-start"  // the attempt is recorded, the target is untouched
	BeforeApply Point = "before-apply" // the target is about to be called
	AfterApply  Point = "after-apply"  // the target has been changed
	BeforeEnd   Point = "before-end"   // the result was observed and checked
	AfterEnd    Point = "after-end"    // the end is recorded, nobody was informed
)

// Rollout carries out deployments.
type Rollout struct {
	Ledger    *ledger.Ledger
	Artifacts *artifact.Cache
	// Target opens the target of an environment.
	Target func(pipeline string, environment portal.Environment) (target.Target, error)
	// Warn is called with what the user should know about a deployment; nil: it is dropped.
	Warn func(Warning)
	// Check runs one check of an environment.
	Check func(ctx context.Context, request check.Request) portal.CheckResult
}

// ErrNotFinished says that a deployment was begun and its result is not known, or could not be
// recorded: apply again.
var ErrNotFinished = errors.New("the deployment is not finished")

// FailedError says that the deployment did not succeed, with or without touching the target. It is
// recorded.
type FailedError struct {
	Environment string
	Release     string // the effective version; "" for a removal
	Outcome     portal.Outcome
	Untouched   bool // the environment still runs what it ran before
	First       bool // nothing has succeeded there before
	Detail      string
	// Stale says that the target has seen a newer deployment than the ledger knows of, and Seen
	// which; 0 if the target does not report it.
	Stale bool
	Seen  int64
}

func (e *FailedError) Error() string {
	what := "deploying " + e.Release + " to " + e.Environment
	if e.Release == "" {
		what = "removing what runs on " + e.Environment
	}
	return fmt.Sprintf("%s %s: %s", what, verb(e.Outcome), e.Detail)
}

func verb(outcome portal.Outcome) string {
	switch outcome {
	case portal.Interrupted:
		return "was interrupted"
	case portal.Unknown:
		return "has an unknown outcome"
	}
	return "failed"
}

// Deploy makes an environment run a release. Every rule is judged once more, in the transaction
// that starts it; a *portal.RefusalError has been recorded when it is returned. A *FailedError says
// that the deployment did not succeed.
func (r *Rollout) Deploy(ctx context.Context, pipeline string, by portal.Actor, wish portal.Deploy) error {
	if err := r.fetch(ctx, pipeline, by, wish); err != nil {
		return r.refused(ctx, pipeline, by, wish, err)
	}
	crash(BeforeStart)
	return r.run(ctx, pipeline, by, wish.Environment, portal.StartDeployment{Deploy: wish}, func(err error) error {
		return r.refused(ctx, pipeline, by, wish, err)
	})
}

// Remove takes everything off an environment's target. If nothing runs there is nothing to do. It
// is judged as a deployment is, and a refusal is recorded.
func (r *Rollout) Remove(ctx context.Context, pipeline string, by portal.Actor, removal portal.StartRemoval) error {
	return r.run(ctx, pipeline, by, removal.Environment, removal, func(err error) error {
		return r.refused(ctx, pipeline, by, portal.Deploy{Environment: removal.Environment}, err)
	})
}

// run starts an attempt and carries it out. An abandoned attempt is recovered first.
func (r *Rollout) run(ctx context.Context, pipeline string, by portal.Actor, environment string, start portal.Command, refused func(error) error) error {
	// Each turn ends one abandoned attempt: a second one would be another process's work, and a
	// third one strange.
	for range 3 {
		begun := &noted{Command: start}
		metas, err := r.Ledger.Record(ctx, pipeline, by, begun)
		var abandoned *portal.AbandonedError
		switch {
		case errors.As(err, &abandoned):
			done, err := r.recover(ctx, pipeline, by, environment, start)
			if err != nil {
				return refused(err) // by the process that was faster
			}
			if done {
				return nil
			}
			if start, err = r.rebase(ctx, pipeline, by, start, abandoned); err != nil {
				return err
			}
			continue
		case err != nil:
			return refused(err)
		case len(metas) == 0:
			return nil
		}
		crash(AfterStart)
		x, err := r.execution(ctx, pipeline, by, environment, begun)
		if err != nil {
			return untouched(pipeline, environment, err)
		}
		return x.carryOut(ctx)
	}
	return fmt.Errorf("%w: other processes keep leaving deployments of %s/%s unfinished; look at what they do and apply again", ErrNotFinished, pipeline, environment)
}

// untouched says that an attempt was begun and not carried out.
func untouched(pipeline, environment string, err error) error {
	if errors.Is(err, portal.ErrSuperseded) {
		return lost(pipeline, environment)
	}
	return fmt.Errorf("%w: %s/%s was not touched yet: %w; apply again to go on", ErrNotFinished, pipeline, environment, err)
}

// noted is a command that remembers what it has recorded, and when.
type noted struct {
	portal.Command
	events []portal.Event
	at     time.Time
}

// Decide implements portal.Command.
func (n *noted) Decide(f portal.Facts) ([]portal.Event, error) {
	var err error
	n.at = time.Now()
	n.events, err = n.Command.Decide(f)
	return n.events, err
}

// epoch is that of the attempt that the command has begun or taken over.
func (n *noted) epoch() int64 {
	for _, event := range n.events {
		switch e := event.(type) {
		case portal.DeploymentStarted:
			return e.Epoch
		case portal.DeploymentRecovering:
			return e.Epoch
		default: // it begins no attempt
		}
	}
	return 0
}

// rebase updates a request after its own recovery of another attempt: that the unfinished attempt
// turned out to be in service does not make the plan stale, since the plan was made from what the
// target ran.
func (r *Rollout) rebase(ctx context.Context, pipeline string, by portal.Actor, wish portal.Command, abandoned *portal.AbandonedError) (portal.Command, error) {
	var planned *portal.Planned
	start, deploys := wish.(portal.StartDeployment)
	removal, removes := wish.(portal.StartRemoval)
	switch {
	case deploys:
		planned = start.Planned
	case removes:
		planned = removal.Planned
	}
	if planned == nil || planned.Receipt != abandoned.Running {
		return wish, nil
	}
	err := r.Ledger.View(ctx, pipeline, by, portal.Subjects{}, func(f portal.Facts) error {
		if site := f.Sites[abandoned.Environment]; site != nil && site.InService() != nil {
			planned = &portal.Planned{Receipt: site.InService().Receipt, InForce: planned.InForce}
		}
		return nil
	})
	if removes {
		removal.Planned = planned
		return removal, err
	}
	start.Planned = planned
	return start, err
}

// refused records a refusal, in its own transaction, and returns it.
func (r *Rollout) refused(ctx context.Context, pipeline string, by portal.Actor, wish portal.Deploy, err error) error {
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) {
		return err
	}
	return r.recordRefusal(ctx, pipeline, by, portal.RecordRefusal{Environment: wish.Environment, Release: wish.Release, Refusal: refusal})
}

func (r *Rollout) recordRefusal(ctx context.Context, pipeline string, by portal.Actor, record portal.RecordRefusal) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if _, err := r.Ledger.Record(ctx, pipeline, by, record); err != nil {
		return fmt.Errorf("%w\nThe refusal itself could not be recorded: %w", record.Refusal, err)
	}
	return record.Refusal
}
