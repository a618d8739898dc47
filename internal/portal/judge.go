package portal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Deploy is the wish that an environment runs a release.
type Deploy struct {
	Environment string
	Release     string
	Redeploy    string // a new value asks for the same release again; "" asks for nothing
	// Planned is what the plan was made from, so that the deployment is refused
	// by stale-plan where the ledger has moved. nil: nothing was planned.
	Planned *Planned
}

// Planned is what a plan was made from.
type Planned struct {
	// Receipt of what was in service on the environment then; "" where nothing was.
	Receipt string
	// InForce names the emergency fixes in force on the environment then.
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
func (p Proposal) Effective() string { return Effective(p.Release, p.Fixes) }

// Changes lists what would change on the environment, for plans.
func (p Proposal) Changes() []string { return DescribeChanges(p.From, p.To) }

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

// mode tells what kind of deployment it is.
func (d Deploy) mode(f Facts, site *Site) Mode {
	running := site.Running
	switch {
	case running == nil:
		return ModeEnter
	case running.Release == d.Release && d.Redeploy != "" && site.Redeploy != d.Redeploy:
		return ModeRedeploy
	case running.Release == d.Release:
		return ModeRepair
	case ComparePrecedence(d.Release, running.Release) < 0 && f.Evidence(d.Release, site.Name).ranAt(site.Place()):
		return ModeRollback
	}
	return ModeEnter
}

// Propose tells what a deployment would do and judges it by every rule that
// concerns it. An error means that the wish itself cannot be; what rules say is
// in the verdict.
func (f Facts) Propose(d Deploy) (*Proposal, error) {
	site, err := f.site(d.Environment)
	if err != nil {
		return nil, err
	}
	release, err := f.release(d.Release)
	if err != nil {
		return nil, err
	}
	stage := f.Pipeline.Stage(site.Stage)
	if stage == nil {
		return nil, reject(fmt.Sprintf("environment %q stands on a stage that is not there", f.Name+"/"+site.Name),
			"Pipeline %q has no stage %q any more. Move the environment to one of: %s.", f.Name, site.Stage, strings.Join(stageNames(f.Pipeline), ", "))
	}
	p := &Proposal{Site: site, Release: d.Release, Mode: d.mode(f, site), From: site.Content()}
	content, contentErr := f.ContentOf(d.Release)
	if contentErr != nil && !errors.Is(contentErr, errNoBase) {
		return nil, reject(fmt.Sprintf("release %s has no content", d.Release), "%s.", contentErr)
	}
	carried := f.Carry(site.Name, d.Release, content)
	if p.Mode == ModeEnter {
		carried = f.Arriving(site.Name, d.Release, content)
	}
	p.To, p.Fixes = carried.Content, carried.Fixes
	if p.Mode == ModeRepair {
		p.To, p.Fixes, carried = site.Running.Content, site.Running.Fixes, Carried{}
	}
	p.Verdict = Verdict{
		Subject:     p.subject(),
		Environment: site.Name, Stage: stage.Name, Release: d.Release, Mode: p.Mode,
	}
	index := f.Pipeline.index()
	j := judging{f: f, d: d, p: p, index: index, stage: stage, final: f.Pipeline.final(index), release: release, noBase: contentErr, carried: carried}
	j.judge()
	return p, nil
}

// subject is the line that a refusal begins with, as far as it is not the rule.
func (p *Proposal) subject() string {
	switch p.Mode {
	case ModeRollback:
		return fmt.Sprintf("%q may not be rolled back to release %s", p.Site.Name, p.Effective())
	case ModeRedeploy, ModeRepair:
		return fmt.Sprintf("release %s may not be deployed to %q again", p.Effective(), p.Site.Name)
	}
	return fmt.Sprintf("release %s may not enter %q", p.Effective(), p.Site.Name)
}

// judging is one judgement under way.
type judging struct {
	f       Facts
	d       Deploy
	p       *Proposal
	index   map[string]int // of the pipeline's stages
	stage   *Stage
	final   *Stage
	release *Dossier
	noBase  error
	carried Carried
}

// judge applies the rules that concern the mode.
func (j judging) judge() {
	if j.arrives() {
		reports := j.f.reports(j.index, j.stage.Name, j.d.Release, j.accepts())
		j.p.Verdict.Way = make([]StageReport, 0, len(reports))
		for _, r := range reports {
			j.p.Verdict.Way = append(j.p.Verdict.Way, StageReport{r.stage.Name, r.text()})
		}
		if beside := j.beside(reports); beside != nil {
			j.addVouchedBeside(beside)
		} else {
			j.add(j.takingAlong(gateOrder(reports, j.stage == j.final)))
			j.add(gateTests(reports))
			j.add(gateSoak(reports, j.f))
			j.add(gateApprovals(reports, j.f.By.Name))
		}
		freezes := j.f.freezesOn(j.stage.Name, j.final.Name)
		j.add(j.f.gateFreeze(freezes, j.stage.Name))
		if j.f.Pipeline.Level(FreezeInForce) == LevelError {
			j.p.Verdict.Freezes = freezes
		}
		j.add(j.gateOccupied())
		j.add(j.gateRolledBack())
		if j.stage == j.final {
			j.add(j.gateOverdue())
		}
	} else {
		freeze := j.f.gateFreeze(j.f.freezesOn(j.stage.Name, j.final.Name), j.stage.Name)
		if freeze.Status == Refused && j.p.Mode != ModeRedeploy {
			freeze.Status = Warned // what was proven here may always come back
		}
		j.add(freeze)
		if j.p.Mode == ModeRollback && j.stage == j.final {
			j.addUntested()
		}
	}
	if j.p.Mode == ModeEnter || j.p.Mode == ModeRedeploy {
		j.add(j.gateBase())
	}
	j.add(j.gateLane())
	j.add(j.gateRegression())
	j.add(j.gatePrerequisites())
	j.add(j.f.gateHeld(j.p.Site))
	switch {
	case j.p.Site.Behind:
		j.add(j.f.gateBehind(j.p.Site))
	case j.d.Planned != nil:
		j.add(j.gateStale())
	}
}

// arrives reports whether the content has to be proven on the stages before: a
// release that comes to the environment, and one that takes a fix along to the
// final stage, where nothing goes that was not tested as it is.
func (j judging) arrives() bool {
	return j.p.Mode == ModeEnter ||
		(j.p.Mode == ModeRedeploy && j.stage == j.final && !j.p.To.Equal(j.p.Site.succeeded()))
}

// addUntested tells, as a warning, that a rollback brings a content that never
// ran: the release was proven here, but not with the fixes that it carries by now.
func (j judging) addUntested() {
	digest, evidence := j.p.To.Digest(), j.f.Evidence(j.d.Release, j.p.Site.Name)
	ran := evidence != nil && slices.ContainsFunc(evidence.Runs, func(r Run) bool { return r.Digest == digest && r.Place == j.p.Site.Place() })
	if !ran {
		j.p.Verdict.Gates = append(j.p.Verdict.Gates, Gate{
			Rule: RepresentativeTest, Status: Warned,
			Detail: fmt.Sprintf("%s ran on %s, and %s never did: it carries emergency fixes that came since.", j.d.Release, j.p.Site.Name, j.p.Effective()),
			Cure:   "Where there is time, take it to the stage before and test it there first.",
		})
	}
}

// add completes a gate by the level that the pipeline gives its rule.
func (j judging) add(gate Gate) { j.p.Verdict.Gates = append(j.p.Verdict.Gates, j.f.graded(gate)) }

// graded completes a gate by the level that the pipeline gives its rule.
func (f Facts) graded(gate Gate) Gate {
	if gate.Status == "" {
		gate.Status = Passed
	}
	if gate.Status != Passed {
		switch f.Pipeline.Level(gate.Rule) {
		case LevelWarn:
			gate.Status = Warned
		case LevelOff:
			gate.Status = Off
		}
	}
	return gate
}

// accepts says which runs on a stage before count. To enter the final stage its
// direct predecessors must vouch for exactly the content; every other stage
// vouches for the release with any of the fixes it now carries.
func (j judging) accepts() func(before *Stage) func(Run) bool {
	anyFixes := func(r Run) bool {
		return !slices.ContainsFunc(r.Fixes, func(fix string) bool { return !slices.Contains(j.p.Fixes, fix) })
	}
	if j.stage != j.final {
		return func(*Stage) func(Run) bool { return anyFixes }
	}
	digest := j.p.To.Digest()
	exactly := func(r Run) bool { return r.Digest == digest }
	return func(before *Stage) func(Run) bool {
		if slices.Contains(j.final.After, before.Name) {
			return exactly
		}
		return anyFixes
	}
}

func (j judging) gateOccupied() Gate {
	gate := Gate{Rule: StageOccupied, Detail: "No other release is under test on the stage."}
	if !j.stage.Exclusive {
		gate.Detail = "The stage is not exclusive."
		return gate
	}
	var lines, cures []string
	for _, site := range j.f.occupants(j.stage, j.d.Release) {
		other := site.Running
		lines = append(lines, fmt.Sprintf("Release %s is under test on %s since %s, and stage %q is exclusive.", other.Effective(), site.Name, FormatTime(other.At), j.stage.Name))
		fail := ""
		if len(j.stage.RequiredTests) > 0 {
			fail = ", record a failed result of a required suite for it"
		}
		cures = append(cures, fmt.Sprintf("Take %s on to %s%s, or roll %s back.",
			other.Release, joinAnd(namesOf(j.f.Pipeline.Next(j.stage.Name))), fail, site.Name))
	}
	if len(lines) > 0 {
		gate.Status, gate.Detail, gate.Cure = Refused, strings.Join(lines, "\n"), strings.Join(cures, "\n")
	}
	return gate
}

// occupants lists the environments of a stage on which another release is under
// test. One that waits for an emergency fix is not.
func (f Facts) occupants(stage *Stage, release string) []*Site {
	return slices.DeleteFunc(f.OnStage(stage.Name, LaneRegular), func(site *Site) bool {
		return site.Running == nil || site.Suspended != nil || site.Running.Release == release || !f.underTest(site, stage)
	})
}

// underTest reports whether what runs on a site is under test there: from its
// arrival until it ran on every next stage, or a required suite's newest result
// failed, on any environment of the stage.
func (f Facts) underTest(site *Site, stage *Stage) bool {
	release := site.Running.Release
	failed := func(s *Site) bool {
		evidence := f.Evidence(release, s.Name)
		return slices.ContainsFunc(stage.RequiredTests, func(suite string) bool {
			test := evidence.NewestTest(s.Place(), site.Running.Digest, suite)
			return test != nil && !test.Passed
		})
	}
	if slices.ContainsFunc(f.OnStage(stage.Name, LaneRegular), failed) {
		return false
	}
	for _, next := range f.Pipeline.Next(stage.Name) {
		sites := f.OnStage(next.Name, LaneRegular)
		ran := func(s *Site) bool { return f.Evidence(release, s.Name).ranAt(s.Place()) }
		if next.Quorum == QuorumAll {
			if len(sites) == 0 || slices.ContainsFunc(sites, func(s *Site) bool { return !ran(s) }) {
				return true
			}
		} else if !slices.ContainsFunc(sites, ran) {
			return true
		}
	}
	return false
}

func namesOf(stages []*Stage) []string {
	names := make([]string, len(stages))
	for i, s := range stages {
		names[i] = s.Name
	}
	return names
}

func (j judging) gateRolledBack() Gate {
	gate := Gate{Rule: RolledBack, Detail: "This environment was not rolled back from it."}
	if redeploy, was := j.p.Site.RolledBack[j.d.Release]; was && (j.d.Redeploy == "" || redeploy == j.d.Redeploy) {
		gate.Status = Refused
		gate.Detail = fmt.Sprintf("Environment %q was rolled back from %s.", j.p.Site.Name, j.d.Release)
		gate.Cure = "Deploy a newer release, or set redeploy to a new value to bring this one back on purpose."
	}
	return gate
}

func (j judging) gateBase() Gate {
	gate := Gate{Rule: DifferentialBase, Detail: "It is a full release."}
	if j.release.Type != Differential {
		return gate
	}
	base := j.release.Base
	gate.Detail = fmt.Sprintf("The environment runs what the release was built against, %s.", base)
	if j.noBase != nil {
		gate.Status = Refused
		gate.Detail = fmt.Sprintf("It is differential, and what it amounts to cannot be told: %s.", j.noBase)
		gate.Cure = "Register the missing base with portal_release."
		return gate
	}
	if running := j.p.Site.Running; running != nil && (running.Release == base || running.Release == j.d.Release) {
		return gate
	}
	if j.arrives() && j.twin() != nil {
		return gate // what it amounts to runs on this stage, whole
	}
	baseContent, err := j.f.ContentOf(base)
	if err == nil && len(baseContent) > 0 && j.p.Site.succeeded().Equal(baseContent) {
		return gate
	}
	gate.Status = Refused
	gate.Detail = fmt.Sprintf("It is differential, built against %s, and %s runs %s.", base, j.p.Site.Name, j.p.Site.describe())
	gate.Cure = fmt.Sprintf("Deploy %s there first, or register a full release.", base)
	return gate
}

func (j judging) gateLane() Gate {
	gate := Gate{Rule: EmergencyLane, Detail: "It is a regular environment."}
	if j.p.Site.Lane == LaneEmergency {
		gate.Status = Refused
		gate.Detail = fmt.Sprintf("Environment %q is kept for emergency fixes: regular deployments do not go there.", j.p.Site.Name)
		gate.Cure = "Deploy to a regular environment of the stage, or change lane."
	}
	return gate
}

func (j judging) gatePrerequisites() Gate {
	gate := Gate{Rule: Prerequisites, Detail: "Everything it requires is there."}
	content := j.p.To
	if j.noBase != nil {
		content = j.release.items() // as far as it is known
	}
	if lines := missing(&j.release.Release, content, j.p.Site); len(lines) > 0 {
		gate.Status = Refused
		gate.Detail = fmt.Sprintf("What it requires is not on %s: %s.", j.p.Site.Name, strings.Join(lines, "; "))
		gate.Cure = "Install it and say so in installed of portal_environment, or bring it with a release."
	}
	return gate
}

// missing lists what a release requires and would not find on a site with that
// content.
func missing(r *Release, content Content, site *Site) []string {
	var lines []string
	for _, name := range sortedKeys(r.Requires) {
		constraint := r.Requires[name]
		installed, byHand := site.Installed[name]
		item, byContent := content[name]
		switch {
		case byHand && satisfies(installed, constraint), byContent && satisfies(item.Version, constraint):
		case byHand:
			lines = append(lines, fmt.Sprintf("%s %s (%s is installed)", name, constraint, installed))
		case byContent && !readable(item.Version):
			lines = append(lines, fmt.Sprintf("%s %s (%q would be there, which is no version that can be compared: begin it with its numbers)", name, constraint, item.Version))
		case byContent:
			lines = append(lines, fmt.Sprintf("%s %s (%s would be there)", name, constraint, item.Version))
		default:
			lines = append(lines, fmt.Sprintf("%s %s (not there)", name, constraint))
		}
	}
	return lines
}

func (f Facts) gateHeld(site *Site) Gate {
	gate := Gate{Rule: EnvironmentHeld, Detail: "Nobody else changes the environment."}
	if x := f.HoldingFix(site.Name); x != nil {
		gate.Status = Refused
		gate.Detail = fmt.Sprintf("Emergency fix %s (%s) holds %s since %s; it is %s.", x.Name, x.Justification.Incident, site.Name, FormatTime(x.Opened), x.Status())
		gate.Cure = "Wait until it has ended, then plan again."
		if x.Status() == StatusHalted {
			gate.Detail += " " + Sentence(x.Halted)
			gate.Cure = fmt.Sprintf("Apply portal_emergency_fix %s again when the cause is gone, amend it, or withdraw it. Then plan again.", x.Name)
		}
		return gate
	}
	return f.gateAttempt(site, gate)
}

// occupied reports whether somebody else works on the environment: an emergency
// fix, or a deployment in flight.
func (f Facts) occupied(site *Site) bool {
	return f.held(site) != nil || f.HoldingFix(site.Name) != nil
}

func (f Facts) gateAttempt(site *Site, gate Gate) Gate {
	if a := f.held(site); a != nil {
		gate.Status = Refused
		what := "a deployment of " + a.Effective()
		if a.Mode == ModeRemove {
			what = "a removal"
		}
		gate.Detail = fmt.Sprintf("%s has %s in flight on %s since %s.", a.By, what, site.Name, FormatTime(a.StartedAt))
		gate.Cure = "Wait until it has ended, then plan again."
		if lease := f.Leases[site.Name]; lease.silent(f.clock()) {
			gate.Detail += " " + Sentence(lease.silence())
			gate.Cure = "Let the process go on, or end it if it hangs. Then apply again: what it left unfinished is taken over."
		}
	}
	return gate
}

// silence says what is known of a holder that is silent, without a full stop.
func (l Lease) silence() string {
	who := l.Holder
	if who == "" {
		who = "its process"
	}
	return fmt.Sprintf("%s still exists but has not reported since its lease ended at %s: it is stopped, its machine was suspended, or the clock was set forward", who, FormatTime(l.Expires))
}

func (j judging) gateStale() Gate {
	gate := gateStale(j.p.Site, j.d.Planned.Receipt)
	if names := j.f.InForceNamesOn(j.p.Site.Name); gate.Status != Refused && !slices.Equal(names, j.d.Planned.InForce) {
		gate.Status = Refused
		gate.Detail = fmt.Sprintf("The emergency fixes in force have changed after this was planned: they are %s, and were %s. Nothing was changed.", orNone(names), orNone(j.d.Planned.InForce))
		gate.Cure = "Plan again and read what it shows now."
	}
	return gate
}

// gateStale compares what is in service on an environment with the receipt of what
// was when a change was planned; "" where nothing was.
func gateStale(site *Site, planned string) Gate {
	gate := Gate{Rule: StalePlan, Detail: "The ledger is as it was planned from."}
	if site.serving() == planned {
		return gate
	}
	gate.Status = Refused
	gate.Detail = fmt.Sprintf("Environment %q was changed after this was planned: it runs %s", site.Name, site.describe())
	if r := site.Running; r != nil && r == site.InService() {
		gate.Detail += " since " + FormatTime(r.At)
	}
	gate.Detail += ". Nothing was changed."
	gate.Cure = "Plan again and read what it shows now."
	return gate
}
