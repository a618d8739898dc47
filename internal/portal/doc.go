// Package portal is the domain: pipelines, environments, releases, what runs where, what was proven
// about it, and the rules that decide where a release may go.
//
// It is pure. Facts go in, verdicts and events come out; there is no clock, no I/O, no SQL and no
// Terraform in here. So the same functions judge while a plan is made, inside the transaction that
// starts a deployment, and in data sources, and a test of a rule takes microseconds.
//
// # Commands, events, the fold
//
// A [Command] is a request. Decided against [Facts] it gives an [Event] or more, or an error that says
// why not. [State.Apply] folds an event into the [State]. It makes no decision and cannot fail:
// what is recorded has happened.
//
// Only the events are kept for good, as an [Entry] each. The stored state is a [Projection] of them
// and is made again from them when its version changes. That is why a new question about old
// deployments needs no migration, and why an entry, once written, is never given other bytes: its
// hash is in people's receipts.
//
// [Subjects] names what a command needs to have loaded. A pipeline may have had thousands of
// releases, and a decision needs two or three of them. [State.Knows] distinguishes a release that
// is not registered from one that was not loaded.
//
// To plan, a command's events are folded into a copy of the state ([Facts.Foresee]), so that later
// steps of the same plan are judged by what the earlier ones will have done.
//
// # Content
//
// [Content] is what an environment runs: component names, each with version, kind and sha256. Its
// digest identifies it. Evidence is about a content and not about a version number, because the
// same release has another content once an emergency fix is applied on top of it, and because a
// differential release has one only together with its base. Where the bytes came from is not part
// of it: a mirror serves the same content.
//
// # Evidence
//
// [Evidence] is what was proven about a release on an environment: how long it ran ([Run]) and what
// its tests said ([Test]). Each is bound to a content digest and to a [Place], which is the stage
// of the environment and its target at that time. An environment that gets another target, or moves
// to another stage, keeps its name and loses its evidence, since nothing has run there yet. Only
// the newest result of a suite counts, so that an older success cannot hide a failure.
//
// # Attempts, epochs, leases
//
// An [Attempt] is one try at a deployment. It is recorded before the target is touched and ended by
// a second event, because a process may die in between and the next one must know that something
// was begun.
//
// The epoch of an attempt grows each time that a process starts an attempt or takes one over.
// Ending one needs its epoch: a process that was stopped for an hour finds that another process has
// the environment now ([ErrSuperseded]), and so does a target that remembers the newest epoch that
// it has seen. A lock would not do: its holder cannot know that it has lost it.
//
// A [Lease] says until when the holder of an attempt is assumed to be alive. It does not make the
// deployment safe, the epoch does; it only decides how soon another process may take over. An
// attempt that is open without a valid lease is abandoned, and is recovered by the next apply.
//
// The key of an attempt ([AttemptKey]) is the same for the same request until an attempt at that
// environment has ended. So a target that is called twice knows that it is the same deployment.
//
// What last succeeded ([Site.Running]) and what the target was last seen to run ([Site.InService])
// are two facts. They differ after an attempt that failed half-way.
//
// # Emergency fixes and their chains
//
// A fix is not a release. It replaces components of what its targets run ([FixState.Replaced]), and
// stays in force until each target runs a release that contains it. Until then a release that
// arrives must not bring the fault back. For each component, the fixes in force form a chain: what
// the first one replaced, what it put, what the second one put in place of that. [State.Carry]
// finds the release's own component in that chain:
//
//   - It is a link: the release was made before the fixes behind that link, which are
//     applied on top of it.
//   - It is not a link: the release has something of its own. It contains the fixes if it
//     declares so ([Release.Incorporates]) or comes after a release that did. Otherwise
//     it would lose them, and is refused by fix-regression.
//
// Bytes decide, not version numbers: a component may be rebuilt under the same version, and an
// older version may be put on purpose. A fix that was made for other releases, as in another
// region, is unrelated: neither contained nor missing ([Carried.Unrelated]).
//
// # Plans of fixes
//
// A [FixPlan] lists every step of a fix, and every rule that it breaks, before anything is done. It
// is recorded with the fix, and the steps are carried out as recorded: what somebody approved must
// not become something else half-way. If the situation has changed so that the plan would differ,
// the fix is refused as stale-plan.
//
// # Time
//
// [Facts.Now] never runs backwards: it is the ledger's clock, or the time of the newest entry if
// that is later. Soak times and freezes use it, so that setting a clock back repeats nothing.
// Leases use [Facts.Clock] alone: otherwise no lease would end while the newest entry lies in the
// future.
package portal
