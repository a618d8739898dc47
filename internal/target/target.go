package target

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// ErrUnreachable says that the target could not be asked or did not answer:
// nothing is known about what it runs.
var ErrUnreachable = errors.New("the target cannot be reached")

// ErrUnknownContent says that the target answered, but what it runs cannot be
// told, as when somebody else's files are where ours should be.
var ErrUnknownContent = errors.New("what the target runs cannot be told")

// ErrStaleEpoch says that a newer deployment has been at the target: the
// caller is late and must not touch it.
var ErrStaleEpoch = errors.New("a newer deployment has been at the target")

// Observation is what a target says it runs.
type Observation struct {
	// Content is what is installed. A component that is there but is not what
	// was installed, as after a change by hand, has the digest of what is there
	// and UnknownVersion. A field that the target cannot report is empty, or
	// UntoldStrip: compare with Matches, and fill in with Resolve what may be assumed.
	Content portal.Content
	// Differences say, by component, how it differs from what was installed, if the
	// target can report more than Content does: see FileDrift.
	Differences map[string]string
	// Epoch is the newest epoch the target has seen; 0 if it keeps none.
	Epoch int64
	// Owner is whose epoch that is; zero if the target does not keep it.
	Owner Owner
}

// Ahead reports whether the target has seen a newer deployment of the environment
// than its ledger knows of.
func (o Observation) Ahead(owner Owner, epoch int64) bool {
	return o.Epoch > epoch && (o.Owner == Owner{} || o.Owner == owner)
}

// Change brings a target from one content to another.
type Change struct {
	Key         string // names the attempt; the same wish comes again with the same key
	Epoch       int64  // grows with every attempt at the environment
	Ledger      string // the id of the ledger that counts the epochs
	Pipeline    string
	Environment string
	Release     string // the effective version, such as 2.4.0+EF-1; "" with an empty To where the environment is emptied
	From        portal.Content
	To          portal.Content
	// Files has a readable local file for every component of To, by component
	// name: a copy whose sha256 has been checked. A target copies it and never
	// links to it or changes it.
	Files map[string]string
	// Kept says that the target has told that it keeps To: Files is empty then, and
	// only a Keeper is asked so.
	Kept bool
	// Witness is a file that a program started to deploy inherits, so that the
	// attempt does not count as abandoned while the program runs, whatever
	// becomes of this process. nil: there is none.
	Witness *os.File
}

// Owner is the environment that is changed.
func (c Change) Owner() Owner {
	return Owner{Ledger: c.Ledger, Place: Place{Pipeline: c.Pipeline, Environment: c.Environment}}
}

// Target is a place that content goes to.
type Target interface {
	// Observe says what is installed. It changes nothing. An empty target is
	// empty content and no error. Errors wrap ErrUnreachable or
	// ErrUnknownContent where they mean that.
	Observe(ctx context.Context) (Observation, error)
	// Apply brings the target to change.To. It may be called again with the
	// same key, also after it was killed half-way. It refuses an epoch older
	// than the newest it has seen, and another key of that one, with
	// ErrStaleEpoch, if it can. When it returns nothing of it goes on:
	// processes are ended with their group.
	Apply(ctx context.Context, change Change) error
}

// Timed is a target that writes files with times of a clock that may be another one's,
// as on a file server.
type Timed interface {
	Target
	// ClockOff is how far that clock was ahead of this process's when Apply last wrote;
	// 0 if that is not known.
	ClockOff() time.Duration
}

// Keeper is a target that keeps what it ran before, so that it can run it again
// without being given the bytes once more.
type Keeper interface {
	Target
	// Keeps reports whether Apply could bring the target to this content without any
	// file: all of it is there, compared byte by byte with what is wanted. It changes
	// nothing. Errors are those of Observe.
	Keeps(ctx context.Context, release string, content portal.Content) (bool, error)
}
