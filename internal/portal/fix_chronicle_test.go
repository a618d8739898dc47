package portal_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// chronicle follows the record of a pipeline with emergency fixes and checks that no entry breaks
// an invariant. It shares nothing with the code but the events and the code's own description of a
// fix.
type chronicle struct {
	w      *portaltest.World
	read   int // of the world's log
	state  *portal.State
	last   time.Time
	spots  map[spot]*proof
	places map[string]*ground

	arrived, fixed, withdrawn, resumed, amended, besides, left, placed int
}

// spot is a content of a release on an environment.
type spot struct{ environment, release, digest string }

type proof struct {
	ran    bool
	soaked time.Duration
	newest map[string]bool
}

type ground struct {
	release, digest string
	certain, waits  bool
	stray, blind    bool // something else than release was seen there, or nobody could look
	attempt         portal.DeploymentStarted
	spoiled         string // the release whose newest attempt is open or went wrong
}

func follow(w *portaltest.World) *chronicle {
	c := &chronicle{
		w: w, state: portal.NewState(w.State.Ledger, w.State.Name, true),
		spots: map[spot]*proof{}, places: map[string]*ground{}, last: w.Now,
	}
	return c
}

func (c *chronicle) at(environment, release, digest string) *proof {
	s := spot{environment, release, digest}
	if c.spots[s] == nil {
		c.spots[s] = &proof{newest: map[string]bool{}}
	}
	return c.spots[s]
}

func (c *chronicle) age(until time.Time) {
	for name, g := range c.places {
		if g.release != "" && g.certain && !g.waits {
			c.at(name, g.release, g.digest).soaked += until.Sub(c.last)
		}
	}
	c.last = until
}

// catchUp reads what was recorded since it was last called.
func (c *chronicle) catchUp(t *rapid.T) {
	for ; c.read < len(c.w.Log); c.read++ {
		r := c.w.Log[c.read]
		c.age(r.Meta.At)
		c.before(t, r)
		c.state.Apply(r.Event, r.Meta)
		c.after(t, r.Event)
	}
	c.age(c.w.Now)
	for name, site := range c.state.Sites {
		var holders []string
		for _, x := range c.state.Fixes {
			if x.Holds(name) {
				holders = append(holders, x.Name)
			}
		}
		if len(holders) > 1 {
			t.Fatalf("%s is held by %v", name, holders)
		}
		if s := site.Suspended; s != nil && !slices.Equal(holders, []string{s.Fix}) {
			t.Fatalf("%s waits on %s for %s, and it is held by %v", s.Effective(), name, s.Fix, holders)
		}
		c.onDisk(t, site)
		for _, there := range []*portal.Installation{site.Running, site.InService()} {
			if there == nil {
				continue
			}
			for _, fix := range there.Fixes {
				x := c.state.Fixes[fix]
				if x.Status() == portal.StatusWithdrawn {
					t.Fatalf("%s runs %s, and %s is withdrawn", name, there.Effective(), fix)
				}
				if !isFor(x, name) && site.Lane == portal.LaneRegular && len(holders) == 0 {
					t.Fatalf("%s runs %s, and %s is for %v alone", name, there.Effective(), fix, x.Plan.Targets)
				}
			}
		}
	}
}

// isFor reports whether a fix is in force on an environment, once it is in force.
func isFor(x *portal.FixState, environment string) bool {
	return x.Scope != portal.ScopeEnvironments || slices.ContainsFunc(x.Plan.Targets, func(t portal.FixTarget) bool { return t.Environment == environment })
}

// onDisk checks that what is in service is what the target has, as far as the newest look shows.
func (c *chronicle) onDisk(t *rapid.T, site *portal.Site) {
	there := site.InService()
	if c.places[site.Name].blind {
		if there == nil || there.Known() {
			t.Fatalf("nobody knows what %s runs, and %+v is in service", site.Name, there)
		}
		return
	}
	if there != nil && !there.Known() {
		t.Fatalf("what %s runs was seen, and it is unknown", site.Name)
	}
	if disk := c.w.Disks[site.Name]; !disk.Equal(site.Content()) {
		t.Fatalf("%s has %v, and in service is %+v", site.Name, disk, there)
	}
	if site.Intact() && there != site.Running {
		t.Fatalf("%s runs %+v for certain, and in service is %+v", site.Name, site.Running, there)
	}
}

