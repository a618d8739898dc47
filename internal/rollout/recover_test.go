package rollout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

func start(environment, release string) portal.StartDeployment {
	return portal.StartDeployment{Deploy: wish(environment, release)}
}

func TestAnEndThatCouldNotBeRecordedIsRecordedByTheNextOne(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.declare("dev", "health")
	y.place.observe = func(context.Context) error { y.engine.fail(); return nil }
	err := y.deploy("dev", "1.0.0")
	if !errors.Is(err, rollout.ErrNotFinished) || !errors.Is(err, errStaged) || !strings.Contains(err.Error(), "apply again to finish it") {
		t.Fatalf("it says %v", err)
	}
	y.saw("started 1.0.0 epoch 1")
	y.place.observe = nil
	y.engine.beforeWrites(nil)
	y.clock.advance(leaseTime)
	y.mustDeploy("dev", "1.0.0")
	y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "check health passed=true", "succeeded epoch 2")
	if len(y.place.changes) != 1 {
		t.Errorf("the target was told %d times", len(y.place.changes))
	}
}

// The abandoned attempt was to deploy just what is requested now.
func TestAnAbandonedAttemptOfTheSameWish(t *testing.T) {
	t.Run("is held against whoever comes before its lease is over", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		y.must(start("dev", "1.0.0"))
		var refusal *portal.RefusalError
		if err := y.deploy("dev", "1.0.0"); !errors.As(err, &refusal) || refusal.Rules()[0] != portal.EnvironmentHeld {
			t.Errorf("it says %v", err)
		}
	})
	t.Run("succeeded where the new content is there", func(t *testing.T) {
		y := newYard(t)
		content := y.register("1.0.0")
		y.declare("dev", "health")
		y.abandon(start("dev", "1.0.0"))
		y.place.set(content)
		y.mustDeploy("dev", "1.0.0")
		y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "check health passed=true", "succeeded epoch 2")
		if len(y.place.changes) > 0 {
			t.Errorf("the target was told %v", y.place.changes)
		}
	})
	t.Run("is carried out again under its key where the old content is there", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		abandoned := y.abandon(start("dev", "1.0.0"))
		y.mustDeploy("dev", "1.0.0")
		y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "succeeded epoch 2")
		if change := y.place.changes[0]; change.Key != abandoned.Key || change.Epoch != abandoned.Epoch+1 {
			t.Errorf("the target was told %+v", change)
		}
	})
	t.Run("fails with its checks", func(t *testing.T) {
		y := newYard(t)
		content := y.register("1.0.0")
		y.declare("dev", "health")
		y.abandon(start("dev", "1.0.0"))
		y.place.set(content)
		y.verify = func(_ context.Context, request check.Request) portal.CheckResult {
			return portal.CheckResult{Name: request.Name, Summary: "no answer"}
		}
		var failed *rollout.FailedError
		if err := y.deploy("dev", "1.0.0"); !errors.As(err, &failed) || failed.Outcome != portal.Failed {
			t.Errorf("it says %v", err)
		}
		y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "check health passed=false", "failed epoch 2")
	})
	t.Run("of a removal is carried out again", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		y.mustDeploy("dev", "1.0.0")
		abandoned := y.abandon(portal.StartRemoval{Environment: "dev"})
		if err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev"}); err != nil {
			t.Fatal(err)
		}
		if change := y.place.changes[1]; len(y.place.content) > 0 || change.Key != abandoned.Key || change.Epoch != abandoned.Epoch+1 {
			t.Errorf("the target runs %v and was told %+v", y.place.content, change)
		}
	})
}

// Silence never counts as failure.
func TestAnAbandonedAttemptWhoseTargetCannotTellIsUnknown(t *testing.T) {
	cases := []struct {
		name   string
		setup  func(*yard)
		detail string
	}{
		{"it runs neither the old nor the new", func(y *yard) { y.place.set(somethingElse) }, "neither what it ran before nor what it was to run"},
		{"it cannot be reached", func(y *yard) { y.place.observe = func(context.Context) error { return target.ErrUnreachable } }, "what it runs now cannot be told: the target cannot be reached"},
		{"it cannot be opened", func(y *yard) {
			y.Target = func(string, portal.Environment) (target.Target, error) { return nil, errStaged }
		}, "what it runs now cannot be told: staged by the test"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			y := newYard(t)
			y.register("1.0.0")
			y.register("1.1.0")
			y.mustDeploy("dev", "1.0.0")
			y.abandon(start("dev", "1.1.0"))
			c.setup(y)
			err := y.deploy("dev", "1.1.0")
			var failed *rollout.FailedError
			if !errors.As(err, &failed) || failed.Outcome != portal.Unknown || failed.Untouched ||
				!strings.Contains(failed.Detail, c.detail) || !strings.Contains(failed.Detail, "Look at the target") {
				t.Errorf("it says %v", err)
			}
			y.saw("started 1.0.0 epoch 1", "succeeded epoch 1", "started 1.1.0 epoch 2", "recovering epoch 3", "unknown epoch 3")
			var refusal *portal.RefusalError
			if err := y.deploy("prod", "1.1.0"); !errors.As(err, &refusal) || !slices.Contains(refusal.Rules(), portal.StageOrder) {
				t.Errorf("promoting it on says %v", err)
			}
		})
	}
	t.Run("and the next one deploys there again", func(t *testing.T) {
		y := newYard(t)
		content := y.register("1.0.0")
		y.abandon(start("dev", "1.0.0"))
		y.place.set(somethingElse)
		if err := y.deploy("dev", "1.0.0"); err == nil {
			t.Fatal("it says nothing")
		}
		y.mustDeploy("dev", "1.0.0")
		if !y.place.content.Equal(content) {
			t.Errorf("the target runs %v", y.place.content)
		}
	})
}

