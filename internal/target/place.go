package target

import (
	"context"
	"fmt"
)

// Place names the environment that a target belongs to, for kinds that serve
// many with one configuration.
type Place struct {
	Pipeline    string
	Environment string
}

// Owner is an environment of one ledger: epochs count for each by itself.
type Owner struct {
	Ledger string // its id
	Place
}

// Owned is a target that notes for which environment of which ledger it is deployed to.
type Owned interface {
	Target
	// Owner reports it, zero if nothing was deployed yet, and where the note of it is.
	// It is cheap, and changes nothing.
	Owner(ctx context.Context) (owner Owner, note string, err error)
}

// ForeignError says that another ledger deploys to the target. Two of them would undo
// each other's work without a word: the target must not be touched.
type ForeignError struct {
	Owner Owner
	Note  string // where the target notes the owner
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("another ledger deploys there: according to %s it belongs to environment %s/%s of the ledger with the id %s. Two ledgers on one target undo each other's work, "+
		"so nothing was changed. Give this environment another target, or use that ledger. "+
		"If that ledger is gone for good, for example because this one replaced it, remove %s, then run this again: this ledger takes the target over and replaces its content by what is declared",
		e.Note, e.Owner.Pipeline, e.Owner.Environment, e.Owner.Ledger, e.Note)
}

// CheckOwner fails with a *ForeignError where the owner is of another ledger than
// that. Another environment of the same ledger is no other owner: the ledger itself
// sees to it that a target belongs to one, and it may have been renamed.
func (o Owner) CheckOwner(ledger, note string) error {
	if o.Ledger == "" || ledger == "" || o.Ledger == ledger {
		return nil
	}
	return &ForeignError{Owner: o, Note: note}
}
