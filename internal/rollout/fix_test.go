package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// incident is a yard whose environments have a target each. Prod runs 1.0.0, and dev has 2.0.0
// under test, so that the fix EF-1 rolls dev back.
type incident struct {
	*yard
	places map[string]*place
}

func newIncident(t *testing.T) *incident {
	t.Helper()
	y := &incident{yard: newYard(t), places: map[string]*place{"dev": {}, "prod": {}}}
	y.aim(y.Rollout)
	for _, version := range []string{"1.0.0", "1.0.1", "1.0.2", "2.0.0"} {
		y.register(version)
	}
	y.mustDeploy("dev", "1.0.0")
	y.mustDeploy("prod", "1.0.0")
	y.mustDeploy("dev", "2.0.0")
	return y
}

func (y *incident) aim(r *rollout.Rollout) *rollout.Rollout {
	r.Target = func(_ string, e portal.Environment) (target.Target, error) { return y.places[e.Name], nil }
	return r
}

// other is another process.
func (y *incident) other(engine ledger.Engine) *rollout.Rollout {
	y.t.Helper()
	return y.aim(y.beside(engine))
}

// fixWith requests EF-1 with the app of a release. Ben has read its plan now.
func (y *incident) fixWith(version string) portal.FixWish {
	y.t.Helper()
	wish := portaltest.Fix("EF-1", version)
	app := wish.Components["app"]
	app.Source = filepath.Join(y.dir, "app-"+version)
	wish.Components["app"] = app
	err := ledger.New(y.base).View(y.t.Context(), "shop", ann, portal.Subjects{}, func(f portal.Facts) error {
		proposal, err := f.PlanFix(wish)
		if err == nil {
			wish.Approvals = map[string]string{"ben": portal.StatementDigest(proposal.Plan.Statement)}
		}
		return err
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return wish
}

func (y *incident) fix(version string) error {
	err := y.Fix(y.t.Context(), "shop", ann, y.fixWith(version))
	return err
}

func (y *incident) withdraw(version string) error {
	wish := y.fixWith(version)
	wish.Withdraw = "it is worse"
	err := y.Fix(y.t.Context(), "shop", ann, wish)
	return err
}

// got lists what a target was told to become, by the version of app.
func (y *incident) got(environment string) []string {
	p := y.places[environment]
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []string{}
	for _, change := range p.changes {
		list = append(list, change.To["app"].Version)
	}
	return list
}

func (y *incident) mustGet(environment string, versions ...string) {
	y.t.Helper()
	if diff := cmp.Diff(versions, y.got(environment)); diff != "" {
		y.t.Errorf("%s was told (-want +got):\n%s", environment, diff)
	}
}

// state is the fix as it is recorded.
func (y *incident) state() (x portal.FixState) {
	y.t.Helper()
	y.facts(portal.Subjects{}, func(f portal.Facts) {
		if f.Fixes["EF-1"] != nil {
			x = *f.Fixes["EF-1"]
		}
	})
	return x
}

// steps lists the ends of steps that are recorded.
func (y *incident) steps() []string {
	y.t.Helper()
	entries, err := ledger.New(y.base).Entries(y.t.Context(), "shop", 0, 1000)
	if err != nil {
		y.t.Fatal(err)
	}
	var lines []string
	for _, stored := range entries {
		_, event, err := portal.ReadEntry(stored.Bytes)
		if err != nil {
			y.t.Fatal(err)
		}
		if e, ended := event.(portal.FixStepEnded); ended {
			lines = append(lines, fmt.Sprintf("%d/%d %s %s %s", e.Round, e.Index, e.Action, e.Environment, e.Outcome))
		}
	}
	return lines
}

var wholeFix = []string{
	"0/0 hold dev succeeded", "0/1 suspend dev succeeded", "0/2 roll_back dev succeeded", "0/3 deploy dev succeeded", "0/4 test dev succeeded",
	"0/5 hold prod succeeded", "0/6 deploy prod succeeded", "0/7 unhold prod succeeded",
	"0/8 restore dev succeeded", "0/9 resume dev succeeded", "0/10 unhold dev succeeded",
}

func (y *incident) mustBeDone(steps ...string) {
	y.t.Helper()
	if diff := cmp.Diff(steps, y.steps()); diff != "" {
		y.t.Errorf("steps (-want +got):\n%s", diff)
	}
	if x := y.state(); x.Active() || x.Halted != "" {
		y.t.Errorf("the fix is %s, at step %d", x.Status(), x.Done)
	}
}

// leave kills the process at the n-th call of a target, before it does anything.
func (y *incident) leave(environment string, n int) {
	y.t.Helper()
	p := y.places[environment]
	calls := 0
	p.apply = func(ctx context.Context, change target.Change) error {
		if calls++; calls == n {
			y.engine.fail()
			return errStaged
		}
		p.set(change.To)
		return nil
	}
	if err := y.fix("1.0.1"); !errors.Is(err, rollout.ErrNotFinished) {
		y.t.Fatalf("it says %v", err)
	}
	p.apply = nil
	y.engine.beforeWrites(nil)
	y.clock.advance(leaseTime)
}

func TestAFixGoesStepByStep(t *testing.T) {
	y := newIncident(t)
	if err := y.fix("1.0.1"); err != nil {
		t.Fatal(err)
	}
	y.mustBeDone(wholeFix...)
	y.mustGet("dev", "1.0.0", "2.0.0", "1.0.0", "1.0.1", "2.0.0")
	y.mustGet("prod", "1.0.0", "1.0.1")
}

// A person who withdraws a fix, or corrects it, does not want its last step first.
func TestAStepThatWasLeftIsNotCarriedOutToAmendOrWithdraw(t *testing.T) {
	t.Run("withdrawn", func(t *testing.T) {
		y := newIncident(t)
		y.leave("prod", 1)
		if err := y.withdraw("1.0.1"); err != nil {
			t.Fatal(err)
		}
		y.mustGet("prod", "1.0.0", "1.0.1")
		y.mustGet("dev", "1.0.0", "2.0.0", "1.0.0", "1.0.1", "2.0.0")
	})
	t.Run("amended", func(t *testing.T) {
		y := newIncident(t)
		y.leave("prod", 1)
		if err := y.fix("1.0.2"); err != nil {
			t.Fatal(err)
		}
		y.mustGet("prod", "1.0.0", "1.0.1", "1.0.2")
	})
	t.Run("but what it has done counts", func(t *testing.T) {
		y := newIncident(t)
		y.leave("prod", 1)
		y.places["prod"].set(y.state().Plan.Steps[6].Content)
		if err := y.withdraw("1.0.1"); err != nil {
			t.Fatal(err)
		}
		y.mustGet("prod", "1.0.0", "1.0.1", "1.0.0")
	})
}

// What production runs may well fail a check: that is why there is a fix.
func TestWhatIsBroughtBackIsNotHeldAgainstTheFix(t *testing.T) {
	y := newIncident(t)
	y.declare("dev", "smoke")
	y.declare("prod", "smoke")
	y.verify = func(_ context.Context, request check.Request) portal.CheckResult {
		fixed := request.Release == "1.0.0+EF-1"
		return portal.CheckResult{Name: request.Name, Passed: fixed, Summary: "nobody can log in"}
	}
	if err := y.fix("1.0.1"); err != nil {
		t.Fatal(err)
	}
	y.mustBeDone(wholeFix...)
	told := y.told()
	for _, line := range []string{"check smoke passed=true", "check smoke passed=false"} {
		if !slices.Contains(told, line) {
			t.Errorf("%q is not recorded: %v", line, told)
		}
	}
	if err := y.withdraw("1.0.1"); err != nil {
		t.Fatal(err)
	}
	y.mustGet("prod", "1.0.0", "1.0.1", "1.0.0")
}

// beforeStep runs something before the write that begins that step.
func (y *incident) beforeStep(index int, do func()) {
	asked := 0
	y.engine.beforeWrites(func() error {
		if x := y.state(); x.Name != "" && x.Done == index && !x.Started {
			if asked++; asked == 1 {
				do()
			}
		}
		return nil
	})
}

func TestTwoProcessesOnOneFix(t *testing.T) {
	t.Run("one does the step that the other was about to do", func(t *testing.T) {
		for index := range wholeFix {
			t.Run(wholeFix[index], func(t *testing.T) {
				if testing.Short() && index%4 > 0 {
					t.Skip("every fourth step will do")
				}
				y := newIncident(t)
				y.beforeStep(index, func() {
					other := y.other(y.base)
					wish := y.fixWith("1.0.1")
					ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
					defer cancel()
					y.stopAfter(other, index, cancel)
					if err := other.Fix(ctx, "shop", bob, wish); err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("the other says %v", err)
					}
				})
				if err := y.fix("1.0.1"); err != nil {
					t.Fatal(err)
				}
				y.mustBeDone(wholeFix...)
				y.mustGet("dev", "1.0.0", "2.0.0", "1.0.0", "1.0.1", "2.0.0")
				y.mustGet("prod", "1.0.0", "1.0.1")
			})
		}
	})
	t.Run("one is told that the other is at work", func(t *testing.T) {
		y := newIncident(t)
		y.places["dev"].apply = func(ctx context.Context, change target.Change) error {
			err := y.other(y.base).Fix(ctx, "shop", bob, y.fixWith("1.0.1"))
			var refusal *portal.RefusalError
			var halted *rollout.HaltedError
			if !errors.As(err, &refusal) || errors.As(err, &halted) || !slices.Equal(refusal.Rules(), []portal.Rule{portal.EnvironmentHeld}) {
				t.Errorf("the other says %v", err)
			}
			y.places["dev"].set(change.To)
			return nil
		}
		if err := y.fix("1.0.1"); err != nil {
			t.Fatal(err)
		}
		y.mustBeDone(wholeFix...)
	})
	t.Run("one amends it while the other is at work", func(t *testing.T) {
		y := newIncident(t)
		y.beforeStep(3, func() {
			if err := y.other(y.base).Fix(t.Context(), "shop", bob, y.fixWith("1.0.2")); err != nil {
				t.Errorf("the other says %v", err)
			}
		})
		err := y.fix("1.0.1")
		var rejection *portal.RejectionError
		if !errors.As(err, &rejection) || !strings.Contains(err.Error(), "was changed by another run") {
			t.Errorf("it says %v", err)
		}
		y.mustGet("prod", "1.0.0", "1.0.2")
	})
	t.Run("one amends it before the other has begun", func(t *testing.T) {
		y := newIncident(t)
		y.engine.afterWrite(1, func() {
			if err := y.other(y.base).Fix(t.Context(), "shop", bob, y.fixWith("1.0.2")); err != nil {
				t.Errorf("the other says %v", err)
			}
		})
		err := y.fix("1.0.1")
		var rejection *portal.RejectionError
		if !errors.As(err, &rejection) || !strings.Contains(err.Error(), "was changed by another run") {
			t.Errorf("it says %v", err)
		}
		y.mustGet("prod", "1.0.0", "1.0.2")
	})
}

// stopAfter stops a process after that step.
func (y *incident) stopAfter(r *rollout.Rollout, index int, stop func()) {
	r.Ledger = ledger.New(&stopping{Engine: y.base, done: func() {
		if y.state().Done > index {
			stop()
		}
	}}, ledger.WithLease(leaseTime))
}

// stopping is an engine that reports every write.
type stopping struct {
	ledger.Engine
	done func()
}

func (e *stopping) Write(ctx context.Context, write func(ledger.WriteTx) error) error {
	err := e.Engine.Write(ctx, write)
	e.done()
	return err
}

// A process that was stopped between its record and its work finds that another has taken over.
func TestAProcessThatStoodStillDoesNotTakeTheNewEpochForItsOwn(t *testing.T) {
	takeOver := func(y *incident, environment string) func() {
		return func() {
			y.clock.advance(leaseTime)
			if _, err := y.other(y.base).Ledger.Record(t.Context(), "shop", bob, portal.TakeOver{Environment: environment}); err != nil {
				y.t.Error(err)
			}
		}
	}
	t.Run("a deployment", func(t *testing.T) {
		y := newIncident(t)
		y.engine.afterWrite(1, takeOver(y, "dev"))
		if err := y.deploy("dev", "1.0.0"); !errors.Is(err, portal.ErrSuperseded) {
			t.Errorf("it says %v", err)
		}
		y.mustGet("dev", "1.0.0", "2.0.0")
	})
	t.Run("a recovery", func(t *testing.T) {
		y := newIncident(t)
		y.must(start("dev", "1.0.0"))
		y.clock.advance(leaseTime)
		y.engine.afterWrite(2, takeOver(y, "dev"))
		if err := y.deploy("dev", "1.0.0"); !errors.Is(err, portal.ErrSuperseded) {
			t.Errorf("it says %v", err)
		}
		y.mustGet("dev", "1.0.0", "2.0.0")
	})
	t.Run("a step of a fix", func(t *testing.T) {
		y := newIncident(t)
		y.engine.afterWrite(4, takeOver(y, "dev"))
		if err := y.fix("1.0.1"); !errors.Is(err, portal.ErrSuperseded) {
			t.Errorf("it says %v", err)
		}
		y.mustGet("dev", "1.0.0", "2.0.0")
	})
}

func TestAHaltedFixTellsWhetherTheLedgerHasIt(t *testing.T) {
	halted := func(t *testing.T, err error) *rollout.HaltedError {
		t.Helper()
		var halted *rollout.HaltedError
		if !errors.As(err, &halted) {
			t.Fatalf("it is not halted: %v", err)
		}
		return halted
	}
	t.Run("where a deployment fails", func(t *testing.T) {
		y := newIncident(t)
		y.places["prod"].apply = func(context.Context, target.Change) error { return errStaged }
		if h := halted(t, y.fix("1.0.1")); !h.Recorded {
			t.Errorf("it is recorded, and that is not told: %v", h)
		}
	})
	t.Run("where the ledger cannot be written", func(t *testing.T) {
		y := newIncident(t)
		y.engine.afterWrite(2, y.engine.fail)
		if h := halted(t, y.fix("1.0.1")); h.Recorded {
			t.Errorf("nothing could be recorded: %v", h)
		}
	})
}

func TestACacheThatCannotBeUsedIsNotAWrongDigest(t *testing.T) {
	y := newIncident(t)
	y.register("3.0.0")
	spoilCache(y.t, filepath.Join(y.dir, "cache"))
	for name, err := range map[string]error{"deployment": y.deploy("dev", "3.0.0"), "fix": y.fix("1.0.2")} {
		var refusal *portal.RefusalError
		var unusable *artifact.CacheError
		if errors.As(err, &refusal) || !errors.As(err, &unusable) {
			t.Errorf("the %s says: %v", name, err)
		}
	}
}

// spoilCache puts a file where the cache has its directories.
func spoilCache(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
