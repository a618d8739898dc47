package ledgertest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func testContexts(t *testing.T, stores Stores) {
	engine := &staged{Engine: stores.engine(t, stores.New(t))}
	s := openShop(t, engine)
	t.Run("that ended before the write leave nothing behind", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Record(ctx, "shop", ann, freeze(1)); !errors.Is(err, context.Canceled) || s.head() != 3 {
			t.Errorf("got %v, head %d", err, s.head())
		}
	})
	t.Run("that end while others write let go at once", func(t *testing.T) {
		held, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
		engine.onNextWrite(func(ctx context.Context, write func(ledger.WriteTx) error) error {
			close(held)
			<-goOn
			return engine.Engine.Write(ctx, write)
		})
		go func() {
			_, err := s.record(freeze(2))
			done <- err
		}()
		<-held
		ctx, cancel := context.WithCancel(t.Context())
		waits := make(chan error)
		go func() {
			_, err := s.Record(ctx, "shop", ann, freeze(3))
			waits <- err
		}()
		cancel()
		if err := <-waits; !errors.Is(err, context.Canceled) {
			t.Errorf("the one that waited: %v", err)
		}
		close(goOn)
		if err := <-done; err != nil || s.head() != 4 {
			t.Errorf("the one that wrote: %v, head %d", err, s.head())
		}
	})
	t.Run("that end once it has begun do not stop it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		engine.onNextWrite(func(inner context.Context, write func(ledger.WriteTx) error) error {
			cancel()
			return engine.Engine.Write(inner, write)
		})
		if metas, err := s.Record(ctx, "shop", ann, freeze(4)); err != nil || len(metas) != 1 || s.head() != 5 {
			t.Errorf("got %+v, %v, head %d", metas, err, s.head())
		}
	})
	t.Run("that end in the engine's own transaction do not stop it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := engine.Engine.Write(ctx, func(tx ledger.WriteTx) error {
			cancel()
			_, _, err := tx.Head("shop")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("that end while a view reads leave nothing half known", func(t *testing.T) {
		s.must(register("1.0.0"))
		s.must(start("dev", "1.0.0"))
		s.must(end("dev", firstOnDev))
		reader := s.beside(engine)
		for range 50 {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			_, _ = describe(ctx, reader.Ledger, "shop", []string{"1.0.0"})
		}
		reader.sameAsFold("1.0.0")
	})
	s.verify()
}

func testCommits(t *testing.T, stores Stores) {
	engine := &staged{Engine: stores.engine(t, stores.New(t))}
	s := openShop(t, engine)
	s.must(register("1.0.0"))
	s.must(start("dev", "1.0.0"))
	s.must(end("dev", firstOnDev))
	var unavailable *ledger.UnavailableError
	n := 0
	for _, c := range []struct {
		name     string
		next     func(context.Context, func(ledger.WriteTx) error) error
		recorded bool
	}{
		{"one run twice by the database is recorded once", engine.runTwice, true},
		{"committed, and the answer was lost: recorded", engine.committedButUnknown, true},
		{"not committed, and the answer was lost: not recorded", engine.lostAndUnknown, false},
		{"not committed: not recorded", engine.lost, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n++
			before := s.head()
			engine.onNextWrite(c.next)
			metas, err := s.record(test("dev", "1.0.0", "run-"+string(rune('a'+n))))
			if c.recorded && (err != nil || len(metas) != 1 || metas[0].Number != before+1 || s.head() != before+1) {
				t.Errorf("got %+v, %v; the head went from %d to %d", metas, err, before, s.head())
			}
			if !c.recorded && (!errors.As(err, &unavailable) || errors.Is(err, ledger.ErrUnknownCommit) || metas != nil || s.head() != before) {
				t.Errorf("got %+v, %v; the head went from %d to %d", metas, err, before, s.head())
			}
			if !c.recorded && strings.Contains(err.Error(), ledger.ErrUnknownCommit.Error()) {
				t.Errorf("it is known, and the message says otherwise: %v", err)
			}
			if c.recorded && s.entries()[before].SHA256 != metas[0].Hash {
				t.Errorf("told was %+v, recorded is %+v", metas[0], s.entries()[before])
			}
			s.sameAsFold("1.0.0")
			s.verify()
		})
	}
	// The other process's entry has the number that the lost one had: by the head alone,
	// nothing has changed.
	other := s.beside(engine.Engine)
	for _, c := range []struct {
		name string
		next func(context.Context, func(ledger.WriteTx) error) error
		lost bool
	}{
		{"one that another process gets ahead of knows what that one did", func(ctx context.Context, write func(ledger.WriteTx) error) error {
			if err := engine.rollBack(ctx, write); err != nil {
				return err
			}
			other.must(freeze(3))
			return engine.Engine.Write(ctx, write)
		}, false},
		{"not committed, and another process writes: what is shown is that one's", func(ctx context.Context, write func(ledger.WriteTx) error) error {
			err := engine.lost(ctx, write)
			other.must(freeze(4))
			return err
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(s.entries())
			engine.onNextWrite(c.next)
			if _, err := s.record(test("dev", "1.0.0", c.name)); errors.As(err, &unavailable) != c.lost || (err != nil) != c.lost {
				t.Errorf("got %v", err)
			}
			if entries := s.entries(); entries[before].Kind != (portal.FreezeDeclared{}).Kind() {
				t.Errorf("entry %d is %s", before+1, entries[before].Kind)
			}
			s.sameAsFold("1.0.0")
			s.verify()
		})
	}
	t.Run("where it cannot be found out, the doubt is told", func(t *testing.T) {
		engine.onNextWrite(func(ctx context.Context, write func(ledger.WriteTx) error) error {
			engine.onNextWrite(engine.lost)
			return engine.committedButUnknown(ctx, write)
		})
		// The engine is asked and does answer before it fails: that counts.
		if _, err := s.record(freeze(1)); err != nil {
			t.Error(err)
		}
		engine.onNextWrite(func(ctx context.Context, write func(ledger.WriteTx) error) error {
			engine.onNextWrite(func(context.Context, func(ledger.WriteTx) error) error { return errStaged })
			return engine.committedButUnknown(ctx, write)
		})
		if _, err := s.record(freeze(2)); !errors.Is(err, ledger.ErrUnknownCommit) {
			t.Error(err)
		}
		if metas := s.must(freeze(2)); metas != nil {
			t.Errorf("doing it again recorded it twice: %+v", metas)
		}
		s.verify()
	})
	t.Run("a refusal stands whatever becomes of a transaction that wrote nothing", func(t *testing.T) {
		engine.onNextWrite(engine.lostAndUnknown)
		if _, err := s.record(command(refuse)); !errors.Is(err, errRefused) {
			t.Error(err)
		}
	})
}
