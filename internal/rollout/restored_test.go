package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// hasSeen makes a target refuse every epoch below this one, as after its ledger was restored from a
// backup.
func (p *place) hasSeen(epoch int64) {
	p.apply = func(_ context.Context, change target.Change) error {
		if change.Epoch < epoch {
			return fmt.Errorf("%w: it has seen %d", target.ErrStaleEpoch, epoch)
		}
		p.set(change.To)
		return nil
	}
}

func TestADeploymentWithARestoredLedger(t *testing.T) {
	y := newYard(t)
	y.register("1.0.0")
	y.register("1.1.0")
	y.mustDeploy("dev", "1.0.0")
	y.place.hasSeen(y.site("dev").Epoch + 7)
	var failed *rollout.FailedError
	err := y.deploy("dev", "1.1.0")
	if !errors.As(err, &failed) || !failed.Stale || !failed.Untouched || !strings.Contains(err.Error(), "ledger restored --reason TEXT --pipeline shop") {
		t.Fatalf("it says %v", err)
	}
	// Each attempt would increment the epoch, and a later one would be accepted.
	told := len(y.place.changes)
	for range 9 {
		for what, do := range map[string]func() error{
			"deploying": func() error { return y.deploy("dev", "1.1.0") },
			"removing":  func() error { return y.Remove(t.Context(), "shop", ann, portal.StartRemoval{Environment: "dev"}) },
		} {
			var refusal *portal.RefusalError
			if err := do(); !errors.As(err, &refusal) || refusal.Rules()[0] != portal.StalePlan || !strings.Contains(err.Error(), "ledger restored --reason TEXT --pipeline shop") {
				t.Fatalf("%s: it says %v", what, err)
			}
		}
	}
	if len(y.place.changes) != told {
		t.Errorf("the target was told %d times more", len(y.place.changes)-told)
	}
	y.must(portal.RestoreLedger{Reason: "the disk died"})
	y.mustDeploy("dev", "1.1.0")
}

func TestAFixWithARestoredLedger(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	for _, c := range []struct {
		name string
		seen map[string]int64
		want []string // the environments that it warns of
	}{
		{"one target is ahead", map[string]int64{"prod": 1000}, []string{"prod"}},
		{"every target is ahead", map[string]int64{"dev": 1000, "prod": 1000}, []string{"dev", "prod"}},
		{"by more than the seconds of its clock", map[string]int64{"prod": 1 << 40}, []string{"prod"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := newIncident(t)
			for name, epoch := range c.seen {
				y.places[name].hasSeen(epoch)
				y.places[name].epoch = epoch
			}
			var warnings []rollout.Warning
			y.Warn = func(w rollout.Warning) { warnings = append(warnings, w) }
			if err := y.Fix(t.Context(), "shop", ann, y.fixWith("1.0.1")); err != nil {
				t.Fatal(err)
			}
			var warned []string
			for _, warning := range warnings {
				name, found := strings.CutPrefix(warning.Summary, "The ledger is older than the target of shop/")
				if !found || !strings.Contains(warning.Detail, "EF-1 went ahead anyway") {
					t.Errorf("it warns %+v", warning)
				}
				warned = append(warned, name)
			}
			if diff := cmp.Diff(c.want, warned); diff != "" {
				t.Errorf("it warns of (-want +got):\n%s", diff)
			}
			if x := y.state(); x.Status() != portal.StatusApplied {
				t.Errorf("the fix is %s", x.Status())
			}
			y.mustServe("prod", y.places["prod"], false)
			y.mustServe("dev", y.places["dev"], false)
		})
	}
}

func TestATargetThatRefusesEveryEpochEndsTheFix(t *testing.T) {
	y := newIncident(t)
	y.places["prod"].apply = func(context.Context, target.Change) error { return target.ErrStaleEpoch }
	err := y.Fix(t.Context(), "shop", ann, y.fixWith("1.0.1"))
	var halted *rollout.HaltedError
	if !errors.As(err, &halted) || !strings.Contains(err.Error(), "deploy on prod") {
		t.Fatalf("it says %v", err)
	}
	if n := len(y.got("prod")); n != 3 { // once before the fix
		t.Errorf("the target was asked %d times, want 3", n)
	}
}

// timed is a place whose files have another clock.
type timed struct {
	*place
	off time.Duration
}

func (p timed) ClockOff() time.Duration { return p.off }

func TestATargetWhoseClockIsOffIsTold(t *testing.T) {
	for _, c := range []struct {
		off  time.Duration
		want string
	}{
		{0, ""},
		{portal.ClockTolerance, ""},
		{time.Hour, "a time 1h ahead of this machine's"},
		{-time.Hour, "a time 1h behind this machine's"},
	} {
		y := newYard(t)
		y.register("1.0.0")
		y.Target = func(string, portal.Environment) (target.Target, error) { return timed{y.place, c.off}, nil }
		var warned []string
		y.Warn = func(w rollout.Warning) { warned = append(warned, w.Summary+": "+w.Detail) }
		y.mustDeploy("dev", "1.0.0")
		if got := strings.Join(warned, "\n"); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("off by %s it warns %q, want %q", c.off, got, c.want)
		}
	}
}
