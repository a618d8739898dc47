package target_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// shelf is a target in memory. A real one keeps epoch and key at the place itself,
// where a process on another machine finds them.
type shelf struct {
	content portal.Content
	epoch   int64
	key     string
	owner   target.Owner
}

func (s *shelf) Observe(context.Context) (target.Observation, error) {
	return target.Observation{Content: s.content, Epoch: s.epoch, Owner: s.owner}, nil
}

func (s *shelf) Apply(_ context.Context, change target.Change) error {
	if err := change.Check(); err != nil {
		return err
	}
	if err := s.owner.CheckOwner(change.Ledger, "the shelf"); err != nil {
		return err
	}
	if change.Epoch < s.epoch || (change.Epoch == s.epoch && change.Key != s.key) {
		return target.ErrStaleEpoch
	}
	// The epoch comes first: killed in between, the target still refuses a late process.
	s.epoch, s.key, s.owner = change.Epoch, change.Key, change.Owner()
	s.content = change.To
	return nil
}

// A kind of target observes and applies, and passes the suite in targettest.
func ExampleTarget() {
	ctx := context.Background()
	var place target.Target = &shelf{}
	none := portal.Content{}
	wanted := portal.Content{"theme": {Version: "1.1.0", Kind: "file", SHA256: fmt.Sprintf("%064d", 1)}}
	newer := target.Change{
		Key: "b", Epoch: 2, Ledger: "ledger-1", Pipeline: "shop", Environment: "qa", Release: "2.0.0",
		From: none, To: wanted, Files: map[string]string{"theme": "/cache/theme"},
	}
	fmt.Println("applied:", place.Apply(ctx, newer) == nil)
	fmt.Println("applied again:", place.Apply(ctx, newer) == nil)

	late := newer
	late.Key, late.Epoch, late.Release = "a", 1, "1.0.0"
	fmt.Println("too late:", errors.Is(place.Apply(ctx, late), target.ErrStaleEpoch))

	seen, _ := place.Observe(ctx)
	fmt.Println("runs what is wanted:", target.Matches(seen.Content, wanted))
	// Output:
	// applied: true
	// applied again: true
	// too late: true
	// runs what is wanted: true
}
