// Package ledgertest is the suite that every engine of the ledger passes.
//
// An engine's tests call Main from TestMain, because the suite starts the test
// binary again as other processes, and Run.
package ledgertest

import (
	"context"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

// Open opens the engine on the store at an address, such as a path, and creates
// it if it is new.
type Open func(ctx context.Context, address string) (ledger.Engine, error)

// Stores makes the stores that the suite works on.
type Stores struct {
	Open Open
	New  func(t testing.TB) string // returns the address of a store that does not exist yet
}

// engine opens the engine on a store and closes it after the test.
func (s Stores) engine(t testing.TB, address string) ledger.Engine {
	t.Helper()
	engine, err := s.Open(t.Context(), address)
	if err != nil {
		t.Fatalf("opening %s: %v", address, err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

// Run runs the whole suite; with -short, without the long parts in which nothing
// is concurrent. The race detector has nothing to find in those.
func Run(t *testing.T, stores Stores) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Stores)
		long bool
	}{
		{"entries", testEntries, false},
		{"since", testSince, true},
		{"commands", testCommands, false},
		{"batches", testBatches, false},
		{"contexts", testContexts, false},
		{"commits", testCommits, false},
		{"snapshots", testSnapshots, true},
		{"claims", testClaims, false},
		{"leases", testLeases, false},
		{"clocks", testClocks, false},
		{"mends", testMends, false},
		{"folds", testFolds, true},
		{"emptied environments", testEmptied, false},
		{"projections", testProjections, false},
		{"processes", testProcesses, false},
		{"kills", testKills, false},
		{"histories", testHistories, false},
	} {
		t.Run(part.name, func(t *testing.T) {
			if part.long && testing.Short() {
				t.Skip("one thing after the other")
			}
			part.test(t, stores)
		})
	}
}
