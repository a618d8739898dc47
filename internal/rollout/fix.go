package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// The boundaries of an emergency fix, beside those of the deployments that are
// its steps.
const (
	BeforeOpen Point = "before-open" // the bytes of every step are in the cache, nothing is recorded
	AfterOpen  Point = "after-open"  // the fix is recorded, no step was begun
	BeforeStep Point = "before-step"
	AfterStep  Point = "after-step"
)

// askAgain is how often a fix looks whether the deployment that it has stopped
// has ended.
const askAgain = 200 * time.Millisecond

// HaltedError says that a step of an emergency fix did not succeed. The fix keeps
// what it holds, and goes on from there when it is applied again.
type HaltedError struct {
	Fix    string
	Step   int // from 1
	Of     int
	Action portal.StepAction
	Where  string // the environment
	Err    error
}

func (e *HaltedError) Error() string {
	return fmt.Sprintf("emergency fix %s is halted at step %d of %d, %s on %s: %s", e.Fix, e.Step, e.Of, e.Action, e.Where, e.Err)
}

func (e *HaltedError) Unwrap() error { return e.Err }

// Fix carries out what somebody wants of an emergency fix: it is recorded, and
// then step by step done, as far as the wish goes. What is done already is not
// done again. A *portal.Refusal has been recorded when it is returned; a
// *HaltedError tells that a step did not succeed.
func (r *Rollout) Fix(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) error {
	needs, err := r.fixNeeds(ctx, pipeline, by, wish)
	if err == nil && len(needs) > 0 {
		// Nobody wants to learn half-way that what has to come back cannot be had.
		if _, err = r.bring(ctx, needs); isDigestProblem(err) {
			err = portal.RefuseFixDigest(wish.Name, []string{err.Error()})
		}
	}
	if err != nil {
		return r.refusedFix(ctx, pipeline, by, wish.Name, err)
	}
	crash(BeforeOpen)
	if err := r.open(ctx, pipeline, by, wish); err != nil {
		return err
	}
	crash(AfterOpen)
	return r.steps(ctx, pipeline, by, wish)
}

// fixNeeds tells what has to be brought for the steps of a fix that are left.
func (r *Rollout) fixNeeds(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) (Needs, error) {
	var needs Needs
	err := r.Ledger.View(ctx, pipeline, by, portal.Subjects{}, func(f portal.Facts) error {
		proposal, err := f.PlanFix(wish)
		if err == nil && proposal.Refusal() == nil {
			needs = NeedsOfFix(f, proposal)
		}
		return err
	})
	return needs, err
}

// NeedsOfFix tells what has to be brought for the steps of a fix that are left.
func NeedsOfFix(f portal.Facts, proposal *portal.FixProposal) Needs {
	needs := Needs{}
	for _, step := range proposal.Left() {
		if !step.Deploys() {
			continue
		}
		sources := f.Sources(step.Release)
		for _, c := range proposal.Fix.Components {
			sources[c.SHA256] = c.Source
		}
		for name, item := range step.Content {
			needs[name+" "+item.Version+" "+item.SHA256[:12]] = artifact.Source{Location: sources[item.SHA256], SHA256: item.SHA256}
		}
	}
	return needs
}

// open records the wish. A step of the fix that somebody left unfinished is
// recovered first.
func (r *Rollout) open(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) error {
	for range 3 {
		_, err := r.Ledger.Record(ctx, pipeline, by, portal.OpenFix{FixWish: wish})
		var abandoned *portal.Abandoned
		if !errors.As(err, &abandoned) {
			return r.refusedFix(ctx, pipeline, by, wish.Name, err)
		}
		step := portal.StartStep{Fix: abandoned.Attempt.Step.Fix, Round: abandoned.Attempt.Step.Round}
		if _, err := r.recover(ctx, pipeline, by, abandoned.Environment, step); ignoreFailed(err) != nil {
			return err
		}
	}
	return fmt.Errorf("%w: other processes keep leaving steps of %s unfinished; look at what they do and apply again", ErrNotFinished, wish.Name)
}

// refusedFix records a refusal, in a transaction of its own, and returns it.
func (r *Rollout) refusedFix(ctx context.Context, pipeline string, by portal.Actor, fix string, err error) error {
	var refusal *portal.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return r.recordRefusal(ctx, pipeline, by, portal.RecordRefusal{Fix: fix, Refusal: refusal})
}

// progress is where a fix stands.
type progress struct {
	round, done, of int
	stop            int
	step            portal.Step
	started         bool
	halted          string
}

