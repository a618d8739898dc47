package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// planner works out what a fix would do.
type planner struct {
	f    Facts
	fix  Fix
	mine *FixState // as recorded, if it is amended; nil: it is new
	plan FixPlan
	// The fix as if it were in force, to see what releases become with it.
	would *FixState
}

// planFix works out the plan of a fix that no target has yet. An error means that such a fix is
// invalid; the rules are not asked.
func (f Facts) planFix(fix Fix, mine *FixState) (*FixPlan, error) {
	p := planner{f: f, fix: fix, mine: mine}
	if err := p.targets(); err != nil {
		return nil, err
	}
	if other := f.confinedUnder(&fix); other != nil {
		return nil, f.overConfined(&fix, other)
	}
	p.would = &FixState{Fix: fix, Plan: p.plan, Replaced: p.plan.replaced(&fix)}
	if err := p.checkOverlay(); err != nil {
		return nil, err
	}
	if err := p.tests(); err != nil {
		return nil, err
	}
	p.plan.InForce = f.inForceWhere(p.plan.environments())
	p.plan.Strategy = StrategyInPlace // without a stage to test on, nothing is interrupted either
	for i, test := range p.plan.Tests {
		if i == 0 || slices.Index(disturbance, test.Strategy) > slices.Index(disturbance, p.plan.Strategy) {
			p.plan.Strategy = test.Strategy
		}
	}
	p.steps()
	p.interrupted()
	return &p.plan, nil
}

// targets finds where the fix must be deployed, and what runs there.
func (p *planner) targets() error {
	names := unique(p.fix.Environments)
	final := p.f.Pipeline.Final()
	if len(names) == 0 {
		for _, site := range p.f.OnStage(final.Name, LaneRegular) {
			names = append(names, site.Name)
		}
		if len(names) == 0 {
			return lack(fmt.Sprintf("emergency fix %s has no target", p.fix.Name),
				"Stage %q of %q has no regular environment. Declare one with portal_environment, or name the targets in environments.", final.Name, p.f.Name)
		}
	}
	for _, name := range names {
		site, err := p.f.site(name)
		if err != nil {
			return err
		}
		if site.Lane == LaneEmergency {
			return reject(fmt.Sprintf("%q is an emergency lane and no target", p.f.Name+"/"+name),
				"A fix is tested there. Name regular environments in environments, or leave it out.")
		}
		before := p.standing(site)
		if before == nil {
			return lack(fmt.Sprintf("nothing runs on %q", p.f.Name+"/"+name),
				"An emergency fix repairs what runs. Deploy a release there first, or name other targets in environments.")
		}
		p.plan.Targets = append(p.plan.Targets, FixTarget{Environment: name, Before: *before})
		has := p.f.Carry(name, before.Release, p.f.own(before))
		p.plan.Under = append(append(append(p.plan.Under, before.Fixes...), has.Fixes...), has.Contains...)
	}
	p.plan.Under = slices.DeleteFunc(sortedSet(p.plan.Under), func(name string) bool { return len(bothTouch(&p.fix, &p.f.Fixes[name].Fix)) == 0 })
	return p.alike()
}

// unique is the list with each member once, at its first position.
func unique(items []string) []string {
	var once []string
	for _, item := range items {
		if !slices.Contains(once, item) {
			once = append(once, item)
		}
	}
	return once
}

// alike checks that one fix can repair all the targets, and that there is
// something to repair.
func (p *planner) alike() error {
	first := p.plan.Targets[0]
	changes := false
	for _, component := range sortedKeys(p.fix.Components) {
		item := first.Before.Content[component]
		changes = changes || !item.sameAs(p.fix.Components[component].Item())
		for _, target := range p.plan.Targets[1:] {
			if other := target.Before.Content[component]; !other.sameAs(item) {
				return reject(fmt.Sprintf("the targets of emergency fix %s differ in %s", p.fix.Name, component),
					"Environment %q runs %s, and %q runs %s. Declare one fix for each group of environments that are alike, and name them in environments.",
					first.Environment, orAbsent(item), target.Environment, orAbsent(other))
			}
		}
	}
	if !changes {
		return reject(fmt.Sprintf("emergency fix %s changes nothing", p.fix.Name),
			"Environment %q runs %s, which has exactly these components already.", first.Environment, first.Before.Effective())
	}
	return nil
}

