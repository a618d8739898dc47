package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/wait"
)

// The boundaries of an emergency fix, besides those of the deployments that are its steps.
const (
	BeforeOpen Point = "before-open" // the bytes of every step are in the cache, nothing is recorded
	AfterOpen  Point = "after-open"  // the fix is recorded, no step has begun
	BeforeStep Point = "before-step"
	AfterStep  Point = "after-step"
)

// askAgain is how often a fix checks whether the deployment that it has stopped has ended.
const askAgain = 200 * time.Millisecond

// silentFor is how many leases a fix waits for a process that is alive and does not respond.
const silentFor = 2

// HaltedError says that a step of an emergency fix did not succeed. The fix keeps what it holds,
// and continues from there when it is applied again.
type HaltedError struct {
	Fix    string
	Step   int // from 1
	Of     int
	Action portal.StepAction
	Where  string // the environment
	// Recorded says that the ledger has recorded that the fix halted, and why.
	Recorded bool
	Err      error
}

func (e *HaltedError) Error() string {
	return fmt.Sprintf("emergency fix %s is halted at step %d of %d, %s on %s: %s", e.Fix, e.Step, e.Of, e.Action, e.Where, e.Err)
}

func (e *HaltedError) Unwrap() error { return e.Err }

// Fix carries out a request for an emergency fix: it is recorded, and then done step by step, as
// far as requested. Completed steps are not repeated. A *portal.RefusalError has been recorded when
// it is returned; a *HaltedError says that a step did not succeed.
func (r *Rollout) Fix(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) error {
	needs, deliveries, err := r.fixNeeds(ctx, pipeline, by, wish)
	if err == nil && len(needs) > 0 {
		// Nobody wants to learn half-way that what must be restored is not available.
		if err = r.secure(ctx, pipeline, needs, deliveries); isDigestProblem(err) {
			err = portal.RefuseFixDigest(wish.Name, []string{err.Error()})
		}
	}
	if err != nil {
		return r.refusedFix(ctx, pipeline, by, wish.Name, err)
	}
	crash(BeforeOpen)
	round, err := r.open(ctx, pipeline, by, wish)
	if err != nil {
		return err
	}
	crash(AfterOpen)
	return r.steps(ctx, pipeline, by, wish, round)
}

// Warning is something to know about what was done.
type Warning struct{ Summary, Detail string }

// fixNeeds returns what must be fetched for the remaining steps of a fix.
func (r *Rollout) fixNeeds(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) (needs Needs, deliveries []Delivery, err error) {
	err = r.Ledger.View(ctx, pipeline, by, portal.Subjects{}, func(f portal.Facts) error {
		proposal, err := f.PlanFix(wish)
		if err == nil && proposal.Refusal() == nil {
			needs, deliveries = NeedsOfFix(f, proposal), DeliveriesOfFix(f, proposal)
		}
		return err
	})
	return needs, deliveries, err
}

// opening is the command that records a request. It remembers which steps belong to it, since
// somebody else may amend the fix right after it.
type opening struct {
	portal.OpenFix
	round int
}

// Decide implements portal.Command.
func (o *opening) Decide(f portal.Facts) ([]portal.Event, error) {
	events, err := o.OpenFix.Decide(f)
	if o.round = 0; f.Fixes[o.Name] != nil {
		o.round = f.Fixes[o.Name].Round
	}
	for _, event := range events {
		switch event.(type) {
		case portal.FixAmended, portal.FixWithdrawing:
			o.round++
		default: // the round stays
		}
	}
	return events, err
}

// open records the request and returns the round whose steps fulfil it. If a new round begins, an
// abandoned step is recovered first; it is not carried out, since that is not requested any more.
func (r *Rollout) open(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) (round int, err error) {
	command := &opening{OpenFix: portal.OpenFix{FixWish: wish}}
	for range 3 {
		_, err := r.Ledger.Record(ctx, pipeline, by, command)
		var abandoned *portal.AbandonedError
		if !errors.As(err, &abandoned) {
			return command.round, r.refusedFix(ctx, pipeline, by, wish.Name, err)
		}
		if _, err := r.recover(ctx, pipeline, by, abandoned.Environment, nil); ignoreFailed(err) != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("%w: other processes keep leaving steps of %s unfinished; look at what they do and apply again", ErrNotFinished, wish.Name)
}

// refusedFix records a refusal, in its own transaction, and returns it.
func (r *Rollout) refusedFix(ctx context.Context, pipeline string, by portal.Actor, fix string, err error) error {
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) {
		return err
	}
	return r.recordRefusal(ctx, pipeline, by, portal.RecordRefusal{Fix: fix, Refusal: refusal})
}