func (r *Rollout) progress(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) (progress, error) {
	var p progress
	err := r.Ledger.View(ctx, pipeline, by, portal.Subjects{}, func(f portal.Facts) error {
		x := f.Fixes[wish.Name]
		if x == nil {
			return portal.ErrSuperseded
		}
		p = progress{round: x.Round, done: x.Done, of: len(x.Plan.Steps), started: x.Started, halted: x.Halted}
		if x.Active() {
			p.step = x.Plan.Steps[x.Done]
		}
		var err error
		p.stop, err = f.Stop(x, wish.AdvanceTo)
		return err
	})
	return p, err
}

// steps does one step after the other.
func (r *Rollout) steps(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish) error {
	now, err := r.progress(ctx, pipeline, by, wish)
	if err != nil {
		return err
	}
	command := portal.StartStep{Fix: wish.Name, Round: now.round, Stop: now.stop}
	for abandonedOnce := -1; ; {
		if now, err = r.progress(ctx, pipeline, by, wish); err != nil {
			return err
		}
		if now.done >= now.stop {
			return nil
		}
		crash(BeforeStep)
		metas, err := r.Ledger.Record(ctx, pipeline, by, command)
		var abandoned *portal.Abandoned
		var waiting *portal.Waiting
		switch {
		case errors.As(err, &waiting):
			if err := sleep(ctx, askAgain); err != nil {
				return now.stopped(wish.Name, err)
			}
			continue
		case errors.As(err, &abandoned) && abandonedOnce != now.done:
			abandonedOnce = now.done
			err = r.takeUp(ctx, pipeline, by, abandoned, command, now)
		case err != nil:
			err = r.halt(ctx, pipeline, by, command, now, err)
		case len(metas) == 0:
			return nil
		default:
			err = r.carryOutStep(ctx, pipeline, by, wish, now)
		}
		if err != nil {
			return now.stopped(wish.Name, err)
		}
		crash(AfterStep)
	}
}

// takeUp recovers what somebody left unfinished where a step is to be done: the
// step itself, or a deployment that the fix takes the place of.
func (r *Rollout) takeUp(ctx context.Context, pipeline string, by portal.Actor, abandoned *portal.Abandoned, command portal.StartStep, now progress) error {
	_, err := r.recover(ctx, pipeline, by, abandoned.Environment, command)
	if step := abandoned.Attempt.Step; step == nil || step.Round != now.round {
		return ignoreFailed(err)
	}
	return err
}

// carryOutStep does what a step that was begun asks for beyond its record.
func (r *Rollout) carryOutStep(ctx context.Context, pipeline string, by portal.Actor, wish portal.FixWish, before progress) error {
	after, err := r.progress(ctx, pipeline, by, wish)
	if err != nil {
		return err
	}
	if after.halted != "" {
		return errors.New(after.halted)
	}
	if after.round != before.round || after.done != before.done || !after.started || !after.step.Deploys() {
		return nil
	}
	crash(AfterStart)
	x, err := r.execution(ctx, pipeline, by, after.step.Environment)
	if err != nil {
		return fmt.Errorf("%w: %s/%s was not touched yet: %w; apply again to go on", ErrNotFinished, pipeline, after.step.Environment, err)
	}
	return x.carryOut(ctx)
}

// halt records that a step could not be begun, where a rule is in the way.
func (r *Rollout) halt(ctx context.Context, pipeline string, by portal.Actor, command portal.StartStep, now progress, err error) error {
	var refusal *portal.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal.Temporary() {
		return r.refusedFix(ctx, pipeline, by, command.Fix, refusal) // another run is at it
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	halt := portal.HaltFix{Fix: command.Fix, Round: now.round, Detail: refusal.Reason()}
	if _, recordErr := r.Ledger.Record(within, pipeline, by, halt); recordErr != nil {
		return fmt.Errorf("%w\nThat it halted could not be recorded: %w", refusal, recordErr)
	}
	return r.refusedFix(ctx, pipeline, by, command.Fix, refusal)
}

// stopped tells at which step a fix has come to a halt. What is not finished, or
// was taken over, says so itself.
func (p progress) stopped(fix string, err error) error {
	if errors.Is(err, ErrNotFinished) || errors.Is(err, portal.ErrSuperseded) {
		return err
	}
	return &HaltedError{Fix: fix, Step: p.done + 1, Of: p.of, Action: p.step.Action, Where: p.step.Environment, Err: err}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