// checkOverlay checks that the fix changes what the targets run. If it deployed what the release
// has itself, the release would count as containing it, and with it the fix that it undoes.
func (p *planner) checkOverlay() error {
	for _, target := range p.plan.Targets {
		carried := p.fixed(target.Environment, &target.Before)
		if len(carried.Conflicts) == 0 && !slices.Contains(carried.Fixes, p.fix.Name) {
			return reject(fmt.Sprintf("emergency fix %s undoes another one", p.fix.Name),
				"Environment %q runs %s, and the components of %s are those of release %s itself. Withdraw the fix that replaced them (%s) instead.",
				target.Environment, target.Before.Effective(), p.fix.Name, target.Before.Release, joinAnd(target.Before.Fixes))
		}
	}
	return nil
}

func orAbsent(item Item) string {
	if item == (Item{}) {
		return "none"
	}
	return item.Version
}

// standing is what an environment runs, apart from what this fix has done there.
func (p *planner) standing(site *Site) *Installation {
	if p.mine != nil {
		if test := p.mine.took(site.Name); test != nil {
			return test.Before
		}
	}
	return site.Declared()
}

// own is the content of what runs somewhere, without any fix, as far as it is known.
func (f Facts) own(i *Installation) Content {
	if content, err := f.ContentOf(i.Release); err == nil {
		return content
	}
	return i.Content
}

// fixed is what a release becomes on an environment with the fix, if the fix is for that
// environment.
func (p *planner) fixed(environment string, i *Installation) Carried {
	fixes := slices.Clone(p.f.InForceOn(environment))
	if p.would.Reaches(environment) {
		fixes = append(fixes, p.would)
	}
	return p.f.carry(i.Release, p.f.own(i), chainsOf(fixes))
}

// overlay is what a release becomes on an environment with the fix's components on top, whatever it
// had in their place.
func (p *planner) overlay(environment string, i *Installation) Carried {
	carried := p.f.Carry(environment, i.Release, p.f.own(i))
	content := Content{}
	for name, item := range carried.Content {
		content[name] = item
	}
	for name, item := range p.fix.items() {
		content[name] = item
	}
	carried.Content, carried.Fixes = content, append(slices.Clone(carried.Fixes), p.fix.Name)
	return carried
}

// tests finds, for each stage on which the fix is tested, the environments that it names, or else
// the one that it disturbs least.
func (p *planner) tests() error {
	named, err := p.namedTests()
	if err != nil {
		return err
	}
	for _, stage := range p.testStages() {
		if len(named[stage.Name]) > 0 {
			p.plan.Tests = append(p.plan.Tests, named[stage.Name]...)
			continue
		}
		var candidates []FixTest
		for _, lane := range []Lane{LaneEmergency, LaneRegular} {
			for _, site := range p.f.OnStage(stage.Name, lane) {
				if strategy, can := p.strategyOn(site); can && p.plan.Target(site.Name) == nil {
					candidates = append(candidates, FixTest{Environment: site.Name, Stage: stage.Name, Strategy: strategy, Before: p.standing(site)})
				}
			}
		}
		if len(candidates) == 0 {
			if forced := p.fix.Strategy; forced == StrategyDedicated {
				return reject(fmt.Sprintf("emergency fix %s has no dedicated environment on %q", p.fix.Name, stage.Name),
					"strategy = \"dedicated\" needs a portal_environment with lane = \"emergency\" on stage %q. Declare one, or leave strategy out.", stage.Name)
			} else if forced != StrategyAuto && len(p.f.OnStage(stage.Name, LaneEmergency)) > 0 {
				return reject(fmt.Sprintf("emergency fix %s cannot be tested on %q by %s", p.fix.Name, stage.Name, forced),
					"The stage has no regular environment, only emergency lanes. Leave strategy out.")
			}
			continue // a rule reports that it is not tested there
		}
		best := slices.MinFunc(candidates, func(a, b FixTest) int {
			return cmp.Or(
				cmp.Compare(p.rank(a), p.rank(b)),
				cmp.Compare(p.kindGap(a.Environment), p.kindGap(b.Environment)),
				strings.Compare(a.Environment, b.Environment),
			)
		})
		p.plan.Tests = append(p.plan.Tests, best)
	}
	return nil
}

// rank orders the candidates for a test: first those that no other fix holds, then the least
// disturbed, then those that the fix has already.
func (p *planner) rank(test FixTest) int {
	rank := 2 * slices.Index(disturbance, test.Strategy)
	if holder := p.f.HoldingFix(test.Environment); holder != nil && holder.Name != p.fix.Name {
		rank += 100
	} else if holder == nil {
		rank++
	}
	return rank
}

