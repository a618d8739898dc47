package ledgertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// queued lets many calls of Record wait behind one, so that they share the next
// transaction.
type queued struct {
	*shop
	engine *staged
	called *atomic.Int64
}

func openQueued(t *testing.T, stores Stores) queued {
	engine := &staged{Engine: stores.engine(t, stores.New(t))}
	called := &atomic.Int64{}
	ids := ledger.WithIDs(func() string {
		return fmt.Sprintf("id-%d", called.Add(1))
	})
	return queued{openShop(t, engine, ids), engine, called}
}

// together records the commands while a transaction before them is held up,
// and returns their errors.
func (q queued) together(commands ...portal.Command) []error {
	q.t.Helper()
	return q.togetherThen(nil, commands...)
}

// togetherThen does so, and says what becomes of their transaction.
func (q queued) togetherThen(then func(context.Context, func(ledger.WriteTx) error) error, commands ...portal.Command) []error {
	q.t.Helper()
	held, goOn := make(chan struct{}), make(chan struct{})
	q.engine.onNextWrite(func(ctx context.Context, write func(ledger.WriteTx) error) error {
		close(held)
		<-goOn
		q.engine.onNextWrite(then)
		return q.engine.Engine.Write(ctx, write)
	})
	var all sync.WaitGroup
	all.Go(func() { _, _ = q.record(command(refuse)) })
	<-held
	before := q.called.Load()
	errs := make([]error, len(commands))
	for i, c := range commands {
		all.Go(func() { _, errs[i] = q.record(c) })
		for q.called.Load() < before+int64(i)+1 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(5 * time.Millisecond) // from having an id to standing in the queue, in order
	}
	close(goOn)
	all.Wait()
	return errs
}

func testBatches(t *testing.T, stores Stores) {
	t.Run("calls made at once all land, one after the other, in few transactions", func(t *testing.T) {
		q := openQueued(t, stores)
		var freezes []portal.Command
		for i := range 20 {
			freezes = append(freezes, freeze(i))
		}
		before := q.engine.writes.Load()
		for i, err := range q.together(freezes...) {
			if err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if writes := q.engine.writes.Load() - before; writes > 4 {
			t.Errorf("21 calls took %d transactions", writes)
		}
		if head := q.head(); head != 3+20 {
			t.Errorf("the head is %d, want 23", head)
		}
		q.verify()
		q.sameAsFold()
	})
	t.Run("the one judged later knows what the one before it did", func(t *testing.T) {
		q := openQueued(t, stores)
		q.must(register("1.0.0"))
		errs := q.together(start("dev", "1.0.0"), start("dev", "1.0.0"))
		var refusal *portal.RefusalError
		if errs[0] != nil || !errors.As(errs[1], &refusal) || refusal.Rules()[0] != portal.EnvironmentHeld {
			t.Errorf("got %v", errs)
		}
		q.verify()
	})
	t.Run("a refused command does not disturb the others", func(t *testing.T) {
		q := openQueued(t, stores)
		errs := q.together(freeze(1), command(refuse), freeze(2))
		if errs[0] != nil || !errors.Is(errs[1], errRefused) || errs[2] != nil || q.head() != 5 {
			t.Errorf("got %v, head %d", errs, q.head())
		}
		q.verify()
	})
	t.Run("a command whose event cannot be encoded does not disturb the others", func(t *testing.T) {
		q := openQueued(t, stores)
		broken := command(func(portal.Facts) ([]portal.Event, error) {
			wrong := declareEnvironment("prod-2", "prod").Environment
			wrong.Target.Config = json.RawMessage(`{`)
			return []portal.Event{portal.FreezeRemoved{Freeze: "f1"}, portal.EnvironmentDeclared{Environment: wrong}}, nil
		})
		errs := q.together(freeze(1), broken, freeze(2))
		if errs[0] != nil || errs[1] == nil || errs[2] != nil || q.head() != 5 {
			t.Errorf("got %v, head %d", errs, q.head())
		}
		q.verify()
		q.sameAsFold()
	})
	t.Run("a refusal that rests on what was lost is not told", func(t *testing.T) {
		q := openQueued(t, stores)
		q.must(register("1.0.0"))
		errs := q.togetherThen(q.engine.lost, start("dev", "1.0.0"), start("dev", "1.0.0"), command(refuse))
		for i, err := range errs {
			var unavailable *ledger.UnavailableError
			if !errors.As(err, &unavailable) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		q.must(start("dev", "1.0.0"))
		q.verify()
	})
	t.Run("a refusal that rests on what is there is told, also where the others are lost", func(t *testing.T) {
		q := openQueued(t, stores)
		errs := q.togetherThen(q.engine.lost, command(refuse), freeze(1))
		var unavailable *ledger.UnavailableError
		if !errors.Is(errs[0], errRefused) || !errors.As(errs[1], &unavailable) || q.head() != 3 {
			t.Errorf("got %v, head %d", errs, q.head())
		}
	})
	t.Run("of many pipelines at once are each as if alone", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		l := ledger.New(engine)
		names := []string{"a", "b", "c", "d", "e"}
		var all sync.WaitGroup
		for i := range 10 {
			for _, name := range names {
				all.Go(func() {
					s := &shop{l, t, name}
					if _, err := s.record(declarePipeline(name)); err != nil {
						t.Error(err)
					}
					if _, err := s.record(freeze(i)); err != nil {
						t.Error(err)
					}
					s.facts(portal.Subjects{}, func(f portal.Facts) {
						if f.Name != name || f.Freezes[freeze(i).Freeze.Name] == nil {
							t.Errorf("%s does not show its own write", name)
						}
					})
				})
			}
		}
		all.Wait()
		for _, name := range names {
			s := &shop{l, t, name}
			s.verify()
			if head := s.head(); head != 11 {
				t.Errorf("the head of %s is %d, want 11", name, head)
			}
		}
	})
}
