package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func testSnapshots(t *testing.T, stores Stores) {
	for _, c := range []struct {
		name    string
		entries int
	}{
		{"a view sees what another ledger has just written", 1},
		{"a few entries of others are followed", 30},
		{"just as many as are followed", 512},
		{"too many to follow are loaded anew", 513},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := stores.engine(t, stores.New(t))
			writer := openShop(t, engine)
			reader := writer.beside(engine)
			writer.must(register("1.0.0"))
			reader.sameAsFold("1.0.0", "1.1.0")
			before := writer.head()
			deploy(writer, int(before)+c.entries)
			if got := writer.head() - before; got != int64(c.entries) {
				t.Fatalf("wrote %d entries, want %d", got, c.entries)
			}
			reader.sameAsFold("1.0.0", "1.1.0")
			writer.beside(engine).sameAsFold("1.0.0", "1.1.0")
			writer.verify()
		})
	}
	t.Run("a base that is registered after what is based on it is loaded with its own base", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		writer := openShop(t, engine)
		reader := writer.beside(engine)
		writer.must(register("1.0.0"))
		writer.must(registerOn("1.1.0", "1.2.0"))
		reader.facts(portal.Subjects{Releases: []string{"1.2.0"}}, func(f portal.Facts) {
			if _, err := f.ContentOf("1.2.0"); err == nil {
				t.Error("it has content without its base")
			}
		})
		writer.must(registerOn("1.0.0", "1.1.0"))
		for name, l := range map[string]*shop{"one that was there": reader, "a new one": writer.beside(engine)} {
			l.facts(portal.Subjects{Releases: []string{"1.2.0"}}, func(f portal.Facts) {
				if !f.Knows("1.1.0") || !f.Knows("1.0.0") {
					t.Errorf("%s: the bases were not loaded", name)
				}
				if _, err := f.ContentOf("1.2.0"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	})
	t.Run("a process that has just begun ends the run of what its deployment replaces", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		first := openShop(t, engine)
		first.must(register("1.0.0"))
		first.must(register("1.1.0"))
		first.must(start("dev", "1.0.0"))
		first.must(end("dev", firstOnDev))
		next := first.beside(engine)
		next.must(start("dev", "1.1.0"))
		next.must(end("dev", firstOnDev+1))
		next.verify()
		next.sameAsFold("1.0.0", "1.1.0")
		next.facts(portal.Subjects{Releases: []string{"1.0.0"}}, func(f portal.Facts) {
			if runs := f.Evidence("1.0.0", "dev").Runs; len(runs) != 1 || !runs[0].Since.IsZero() {
				t.Errorf("1.0.0 ran on dev: %+v", runs)
			}
		})
	})
	t.Run("releases that nobody asks for are not loaded", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := openShop(t, engine)
		s.must(register("1.0.0"))
		s.beside(engine).facts(portal.Subjects{}, func(f portal.Facts) {
			if f.Knows("1.0.0") {
				t.Error("release 1.0.0 was loaded")
			}
		})
	})
	t.Run("a head that leads nowhere does not hang a view", func(t *testing.T) {
		engine := &rewound{Engine: stores.engine(t, stores.New(t))}
		s := openShop(t, engine)
		s.head()
		engine.by = 5
		if head := s.head(); head != 3+5 {
			t.Errorf("the view shows head %d", head)
		}
		var corrupt *ledger.CorruptError
		if err := s.Verify(t.Context(), "shop"); !errors.As(err, &corrupt) {
			t.Errorf("verify says %v", err)
		}
	})
}

// deploy fills the record up to a number of entries with deployments and tests.
func deploy(s *shop, upTo int) {
	s.t.Helper()
	if int(s.head()) < upTo {
		s.must(register("1.1.0"))
	}
	for n := int(s.head()); n < upTo; n++ {
		release := []string{"1.0.0", "1.1.0"}[n/6%2]
		var epoch int64
		open, runs := false, ""
		s.facts(portal.Subjects{}, func(f portal.Facts) {
			epoch = epochOf(f, "dev")
			open = f.Sites["dev"].Attempt.Open()
			if running := f.Sites["dev"].Running; running != nil {
				runs = running.Release
			}
		})
		switch {
		case open:
			s.must(end("dev", epoch))
		case n%6 < 2 || runs == "":
			s.must(portal.StartDeployment{Deploy: portal.Deploy{Environment: "dev", Release: release, Redeploy: fmt.Sprint(n)}})
		default:
			s.must(test("dev", runs, fmt.Sprint(n)))
		}
	}
}