// Nothing is concluded from contents that a target cannot distinguish.
func TestWhatAVagueTargetRunsAfterwards(t *testing.T) {
	scene := func(t *testing.T) *yard {
		y := newYard(t)
		y.register("1.0.0")
		y.register("1.1.0")
		y.mustDeploy("dev", "1.0.0")
		y.place.vague = true
		return y
	}
	t.Run("is what its program says is done", func(t *testing.T) {
		y := scene(t)
		y.mustDeploy("dev", "1.1.0")
		y.saw("started 1.0.0 epoch 1", "succeeded epoch 1", "started 1.1.0 epoch 2", "succeeded epoch 2")
	})
	t.Run("is not known where the answer got lost", func(t *testing.T) {
		y := scene(t)
		y.place.apply = func(context.Context, target.Change) error { return target.ErrUnreachable }
		var failed *rollout.FailedError
		if err := y.deploy("dev", "1.1.0"); !errors.As(err, &failed) || failed.Untouched {
			t.Errorf("it says %v", err)
		}
		y.mustServe("dev", y.place, true)
	})
	t.Run("is deployed again after a process that died, where the wish is the same", func(t *testing.T) {
		y := scene(t)
		y.abandon(start("dev", "1.1.0"))
		y.mustDeploy("dev", "1.1.0")
		if last := y.place.changes[len(y.place.changes)-1]; last.Release != "1.1.0" {
			t.Errorf("the target was told %+v", last)
		}
	})
	t.Run("is not known after a process that died, where the wish is another", func(t *testing.T) {
		y := scene(t)
		y.abandon(start("dev", "1.1.0"))
		var failed *rollout.FailedError
		if err := y.deploy("dev", "1.0.0"); !errors.As(err, &failed) || failed.Outcome != portal.Unknown || !strings.Contains(failed.Detail, "cannot tell whether") {
			t.Errorf("it says %v", err)
		}
		y.place.vague = false
		y.mustDeploy("dev", "1.0.0")
	})
}

