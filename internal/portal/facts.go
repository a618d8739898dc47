package portal

import (
	"fmt"
)

// Facts is everything that a decision may depend on.
type Facts struct {
	*State
	// Now is the time by the ledger's clock, or that of its newest entry if that is later: recorded
	// time never runs backwards.
	Now Time
	// Clock is the time by the ledger's clock alone. Zero: as Now.
	Clock  Time
	By     Actor
	Leases map[string]Lease // by environment, of attempts that have not ended
	// Claims has the owner ("pipeline/environment") of each address that is a target, among the
	// requested addresses, the places that contain them, and those inside them.
	Claims map[string]string
}

// Lease is the promise that the process that carries out a deployment is alive. It uses the clock
// alone: recorded time does not advance while the newest entry lies in the future, and no lease
// would end.
type Lease struct {
	Epoch   int64
	Expires Time
	Gone    bool   // the holder is known to have ended, so that the lease is over at once
	Alive   bool   // the holder's process is known to exist, so that the lease is not over yet
	Holder  string // where to find the process: "process 4711 on build-7"; "" if that is not known
}

// over reports whether the lease has no holder any more.
func (l Lease) over(now Time) bool { return l.Gone || (!l.Alive && !l.Expires.After(now)) }

// silent reports whether the holder is alive and has not renewed the lease in
// time: its process was stopped, or its machine was suspended.
func (l Lease) silent(now Time) bool { return l.Alive && !l.Gone && !l.Expires.After(now) }

// held returns who has a deployment in progress on the site, or nil.
func (f Facts) held(site *Site) *Attempt {
	if !site.Attempt.Open() {
		return nil
	}
	if lease, there := f.Leases[site.Name]; !there || lease.Epoch != site.Attempt.Epoch || lease.over(f.clock()) {
		return nil
	}
	return site.Attempt
}

// Held returns who has a deployment in progress on the environment, or nil. An attempt whose lease
// has expired has no holder.
func (f Facts) Held(environment string) *Attempt {
	if site := f.Sites[environment]; site != nil {
		return f.held(site)
	}
	return nil
}

// Abandoned returns the attempt that has no holder, or nil.
func (f Facts) Abandoned(environment string) *Attempt {
	site := f.Sites[environment]
	if site == nil || !site.Attempt.Open() || f.held(site) != nil {
		return nil
	}
	return site.Attempt
}

// pipeline returns the declared pipeline.
func (f Facts) pipeline() (*Pipeline, error) {
	if f.Pipeline == nil {
		return nil, undeclared(fmt.Sprintf("pipeline %q is not declared", f.Name),
			"This ledger has no pipeline of that name. Declare it with portal_pipeline, refer to it (pipeline = portal_pipeline.NAME.name) so that it is created first, or check ledger_url.")
	}
	return f.Pipeline, nil
}

// site returns a declared environment.
func (f Facts) site(name string) (*Site, error) {
	if _, err := f.pipeline(); err != nil {
		return nil, err
	}
	site := f.Sites[name]
	if site == nil {
		return nil, undeclared(fmt.Sprintf("environment %q is not declared", f.Name+"/"+name),
			"Declare it with portal_environment and refer to it (environment = portal_environment.NAME.name) so that it is created first. Declared are: %s.", orNone(f.siteNames()))
	}
	return site, nil
}

func (f Facts) siteNames() []string { return sortedKeys(f.Sites) }

// release returns a registered release.
func (f Facts) release(version string) (*RegisteredRelease, error) {
	if !f.Knows(version) {
		return nil, fmt.Errorf("release %s was not loaded before it was asked for: a defect of the provider", version)
	}
	dossier := f.Release(version)
	if dossier == nil {
		return nil, undeclared(fmt.Sprintf("release %s of %q is not registered", version, f.Name),
			"Register it with portal_release and refer to it (release = portal_release.NAME.version) so that it is created first.")
	}
	return dossier, nil
}