// progress is the position of a fix.
type progress struct {
	done, of int
	stop     int
	step     portal.Step
}

func (r *Rollout) progress(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) (progress, error) {
	var p progress
	err := r.Ledger.View(ctx, pipeline, by, portal.Subjects{}, func(f portal.Facts) error {
		x := f.Fixes[wish.Name]
		if x == nil {
			return portal.ErrSuperseded
		}
		p = progress{done: x.Done, of: len(x.Plan.Steps)}
		if x.Active() {
			p.step = x.Plan.Steps[x.Done]
		}
		var err error
		p.stop, err = f.Stop(x, wish.AdvanceTo)
		return err
	})
	return p, err
}

// steps does one step of the round after the other.
func (r *Rollout) steps(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish, round int) error {
	caughtUp := map[string]bool{}
	var now progress
	var waiting *portal.WaitingError // for a deployment that blocks it
	for abandonedOnce := -1; ; {
		next, err := r.progress(ctx, pipeline, by, wish)
		if err != nil && waiting != nil && ctx.Err() != nil {
			return now.waitedInVain(ctx, wish.Name, waiting)
		}
		if err != nil {
			return err
		}
		now = next
		crash(BeforeStep)
		command := portal.StartStep{Fix: wish.Name, Round: round, Stop: now.stop}
		begun := &noted{Command: command}
		metas, err := r.Ledger.Record(ctx, pipeline, by, begun)
		var abandoned *portal.AbandonedError
		if ctx.Err() == nil {
			waiting = nil
		}
		switch {
		case err != nil && waiting != nil && ctx.Err() != nil:
			return now.waitedInVain(ctx, wish.Name, waiting)
		case errors.As(err, &waiting) && waiting.Silent > silentFor*r.Ledger.Lease():
			return now.stopped(wish.Name, waiting)
		case errors.As(err, &waiting):
			if err := wait.For(ctx, askAgain); err != nil {
				return now.waitedInVain(ctx, wish.Name, waiting)
			}
			continue
		case errors.As(err, &abandoned) && abandonedOnce != now.done:
			abandonedOnce = now.done
			err = r.takeUp(ctx, pipeline, by, abandoned, command)
		case err != nil:
			err = r.halt(ctx, pipeline, by, command, now, err)
		case len(metas) == 0:
			return nil
		default:
			now = now.at(begun)
			err = r.carryOutStep(ctx, pipeline, by, begun)
		}
		var failed *FailedError
		if errors.As(err, &failed) && failed.Stale && !caughtUp[now.step.Environment] {
			caughtUp[now.step.Environment] = true // a target that refuses again has another reason
			if err = r.catchUp(ctx, pipeline, by, wish.Name, now.step.Environment, failed); err == nil {
				continue
			}
		}
		if err != nil {
			return now.stopped(wish.Name, err)
		}
		crash(AfterStep)
	}
}

// catchUp records that a target has seen newer deployments than the ledger knows of, so that the
// step is repeated with an epoch above them. Production is repaired first, and the cause is found
// later.
func (r *Rollout) catchUp(ctx context.Context, pipeline string, by portal.Actor, fix, environment string, failed *FailedError) error {
	reason := fmt.Sprintf("the target of %s has seen a newer deployment than the ledger knows of", environment)
	_, err := r.Ledger.Record(ctx, pipeline, by, portal.RestoreLedger{Reason: reason, Fix: fix, Seen: map[string]int64{environment: failed.Seen}})
	if err == nil && r.Warn != nil {
		r.Warn(Warning{
			Summary: fmt.Sprintf("The ledger is older than the target of %s/%s", pipeline, environment),
			Detail:  fmt.Sprintf("Emergency fix %s went ahead anyway, and that is recorded. %s.", fix, portal.Sentence(failed.Detail)),
		})
	}
	return err
}

