// Package rollout carries out decisions: it fetches the bytes, takes the lease, calls the target,
// observes the result, runs the checks and records how it ended. If it is killed anywhere, the next
// call finishes the work or says plainly what is unknown.
//
// # The protocol of an attempt
//
//  1. Fetch and verify every component. Nothing is recorded yet: bytes that cannot be
//     had should not cost an interrupted deployment.
//  2. Record the start, in one transaction with judging every rule again. The attempt
//     now has its key, its epoch and a lease. From here on the target may be touched;
//     before this is on disk, it may not.
//  3. Renew the lease every third of its length, and look every second whether another
//     process or an emergency fix needs the environment.
//  4. Make sure that the lease is still this process's, then apply to the target, which
//     refuses an epoch older than the newest that it has seen.
//  5. Observe the target. What is seen decides the outcome, more than what Apply has
//     returned: an answer may get lost after the work was done, and a program may report
//     success and have done nothing.
//  6. Run the checks, and record the end with their results in one transaction.
//
// # Recovery
//
// An attempt that is open without a valid lease is taken over: recorded with a new epoch, so that
// its old holder can no longer do anything. Then the target is observed. If it runs the new
// content, the attempt has succeeded and only the checks are left. If it runs the old one, the
// deployment is applied again under the same key, or is interrupted if something else is wanted
// now. If the target cannot distinguish the two, the same request is applied again. Anything else
// is unknown, and is recorded as that: silence never counts as failure.
//
// So there is no moment at which a crash needs a person to repair the ledger. [Point] names the
// moments; built with the tag crashpoints, the provider dies at the one that PORTAL_CRASH_AT names,
// and tests apply again after each.
//
// # Fixes
//
// [Rollout.Fix] records the plan of an emergency fix, then carries out one step after the other. A
// step that deploys is an attempt like any other, and the end of the step is recorded with the end
// of its attempt. The next apply continues a halted fix where it stopped. It stops a regular
// deployment in progress on an environment that it needs, and never another fix.
package rollout
