package directory

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// dieAt makes a target whose process ends at the given boundary.
func dieAt(t *testing.T, config Config, where point) *Target {
	dying := mustNew(t, config)
	dying.reached = func(at point) error {
		if at == where {
			return errKilled
		}
		return nil
	}
	return dying
}

func TestKilledAtAnyBoundaryOfAChangeTheOldOrTheNewIsInService(t *testing.T) {
	for _, where := range []point{pointRecorded, pointStaged, pointNoted, pointPlaced, pointLinked, pointSwitched, pointPruned} {
		t.Run(string(where), func(t *testing.T) {
			config := Config{Path: fresh(t, 0).path, Keep: 1}
			first := wish(t, 1, "1.0.0", map[string]string{"theme": "a", "skin": "a"})
			second := wish(t, 2, "1.1.0", map[string]string{"theme": "b", "login": "b"})
			mustApply(t, mustNew(t, config), first)
			if err := dieAt(t, config, where).Apply(t.Context(), second); !errors.Is(err, errKilled) {
				t.Fatalf("it did not get there: %v", err)
			}
			after := mustNew(t, config)
			if seen := mustObserve(t, after); !seen.Equal(first.To) && !seen.Equal(second.To) {
				t.Errorf("a mixture is in service: %v", seen)
			}
			if err := after.Apply(t.Context(), first); !errors.Is(err, target.ErrStaleEpoch) {
				t.Errorf("the older epoch gets through: %v", err)
			}
			mustApply(t, after, second)
			if diff := cmp.Diff(second.To, mustObserve(t, after)); diff != "" {
				t.Error(diff)
			}
			dir, _ := after.serving()
			want := []string{dir, dir + ".json", dir + "/login", dir + "/theme"}
			if diff := cmp.Diff(want, sortedList(t, after.releases())); diff != "" {
				t.Errorf("leftovers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKilledAtAnyBoundaryOfARemovalItIsRepeated(t *testing.T) {
	for _, where := range []point{pointRecorded, pointUnlinked, pointEmptied} {
		t.Run(string(where), func(t *testing.T) {
			config := Config{Path: fresh(t, 0).path}
			mustApply(t, mustNew(t, config), wish(t, 1, "1.0.0", map[string]string{"theme": "a"}))
			empty := target.Change{Key: "k", Epoch: 2, Pipeline: "intranet", Environment: "production"}
			if err := dieAt(t, config, where).Apply(t.Context(), empty); !errors.Is(err, errKilled) {
				t.Fatalf("it did not get there: %v", err)
			}
			after := mustNew(t, config)
			mustObserve(t, after)
			mustApply(t, after, empty)
			if there, err := after.probe(); there || err != nil {
				t.Errorf("there is still %v (%v)", list(t, config.Path), err)
			}
		})
	}
}

func TestKilledWhileRepairingWhatIsInServiceTheDamagedStaysUntilTheSwitch(t *testing.T) {
	for _, where := range []point{pointStaged, pointNoted, pointPlaced, pointLinked, pointSwitched} {
		t.Run(string(where), func(t *testing.T) {
			config := Config{Path: fresh(t, 0).path}
			change := wish(t, 1, "1.0.0", map[string]string{"theme": "a"})
			mustApply(t, mustNew(t, config), change)
			mustWrite(t, config.Path+"/current/theme", "by hand")
			if err := dieAt(t, config, where).Apply(t.Context(), change); !errors.Is(err, errKilled) {
				t.Fatalf("it did not get there: %v", err)
			}
			after := mustNew(t, config)
			if seen := mustObserve(t, after); len(seen) != 1 {
				t.Errorf("in service is %v", seen)
			}
			mustApply(t, after, change)
			if diff := cmp.Diff(change.To, mustObserve(t, after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
