package rollout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

func TestADeploymentLongerThanTheLeaseStaysHeld(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.place.apply = func(ctx context.Context, change target.Change) error {
		for range 2 { // together longer than the lease
			y.clock.advance(leaseTime * 2 / 3)
			y.awaitRenewal(ctx)
		}
		var refusal *portal.RefusalError
		if err := y.beside(y.base).Deploy(ctx, "shop", bob, wish("dev", "1.0.0")); !errors.As(err, &refusal) || refusal.Rules()[0] != portal.EnvironmentHeld || !strings.Contains(err.Error(), "deployment of 1.0.0 by ann (https://ci.example/1) is in flight") {
			t.Errorf("another process is told %v", err)
		}
		y.place.set(change.To)
		return nil
	}
	y.mustDeploy("dev", "1.0.0")
	y.saw("started 1.0.0 epoch 1", "refused 1.0.0 by [environment-held]", "succeeded epoch 1")
}

// awaitRenewal waits for the next beat.
func (y *yard) awaitRenewal(ctx context.Context) {
	y.t.Helper()
	for ctx.Err() == nil {
		var expires, now time.Time
		y.facts(portal.Subjects{}, func(f portal.Facts) { expires, now = f.Leases["dev"].Expires, f.Now })
		if !expires.Before(now.Add(leaseTime)) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	y.t.Error("the lease was not renewed")
}

// A process that is late finds its target's call ended and writes nothing.
func TestALateProcessCannotUndoTheWorkOfANewerOne(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	first := true
	y.place.apply = func(ctx context.Context, change target.Change) error {
		if !first {
			y.place.set(change.To)
			return nil
		}
		first = false
		// As if this process had been suspended until its lease expired.
		y.engine.beforeNextWrite(func() {
			y.clock.advance(leaseTime)
			if err := y.beside(y.base).Deploy(context.WithoutCancel(ctx), "shop", bob, wish("dev", "1.0.0")); err != nil {
				t.Errorf("taking over: %v", err)
			}
		})
		<-ctx.Done()
		return ctx.Err()
	}
	err := y.deploy("dev", "1.0.0")
	if !errors.Is(err, portal.ErrSuperseded) || !strings.Contains(err.Error(), "shop/dev is in another process's hands now") {
		t.Errorf("the late one says %v", err)
	}
	y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "succeeded epoch 2")
	if a, b := y.place.changes[0], y.place.changes[1]; len(y.place.changes) != 2 || a.Key != b.Key || b.Epoch != a.Epoch+1 {
		t.Errorf("the target was told %+v", y.place.changes)
	}
}

// keeper is a place that reports that it keeps everything, after calling before.
type keeper struct {
	*place
	before func()
}

func (k *keeper) Keeps(context.Context, string, portal.Content) (bool, error) {
	k.before()
	return true, nil
}

// The last step before the target is called is to ask it what it keeps. This process is stopped
// while it waits for the answer, and another one takes over.
func TestAProcessThatStoodStillTellsItsTargetNothing(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	taken := false
	asked := &keeper{y.place, func() {
		if attempt := y.site("dev").Attempt; attempt.Open() && !taken {
			taken = true
			y.clock.advance(leaseTime)
			y.must(portal.TakeOver{Environment: "dev"})
			time.Sleep(leaseTime) // after that it must check that the lease is still its own
		}
	}}
	y.Target = func(string, portal.Environment) (target.Target, error) { return asked, nil }
	if err := y.deploy("dev", "1.0.0"); !errors.Is(err, portal.ErrSuperseded) || !taken {
		t.Errorf("it says %v; taken over: %t", err, taken)
	}
	if len(y.place.changes) > 0 {
		t.Errorf("the target was told %+v", y.place.changes)
	}
	y.saw("started 1.0.0 epoch 1", "recovering epoch 2")
}

// The target's call had succeeded by the time another process took over.
func TestAnEndThatComesLateIsNotRecorded(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	taken := false
	y.place.observe = func(ctx context.Context) error {
		if !taken {
			taken = true
			y.clock.advance(leaseTime)
			return y.beside(y.base).Deploy(ctx, "shop", bob, wish("dev", "1.0.0"))
		}
		return nil
	}
	if err := y.deploy("dev", "1.0.0"); !errors.Is(err, portal.ErrSuperseded) {
		t.Errorf("the late one says %v", err)
	}
	y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "succeeded epoch 2")
}

func TestTwoBeatsThatDoNotGetThroughEndTheTargetsCall(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.place.apply = func(ctx context.Context, _ target.Change) error {
		y.engine.fail()
		<-ctx.Done()
		y.engine.beforeWrites(nil)
		return ctx.Err()
	}
	err := y.deploy("dev", "1.0.0")
	var failed *rollout.FailedError
	if !errors.As(err, &failed) || failed.Outcome != portal.Interrupted || !failed.Untouched || failed.Detail != "the ledger could not be reached to renew the lease" {
		t.Errorf("it says %v", err)
	}
	y.saw("started 1.0.0 epoch 1", "interrupted epoch 1 untouched")
}

func TestOneBeatThatDoesNotGetThroughIsNothing(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.place.apply = func(ctx context.Context, change target.Change) error {
		for range 2 { // two of them, with one between that gets through
			failing := make(chan struct{})
			y.engine.beforeWrites(func() error {
				y.engine.beforeWrites(nil)
				close(failing)
				return errStaged
			})
			<-failing
			y.clock.advance(leaseTime / 2)
			y.awaitRenewal(ctx)
		}
		y.place.set(change.To)
		return nil
	}
	y.mustDeploy("dev", "1.0.0")
}