// takeUp recovers what was abandoned where a step is next: the step itself, or a deployment that
// the fix replaces. If another process was faster, there is nothing to do.
func (r *Rollout) takeUp(ctx context.Context, pipeline string, by portal.Actor, abandoned *portal.AbandonedError, command portal.StartStep) error {
	_, err := r.recover(ctx, pipeline, by, abandoned.Environment, command)
	var refusal *portal.RefusalError
	if errors.As(err, &refusal) && refusal.Temporary() {
		return nil
	}
	if step := abandoned.Attempt.Step; step == nil || step.Round != command.Round {
		return ignoreFailed(err)
	}
	return err
}

// at is the position of the fix by what was begun: another process may have done a step in the
// meantime.
func (p progress) at(begun *noted) progress {
	for _, event := range begun.events {
		if e, is := event.(portal.FixStepStarted); is {
			p.done, p.step.Action, p.step.Environment = e.Index, e.Action, e.Environment
		}
	}
	return p
}

// carryOutStep does what a step that was begun needs beyond its record.
func (r *Rollout) carryOutStep(ctx context.Context, pipeline string, by portal.Actor, begun *noted) error {
	for _, event := range begun.events {
		switch e := event.(type) {
		case portal.FixStepEnded:
			if e.Outcome != portal.Succeeded {
				return &stepFailedError{e.Detail}
			}
		case portal.DeploymentStarted:
			crash(AfterStart)
			x, err := r.execution(ctx, pipeline, by, e.Environment, begun)
			if err != nil {
				return untouched(pipeline, e.Environment, err)
			}
			return x.carryOut(ctx)
		default: // it is only recorded
		}
	}
	return nil
}

// halt records that a step could not start, because a rule forbids it.
func (r *Rollout) halt(ctx context.Context, pipeline string, by portal.Actor, command portal.StartStep, now progress, err error) error {
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal.Temporary() {
		return r.refusedFix(ctx, pipeline, by, command.Fix, refusal) // another run is doing it
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	halt := portal.HaltFix{FixStep: portal.FixStep{Fix: command.Fix, Round: command.Round, Index: now.done}, Detail: refusal.Reason()}
	if _, recordErr := r.Ledger.Record(within, pipeline, by, halt); recordErr != nil {
		return &unrecordedError{fmt.Errorf("%w\nThat it halted could not be recorded: %w", refusal, recordErr)}
	}
	return r.refusedFix(ctx, pipeline, by, command.Fix, refusal)
}

// stopped says at which step a fix has halted. If work is unfinished, was taken over or changed, or
// belongs to another process, its own error says so.
func (p progress) stopped(fix string, err error) error {
	var refusal *portal.RefusalError
	var rejection *portal.RejectionError
	if errors.Is(err, ErrNotFinished) || errors.Is(err, portal.ErrSuperseded) || errors.As(err, &rejection) || (errors.As(err, &refusal) && refusal.Temporary()) {
		return err
	}
	return &HaltedError{Fix: fix, Step: p.done + 1, Of: p.of, Action: p.step.Action, Where: p.step.Environment, Recorded: isRecorded(err), Err: err}
}

// stepFailedError is a step of a fix that is only recorded, and recorded as failed.
type stepFailedError struct{ detail string }

func (e *stepFailedError) Error() string { return e.detail }

// unrecordedError is why a fix halted, if the ledger could not be written.
type unrecordedError struct{ error }

func (e *unrecordedError) Unwrap() error { return e.error }

// isRecorded reports whether the ledger has recorded what stopped a fix: how a step ended, or the
// rule that forbade it. It has not if the ledger itself was the cause, or if the fix was stopped
// while nothing was being done.
func isRecorded(err error) bool {
	var unrecorded *unrecordedError
	var failed *FailedError
	var step *stepFailedError
	var refusal *portal.RefusalError
	switch {
	case errors.As(err, &unrecorded):
		return false
	case errors.As(err, &failed), errors.As(err, &step):
		return true
	}
	return errors.As(err, &refusal)
}

// waitedInVain is the error of a fix whose time was up while a deployment blocked it.
func (p progress) waitedInVain(ctx context.Context, fix string, waiting *portal.WaitingError) error {
	return p.stopped(fix, fmt.Errorf("%s. Meanwhile %w", whyStopped(ctx), waiting))
}
