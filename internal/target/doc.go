// Package target says what the place where content goes must be able to do. Every kind
// of target is a package below this one and passes the conformance suite in targettest
// against the real thing.
//
// A [Target] has two methods. Observe says what is installed, and is how a deployment
// learns whether it has worked, a plan learns of changes by hand, and recovery learns
// what a dead process has left. A target that can only be written to could do none of
// that. A target that cannot report everything leaves fields empty, and [Matches]
// compares what there is.
//
// Apply brings the target from one content to another. It is called again with the same
// key after a crash, so it must be able to begin anywhere and end in the same place. It
// refuses an older epoch with [ErrStaleEpoch], because only the target itself is in a
// position to stop a process that stood still and goes on when another one has taken its
// place. A target that cannot keep an epoch relies on the ledger's lease alone.
//
// What else a target can do it says by further interfaces: [Keeper] if it keeps earlier
// releases, [Owned] if it notes which ledger deploys to it, [Timed] if its files have
// the times of another clock.
package target
