package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// What is observed counts, not what a target reports.
func TestAnAttemptEndsAsIsObserved(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	type try struct {
		*yard
		cancel context.CancelCauseFunc
	}
	// stopped is a target that works until its time is up.
	stopped := func(cause error) func(*try) {
		return func(y *try) {
			y.place.apply = func(ctx context.Context, _ target.Change) error {
				y.cancel(cause)
				<-ctx.Done()
				return fmt.Errorf("program: %w", context.Cause(ctx))
			}
		}
	}
	// answering is a target that changes as requested and then returns this.
	answering := func(answer error) func(*try) {
		return func(y *try) {
			y.place.apply = func(_ context.Context, change target.Change) error {
				y.place.set(change.To)
				return answer
			}
		}
	}
	cases := []struct {
		name    string
		setup   func(*try)
		outcome portal.Outcome
		intact  bool // it still runs what it ran before
		detail  string
	}{
		{name: "the target does it", setup: func(*try) {}, outcome: portal.Succeeded},
		{
			name: "the target says it is done and runs something else",
			setup: func(y *try) {
				y.place.apply = func(context.Context, target.Change) error { y.place.set(somethingElse); return nil }
			},
			outcome: portal.Failed, detail: `it runs something else: ["~ app 1.1.0 -> unknown"]`,
		},
		{
			name:    "the target says it is done and has done nothing",
			setup:   func(y *try) { y.place.apply = func(context.Context, target.Change) error { return nil } },
			outcome: portal.Failed, intact: true, detail: "the target says it is done, but",
		},
		{
			name:    "the target fails and has done nothing",
			setup:   func(y *try) { y.place.apply = func(context.Context, target.Change) error { return errStaged } },
			outcome: portal.Failed, intact: true, detail: "staged by the test",
		},
		{
			name: "the target fails half-way",
			setup: func(y *try) {
				y.place.apply = func(context.Context, target.Change) error { y.place.set(nil); return errStaged }
			},
			outcome: portal.Failed, detail: "staged by the test",
		},
		{name: "the target fails although it runs the new content", setup: answering(errStaged), outcome: portal.Failed, detail: "staged by the test"},
		{name: "the target's answer is lost, and it runs the new content", setup: answering(fmt.Errorf("%w: reset", target.ErrUnreachable)), outcome: portal.Succeeded},
		{name: "the target's own time is up, and it runs the new content", setup: answering(fmt.Errorf("program: %w", context.DeadlineExceeded)), outcome: portal.Succeeded},
		{
			name: "the target's answer is lost, and it runs the old content",
			setup: func(y *try) {
				y.place.apply = func(context.Context, target.Change) error { return target.ErrUnreachable }
			},
			outcome: portal.Failed, intact: true, detail: "cannot be reached",
		},
		{
			name:    "the target cannot be asked afterwards",
			setup:   func(y *try) { y.place.observe = func(context.Context) error { return target.ErrUnreachable } },
			outcome: portal.Unknown, detail: "what the target runs now cannot be told: the target cannot be reached",
		},
		{
			name: "the target fails and cannot be asked afterwards",
			setup: func(y *try) {
				y.place.apply = func(context.Context, target.Change) error { return errStaged }
				y.place.observe = func(context.Context) error { return target.ErrUnknownContent }
			},
			outcome: portal.Unknown, detail: "(the deployment itself: staged by the test)",
		},
		{
			name: "the target has seen a newer epoch than the ledger",
			setup: func(y *try) {
				y.place.apply = func(context.Context, target.Change) error { return target.ErrStaleEpoch }
			},
			outcome: portal.Failed, intact: true, detail: "the target of shop/dev has seen a newer deployment than the ledger knows of. The ledger was restored",
		},
		{
			name: "the target has seen a newer epoch and cannot be asked afterwards",
			setup: func(y *try) {
				y.place.apply = func(context.Context, target.Change) error { return target.ErrStaleEpoch }
				y.place.observe = func(context.Context) error { return target.ErrUnreachable }
			},
			outcome: portal.Failed, intact: true, detail: "has seen a newer deployment than the ledger knows of",
		},
		{name: "whoever started it stops it", setup: stopped(nil), outcome: portal.Interrupted, intact: true, detail: "whoever started it has stopped it"},
		{name: "its time is up", setup: stopped(context.DeadlineExceeded), outcome: portal.Interrupted, intact: true, detail: "it took longer than its timeout"},
		{
			name: "it is stopped and runs the new content all the same",
			setup: func(y *try) {
				y.place.apply = func(ctx context.Context, change target.Change) error {
					y.cancel(nil)
					<-ctx.Done()
					y.place.set(change.To)
					return ctx.Err()
				}
			},
			outcome: portal.Succeeded,
		},
		{
			name: "the target cannot be opened",
			setup: func(y *try) {
				y.Target = func(string, portal.Environment) (target.Target, error) { return nil, errStaged }
			},
			outcome: portal.Failed, intact: true, detail: "staged by the test",
		},
		{
			name: "the bytes get lost once it has begun",
			setup: func(y *try) {
				y.engine.beforeNextWrite(func() {
					if err := errors.Join(os.RemoveAll(y.dir+"/cache"), os.Remove(y.source("1.1.0"))); err != nil {
						y.t.Error(err)
					}
				})
			},
			outcome: portal.Failed, intact: true, detail: "cannot be read",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			y := &try{yard: newYard(t)}
			before, after := y.register("1.0.0"), y.register("1.1.0")
			y.mustDeploy("dev", "1.0.0")
			c.setup(y)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			y.cancel = cancel
			err := y.Deploy(ctx, "shop", ann, wish("dev", "1.1.0"))

			ended := y.site("dev")
			running := before
			if c.outcome == portal.Succeeded {
				running = after
			}
			if a := ended.Attempt; a.Outcome != c.outcome || a.Untouched != c.intact || !strings.Contains(a.Detail, c.detail) {
				t.Errorf("it is recorded as %s, untouched %t: %s", a.Outcome, a.Untouched, a.Detail)
			}
			if !ended.Running.Content.Equal(running) || ended.Intact() != (c.intact || c.outcome == portal.Succeeded) {
				t.Errorf("recorded to run %v, for certain: %t", ended.Running.Content, ended.Intact())
			}
			y.place.observe = nil
			y.mustServe("dev", y.place, c.outcome == portal.Unknown)
			var failed *rollout.FailedError
			switch {
			case c.outcome == portal.Succeeded && err != nil:
				t.Errorf("it succeeded, and says %v", err)
			case c.outcome == portal.Succeeded:
			case !errors.As(err, &failed):
				t.Errorf("it says %v, which is no FailedError", err)
			case failed.Outcome != c.outcome || failed.Untouched != c.intact || failed.Environment != "shop/dev" || failed.Release != "1.1.0":
				t.Errorf("it says %+v", failed)
			}
		})
	}
}

