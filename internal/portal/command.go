package portal

import (
	"fmt"
	"strings"
)

// Command is a wish to change something. Deciding it gives the events that
// record it, none where everything is as wished already, or an error that
// tells why not: a *Refusal where rules are in the way, a *Rejection where the
// wish itself cannot be.
//
//sumtype:decl
type Command interface {
	// Subjects names what must be loaded to decide.
	Subjects() Subjects
	// Decide judges the wish. It changes nothing, and may be called again.
	Decide(Facts) ([]Event, error)
	command()
}

// Subjects is what a decision needs beyond what a state always has.
type Subjects struct {
	Releases  []string // with the releases they are based on
	Addresses []string // target addresses whose owner matters
	Reports   []string // sha256 of test reports
}

// Facts is everything a decision may depend on.
type Facts struct {
	*State
	// Now is the time by the ledger's clock, or that of its newest entry where that
	// is later: recorded time never runs backwards.
	Now Time
	// Clock is the time by the ledger's clock alone. Zero: as Now.
	Clock  Time
	By     Actor
	Leases map[string]Lease // by environment, of attempts that have not ended
	// Claims has, of the addresses that were asked for, of the places that they lie in,
	// and of those that lie in them, the ones that are targets:
	// address -> "pipeline/environment" that it belongs to.
	Claims map[string]string
}

// Lease is the promise of the process that carries a deployment out to be alive. It
// goes by the clock alone: recorded time stands still where the newest entry lies in
// the future, and no lease would end.
type Lease struct {
	Epoch   int64
	Expires Time
	Gone    bool   // the holder is known to have ended, so that the lease is over at once
	Alive   bool   // the holder's process is known to exist, so that the lease is not over yet
	Holder  string // where to find the process: "process 4711 on build-7"; "" where that is not known
}

// over reports whether nobody has what the lease was for any more.
func (l Lease) over(now Time) bool { return l.Gone || (!l.Alive && !l.Expires.After(now)) }

// silent reports whether the holder is alive and has not renewed the lease in
// time: its process was stopped, or its machine was suspended.
func (l Lease) silent(now Time) bool { return l.Alive && !l.Gone && !l.Expires.After(now) }

// held tells who has a deployment in flight on the site, or nil.
func (f Facts) held(site *Site) *Attempt {
	if !site.Attempt.Open() {
		return nil
	}
	if lease, there := f.Leases[site.Name]; !there || lease.Epoch != site.Attempt.Epoch || lease.over(f.clock()) {
		return nil
	}
	return site.Attempt
}

// Held reports who has a deployment in flight on the environment, or nil. An
// attempt whose lease is over is nobody's.
func (f Facts) Held(environment string) *Attempt {
	if site := f.Sites[environment]; site != nil {
		return f.held(site)
	}
	return nil
}

// Abandoned returns the attempt whose holder is gone, or nil.
func (f Facts) Abandoned(environment string) *Attempt {
	site := f.Sites[environment]
	if site == nil || !site.Attempt.Open() || f.held(site) != nil {
		return nil
	}
	return site.Attempt
}

// Rejection is a wish that cannot be, for a reason that is no rule.
type Rejection struct {
	Summary string // one line: what is rejected
	Detail  string // what is true now and what to do
	Missing bool   // only because something is not there yet
	// Undeclared says that this is a pipeline, an environment or a release.
	Undeclared bool
}

func (r *Rejection) Error() string { return r.Summary + ": " + r.Detail }

func reject(summary, detail string, args ...any) error {
	return &Rejection{Summary: summary, Detail: fmt.Sprintf(detail, args...)}
}

// lack is reject for something that is not there yet.
func lack(summary, detail string, args ...any) error {
	return &Rejection{Summary: summary, Detail: fmt.Sprintf(detail, args...), Missing: true}
}

// undeclared is lack for what has to be declared first.
func undeclared(summary, detail string, args ...any) error {
	return &Rejection{Summary: summary, Detail: fmt.Sprintf(detail, args...), Missing: true, Undeclared: true}
}

func invalid(what string, problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.Error()
	}
	return &Rejection{Summary: what + " is not valid", Detail: strings.Join(lines, "\n")}
}

// pipeline returns the declared pipeline.
func (f Facts) pipeline() (*Pipeline, error) {
	if f.Pipeline == nil {
		return nil, undeclared(fmt.Sprintf("pipeline %q is not declared", f.Name),
			"This ledger has no pipeline of that name. Declare it with portal_pipeline, refer to it (pipeline = portal_pipeline.NAME.name) so that it comes first, or check ledger_url.")
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
			"Declare it with portal_environment and refer to it (environment = portal_environment.NAME.name) so that it comes first. Declared are: %s.", orNone(f.siteNames()))
	}
	return site, nil
}

func (f Facts) siteNames() []string { return sortedKeys(f.Sites) }

// release returns a registered release.
func (f Facts) release(version string) (*Dossier, error) {
	if !f.Knows(version) {
		return nil, fmt.Errorf("release %s was not loaded before it was asked for: a defect of the provider", version)
	}
	dossier := f.Release(version)
	if dossier == nil {
		return nil, undeclared(fmt.Sprintf("release %s of %q is not registered", version, f.Name),
			"Register it with portal_release and refer to it (release = portal_release.NAME.version) so that it comes first.")
	}
	return dossier, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
