package rollout

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// observeFor limits the look at a target after a deployment, also after one whose own time is up.
const observeFor = time.Minute

// execution is one attempt in progress in this process.
type execution struct {
	r         *Rollout
	pipeline  string
	by        portal.Actor
	site      portal.Environment
	attempt   portal.Attempt
	from      portal.Content // what is in service; if that is not known, what was before
	known     bool           // what is in service is known
	first     bool           // nothing has succeeded there before
	sources   map[string]string
	target    target.Target
	returns   bool  // it restores the previous content: its checks are not held against it
	touched   bool  // the target was called
	stale     bool  // the target has refused the attempt as older than one it has seen
	seenEpoch int64 // of a newer attempt that the target has seen; 0: none that it reports
	began     time.Time
	renewed   atomic.Pointer[time.Time] // when the lease was last known to be this process's
}

// execution prepares an attempt that was begun or taken over. It fails with portal.ErrSuperseded if
// another process has it now.
func (r *Rollout) execution(ctx context.Context, pipeline string, by portal.Actor, environment string, begun *noted) (*execution, error) {
	x := &execution{r: r, pipeline: pipeline, by: by, began: time.Now()}
	x.renewed.Store(&begun.at)
	err := r.Ledger.View(ctx, pipeline, by, portal.Subjects{}, func(f portal.Facts) error {
		site := f.Sites[environment]
		if site == nil || !site.Attempt.Open() || site.Attempt.Epoch != begun.epoch() {
			return portal.ErrSuperseded
		}
		there := site.InService()
		x.site, x.attempt, x.from, x.known = site.Environment, *site.Attempt, site.Content(), there == nil || there.Known()
		x.first = site.Running == nil
		x.sources = f.Sources(site.Attempt.Release)
		if action := f.StepAction(site.Attempt.Step); action == portal.StepRollBack || action == portal.StepRestore {
			x.returns = true
		}
		return nil
	})
	return x, err
}

// carryOut changes the target and ends the attempt, with its own heartbeat.
func (x *execution) carryOut(ctx context.Context) error {
	ctx, stop := x.heartbeat(ctx)
	defer stop()
	return x.proceed(ctx)
}

// proceed changes the target and ends the attempt.
func (x *execution) proceed(ctx context.Context) error {
	applyErr := x.apply(ctx)
	x.warnClock()
	if errors.Is(applyErr, errTakenOver) || errors.Is(context.Cause(ctx), errTakenOver) {
		return x.lost()
	}
	crash(AfterApply)
	return x.conclude(ctx, applyErr)
}

// warnClock warns if the clock of the target's files is not the one of this machine: the age of a
// report, for example, is computed from both.
func (x *execution) warnClock() {
	timed, is := x.target.(target.Timed)
	if !is || x.r.Warn == nil {
		return
	}
	off := timed.ClockOff()
	if off.Abs() <= portal.ClockTolerance {
		return
	}
	how := "ahead of"
	if off < 0 {
		how = "behind"
	}
	x.r.Warn(Warning{
		Summary: fmt.Sprintf("The clock of the target of %s/%s is not that of this machine", x.pipeline, x.site.Name),
		Detail: fmt.Sprintf("A file that was just written there has a time %s %s this machine's. One of the two clocks is wrong. Correct it: "+
			"soak times, freezes and the age of test reports go by them.", portal.FormatDuration(off.Abs().Round(time.Second)), how),
	})
}

// lost is the result of an attempt that another process has taken over: its work no longer counts,
// and it must not write.
func (x *execution) lost() error { return lost(x.pipeline, x.site.Name) }

func lost(pipeline, environment string) error {
	return fmt.Errorf("%w: %s/%s is in another process's hands now; plan again when it has ended", portal.ErrSuperseded, pipeline, environment)
}

// apply brings the target to the wanted content.
func (x *execution) apply(ctx context.Context) error {
	if err := x.open(); err != nil {
		return err
	}
	files, kept, err := x.bring(ctx)
	if err != nil {
		return err
	}
	crash(BeforeApply)
	if err := x.stillHeld(ctx); err != nil {
		return err
	}
	x.touched = true
	return x.target.Apply(ctx, target.Change{
		Key: x.attempt.Key, Epoch: x.attempt.Epoch, Ledger: x.r.Ledger.ID(), Pipeline: x.pipeline, Environment: x.site.Name,
		Release: x.attempt.Effective(), From: x.from, To: x.attempt.Content, Files: files, Kept: kept, Witness: x.r.Ledger.Witness(),
	})
}

