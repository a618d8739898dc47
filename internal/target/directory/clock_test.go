package directory

import (
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

func TestADirectoryTellsHowFarItsClockIsOff(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Hour, -8760 * time.Hour} {
		place, err := New(Config{Path: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		place.now = func() time.Time { return time.Now().Add(-ahead) } // so that its files are of later
		if err := place.Apply(t.Context(), target.Change{Key: "k", Epoch: 1, Ledger: "l", Pipeline: "shop", Environment: "dev"}); err != nil {
			t.Fatal(err)
		}
		if off := place.ClockOff(); (off - ahead).Abs() > time.Minute {
			t.Errorf("it is off by %s, want %s", off, ahead)
		}
	}
}