// stop ends an attempt that does not succeed: its target was not called, has done all of it, half
// of it, has gone back to what last succeeded, or nobody can look.
func stop(t *rapid.T, w *portaltest.World, environment string, outcome portal.Outcome) {
	site := w.State.Sites[environment]
	end := portal.EndDeployment{Environment: environment, Epoch: site.Epoch, Outcome: outcome}
	if !site.Attempt.Open() {
		_, _ = w.Do(end) // another may have superseded it
		return
	}
	half := portal.Content{"app": {Version: "half", SHA256: portaltest.SHA256("half")}}
	known := site.InService() == nil || site.InService().Known()
	disks := []portal.Content{w.Disks[environment], w.Disks[environment], site.Attempt.Content, site.Attempt.Content, half}
	if site.Running != nil {
		disks = append(disks, site.Running.Content)
	}
	disk := rapid.SampledFrom(disks).Draw(t, "the target comes to run")
	switch seen := rapid.IntRange(0, 5).Draw(t, "is seen") > 0; {
	case !seen:
		end.Outcome, end.Observed = portal.Unknown, portal.ObservedUnknown
	case disk.Equal(site.Attempt.Content):
		end.Observed = portal.ObservedNew
	case known && disk.Equal(site.Content()):
		end.Untouched = true
	default:
		end.Observed, end.Found = portal.ObservedOther, disk
	}
	w.Disks[environment] = disk
	w.MustDo(end)
}

// before judges an entry by what was true when it was written.
func (c *chronicle) before(t *rapid.T, r portaltest.Recorded) {
	switch e := r.Event.(type) {
	case portal.FixOpened:
		c.testsWhereNamed(t, e.Fix, e.Plan)
	case portal.FixAmended:
		c.testsWhereNamed(t, e.Fix, e.Plan)
	case portal.FixWithdrawing:
		c.mattersFirst(t, c.state.Fixes[e.Fix], e.Steps)
	}
	e, is := r.Event.(portal.DeploymentStarted)
	if !is {
		return
	}
	c.keepsFixes(t, e)
	c.keepsToItsPlace(t, e)
	if c.state.Sites[e.Environment].Stage != "production" || (e.Mode != portal.ModeEnter && e.Mode != portal.ModeFix) {
		return
	}
	lacks := c.lacks(e)
	if e.Mode == portal.ModeEnter && len(lacks) > 0 && c.beside(e) {
		c.besides++
		return
	}
	if e.Mode == portal.ModeEnter {
		if len(lacks) > 0 {
			t.Fatalf("%s enters %s, and lacks %v", portal.Effective(e.Release, e.Fixes), e.Environment, lacks)
		}
		c.arrived++
		return
	}
	x := c.state.Fixes[e.Step.Fix]
	if step := x.Plan.Steps[e.Step.Index]; step.Action != portal.StepDeploy {
		return
	}
	c.fixed++
	for _, rule := range lacks {
		named := slices.ContainsFunc(x.Plan.Bypassed, func(b portal.Bypass) bool { return b.Rule == rule && b.Environment == e.Environment })
		if !named || !slices.Contains(x.Bypass, rule) {
			t.Fatalf("%s brings %s to %s by %v, which lacks %s; its plan names %v",
				x.Name, portal.Effective(e.Release, e.Fixes), e.Environment, x.Bypass, rule, x.Plan.Bypassed)
		}
	}
}

// beside reports whether another environment of the final stage runs exactly that.
func (c *chronicle) beside(e portal.DeploymentStarted) bool {
	for name, g := range c.places {
		if c.state.Sites[name].Stage == "production" && name != e.Environment && g.release == e.Release && g.digest == e.Digest && g.certain && !g.waits {
			return true
		}
	}
	return false
}

// lacks says what the content of a deployment to the final stage has not passed through: exactly as
// it is on staging; on dev, with some of its fixes.
func (c *chronicle) lacks(e portal.DeploymentStarted) []portal.Rule {
	var rules []portal.Rule
	for _, stage := range c.state.Pipeline.Stages[:2] {
		var been, tested, rested bool
		for name, site := range c.state.Sites {
			if site.Stage != stage.Name || site.Lane != portal.LaneRegular || (c.places[name] != nil && c.places[name].spoiled == e.Release) {
				continue
			}
			for s, p := range c.spots {
				if s.environment != name || s.release != e.Release || (s.digest != e.Digest && (stage.Name == "staging" || e.Mode == portal.ModeFix)) || !p.ran {
					continue
				}
				been = true
				tested = tested || !slices.ContainsFunc(stage.RequiredTests, func(suite string) bool { return !p.newest[suite] })
				rested = rested || p.soaked >= stage.SoakTime
			}
		}
		for rule, is := range map[portal.Rule]bool{
			portal.StageOrder:  been,
			portal.TestsPassed: tested || len(stage.RequiredTests) == 0,
			portal.SoakTime:    rested || stage.SoakTime == 0,
		} {
			if !is {
				rules = append(rules, rule)
			}
		}
	}
	return rules
}

