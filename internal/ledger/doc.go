// Package ledger is the record: append-only entries, one sequence a pipeline, and the
// state that follows from them.
//
// A [Ledger] works on an [Engine], which is a database and decides nothing. The package
// ledgertest has the suite that every engine passes, package engines opens the one that
// a URL names.
//
// # Recording
//
// [Ledger.Record] decides a command and appends its events in one transaction, against
// the newest state. Judging and recording cannot be apart: between the two, another
// process could record what makes the judgement wrong. Calls that are made at once in
// one process share a transaction, because a commit that survives a loss of power is
// what costs.
//
// A commit whose answer is lost leaves doubt ([ErrUnknownCommit]). It is resolved by
// looking for the entry by the id that its writer gave it, and is its own answer
// only if that is impossible too. No entry is written twice.
//
// # Reading
//
// [Ledger.View] asks for the number of the newest entry, which is one cheap query, and
// uses the state that it has if that has not moved. Otherwise it loads what is stored. A
// view is consistent: all its facts are of one moment.
//
// # The stored state
//
// Whatever is stored besides the entries is derived from them, has the version
// [portal.Projection], and is made again if its version is older. A newer version, or an
// entry of a kind that is not known, is refused with a [*NewerError]: a build that does
// not know an event would judge without it. [Ledger.Verify] compares the entries with
// their hashes and the stored state with what the entries give.
//
// # Leases and witnesses
//
// The lease of an attempt is written in the same transaction as its start, and dropped
// with its end. It is not an entry: it is renewed every few seconds and nobody will ask for
// that later.
//
// A lease alone makes those wait who come after a crash, and gives an attempt away whose
// process was only stopped. So an engine on one host may keep a witness: files that a
// process holds locked. A lock ends with its process, however that ends. One file is
// inherited by the programs that the process starts to deploy: if it can be locked, all
// of them have ended and the attempt can be taken over at once. The other file is not
// inherited: while it is locked, the process exists and may go on, and its lease is not
// over. If neither tells anything, the lease decides.
package ledger
