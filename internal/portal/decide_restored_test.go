package portal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestARestoredLedgerCountsFromAboveItsTargets(t *testing.T) {
	now := portaltest.Start.Unix()
	for _, c := range []struct {
		name    string
		command portal.RestoreLedger
		want    map[string]int64
	}{
		{"a person says so", portal.RestoreLedger{Reason: "the disk died"}, map[string]int64{"dev": now, "qa": now, "production": now}},
		{"a fix found out", portal.RestoreLedger{Reason: "seen", Fix: "EF-1", Seen: map[string]int64{"qa": 9}}, map[string]int64{"qa": now}},
		{
			"a target has seen more than that",
			portal.RestoreLedger{Reason: "seen", Seen: map[string]int64{"qa": now + 7}},
			map[string]int64{"dev": now, "qa": now + 7, "production": now},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0")
			w.MustDo(c.command)
			for name, epoch := range c.want {
				if got := w.State.Sites[name].Epoch; got != epoch {
					t.Errorf("%s is at epoch %d, want %d", name, got, epoch)
				}
			}
			events, _ := c.command.Decide(w.Facts())
			if diff := cmp.Diff([]portal.Event{portal.LedgerRestored{Reason: c.command.Reason, Fix: c.command.Fix, Epochs: c.want}}, events); diff != "" {
				t.Error(diff)
			}
			if epoch, err := w.Start("dev", "1.0.0"); err != nil || epoch != w.State.Sites["dev"].Epoch || (c.command.Fix == "" && epoch != now+1) {
				t.Errorf("the next deployment has epoch %d, %v", epoch, err)
			}
		})
	}
}

func TestWhatIsNoRestoring(t *testing.T) {
	w := portaltest.Bare(t, "shop")
	for want, command := range map[string]portal.RestoreLedger{
		"has no environment": {Reason: "the disk died"},
		"reason: is blank":   {},
	} {
		_, err := command.Decide(w.Facts())
		var rejection *portal.RejectionError
		if !errors.As(err, &rejection) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
