// Package orphan says when a process has lost the one that started it.
package orphan

import "time"

const (
	// lookEvery is how often a provider looks whether its Terraform is still there.
	lookEvery = time.Second
	// graceOfOrphans is how long a provider without its Terraform goes on: what it was
	// asked to do is cancelled by then, and how that ended is recorded.
	graceOfOrphans = 10 * time.Second
)

// Wait returns some time after the process's parent has ended. Terraform ends
// its providers, but not if it is killed itself: its provider would stay for good,
// and what it has left unfinished would be its own for as long, since a process that
// exists may go on at any time. If a system does not report the end of a parent, it
// never returns.
func Wait(parent func() int) {
	for first := parent(); parent() == first; {
		time.Sleep(lookEvery)
	}
	time.Sleep(graceOfOrphans)
}
