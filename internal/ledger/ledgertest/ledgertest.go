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
// it where it is new.
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

// Run runs the whole suite.
func Run(t *testing.T, stores Stores) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Stores)
	}{
		{"entries", testEntries},
		{"since", testSince},
		{"commands", testCommands},
		{"batches", testBatches},
		{"contexts", testContexts},
		{"commits", testCommits},
		{"snapshots", testSnapshots},
		{"claims", testClaims},
		{"leases", testLeases},
		{"clocks", testClocks},
		{"mends", testMends},
		{"folds", testFolds},
		{"emptied environments", testEmptied},
		{"projections", testProjections},
		{"processes", testProcesses},
		{"kills", testKills},
		{"histories", testHistories},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, stores) })
	}
}