func TestATargetIsToldWhatToDo(t *testing.T) {
	y := newYard(t)
	before, after := y.register("1.0.0"), y.register("1.1.0")
	y.mustDeploy("dev", "1.0.0")
	y.mustDeploy("dev", "1.1.0")
	change := y.place.changes[1]
	want := target.Change{
		Key: y.site("dev").Attempt.Key, Epoch: y.first["dev"] + 2, Ledger: y.Ledger.ID(), Pipeline: "shop", Environment: "dev", Release: "1.1.0",
		From: before, To: after, Files: change.Files, Witness: change.Witness,
	}
	if diff := cmp.Diff(want, change, cmp.Comparer(func(a, b *os.File) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if bytes, err := os.ReadFile(change.Files["app"]); err != nil || portaltest.SHA256(string(bytes)) != after["app"].SHA256 {
		t.Errorf("the file to install has %q, %v", bytes, err)
	}
	if change.Key == y.place.changes[0].Key {
		t.Error("two wishes have one key")
	}
}

func TestChecksDecideWithTheirResults(t *testing.T) {
	result := func(passed map[string]bool) func(context.Context, check.Request) portal.CheckResult {
		return func(_ context.Context, request check.Request) portal.CheckResult {
			return portal.CheckResult{Name: request.Name, Passed: passed[request.Name], Summary: "GET is answered"}
		}
	}
	t.Run("those that pass are recorded", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		y.declare("dev", "health", "login")
		y.mustDeploy("dev", "1.0.0")
		y.saw("started 1.0.0 epoch 1", "check health passed=true", "check login passed=true", "succeeded epoch 1")
		digest := y.site("dev").Running.Digest
		y.facts(portal.Subjects{Releases: []string{"1.0.0"}}, func(f portal.Facts) {
			if test := f.Evidence("1.0.0", "dev").NewestTest(f.Sites["dev"].Place(), digest, "health"); test == nil || !test.Passed {
				t.Errorf("the evidence is %+v", test)
			}
		})
	})
	t.Run("one that fails fails the deployment, and all are recorded", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		y.declare("dev", "health", "login")
		y.verify = result(map[string]bool{"login": true})
		err := y.deploy("dev", "1.0.0")
		var failed *rollout.FailedError
		if !errors.As(err, &failed) || failed.Outcome != portal.Failed || failed.Untouched || failed.Detail != `check "health" failed: GET is answered` {
			t.Errorf("it says %v", err)
		}
		y.saw("started 1.0.0 epoch 1", "check health passed=false", "check login passed=true", "failed epoch 1")
		y.mustServe("dev", y.place, false)
		if there := y.site("dev"); there.Running != nil || there.InService().Effective() != "1.0.0" {
			t.Errorf("%+v is in service, and %+v last succeeded", there.InService(), there.Running)
		}
	})
	t.Run("they get what they are run for", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		y.declare("dev", "health")
		var got check.Request
		y.verify = func(_ context.Context, request check.Request) portal.CheckResult {
			got = request
			return portal.CheckResult{Name: request.Name, Passed: true}
		}
		y.mustDeploy("dev", "1.0.0")
		want := check.Request{Check: portal.Check{Name: "health", HTTP: "https://dev.example/health"}, Pipeline: "shop", Environment: "dev", Release: "1.0.0"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a removal runs none", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		y.mustDeploy("dev", "1.0.0")
		y.declare("dev", "health")
		if err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev"}); err != nil {
			t.Fatal(err)
		}
		if site := y.site("dev"); len(y.checks) > 0 || len(y.place.content) > 0 || site.Running != nil || !site.Intact() {
			t.Errorf("checks %v, the target runs %v, the ledger has %v", y.checks, y.place.content, site.Running)
		}
	})
	t.Run("one that is cut off is no result", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		y.declare("dev", "health", "login")
		ctx, cancel := context.WithCancel(t.Context())
		y.verify = func(ctx context.Context, request check.Request) portal.CheckResult {
			cancel()
			<-ctx.Done()
			return portal.CheckResult{Name: request.Name, Summary: ctx.Err().Error()}
		}
		err := y.Deploy(ctx, "shop", ann, wish("dev", "1.0.0"))
		var failed *rollout.FailedError
		if !errors.As(err, &failed) || failed.Outcome != portal.Interrupted || failed.Untouched || !strings.Contains(failed.Detail, `check "health" did not finish: whoever started it has stopped it`) {
			t.Errorf("it says %v", err)
		}
		y.saw("started 1.0.0 epoch 1", "interrupted epoch 1")
	})
}