// Something else is requested now: the abandoned attempt is closed, and the request is judged by
// the new facts.
func TestAnAbandonedAttemptOfAnotherWish(t *testing.T) {
	t.Run("was interrupted where the old content is there", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		y.register("1.1.0")
		y.abandon(start("dev", "1.0.0"))
		y.mustDeploy("dev", "1.1.0")
		y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "interrupted epoch 2 untouched", "started 1.1.0 epoch 3", "succeeded epoch 3")
		if len(y.place.changes) != 1 {
			t.Errorf("the target was told %v", y.place.changes)
		}
	})
	t.Run("was interrupted and tells what is there, where nobody could before", func(t *testing.T) {
		y := newYard(t)
		content := y.register("1.0.0")
		y.register("1.1.0")
		y.mustDeploy("dev", "1.0.0")
		y.place.apply = func(context.Context, target.Change) error { return errStaged }
		y.place.observe = func(context.Context) error { return target.ErrUnreachable }
		if err := y.deploy("dev", "1.1.0"); err == nil {
			t.Fatal("it says nothing")
		}
		y.mustServe("dev", y.place, true)
		y.abandon(start("dev", "1.1.0"))
		y.place.apply, y.place.observe = nil, nil
		y.mustDeploy("dev", "1.0.0")
		y.saw("started 1.0.0 epoch 1", "succeeded epoch 1", "started 1.1.0 epoch 2", "unknown epoch 2",
			"started 1.1.0 epoch 3", "recovering epoch 4", "interrupted epoch 4", "started 1.0.0 epoch 5", "succeeded epoch 5")
		for _, event := range y.events() {
			if e, is := event.(portal.DeploymentEnded); is && e.Outcome == portal.Interrupted && (e.Observed != portal.ObservedOther || !e.Found.Equal(content)) {
				t.Errorf("the target is recorded to run %s %v", e.Observed, e.Found)
			}
		}
	})
	t.Run("succeeded where the new content is there", func(t *testing.T) {
		y := newYard(t)
		content := y.register("1.0.0")
		y.register("1.1.0")
		y.abandon(start("dev", "1.0.0"))
		y.place.set(content)
		y.mustDeploy("dev", "1.1.0")
		y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "succeeded epoch 2", "started 1.1.0 epoch 3", "succeeded epoch 3")
		if change := y.place.changes[0]; !change.From.Equal(content) || change.Release != "1.1.0" {
			t.Errorf("the target was told %+v", change)
		}
	})
	t.Run("succeeded, and that may be in the way now", func(t *testing.T) {
		y := newYard(t)
		pipeline := portaltest.Line("dev", "prod")
		pipeline.Stages[0].Exclusive = true
		y.must(portal.DeclarePipeline{Pipeline: pipeline, Update: true})
		content := y.register("1.0.0")
		y.register("1.1.0")
		y.abandon(start("dev", "1.0.0"))
		y.place.set(content)
		var refusal *portal.RefusalError
		if err := y.deploy("dev", "1.1.0"); !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.StageOccupied}) {
			t.Errorf("it says %v", err)
		}
		y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "succeeded epoch 2", "refused 1.1.0 by [stage-occupied]")
	})
	t.Run("failed by its checks is no failure of what is wished", func(t *testing.T) {
		y := newYard(t)
		content := y.register("1.0.0")
		y.register("1.1.0")
		y.declare("dev", "health")
		y.abandon(start("dev", "1.0.0"))
		y.place.set(content)
		y.verify = func(_ context.Context, request check.Request) portal.CheckResult {
			return portal.CheckResult{Name: request.Name, Passed: request.Release == "1.1.0"}
		}
		y.mustDeploy("dev", "1.1.0")
		y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "check health passed=false", "failed epoch 2",
			"started 1.1.0 epoch 3", "check health passed=true", "succeeded epoch 3")
	})
	t.Run("is removed", func(t *testing.T) {
		y := newYard(t)
		content := y.register("1.0.0")
		y.abandon(start("dev", "1.0.0"))
		y.place.set(content)
		if err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev"}); err != nil {
			t.Fatal(err)
		}
		y.saw("started 1.0.0 epoch 1", "recovering epoch 2", "succeeded epoch 2", "started  epoch 3", "succeeded epoch 3")
		if len(y.place.content) > 0 {
			t.Errorf("the target runs %v", y.place.content)
		}
	})
	t.Run("is removed by a plan that was made when it was unfinished", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		content := y.register("1.1.0")
		y.mustDeploy("dev", "1.0.0")
		planned := &portal.Planned{Receipt: y.site("dev").Running.Receipt}
		y.abandon(start("dev", "1.1.0"))
		y.place.set(content)
		if err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev", Planned: planned}); err != nil {
			t.Fatal(err)
		}
		if len(y.place.content) > 0 {
			t.Errorf("the target runs %v", y.place.content)
		}
	})
	t.Run("is not removed by a plan that was made from what is gone", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		content := y.register("1.1.0")
		y.mustDeploy("dev", "1.0.0")
		planned := &portal.Planned{Receipt: y.site("dev").Running.Receipt}
		if err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev"}); err != nil {
			t.Fatal(err)
		}
		y.abandon(start("dev", "1.1.0"))
		y.place.set(content)
		var refusal *portal.RefusalError
		err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev", Planned: planned})
		if !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.StalePlan}) {
			t.Errorf("it says %v", err)
		}
		if !y.place.content.Equal(content) {
			t.Errorf("the target runs %v", y.place.content)
		}
	})
}

// A step of a fix is a request like any other: the next process continues the attempt that the first
// one began.
func TestAnAbandonedStepOfAFixIsTheSameWish(t *testing.T) {
	begin := func(t *testing.T) (*incident, portal.FixWish, portal.Attempt) {
		y := newIncident(t)
		wish := y.fixWith("1.0.1")
		y.must(portal.OpenFix{FixWish: wish})
		y.must(portal.StartStep{Fix: "EF-1", Stop: 4}) // hold
		y.must(portal.StartStep{Fix: "EF-1", Stop: 4}) // suspend
		return y, wish, y.abandon(portal.StartStep{Fix: "EF-1", Stop: 4})
	}
	t.Run("carried out again under its key", func(t *testing.T) {
		y, wish, abandoned := begin(t)
		before := len(y.places["dev"].changes)
		if err := y.Fix(t.Context(), "shop", ann, wish); err != nil {
			t.Fatal(err)
		}
		if change := y.places["dev"].changes[before]; change.Key != abandoned.Key || change.Epoch != abandoned.Epoch+1 {
			t.Errorf("the target was told %+v, and the attempt was %+v", change, abandoned)
		}
	})
	t.Run("halts with its failure", func(t *testing.T) {
		y, wish, _ := begin(t)
		y.places["dev"].apply = func(context.Context, target.Change) error { return errStaged }
		var halted *rollout.HaltedError
		if err := y.Fix(t.Context(), "shop", ann, wish); !errors.As(err, &halted) || halted.Step != 3 {
			t.Errorf("it says %v", err)
		}
	})
}