// testStages are the stages on which the fix is tested: those that the pipeline names, if they come
// before a target.
func (p *planner) testStages() []*Stage {
	names := p.f.Pipeline.Emergency.TestStages
	if len(names) == 0 {
		names = p.f.Pipeline.Final().After
	}
	before := map[string]bool{}
	for _, target := range p.plan.Targets {
		for _, stage := range p.f.Pipeline.Before(p.f.Sites[target.Environment].Stage) {
			before[stage.Name] = true
		}
	}
	var stages []*Stage
	for i := range p.f.Pipeline.Stages {
		if stage := &p.f.Pipeline.Stages[i]; slices.Contains(names, stage.Name) && before[stage.Name] {
			stages = append(stages, stage)
		}
	}
	return stages
}

// strategyOn says how the fix would be tested on an environment; can is false if the declared
// strategy excludes the environment.
func (p *planner) strategyOn(site *Site) (strategy Strategy, can bool) {
	least := p.leastOn(site)
	switch p.fix.Strategy {
	case StrategyDedicated:
		return least, least == StrategyDedicated
	case StrategyPreempt, StrategyRollback:
		over := least == StrategyPreempt || (least == StrategyRollback && p.standing(site) != nil)
		if over {
			least = p.fix.Strategy
		}
		return least, site.Lane == LaneRegular
	}
	return least, true
}

// leastOn is the least disturbing strategy for an environment, given what the record says runs
// there.
func (p *planner) leastOn(site *Site) Strategy {
	if site.Lane == LaneEmergency {
		return StrategyDedicated
	}
	if p.spoiled(site) {
		return StrategyRollback // what runs there failed, or is not known
	}
	stands := p.standing(site)
	switch {
	case stands == nil, stands.Release == p.plan.Targets[0].Before.Release:
		return StrategyInPlace
	case p.differsWhereFixed(site.Name, stands):
		return StrategyRollback
	}
	if dossier := p.f.Release(stands.Release); dossier == nil || dossier.Type != Full {
		return StrategyRollback
	}
	return StrategyPreempt
}

// spoiled reports whether what an environment runs is not known, and the fix has not caused that
// itself.
func (p *planner) spoiled(site *Site) bool {
	own := p.mine != nil && p.mine.Holds(site.Name) && site.Attempt != nil && site.Attempt.Step != nil && site.Attempt.Step.Fix == p.mine.Name
	return !site.Intact() && !own
}

// whyBack says why a test environment would be rolled back to what the targets run: for people, and
// in a word for the statement.
func (p *planner) whyBack(site *Site, stands *Installation) (why, about string) {
	switch {
	case p.spoiled(site):
		return "the current content is unknown", "uncertain"
	case p.differsWhereFixed(site.Name, stands):
		return stands.Effective() + " differs in what the fix touches", "differs"
	}
	return stands.Effective() + " is a differential release", "differential"
}

// differsWhereFixed reports whether what an environment runs differs from the
// baseline in a component that the fix touches.
func (p *planner) differsWhereFixed(environment string, stands *Installation) bool {
	carried := p.f.Carry(environment, stands.Release, p.f.own(stands))
	if len(carried.Conflicts) > 0 {
		return true
	}
	for component := range p.fix.Components {
		if !carried.Content[component].sameAs(p.plan.Targets[0].Before.Content[component]) {
			return true
		}
	}
	return false
}

// interrupted lists the releases that the fix interrupts: those whose test waits, and those being
// deployed where it goes.
func (p *planner) interrupted() {
	var releases []string
	for _, test := range p.plan.Tests {
		if test.Before != nil && (test.Strategy == StrategyPreempt || test.Strategy == StrategyRollback) &&
			test.Before.Release != p.plan.Targets[0].Before.Release {
			releases = append(releases, test.Before.Release)
		}
	}
	for _, name := range p.plan.environments() {
		if a := p.f.Sites[name].Attempt; a.Open() && a.Step == nil && a.Release != "" {
			releases = append(releases, a.Release)
		}
	}
	p.plan.Interrupted = sortedSet(releases)
}

// environments lists where the fix is deployed: where it is tested, then its targets.
func (p *FixPlan) environments() []string {
	names := make([]string, 0, len(p.Tests)+len(p.Targets))
	for _, test := range p.Tests {
		names = append(names, test.Environment)
	}
	for _, target := range p.Targets {
		names = append(names, target.Environment)
	}
	return names
}