// keepsFixes checks that a deployment has every fix in force.
func (c *chronicle) keepsFixes(t *rapid.T, e portal.DeploymentStarted) {
	switch e.Mode {
	case portal.ModeRepair, portal.ModeRemove:
		return
	case portal.ModeFix:
		// A fix that has come into force after this one is an obligation instead.
		if x := c.state.Fixes[e.Step.Fix]; x.InForce > 0 || x.Plan.Steps[e.Step.Index].Action != portal.StepDeploy {
			return
		}
	}
	where := e.Environment
	if e.Mode == portal.ModeFix { // on a test environment it is what the target gets, on top of the release under test
		plan := c.state.Fixes[e.Step.Fix].Plan
		i := slices.IndexFunc(plan.Tests, func(f portal.FixTest) bool { return f.Environment == where })
		if i >= 0 && plan.Tests[i].Strategy != portal.StrategyPreempt {
			where = plan.Targets[0].Environment
		}
	}
	newest := map[string]*portal.FixState{}
	for _, x := range c.state.InForce() {
		for component := range x.Components {
			if isFor(x, where) {
				newest[component] = x
			}
		}
	}
	for component, x := range newest {
		if e.Mode == portal.ModeFix && c.state.Fixes[e.Step.Fix].Components[component].SHA256 != "" {
			continue // this one comes on top
		}
		if e.Mode == portal.ModeFix && slices.ContainsFunc(c.state.Fixes[e.Step.Fix].Plan.Tests, func(f portal.FixTest) bool {
			return f.Environment == e.Environment && f.Strategy == portal.StrategyPreempt && f.Before.Content[component] == e.Content[component]
		}) {
			continue // it was there without it, and the plan says so
		}
		if e.Content[component].SHA256 != x.Components[component].SHA256 && !c.says(e.Release, x) {
			t.Fatalf("%s starts on %s (%s) with %s %q, and %s put %s", portal.Effective(e.Release, e.Fixes), e.Environment, e.Mode,
				component, e.Content[component].Version, x.Name, x.Components[component].Version)
		}
	}
}

// keepsToItsPlace checks that no regular deployment carries a confined fix to other environments,
// and that no release enters one of its own environments carrying it: nobody can have tested that.
func (c *chronicle) keepsToItsPlace(t *rapid.T, e portal.DeploymentStarted) {
	if e.Mode == portal.ModeFix || e.Mode == portal.ModeRemove || e.Mode == portal.ModeRepair {
		return
	}
	for _, fix := range e.Fixes {
		x := c.state.Fixes[fix]
		if !isFor(x, e.Environment) {
			t.Fatalf("%s starts on %s, and %s is for %v alone", portal.Effective(e.Release, e.Fixes), e.Environment, fix, x.Plan.Targets)
		}
		if x.Scope == portal.ScopeEnvironments && e.Mode == portal.ModeEnter {
			t.Fatalf("%s enters %s, with %s laid over it that no stage before has", portal.Effective(e.Release, e.Fixes), e.Environment, fix)
		}
	}
}

// testsWhereNamed checks that a fix is tested where it declares.
func (c *chronicle) testsWhereNamed(t *rapid.T, x portal.Fix, plan portal.FixPlan) {
	var named, others []string
	for _, test := range plan.Tests {
		if slices.Contains(x.TestEnvironments, test.Environment) {
			named = append(named, test.Environment)
		} else {
			others = append(others, test.Environment)
		}
	}
	if len(x.TestEnvironments) > 0 {
		c.placed++
		if !slices.Equal(named, x.TestEnvironments) || len(others) > 0 { // one stage tests
			t.Fatalf("%s names %v, and is tested on %v and %v", x.Name, x.TestEnvironments, named, others)
		}
	}
}

// mattersFirst checks that a fix is withdrawn from its targets first, and then stage by stage from
// the last.
func (c *chronicle) mattersFirst(t *rapid.T, x *portal.FixState, steps []portal.Step) {
	last := 0
	for _, step := range steps {
		rank := len(x.Plan.Targets) + slices.Index([]string{"production", "staging", "dev"}, c.state.Sites[step.Environment].Stage)
		if i := slices.IndexFunc(x.Plan.Targets, func(target portal.FixTarget) bool { return target.Environment == step.Environment }); i >= 0 {
			rank = i
		}
		if rank < last {
			t.Fatalf("%s is withdrawn in the order %v, and its targets are %v", x.Name, steps, x.Plan.Targets)
		}
		last = rank
	}
}

