package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// again requests a redeployment of the release that runs on dev.
func again() portal.Deploy {
	return portal.Deploy{Environment: "dev", Release: "1.0.0", Redeploy: "again"}
}

// The same content again leaves no trace on the target, so that looking at it does not show whether
// it was deployed.

func TestARedeploymentThatWasCutOffHasNotSucceeded(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.mustDeploy("dev", "1.0.0")
	ctx, cancel := context.WithCancelCause(t.Context())
	y.place.apply = func(ctx context.Context, _ target.Change) error {
		cancel(context.DeadlineExceeded)
		<-ctx.Done()
		return fmt.Errorf("program: %w", context.Cause(ctx))
	}
	var failed *rollout.FailedError
	if err := y.Deploy(ctx, "shop", ann, again()); !errors.As(err, &failed) || failed.Outcome != portal.Interrupted || failed.Untouched {
		t.Fatalf("it says %v", err)
	}
	if site := y.site("dev"); site.Intact() {
		t.Error("what runs there counts as certain")
	}
}

func TestARedeploymentThatWasAbandonedIsCarriedOutAgain(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.mustDeploy("dev", "1.0.0")
	y.abandon(portal.StartDeployment{Deploy: again()})
	if err := y.Deploy(t.Context(), "shop", ann, again()); err != nil {
		t.Fatal(err)
	}
	if n := len(y.place.changes); n != 2 {
		t.Errorf("the target was told %d times, want once for the deployment and once for the redeployment", n)
	}
}

// TestAPlanIsNotStaleByItsOwnRecovery: after a deployment was killed once it had changed the
// target, a plan that showed just that can still be applied to go back.
func TestAPlanIsNotStaleByItsOwnRecovery(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	content := y.register("1.1.0")
	y.mustDeploy("dev", "1.0.0")
	planned := &portal.Planned{Receipt: y.site("dev").Running.Receipt}
	y.abandon(start("dev", "1.1.0"))
	y.place.set(content)
	back := wish("dev", "1.0.0")
	back.Planned = planned
	if err := y.Deploy(t.Context(), "shop", ann, back); err != nil {
		t.Fatal(err)
	}
	if running := y.site("dev").Running; running.Release != "1.0.0" || running.Previous != "1.1.0" {
		t.Errorf("it runs %s after %s", running.Release, running.Previous)
	}
}
