package portal

import (
	"errors"
	"fmt"
	"strings"
)

// Deploy is the request that an environment runs a release.
type Deploy struct {
	Environment string
	Release     string
	Redeploy    string // a new value requests the same release again; "" requests nothing
	// Planned is what the plan was made from, so that the deployment is refused
	// by stale-plan if the ledger has moved. nil: nothing was planned.
	Planned *Planned
}

// Planned is what a plan was made from.
type Planned struct {
	// Receipt of what was in service on the environment at that time; "" if nothing was.
	Receipt string
	// InForce lists the emergency fixes in force on the environment at that time.
	InForce []string
}

// Proposal is what a deployment would do and how it is judged.
type Proposal struct {
	Site    *Site
	Mode    Mode
	Release string
	Fixes   []string
	From    Content
	To      Content
	Verdict Verdict
}

// Effective is the version that would run.
func (p *Proposal) Effective() string { return Effective(p.Release, p.Fixes) }

// Changes lists what would change on the environment, for plans.
func (p *Proposal) Changes() []string { return DescribeChanges(p.From, p.To) }

// DescribeChanges renders the difference between two contents.
func DescribeChanges(from, to Content) []string {
	changes := Diff(from, to)
	lines := make([]string, len(changes))
	for i, change := range changes {
		lines[i] = change.String()
	}
	return lines
}

// Subjects implements Command.
func (d Deploy) Subjects() Subjects { return Subjects{Releases: []string{d.Release}} }

// Propose says what a deployment would do and judges it by every rule that concerns it. An error
// means that the request itself is invalid; what the rules say is in the verdict. To ask about one
// release on many environments, make its Line.
func (f Facts) Propose(d Deploy) (*Proposal, error) {
	if _, err := f.site(d.Environment); err != nil {
		return nil, err
	}
	line, err := f.Line(d.Release)
	if err != nil {
		return nil, err
	}
	return line.Propose(d)
}

// Line judges one release on the environments of a pipeline. Each stage is asked about the release
// once, however many environments come after it.
type Line struct {
	f       Facts
	g       *graph
	release *RegisteredRelease
	content Content
	noBase  error

	carried   []carriedBy
	before    map[string]bool // of other releases: whether this one comes before them
	histories []*history
}

// carriedBy is what the release becomes with some fixes in force.
type carriedBy struct {
	fixes *chains
	Carried
}

// Line prepares the judgement of a release. It fails if the release is not registered.
func (f Facts) Line(release string) (*Line, error) {
	dossier, err := f.release(release)
	if err != nil {
		return nil, err
	}
	content, err := f.ContentOf(release)
	if err != nil && !errors.Is(err, errNoBase) {
		return nil, reject(fmt.Sprintf("release %s has no content", release), "%s.", err)
	}
	return &Line{f: f, g: f.graph(), release: dossier, content: content, noBase: err}, nil
}

// Propose is Facts.Propose for the release of the line.
func (l *Line) Propose(d Deploy) (*Proposal, error) {
	site, err := l.f.site(d.Environment)
	if err != nil {
		return nil, err
	}
	stage, at := l.g.stage(site.Stage)
	if stage == nil {
		return nil, reject(fmt.Sprintf("environment %q is on a stage that does not exist", l.f.Name+"/"+site.Name),
			"Pipeline %q has no stage %q any more. Move the environment to one of: %s.", l.f.Name, site.Stage, strings.Join(stageNames(l.f.Pipeline), ", "))
	}
	p := &Proposal{Site: site, Release: d.Release, Mode: l.mode(d, site), From: site.Content()}
	q := &question{
		f: l.f, g: l.g, line: l, site: site, stage: stage, at: at, final: &l.g.pipeline.Stages[l.g.final],
		mode: p.Mode, release: d.Release, dossier: l.release, noBase: l.noBase, redeploy: d.Redeploy, planned: d.Planned,
	}
	switch p.Mode {
	case ModeRepair:
		q.to, q.fixes = site.Running.Content, site.Running.Fixes
	case ModeEnter:
		q.carried = l.arriving(site.Name)
		q.to, q.fixes = q.carried.Content, q.carried.Fixes
	default:
		q.carried = l.f.Carry(site.Name, d.Release, l.content)
		q.to, q.fixes = q.carried.Content, q.carried.Fixes
	}
	p.To, p.Fixes = q.to, q.fixes
	p.Verdict = q.judge()
	return p, nil
}

// mode returns the kind of deployment.
func (l *Line) mode(d Deploy, site *Site) Mode {
	running := site.Running
	switch {
	case running == nil:
		return ModeEnter
	case running.Release == d.Release && d.Redeploy != "" && site.Redeploy != d.Redeploy:
		return ModeRedeploy
	case running.Release == d.Release:
		return ModeRepair
	case l.f.Evidence(d.Release, site.Name).ranAt(site.Place()) && l.isBefore(running.Release):
		return ModeRollback
	}
	return ModeEnter
}

// isBefore reports whether the release has a lower precedence than another one.
func (l *Line) isBefore(other string) bool {
	before, known := l.before[other]
	if !known {
		before = ComparePrecedence(l.release.Version, other) < 0
		if l.before == nil {
			l.before = map[string]bool{}
		}
		l.before[other] = before
	}
	return before
}

// arriving is what the release becomes if it enters an environment.
func (l *Line) arriving(environment string) Carried {
	fixes := l.f.chainsOn(environment)
	for i := range l.carried {
		if l.carried[i].fixes == fixes {
			return l.carried[i].Carried
		}
	}
	carried := l.f.Arriving(environment, l.release.Version, l.content)
	l.carried = append(l.carried, carriedBy{fixes, carried})
	return carried
}
