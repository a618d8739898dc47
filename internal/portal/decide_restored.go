package portal

import "fmt"

// Behind says that a target has seen a newer deployment than its ledger knows of, and what to do.
// Seen is 0 if it is not known which.
func Behind(pipeline, environment string, seen, known int64) string {
	what := fmt.Sprintf("the target of %s/%s has seen a newer deployment than the ledger knows of", pipeline, environment)
	if seen > 0 {
		what += fmt.Sprintf(" (%d; the ledger is at %d)", seen, known)
	}
	return what + ". The ledger was restored from a backup, or another copy of it is in use. " + behindCure(pipeline)
}

func behindCure(pipeline string) string {
	return "Make sure that no other copy is in use, then run: portal ledger restored --reason TEXT --pipeline " + pipeline +
		" (portal is the provider's own program, see the guide \"Commands\"). Then plan again. An emergency fix does not need this"
}

// behind says that the target of an environment has refused the ledger as an older one. Each
// attempt increments the epoch, so a later one would be accepted as if nothing had happened.
func (f Facts) behind(site *Site) Finding {
	return Finding{
		Detail: fmt.Sprintf("the target of %s has seen a newer deployment than the ledger knows of: the ledger was restored from a backup, or another copy of it is in use", site.Name),
		Cure:   behindCure(f.Name) + ".",
	}
}

// RestoreLedger says that the ledger was restored from a backup, so that its targets have seen
// newer deployments than it knows of.
type RestoreLedger struct {
	Reason string
	// Fix is the emergency fix that found it out and continues; "" if a person says so.
	Fix string
	// Seen has the newest epoch that the targets of environments have seen, as far as it is known.
	// With Fix, only these environments are concerned.
	Seen map[string]int64
}

// Subjects implements Command.
func (RestoreLedger) Subjects() Subjects { return Subjects{} }

// Decide implements Command. The epochs it gives are the ledger's time in seconds, or more where a
// target has seen more: a target that does not report what it has seen has not had one deployment a
// second since 1970.
func (c RestoreLedger) Decide(f Facts) ([]Event, error) {
	if err := invalid("the statement that the ledger was restored", validateReason(c.Reason)); err != nil {
		return nil, err
	}
	names := f.siteNames()
	if c.Fix != "" {
		names = sortedKeys(c.Seen)
	}
	epochs := map[string]int64{}
	for _, name := range names {
		if site := f.Sites[name]; site != nil {
			epochs[name] = max(site.Epoch, c.Seen[name], f.Now.Unix())
		}
	}
	if len(epochs) == 0 {
		return nil, reject(fmt.Sprintf("pipeline %q has no environment", f.Name), "Nothing was deployed by this ledger, so no target can be ahead of it. Check --ledger and --pipeline.")
	}
	return []Event{LedgerRestored{Reason: c.Reason, Fix: c.Fix, Epochs: epochs}}, nil
}