// says reports whether a release contains a fix by its declaration or its precedence.
func (c *chronicle) says(release string, x *portal.FixState) bool {
	for version := release; version != ""; version = c.state.Release(version).Base {
		if slices.Contains(c.state.Release(version).Incorporates, x.Name) {
			return true
		}
	}
	return x.ReconciledBy != "" && portal.ComparePrecedence(release, x.ReconciledBy) > 0
}

// after follows an entry.
func (c *chronicle) after(t *rapid.T, event portal.Event) {
	switch e := event.(type) {
	case portal.EnvironmentDeclared:
		if c.places[e.Environment.Name] == nil {
			c.places[e.Environment.Name] = &ground{}
		}
	case portal.EnvironmentRemoved:
		delete(c.places, e.Environment)
		maps.DeleteFunc(c.spots, func(s spot, _ *proof) bool { return s.environment == e.Environment })
	case portal.DeploymentStarted:
		g := c.places[e.Environment]
		g.attempt, g.certain, g.spoiled = e, false, e.Release
	case portal.DeploymentEnded:
		g := c.places[e.Environment]
		switch {
		case e.Outcome == portal.Succeeded && g.attempt.Mode == portal.ModeRemove:
			g.release, g.digest, g.certain, g.spoiled, g.stray, g.blind = "", "", true, "", false, false
		case e.Outcome == portal.Succeeded:
			g.release, g.digest, g.certain, g.spoiled, g.stray, g.blind = g.attempt.Release, g.attempt.Digest, true, "", false, false
			c.at(e.Environment, g.release, g.digest).ran = true
		case e.Untouched:
			g.certain, g.spoiled = !g.stray, ""
		default:
			g.stray, g.blind = true, e.Observed == portal.ObservedUnknown
		}
	case portal.TestRecorded:
		c.at(e.Environment, e.Release, e.Digest).newest[e.Suite] = e.Passed
	case portal.FixStepEnded:
		if g := c.places[e.Environment]; e.Outcome == portal.Succeeded && (e.Action == portal.StepSuspend || e.Action == portal.StepResume) {
			g.waits = e.Action == portal.StepSuspend
		}
	case portal.FixFinished:
		c.gaveBack(t, c.state.Fixes[e.Fix])
	case portal.FixWithdrawn:
		c.withdrawn++
		owed := c.state.Obligations(c.state.Fixes[e.Fix])
		if slices.ContainsFunc(owed, func(o portal.Obligation) bool { return !o.Met && o.What != "the review of "+e.Fix }) {
			t.Fatalf("%s is withdrawn and owes %v", e.Fix, owed)
		}
	case portal.FixAmended:
		c.amended++
	}
}

// gaveBack checks that what waited for a fix is back, or that the plan says why not.
func (c *chronicle) gaveBack(t *rapid.T, x *portal.FixState) {
	for _, test := range append(slices.Clone(x.Plan.Tests), x.Plan.Leaving...) {
		site := c.state.Sites[test.Environment]
		if site == nil || test.Before == nil || test.Strategy == portal.StrategyInPlace || test.Strategy == portal.StrategyDedicated {
			continue
		}
		c.resumed++
		if site.Running.Release != test.Before.Release {
			t.Fatalf("%s has ended, %s runs %s, and there was %s", x.Name, site.Name, site.Running.Effective(), test.Before.Effective())
		}
		if !isFor(x, site.Name) {
			c.left++
			if slices.Contains(site.Running.Fixes, x.Name) {
				t.Fatalf("%s has ended, and %s runs %s", x.Name, site.Name, site.Running.Effective())
			}
			continue
		}
		content, _ := c.state.ContentOf(site.Running.Release)
		has := slices.Contains(site.Running.Fixes, x.Name) || slices.Contains(c.state.Carry(site.Name, site.Running.Release, content).Contains, x.Name)
		told := slices.ContainsFunc(c.state.Obligations(x), func(o portal.Obligation) bool {
			return !o.Met && strings.HasPrefix(o.What, site.Name+" runs ")
		})
		if !has && !told {
			t.Fatalf("%s runs %s without %s, and nobody is told", site.Name, site.Running.Effective(), x.Name)
		}
	}
}