func TestRemovingWhereNothingRunsDoesNothing(t *testing.T) {
	y := newYard(t)
	for _, environment := range []string{"dev", "nowhere"} {
		if err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: environment}); err != nil {
			t.Errorf("%s: %v", environment, err)
		}
	}
	if told := y.told(); len(told) > 0 || len(y.place.changes) > 0 {
		t.Errorf("recorded %v, applied %v", told, y.place.changes)
	}
}

func TestRefusalsAreRecorded(t *testing.T) {
	t.Run("of a removal of what was not planned", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		content := y.register("1.1.0")
		y.mustDeploy("dev", "1.0.0")
		planned := &portal.Planned{Receipt: y.site("dev").Running.Receipt}
		y.mustDeploy("dev", "1.1.0")
		err := y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev", Planned: planned})
		var refusal *portal.RefusalError
		if !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.StalePlan}) {
			t.Fatalf("it says %v", err)
		}
		events := y.events()
		refused, is := events[len(events)-1].(portal.DeploymentRefused)
		if !is || refused.Environment != "dev" || refused.Release != "" || !slices.Equal(refused.Rules, refusal.Rules()) || !target.Matches(y.place.content, content) {
			t.Errorf("recorded is %+v, the target runs %v", events[len(events)-1], y.place.content)
		}
	})
	t.Run("with the whole verdict", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		err := y.deploy("prod", "1.0.0")
		var refusal *portal.RefusalError
		if !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.StageOrder}) {
			t.Fatalf("it says %v", err)
		}
		refused, is := y.events()[0].(portal.DeploymentRefused)
		if !is || len(y.events()) != 1 || refused.Environment != "prod" || refused.Release != "1.0.0" || !slices.Equal(refused.Rules, refusal.Rules()) {
			t.Fatalf("recorded is %+v", y.events())
		}
		verdict := strings.Join(refused.Verdict, "\n")
		if !strings.HasPrefix(verdict, "stage-order: ") || !strings.Contains(verdict, "\ndev: ") {
			t.Errorf("recorded as verdict:\n%s", verdict)
		}
		if len(y.place.changes) > 0 {
			t.Errorf("the target was told %v", y.place.changes)
		}
	})
	t.Run("where bytes are not what was registered", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		if err := os.WriteFile(y.source("1.0.0"), []byte("swapped"), 0o600); err != nil {
			t.Fatal(err)
		}
		y.refusedByDigest("is registered: restore the registered file")
	})
	t.Run("where bytes cannot be had", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		if err := os.Remove(y.source("1.0.0")); err != nil {
			t.Fatal(err)
		}
		y.refusedByDigest("cannot be read")
	})
	t.Run("and where that fails both are told", func(t *testing.T) {
		y := newYard(t)
		y.register("1.0.0")
		writes := 0
		y.engine.beforeWrites(func() error {
			if writes++; writes == 1 {
				return nil
			}
			return errStaged
		})
		err := y.deploy("prod", "1.0.0")
		var refusal *portal.RefusalError
		if !errors.As(err, &refusal) || !errors.Is(err, errStaged) || !strings.Contains(err.Error(), "The refusal itself could not be recorded") {
			t.Errorf("it says %v", err)
		}
	})
}

// refusedByDigest deploys, and nothing must be started.
func (y *yard) refusedByDigest(because string) {
	y.t.Helper()
	err := y.deploy("dev", "1.0.0")
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.DigestMatch}) || !strings.Contains(err.Error(), because) {
		y.t.Errorf("it says %v", err)
	}
	y.saw("refused 1.0.0 by [digest-match]")
	if len(y.place.changes) > 0 {
		y.t.Errorf("the target was told %v", y.place.changes)
	}
}

// saw compares what the ledger records about deployments.
func (y *yard) saw(want ...string) {
	y.t.Helper()
	if diff := cmp.Diff(want, y.told()); diff != "" {
		y.t.Error(diff)
	}
}

func TestNothingIsTouchedWithoutARecord(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.engine.fail()
	if err := y.deploy("dev", "1.0.0"); !errors.Is(err, errStaged) {
		t.Errorf("it says %v", err)
	}
	if len(y.place.changes) > 0 {
		t.Errorf("the target was told %v", y.place.changes)
	}
}