// bring fetches what the target no longer has.
func (x *execution) bring(ctx context.Context) (files map[string]string, kept bool, err error) {
	needs, delivery := NeedsOf(x.attempt.Content, x.sources), DeliveryOf(x.site, x.attempt.Effective(), x.attempt.Content)
	if err := x.r.secure(ctx, x.pipeline, needs, []Delivery{delivery}); err != nil {
		return nil, false, err
	}
	if !needs.all(delivery.needs, x.r.cached) {
		return nil, true, nil // what is not in the cache now is on the target
	}
	files, err = x.r.bring(ctx, needs)
	return files, false, err
}

// stillHeld makes sure that no other process has the environment now. The heartbeat does that,
// except for a process that has just been stopped.
func (x *execution) stillHeld(ctx context.Context) error {
	if every := x.r.Ledger.Lease() / 3; elapsed(*x.renewed.Load()) > 2*every {
		err := x.beat(ctx, every)
		if errors.Is(err, ledger.ErrLeaseLost) {
			return errTakenOver
		}
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// elapsed is the time since then, also if the machine was suspended, during
// which the monotonic clock may stand still.
func elapsed(since time.Time) time.Duration {
	return max(time.Since(since), time.Now().Round(0).Sub(since.Round(0)))
}

func (x *execution) open() error {
	if x.target != nil {
		return nil
	}
	var err error
	x.target, err = x.r.Target(x.pipeline, x.site)
	return err
}

// observe looks at the target, even if the attempt's own time is up.
func (x *execution) observe(ctx context.Context) (portal.Content, error) {
	if err := x.open(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), observeFor)
	defer cancel()
	seen, err := x.target.Observe(ctx)
	x.seenEpoch = 0
	if seen.Ahead(target.Owner{Ledger: x.r.Ledger.ID(), Place: target.Place{Pipeline: x.pipeline, Environment: x.site.Name}}, x.attempt.Epoch) {
		x.seenEpoch = seen.Epoch
	}
	return seen.Content, err
}

// conclude decides from what is observed how the attempt ended, and records it. If the target has
// seen a newer epoch, that is a failure that has touched nothing: only the ledger knows whether
// another process has the environment.
func (x *execution) conclude(ctx context.Context, applyErr error) error {
	seen, lookErr := x.observe(ctx)
	if errors.Is(applyErr, target.ErrStaleEpoch) {
		x.touched, x.stale = false, true
	}
	var foreign *target.ForeignError
	if errors.As(applyErr, &foreign) {
		x.touched = false
	}
	end := portal.EndDeployment{Environment: x.site.Name, Epoch: x.attempt.Epoch, Took: time.Since(x.began)}
	x.sighted(&end, seen, lookErr)
	runs := x.runs(seen, lookErr)
	switch {
	case runs.wanted() && (applyErr == nil || (runs == runsNew && cutOff(ctx, applyErr))):
		// What is observed counts, even if the response got lost; but only a change can be
		// observed.
		return x.finish(ctx, end)
	case lookErr != nil && x.touched:
		end.Outcome = portal.Unknown
		end.Detail = fmt.Sprintf("what the target runs now cannot be told: %s", joined(lookErr, applyErr))
	case x.stale:
		end.Behind = true
		end.Outcome, end.Detail = portal.Failed, portal.Behind(x.pipeline, x.site.Name, x.seenEpoch, x.attempt.Epoch)
	case applyErr != nil && ctx.Err() != nil:
		end.Outcome = portal.Interrupted
		end.Detail = whyStopped(ctx)
	case applyErr != nil:
		end.Outcome = portal.Failed
		end.Detail = applyErr.Error()
	default:
		end.Outcome = portal.Failed
		end.Detail = "the target says it is done, but it runs something else: " + difference(x.attempt.Content, seen)
	}
	return x.end(ctx, end)
}

// sighted notes what the target runs, for an attempt that does not succeed.
func (x *execution) sighted(end *portal.EndDeployment, seen portal.Content, lookErr error) {
	if !x.touched {
		end.Untouched = true
		return
	}
	switch x.runs(seen, lookErr) {
	case runsUntold, runsEither:
		end.Observed = portal.ObservedUnknown
	case runsNew, runsBoth:
		end.Observed = portal.ObservedNew
	case runsOld:
		if x.known {
			end.Untouched = true
			return
		}
		fallthrough
	case runsOther:
		// What the target cannot report is completed from the content that it matches.
		end.Observed, end.Found = portal.ObservedOther, target.Resolve(seen, x.attempt.Content, x.from)
	}
}

// runs is what a look at the target says about the attempt.
type runs int

const (
	runsUntold runs = iota // the target could not be reached, or does not know
	runsOld                // the previous content
	runsNew                // what the attempt deploys
	runsBoth               // the attempt changes nothing, and the target runs it
	runsEither             // one of the two: the target does not see the difference
	runsOther              // neither
)

// wanted reports whether that may be what the attempt deploys.
func (r runs) wanted() bool { return r == runsNew || r == runsBoth || r == runsEither }

func (x *execution) runs(seen portal.Content, lookErr error) runs {
	if lookErr != nil {
		return runsUntold
	}
	old, wanted := target.Matches(seen, x.from), target.Matches(seen, x.attempt.Content)
	switch {
	case old && wanted && x.from.Equal(x.attempt.Content):
		return runsBoth
	case old && wanted:
		return runsEither
	case wanted:
		return runsNew
	case old:
		return runsOld
	}
	return runsOther
}

// whyStopped says why an attempt was stopped before the target was done.
func whyStopped(ctx context.Context) string {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		return "it took longer than its timeout; set timeouts where it needs more"
	case errors.Is(cause, context.Canceled):
		return "whoever started it has stopped it"
	default:
		return cause.Error()
	}
}

