package rollout

import (
	"context"
	"errors"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

// errTakenOver says that another process has the environment now.
var errTakenOver = errors.New("another process has taken the deployment over")

// errSilent says that the lease could not be renewed, so that another process
// may take over.
var errSilent = errors.New("the ledger could not be reached to renew the lease")

// heartbeat renews the attempt's lease every third of its length, by the
// monotonic clock, until stop is called. The context it returns ends when the
// lease is lost, or after two beats in a row that did not get through.
func (x *execution) heartbeat(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	every := x.r.Ledger.Lease() / 3
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for missed := 0; ; {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			switch err := x.beat(ctx, every); {
			case err == nil:
				missed = 0
			case errors.Is(err, ledger.ErrLeaseLost):
				cancel(errTakenOver)
				return
			default:
				if missed++; missed == 2 {
					cancel(errSilent)
					return
				}
			}
		}
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
	return x.r.Ledger.Renew(ctx, x.pipeline, x.site.Name, x.attempt.Epoch)
}
