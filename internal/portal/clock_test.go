package portal_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// A clock was ahead when the newest entry was recorded: no soak time is met and no freeze over
// because of that.
func TestAClockThatWasAhead(t *testing.T) {
	frozen := func(from, to time.Time) func(w *portaltest.World) {
		return func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa"); w.Freeze("night", from, to) }
	}
	arrive := func(w *portaltest.World) { w.Travel("2.0.0", "dev", "qa") }
	for _, c := range []struct {
		name     string
		pipeline func(p *portal.Pipeline)
		story    func(w *portaltest.World)
		ahead    time.Duration
		want     []portal.Rule
	}{
		{"no rule asks for time", nil, arrive, 8760 * time.Hour, nil},
		{"a soak time, by an hour", soak("qa", time.Minute), arrive, time.Hour, []portal.Rule{portal.SoakTime}},
		{"a soak time, by a year", soak("qa", time.Hour), arrive, 8760 * time.Hour, []portal.Rule{portal.SoakTime}},
		{"a soak time, by no more than clocks are apart", soak("qa", time.Minute), arrive, portal.ClockTolerance, nil},
		{"a freeze that is over only by the entry", nil, frozen(at(0), at(time.Hour)), 2 * time.Hour, []portal.Rule{portal.FreezeInForce}},
		{"a freeze that has begun only by the entry", nil, frozen(at(time.Hour), at(8000*time.Hour)), 2 * time.Hour, []portal.Rule{portal.FreezeInForce}},
		{"a freeze in between", nil, frozen(at(time.Hour), at(2*time.Hour)), 3 * time.Hour, []portal.Rule{portal.FreezeInForce}},
		{"a freeze that is over by both", nil, frozen(at(0), at(time.Hour)), 0, nil},
		{"a freeze of later", nil, frozen(at(9000*time.Hour), at(9001*time.Hour)), 8760 * time.Hour, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, c.pipeline)
			w.Register("2.0.0")
			c.story(w)
			w.Clock = w.Now
			w.Wait(c.ahead)
			if c.ahead == 0 {
				w.Wait(2 * time.Hour)
				w.Clock = w.Now
			}
			verdict := w.Judge("production", "2.0.0")
			refusal := &portal.RefusalError{Verdict: verdict}
			if !slices.Equal(c.want, refusal.Rules()) {
				t.Fatalf("broken rules are %v, want %v", refusal.Rules(), c.want)
			}
			for _, rule := range c.want {
				if gate := gateOf(t, verdict, rule); !strings.Contains(gate.Cure, "ledger mend-clock") ||
					!strings.Contains(gate.Detail, "one of the two clocks is wrong") || !gate.At.IsZero() {
					t.Errorf("%s says %+v", rule, gate)
				}
			}
		})
	}
}

// An emergency fix is judged by the clock as it is now.
func TestAClockThatWasAheadKeepsNoFixOff(t *testing.T) {
	w := worldOf(t, func(p *portal.Pipeline) { p.Stages[1].SoakTime = time.Hour })
	w.Register("1.0.0")
	w.Travel("1.0.0", "dev", "qa")
	w.Wait(time.Hour)
	w.Deploy("production", "1.0.0")
	w.Freeze("later", at(100*time.Hour), at(200*time.Hour))
	w.Clock = w.Now
	wish := portaltest.Fix("EF-1", "1.0.1")
	wish.Bypass = portal.BypassableRules()
	wish.ApprovalsExpireAt = w.Now.Add(24 * time.Hour)
	want := w.PlanFix(wish)
	w.Wait(150 * time.Hour)
	got := w.PlanFix(wish)
	if err := got.Refusal(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Plan.Bypassed, got.Plan.Bypassed); diff != "" {
		t.Errorf("the broken rules change with the entry's clock:\n%s", diff)
	}
}

func TestMendingTheClock(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	newest := w.Now
	for _, c := range []struct {
		name, reason string
		clock        time.Time
		want         string
	}{
		{"nothing lies in the future", "ntp", newest, "no entry lies in the future"},
		{"without a reason", " ", newest.Add(-time.Hour), "reason: is blank"},
		{"an hour", "ntp", newest.Add(-time.Hour), ""},
		{"a microsecond", "ntp", newest.Add(-time.Microsecond), ""},
	} {
		w.Clock = c.clock
		events, err := portal.MendClock{Reason: c.reason}.Decide(w.Facts())
		var rejection *portal.RejectionError
		switch {
		case c.want == "" && (err != nil || !cmp.Equal(events, []portal.Event{portal.ClockMended{Reason: "ntp", Newest: newest}})):
			t.Errorf("%s: %v, %v", c.name, events, err)
		case c.want != "" && (!errors.As(err, &rejection) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestCorrectedTimes(t *testing.T) {
	mends := []portal.Mend{{Number: 5, At: at(time.Hour)}, {Number: 9, At: at(3 * time.Hour)}}
	for _, c := range []struct {
		number   int64
		at, want time.Duration
	}{
		{1, 0, 0},
		{2, 2 * time.Hour, time.Hour},
		{4, 9000 * time.Hour, time.Hour},
		{5, time.Hour, time.Hour},
		{6, 2 * time.Hour, 2 * time.Hour},
		{7, 9000 * time.Hour, 3 * time.Hour},
		{10, 9000 * time.Hour, 9000 * time.Hour},
	} {
		if got := portal.Corrected(c.number, at(c.at), mends); !got.Equal(at(c.want)) {
			t.Errorf("entry %d of %s counts as of %s, want %s", c.number, at(c.at), got, at(c.want))
		}
	}
}