// cutOff reports whether an error says only that no response came.
func cutOff(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, target.ErrUnreachable) || errors.Is(err, context.DeadlineExceeded)
}

func joined(lookErr, applyErr error) string {
	if applyErr == nil {
		return lookErr.Error()
	}
	return fmt.Sprintf("%s (the deployment itself: %s)", lookErr, applyErr)
}

func difference(want, seen portal.Content) string {
	lines := portal.DescribeChanges(want, target.Resolve(seen, want))
	const most = 5
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("and %d more", len(lines)-most))
	}
	return fmt.Sprintf("%q", lines)
}

// finish runs the checks and records the success, or what prevented it.
func (x *execution) finish(ctx context.Context, end portal.EndDeployment) error {
	end.Outcome, end.Untouched, end.Observed = portal.Succeeded, false, portal.ObservedNew
	if !x.attempt.Empties() {
		x.check(ctx, &end)
	}
	end.Took = time.Since(x.began)
	return x.end(ctx, end)
}

// check runs the checks. What a check reports after its time is up says nothing about the
// deployment, so it is not a result.
func (x *execution) check(ctx context.Context, end *portal.EndDeployment) {
	for _, c := range x.site.Checks {
		result := x.r.Check(ctx, check.Request{Check: c, Pipeline: x.pipeline, Environment: x.site.Name, Release: x.attempt.Effective()})
		if !result.Passed && ctx.Err() != nil {
			end.Outcome = portal.Interrupted
			end.Detail = fmt.Sprintf("the target runs it, but check %q did not finish: %s", c.Name, whyStopped(ctx))
			return
		}
		end.Checks = append(end.Checks, result)
		if !result.Passed && !x.returns {
			end.Outcome = portal.Failed
			end.Detail = fmt.Sprintf("check %q failed: %s", result.Name, result.Summary)
		}
	}
}

// end records how the attempt ended. It keeps trying for a while, because the target has been
// touched.
func (x *execution) end(ctx context.Context, end portal.EndDeployment) error {
	crash(BeforeEnd)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	_, err := x.r.Ledger.Record(ctx, x.pipeline, x.by, end)
	switch {
	case errors.Is(err, portal.ErrSuperseded):
		return x.lost()
	case err != nil:
		return fmt.Errorf("%w: %s/%s was touched, and how it ended could not be recorded: %w; apply again to finish it", ErrNotFinished, x.pipeline, x.site.Name, err)
	}
	crash(AfterEnd)
	if end.Outcome == portal.Succeeded {
		return nil
	}
	return &FailedError{
		Environment: x.pipeline + "/" + x.site.Name, Release: x.attempt.Effective(),
		Outcome: end.Outcome, Untouched: end.Untouched, First: x.first, Detail: end.Detail, Stale: x.stale, Seen: x.seenEpoch,
	}
}
