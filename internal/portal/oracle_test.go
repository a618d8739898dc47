package portal_test

import (
	"maps"
	"slices"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// oracle judges from the bare list of events, in the plainest form. It shares nothing with the code
// it is compared with but the events.
type oracle struct {
	pipeline  portal.Pipeline
	places    map[string]*place
	seen      map[witness]*account
	approvals map[[3]string]bool // release, stage, who
	freezes   map[string]portal.Freeze
	last      time.Time
	reached   []arrival
}

type place struct {
	stage      string
	since      int64 // the entry that declared it
	running    string
	certain    bool // that it runs it
	redeploy   string
	rolledBack map[string]string

	trying      string
	tryRedeploy string
	removing    bool
	open        bool
	spoiled     string // the release whose newest attempt went wrong
	stray       string // what was seen there since a deployment went wrong; "": nothing was
	leaseUntil  time.Time
}

// witness is one environment, as declared at one time, on one stage, for one release.
type witness struct {
	release, environment, stage string
	since                       int64
}

type account struct {
	ran    bool
	soaked time.Duration
	newest map[string]bool
	passed map[string]bool // ever
}

// arrival is a release that reached the final stage, with what was true about it when that
// deployment began.
type arrival struct {
	release string
	proven  bool
}

func consult(log []portaltest.Recorded, now time.Time) *oracle {
	o := &oracle{places: map[string]*place{}, seen: map[witness]*account{}, approvals: map[[3]string]bool{}, freezes: map[string]portal.Freeze{}}
	begun := map[string]bool{}
	for _, r := range log {
		o.age(r.Meta.At)
		switch e := r.Event.(type) {
		case portal.PipelineDeclared:
			o.pipeline = e.Pipeline
		case portal.EnvironmentDeclared:
			if o.places[e.Environment.Name] == nil {
				o.places[e.Environment.Name] = &place{since: r.Meta.Number, rolledBack: map[string]string{}}
			}
			o.places[e.Environment.Name].stage = e.Environment.Stage
		case portal.EnvironmentRemoved:
			delete(o.places, e.Environment)
		case portal.FreezeDeclared:
			o.freezes[e.Freeze.Name] = e.Freeze
		case portal.FreezeRemoved:
			delete(o.freezes, e.Freeze)
		case portal.ApprovalRecorded:
			o.approvals[[3]string{e.Release, e.Stage, e.Approver}] = true
		case portal.TestRecorded:
			a := o.account(e.Release, e.Environment)
			a.newest[e.Suite] = e.Passed
			a.passed[e.Suite] = a.passed[e.Suite] || e.Passed
		case portal.DeploymentStarted:
			p := o.places[e.Environment]
			begun[e.Environment] = o.everProven(e.Release)
			p.open, p.certain, p.spoiled = true, false, ""
			p.trying, p.tryRedeploy, p.removing = e.Release, e.Redeploy, e.Release == ""
			p.leaseUntil = r.Meta.At.Add(15 * time.Second)
		case portal.DeploymentRecovering:
			o.places[e.Environment].leaseUntil = r.Meta.At.Add(15 * time.Second)
		case portal.DeploymentEnded:
			o.end(e, begun[e.Environment])
		}
	}
	o.age(now)
	return o
}

// age lets everything that certainly runs run until then.
func (o *oracle) age(until time.Time) {
	for name, p := range o.places {
		if p.running != "" && p.certain {
			o.account(p.running, name).soaked += until.Sub(o.last)
		}
	}
	o.last = until
}

func (o *oracle) account(release, environment string) *account {
	w := witness{release, environment, o.places[environment].stage, o.places[environment].since}
	if o.seen[w] == nil {
		o.seen[w] = &account{newest: map[string]bool{}, passed: map[string]bool{}}
	}
	return o.seen[w]
}

func (o *oracle) end(e portal.DeploymentEnded, proven bool) {
	p := o.places[e.Environment]
	p.open = false
	switch {
	case e.Outcome == portal.Succeeded && p.removing:
		p.running, p.certain, p.stray = "", true, ""
	case e.Outcome == portal.Succeeded:
		back := p.running != "" && older(p.trying, p.running) && o.account(p.trying, e.Environment).ran
		delete(p.rolledBack, p.trying)
		if p.tryRedeploy != "" {
			p.redeploy = p.tryRedeploy
		}
		if back {
			p.rolledBack[p.running] = p.redeploy
		}
		p.running, p.certain, p.stray = p.trying, true, ""
		o.account(p.running, e.Environment).ran = true
		if p.stage == o.final() {
			o.reached = append(o.reached, arrival{p.running, proven})
		}
	case e.Untouched:
		p.certain = p.stray == ""
	case e.Observed == portal.ObservedNew:
		p.spoiled, p.stray = p.trying, "release "+p.trying
	case e.Observed != "":
		p.spoiled, p.stray = p.trying, "?"
	default:
		p.spoiled, p.stray = p.trying, ""
	}
}

// older compares the model's versions, which order as texts.
func older(a, b string) bool { return a < b }

func (o *oracle) final() string {
	for _, s := range o.pipeline.Stages {
		if !slices.ContainsFunc(o.pipeline.Stages, func(t portal.Stage) bool { return slices.Contains(t.After, s.Name) }) {
			return s.Name
		}
	}
	return ""
}

// before lists the stages that lead to one, however far.
func (o *oracle) before(stage string) []portal.Stage {
	leads := map[string]bool{stage: true}
	for range o.pipeline.Stages {
		for _, s := range o.pipeline.Stages {
			if leads[s.Name] {
				for _, b := range s.After {
					leads[b] = true
				}
			}
		}
	}
	var stages []portal.Stage
	for _, s := range o.pipeline.Stages {
		if leads[s.Name] && s.Name != stage {
			stages = append(stages, s)
		}
	}
	return stages
}

// meets asks the environments of a stage, as its quorum has it.
func (o *oracle) meets(s portal.Stage, good func(environment string) bool) bool {
	asked, yes := 0, 0
	for name, p := range o.places {
		if p.stage == s.Name {
			asked++
			if good(name) {
				yes++
			}
		}
	}
	if s.Quorum == portal.QuorumAll {
		return asked > 0 && yes == asked
	}
	return yes > 0
}

func (o *oracle) been(release, environment string) bool {
	p := o.places[environment]
	return o.account(release, environment).ran && p.spoiled != release &&
		(p.stray != "release "+release || p.running == release) && (!p.open || p.trying != release)
}

func (o *oracle) tested(release, environment string, s portal.Stage) bool {
	a := o.account(release, environment)
	return len(s.RequiredTests) == 0 ||
		(a.ran && !slices.ContainsFunc(s.RequiredTests, func(suite string) bool { return !a.newest[suite] }))
}

func (o *oracle) rested(release, environment string, s portal.Stage) bool {
	a := o.account(release, environment)
	return s.SoakTime == 0 || (a.ran && a.soaked >= s.SoakTime)
}

// everProven reports whether a release has, on some environment of every stage before the final
// one, run, passed every required suite and run long enough.
func (o *oracle) everProven(release string) bool {
	for _, s := range o.before(o.final()) {
		proven := false
		for w, a := range o.seen {
			proven = proven || (w.release == release && w.stage == s.Name && a.ran && a.soaked >= s.SoakTime &&
				!slices.ContainsFunc(s.RequiredTests, func(suite string) bool { return !a.passed[suite] }))
		}
		if !proven {
			return false
		}
	}
	return true
}

// proves reports whether a stage's environments have tested a release and let it soak. If one is
// enough, it is the one that the release has been on, if any.
func (o *oracle) proves(s portal.Stage, release string) bool {
	if len(s.RequiredTests) == 0 && s.SoakTime == 0 {
		return true
	}
	good := func(e string) bool { return o.tested(release, e, s) && o.rested(release, e, s) }
	been := func(e string) bool { return o.been(release, e) }
	if s.Quorum != portal.QuorumAll && o.meets(s, been) {
		return o.meets(s, func(e string) bool { return been(e) && good(e) })
	}
	return o.meets(s, good)
}

// unproven stands for tests-passed and soak-time: if a stage's environments differ, the environment
// that is reported decides which of the two is.
const unproven portal.Rule = "tests-passed or soak-time"

// refuses lists the rules that refuse a deployment.
func (o *oracle) refuses(d portal.Deploy, deployer string) []portal.Rule {
	p := o.places[d.Environment]
	var broken []portal.Rule
	breaks := func(rule portal.Rule, is bool) {
		if is && !slices.Contains(broken, rule) {
			broken = append(broken, rule)
		}
	}
	again := p.running == d.Release
	back := p.running != "" && older(d.Release, p.running) && o.account(d.Release, d.Environment).ran
	if !again && !back {
		for _, s := range o.before(p.stage) {
			if o.beside(d) {
				break
			}
			breaks(portal.StageOrder, !o.meets(s, func(e string) bool { return o.been(d.Release, e) }))
			breaks(unproven, !o.proves(s, d.Release))
			n := 0
			for _, who := range []string{"ann", "bob", "deployer"} {
				if who != deployer && o.approvals[[3]string{d.Release, s.Name, who}] {
					n++
				}
			}
			breaks(portal.Approvals, n < s.RequiredApprovals)
		}
		breaks(portal.StageOccupied, o.occupied(p.stage, d.Release))
		redeploy, was := p.rolledBack[d.Release]
		breaks(portal.RolledBack, was && (d.Redeploy == "" || redeploy == d.Redeploy))
	}
	onPurpose := again && d.Redeploy != "" && d.Redeploy != p.redeploy
	if (!again && !back) || onPurpose {
		for _, z := range o.freezes {
			on := slices.Contains(z.Stages, p.stage) || (len(z.Stages) == 0 && p.stage == o.final())
			breaks(portal.FreezeInForce, on && !o.last.Before(z.StartsAt) && o.last.Before(z.EndsAt))
		}
	}
	breaks(portal.EnvironmentHeld, p.open && o.last.Before(p.leaseUntil))
	slices.Sort(broken)
	return broken
}

// beside reports whether another environment of the final stage runs the release, and nothing
// anywhere speaks against it.
func (o *oracle) beside(d portal.Deploy) bool {
	if o.places[d.Environment].stage != o.final() {
		return false
	}
	for _, s := range o.before(o.final()) {
		for name, p := range o.places {
			a := o.account(d.Release, name)
			failed := slices.ContainsFunc(s.RequiredTests, func(suite string) bool { passed, there := a.newest[suite]; return there && !passed })
			if p.stage == s.Name && ((a.ran && failed) || p.spoiled == d.Release || (p.open && p.trying == d.Release)) {
				return false
			}
		}
	}
	for name, p := range o.places {
		runs := p.stage == o.final() && name != d.Environment && p.running == d.Release && p.certain && !p.open
		if passed := slices.Collect(maps.Values(o.account(d.Release, name).newest)); runs && !slices.Contains(passed, false) {
			return true
		}
	}
	return false
}

func (o *oracle) occupied(stage, by string) bool {
	i := slices.IndexFunc(o.pipeline.Stages, func(s portal.Stage) bool { return s.Name == stage })
	s := o.pipeline.Stages[i]
	if !s.Exclusive {
		return false
	}
	for _, p := range o.places {
		if p.stage != stage || p.running == "" || p.running == by {
			continue
		}
		failed := false // on any environment of the stage
		for other, q := range o.places {
			newest := o.account(p.running, other).newest
			failed = failed || q.stage == stage && slices.ContainsFunc(s.RequiredTests, func(suite string) bool {
				passed, there := newest[suite]
				return there && !passed
			})
		}
		moved := true
		for _, next := range o.pipeline.Stages {
			if slices.Contains(next.After, stage) {
				moved = moved && o.meets(next, func(e string) bool { return o.account(p.running, e).ran })
			}
		}
		if !failed && !moved {
			return true
		}
	}
	return false
}
