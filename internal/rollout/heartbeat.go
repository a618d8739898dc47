package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// errTakenOver says that another process has the environment now.
var errTakenOver = errors.New("another process has taken the deployment over")

// errSilent says that the lease could not be renewed, so that another process
// may take over.
var errSilent = errors.New("the ledger could not be reached to renew the lease")

// preemptedError says that an emergency fix needs the environment.
type preemptedError struct{ fix, incident, environment string }

func (e *preemptedError) Error() string {
	return fmt.Sprintf("emergency fix %s (%s) needs %s and has stopped this deployment; plan again when the fix has ended", e.fix, e.incident, e.environment)
}

// lookEvery is how often a deployment checks whether it still has its environment, and whether an
// emergency fix needs it. A process that was stopped, or whose machine was suspended, finds out
// within that time after it continues.
const lookEvery = time.Second

// heartbeat renews the attempt's lease every third of its length, by the monotonic clock, until
// stop is called, and checks whether another process or an emergency fix needs the environment. The
// context it returns ends then, when the lease is lost, or after two beats in a row that did not
// get through.
func (x *execution) heartbeat(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	every := x.r.Ledger.Lease() / 3
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		renew, look := time.NewTicker(every), time.NewTicker(min(every, lookEvery))
		defer renew.Stop()
		defer look.Stop()
		for missed := 0; missed < 2; {
			var err error
			select {
			case <-done:
				return
			case <-look.C:
				if err = x.look(ctx, every); err != nil {
					cancel(err)
					look.Stop() // the lease is kept until the target has stopped
				}
				continue
			case <-renew.C:
				err = x.beat(ctx, every)
			}
			switch {
			case err == nil:
				missed = 0
			case errors.Is(err, ledger.ErrLeaseLost):
				cancel(errTakenOver)
				return
			default:
				missed++
			}
		}
		cancel(errSilent)
	}()
	return ctx, func() {
		close(done)
		<-stopped
		cancel(nil)
	}
}

func (x *execution) beat(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	now := time.Now()
	err := x.r.Ledger.Renew(ctx, x.pipeline, x.site.Name, x.attempt.Epoch)
	if err == nil {
		x.renewed.Store(&now)
	}
	return err
}

// look returns errTakenOver if another process has the attempt now, and a *preemptedError if an
// emergency fix needs the environment. What cannot be read now will be the next time.
func (x *execution) look(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	var found error
	err := x.r.Ledger.View(ctx, x.pipeline, x.by, portal.Subjects{}, func(f portal.Facts) error {
		if site := f.Sites[x.site.Name]; site == nil || !site.Attempt.Open() || site.Attempt.Epoch != x.attempt.Epoch {
			found = errTakenOver
		} else if fix := f.Preempted(x.site.Name); fix != nil && x.attempt.Step == nil { // a fix never preempts a fix
			found = &preemptedError{fix.Name, fix.Justification.Incident, x.site.Name}
		}
		return nil
	})
	if err != nil {
		return nil // renewing the lease reports whether the ledger can be reached
	}
	return found
}
