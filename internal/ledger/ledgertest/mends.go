package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// testMends lets a clock be ahead for a while, and mends that.
func testMends(t *testing.T, stores Stores) {
	const before = time.Hour // what the release has run before the clock was ahead
	for name, ahead := range map[string]time.Duration{"an hour": time.Hour, "a year": 8760 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			clock := withClock(stores.engine(t, stores.New(t)))
			s := openShop(t, clock, ledger.WithLease(leaseLength))
			other := s.beside(clock)
			s.must(register("1.0.0"))
			s.must(register("1.1.0"))
			s.must(start("dev", "1.0.0"))
			s.must(end("dev", firstOnDev))
			clock.advance(before)
			clock.advance(ahead)
			s.must(start("dev", "1.1.0")) // which ends the time of 1.0.0
			other.facts(portal.Subjects{Releases: []string{"1.0.0"}}, func(portal.Facts) {})
			clock.advance(-ahead)
			mended := clock.time()

			s.facts(portal.Subjects{}, func(f portal.Facts) {
				if f.Ahead() != ahead {
					t.Errorf("the newest entry lies %s in the future, want %s", f.Ahead(), ahead)
				}
			})
			s.must(portal.MendClock{Reason: "ntp was off"})
			for who, l := range map[string]*shop{"itself": s, "another": other, "a new one": s.beside(clock)} {
				l.facts(portal.Subjects{Releases: []string{"1.0.0"}}, func(f portal.Facts) {
					if f.Ahead() != 0 || !f.Now.Equal(mended) || !f.HeadAt.Equal(mended) {
						t.Errorf("%s: it is %s, the newest entry is of %s, ahead by %s", who, f.Now, f.HeadAt, f.Ahead())
					}
					runs := f.Evidence("1.0.0", "dev").Runs
					if len(runs) != 1 || runs[0].Ran != before {
						t.Errorf("%s: 1.0.0 has run %+v, want %s", who, runs, before)
					}
					if at := f.Sites["dev"].Attempt.StartedAt; !at.Equal(mended) {
						t.Errorf("%s: the deployment began at %s, want %s", who, at, mended)
					}
				})
				if held := l.held("dev"); held != "held" {
					t.Errorf("%s: dev is %s", who, held)
				}
			}
			s.verify()
			clock.advance(leaseLength)
			if held := s.held("dev"); held != "abandoned" {
				t.Errorf("a lease later dev is %s: its end was in the future", held)
			}

			// Time goes on, and is found again.
			clock.advance(time.Hour)
			s.must(freeze(1))
			s.verify()
			for _, c := range []struct {
				since time.Time
				want  []string
			}{
				{mended, []string{"deployment.started", "clock.mended", "freeze.declared"}},
				{mended.Add(time.Second), []string{"freeze.declared"}},
				{clock.time().Add(time.Second), nil},
			} {
				var got []string
				err := s.Since(t.Context(), "shop", c.since, func(event portal.Event, meta portal.Meta) {
					got = append(got, event.Kind())
					if meta.At.Before(c.since) || meta.At.After(clock.time()) {
						t.Errorf("%s counts as of %s", event.Kind(), meta.At)
					}
				})
				if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
					t.Errorf("since %s: %v\n%s", c.since, err, diff)
				}
			}
		})
	}
}
