package ledgertest

import (
	"errors"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

const leaseLength = 10 * time.Second

// held says who holds an environment, as a view shows it: "held", "abandoned"
// or "free".
func (s *shop) held(environment string) (state string) {
	s.t.Helper()
	s.facts(portal.Subjects{}, func(f portal.Facts) {
		switch {
		case f.Held(environment) != nil:
			state = "held"
		case f.Abandoned(environment) != nil:
			state = "abandoned"
		default:
			state = "free"
		}
	})
	return state
}

func testLeases(t *testing.T, stores Stores) {
	// Each step is done, and then the environment is as it says.
	type step struct {
		name string
		do   func(s *shop, clock *clocked) error
		want error
		then string
	}
	record := func(c portal.Command) func(*shop, *clocked) error {
		return func(s *shop, _ *clocked) error { _, err := s.record(c); return err }
	}
	pass := func(d time.Duration) func(*shop, *clocked) error {
		return func(_ *shop, clock *clocked) error { clock.advance(d); return nil }
	}
	renew := func(epoch int64) func(*shop, *clocked) error {
		return func(s *shop, _ *clocked) error { return s.Renew(s.t.Context(), "shop", "dev", epoch) }
	}
	begin := step{"start", record(start("dev", "1.0.0")), nil, "held"}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"is given at the start and dropped at the end", []step{
			begin,
			{"end", record(end("dev", firstOnDev)), nil, "free"},
			{"renew", renew(firstOnDev), ledger.ErrLeaseLost, "free"},
		}},
		{"is over when its time is", []step{
			begin,
			{"nearly over", pass(leaseLength - time.Microsecond), nil, "held"},
			{"over", pass(time.Microsecond), nil, "abandoned"},
		}},
		{"lasts as long as it is renewed", []step{
			begin,
			{"wait", pass(leaseLength - time.Second), nil, "held"},
			{"renew", renew(firstOnDev), nil, "held"},
			{"wait", pass(leaseLength - time.Second), nil, "held"},
			{"wait longer", pass(time.Second), nil, "abandoned"},
		}},
		{"is renewed also late, while nobody has taken over", []step{
			begin,
			{"wait", pass(2 * leaseLength), nil, "abandoned"},
			{"renew", renew(firstOnDev), nil, "held"},
		}},
		{"is lost to whoever takes over", []step{
			begin,
			{"wait", pass(leaseLength), nil, "abandoned"},
			{"take over", record(portal.TakeOver{Environment: "dev"}), nil, "held"},
			{"renew the old one", renew(firstOnDev), ledger.ErrLeaseLost, "held"},
			{"end the old one", record(end("dev", firstOnDev)), portal.ErrSuperseded, "held"},
			{"renew the new one", renew(firstOnDev + 1), nil, "held"},
			{"end the new one", record(end("dev", firstOnDev+1)), nil, "free"},
		}},
		{"is no shorter where the clock was set back", []step{
			{"set back", pass(-time.Hour), nil, "free"},
			begin,
			{"wait", pass(leaseLength - time.Microsecond), nil, "held"},
			{"renew", renew(firstOnDev), nil, "held"},
		}},
		{"is gone with its environment", []step{
			begin,
			{"wait", pass(leaseLength), nil, "abandoned"},
			{"remove", record(portal.RemoveEnvironment{Name: "dev"}), nil, "free"},
			{"renew", renew(firstOnDev), ledger.ErrLeaseLost, "free"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := withClock(stores.engine(t, stores.New(t)))
			s := openShop(t, clock, ledger.WithLease(leaseLength))
			s.must(register("1.0.0"))
			other := s.beside(clock)
			for _, step := range c.steps {
				if err := step.do(s, clock); !errors.Is(err, step.want) {
					t.Fatalf("%s: got %v, want %v", step.name, err, step.want)
				}
				for who, l := range map[string]*shop{"itself": s, "another": other} {
					if got := l.held("dev"); got != step.then {
						t.Fatalf("after %s, %s sees it %s, want %s", step.name, who, got, step.then)
					}
				}
				s.verify()
			}
		})
	}
	t.Run("keeps others out, and tells who it is", func(t *testing.T) {
		clock := withClock(stores.engine(t, stores.New(t)))
		s := openShop(t, clock, ledger.WithLease(leaseLength))
		s.must(register("1.0.0"))
		s.must(start("dev", "1.0.0"))
		var refusal *portal.RefusalError
		_, err := s.Record(t.Context(), "shop", bob, portal.TakeOver{Environment: "dev"})
		if !errors.As(err, &refusal) || refusal.Rules()[0] != portal.EnvironmentHeld {
			t.Errorf("taking over: %v", err)
		}
		clock.advance(leaseLength)
		var abandoned *portal.AbandonedError
		if _, err := s.Record(t.Context(), "shop", bob, start("dev", "1.0.0")); !errors.As(err, &abandoned) || abandoned.Attempt.By != ann {
			t.Errorf("starting: %v", err)
		}
	})
}

func testClocks(t *testing.T, stores Stores) {
	clock := withClock(stores.engine(t, stores.New(t)))
	s := openShop(t, clock)
	for i, d := range []time.Duration{time.Second, -time.Hour, time.Minute, 2 * time.Hour, -time.Nanosecond} {
		clock.advance(d)
		s.must(freeze(i))
	}
	t.Run("that are set back do not make entries go backwards", func(t *testing.T) {
		var last time.Time
		for _, stored := range s.entries() {
			entry, _, err := portal.ReadEntry(stored.Bytes)
			if err != nil || entry.At.Before(last) {
				t.Errorf("entry %d is of %s, the one before of %s, %v", entry.Number, entry.At, last, err)
			}
			last = entry.At
		}
		s.verify()
	})
	t.Run("that are set back do not make a view go backwards", func(t *testing.T) {
		clock.advance(-24 * time.Hour)
		s.facts(portal.Subjects{}, func(f portal.Facts) {
			if f.Now.Before(f.HeadAt) {
				t.Errorf("it is %s, and the newest entry is of %s", f.Now, f.HeadAt)
			}
		})
	})
}
