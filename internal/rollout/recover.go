package rollout

import (
	"context"
	"fmt"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// recover takes over an abandoned attempt and ends it by what the target runs: if the new content,
// it succeeded; if the old, it is carried out again under the same key or, if something else is
// requested now, it was interrupted. Anything else is unknown; silence never counts as failure.
// done says that this fulfils the request; it never does if the request is nil.
func (r *Rollout) recover(ctx context.Context, pipeline string, by portal.Actor, environment string, wish portal.Command) (done bool, err error) {
	taken := &noted{Command: portal.TakeOver{Environment: environment}}
	metas, err := r.Ledger.Record(ctx, pipeline, by, taken)
	if err != nil || len(metas) == 0 {
		return false, err // or another process has recovered it
	}
	x, err := r.execution(ctx, pipeline, by, environment, taken)
	if err != nil {
		return false, untouched(pipeline, environment, err)
	}
	ctx, stop := x.heartbeat(ctx)
	defer stop()
	same := x.fulfils(wish)
	seen, lookErr := x.observe(ctx)
	end := portal.EndDeployment{Environment: environment, Epoch: x.attempt.Epoch}
	x.touched = true // as far as is known
	x.sighted(&end, seen, lookErr)
	runs := x.runs(seen, lookErr)
	switch {
	case same && (runs == runsOld || runs == runsBoth || runs == runsEither):
		x.touched = false
		return true, x.proceed(ctx) // nothing shows that it was done
	case runs == runsNew:
		err := x.finish(ctx, end)
		if !same {
			err = ignoreFailed(err)
		}
		return same, err
	case runs == runsOld, runs == runsBoth:
		end.Outcome, end.Untouched = portal.Interrupted, x.known
		end.Detail = "its process ended before the target was changed"
		return false, ignoreFailed(x.end(ctx, end))
	}
	end.Outcome = portal.Unknown
	end.Detail = "its process ended while the target was being changed, and the target runs neither what it ran before nor what it was to run"
	if runs == runsEither {
		end.Detail = "its process ended while the target was being changed, and the target cannot tell whether it runs what it ran before or what it was to run"
	}
	if lookErr != nil {
		end.Detail = fmt.Sprintf("its process ended while the target was being changed, and what it runs now cannot be told: %s", lookErr)
	}
	end.Detail += ". Look at the target; the next apply deploys there again"
	return false, x.end(ctx, end)
}

// ignoreFailed drops the report of an attempt that nobody waits for any more.
func ignoreFailed(err error) error {
	if _, failed := err.(*FailedError); failed { //nolint:errorlint // end returns it bare
		return nil
	}
	return err
}

// fulfils reports whether the attempt is what the command requests.
func (x *execution) fulfils(wish portal.Command) bool {
	switch c := wish.(type) {
	case portal.StartDeployment:
		return x.attempt.Mode != portal.ModeRemove && x.attempt.Step == nil && x.attempt.Release == c.Release && x.attempt.Redeploy == c.Redeploy
	case portal.StartRemoval:
		return x.attempt.Mode == portal.ModeRemove && x.attempt.Step == nil
	case portal.StartStep:
		return x.attempt.Step != nil && x.attempt.Step.Fix == c.Fix && x.attempt.Step.Round == c.Round
	default: // an attempt carries out nothing else
		return false
	}
}