func testClaims(t *testing.T, stores Stores) {
	engine := stores.engine(t, stores.New(t))
	s := openShop(t, engine)
	other := &shop{ledger.New(engine), t, "warehouse"}
	other.must(declarePipeline("warehouse"))
	s.must(at("/srv/a", declareEnvironment("dev", "dev")))
	taken := at("/srv/a", declareEnvironment("dev", "dev"))

	t.Run("of two pipelines on one target are refused, naming the first", func(t *testing.T) {
		var rejection *portal.RejectionError
		_, err := other.record(taken)
		if !errors.As(err, &rejection) || rejection.Summary != `the target of environment "warehouse/dev" belongs to environment "shop/dev"` {
			t.Errorf("got %v", err)
		}
	})
	t.Run("are shown to a view that asks", func(t *testing.T) {
		other.facts(portal.Subjects{Addresses: []string{"/srv/a", "/srv/b"}}, func(f portal.Facts) {
			if len(f.Claims) != 1 || f.Claims["/srv/a"] != "shop/dev" {
				t.Errorf("got %v", f.Claims)
			}
		})
	})
	t.Run("of places that overlap are refused, naming the first", func(t *testing.T) {
		s.must(at("/srv/deep/dev", declareEnvironment("dev-2", "dev")))
		s.must(at("/srv/deeper", declareEnvironment("dev-3", "dev")))
		for _, address := range []string{"/srv/deep", "/srv/deep/dev/app/current", "/srv/a/b"} {
			var rejection *portal.RejectionError
			_, err := other.record(at(address, declareEnvironment("dev", "dev")))
			if !errors.As(err, &rejection) || !strings.HasPrefix(rejection.Summary, `the targets of environments "warehouse/dev" and "shop/dev`) {
				t.Errorf("%s: got %v", address, err)
			}
		}
		other.facts(portal.Subjects{Addresses: []string{"/srv/deep"}}, func(f portal.Facts) {
			if len(f.Claims) != 1 || f.Claims["/srv/deep/dev"] != "shop/dev-2" {
				t.Errorf("got %v", f.Claims)
			}
		})
		s.must(at("/srv/deep/dev/below", declareEnvironment("dev-2", "dev"))) // its own
	})
	t.Run("made at once by two pipelines are given to one", func(t *testing.T) {
		errs := make(chan error, 2)
		for _, l := range []*shop{s.beside(engine), other} {
			go func() {
				_, err := l.record(at("/srv/race", declareEnvironment("race", "dev")))
				errs <- err
			}()
		}
		first, second := <-errs, <-errs
		if (first == nil) == (second == nil) {
			t.Errorf("got %v and %v", first, second)
		}
	})
	t.Run("are free again once the first has moved or is gone", func(t *testing.T) {
		s.must(at("/srv/b", declareEnvironment("dev", "dev")))
		other.must(taken)
		other.must(portal.RemoveEnvironment{Name: "dev"})
		s.must(at("/srv/a", declareEnvironment("prod", "prod")))
	})
	s.verify()
	other.verify()
}

// rewound is an engine whose heads are moved from where they are.
type rewound struct {
	ledger.Engine
	by int64
}

func (r *rewound) Head(ctx context.Context, pipeline string) (int64, error) {
	head, err := r.Engine.Head(ctx, pipeline)
	return head + r.by, err
}

func (r *rewound) Read(ctx context.Context, read func(ledger.Tx) error) error {
	return r.Engine.Read(ctx, func(tx ledger.Tx) error { return read(rewoundTx{tx, r.by}) })
}

type rewoundTx struct {
	ledger.Tx
	by int64
}

func (t rewoundTx) Head(pipeline string) (int64, time.Time, error) {
	head, at, err := t.Tx.Head(pipeline)
	return head + t.by, at, err
}
