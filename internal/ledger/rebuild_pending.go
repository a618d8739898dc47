package ledger

import (
	"context"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Pipelines names every pipeline that was ever recorded, in order.
func (l *Ledger) Pipelines(ctx context.Context) ([]string, error) {
	var names []string
	err := l.engine.Read(ctx, func(tx Tx) error {
		var err error
		names, err = tx.Pipelines()
		return err
	})
	return names, err
}

// Rebuild makes the stored state of a pipeline again from its entries. It fails
// with a *CorruptError, and changes nothing, if an entry does not fit.
func (l *Ledger) Rebuild(ctx context.Context, pipeline string) error {
	s := l.snapshot(pipeline)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = nil
	return l.engine.Write(ctx, func(tx WriteTx) error {
		state := portal.NewState(l.engine.ID(), pipeline, true)
		for {
			entries, err := tx.Entries(pipeline, state.Head, 1000)
			if err != nil {
				return err
			}
			if len(entries) == 0 {
				break
			}
			for _, stored := range entries {
				if err := l.verifyEntry(state, stored); err != nil {
					return err
				}
			}
		}
		for _, kind := range portal.EntityKinds() {
			keys, err := tx.Keys(pipeline, kind)
			if err != nil {
				return err
			}
			for _, key := range keys {
				if err := tx.PutEntity(pipeline, portal.Entity{EntityKey: portal.EntityKey{Kind: kind, Key: key}}); err != nil {
					return err
				}
			}
		}
		entities, err := state.TakeChanged()
		if err != nil {
			return err
		}
		for _, entity := range entities {
			if err := tx.PutEntity(pipeline, entity); err != nil {
				return err
			}
		}
		return nil
	})
}
