package portal

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Words of this file. The fixes in force that replace a component form its chain, in the order they
// came into force. A link of the chain is an item that one of them replaced or put.
//
//   - position: where in the chain a release's item is, as the index of the first fix after it
//   - following: the fixes from there on that are built on the item, so that the release lacks them
//   - unrelated: the fixes of the chain that were made for other releases; only an environment that
//     is one of their targets, or has them, would lose them
//   - carries: a fix's components are applied on top of a release that does not have them
//   - contains: the release itself has the fix

// Carried is what a release becomes under the fixes in force.
type Carried struct {
	Content   Content
	Fixes     []string   // carried: applied on top of the release, in order
	Contains  []string   // in force, and contained in the release
	Unrelated []Conflict // in force, but unrelated: made for other releases
	Conflicts []Conflict // fixes that would be lost
}

// Conflict is a component in which a release lacks a fix.
type Conflict struct {
	Fix       string
	Component string
	Has       Item // zero: absent
	Put       Item
}

// String describes the conflict as refusals do.
func (c Conflict) String() string {
	has := "without it"
	if c.Has != (Item{}) {
		has = "with " + c.Component + " " + c.Has.Version
	}
	return fmt.Sprintf("%s put %s %s; the release comes %s", c.Fix, c.Component, c.Put.Version, has)
}

// Carry applies the fixes in force on an environment on top of a release's content. For a fix F in
// force:
//
//	                          | scope "pipeline", anywhere | scope "environments",  | scope "environments",
//	                          |                            | on its targets         | elsewhere
//	--------------------------+----------------------------+------------------------+------------------------------
//	a release enters          | carries F, or contains it, | contains F, or is      | F is not asked for
//	                          | or is refused              | refused (Arriving)     |
//	rollback, redeploy        | carries F                  | carries F              | without F
//	repair                    | what is recorded           | what is recorded       | what is recorded
//	F is tested there         | F stays, on what ran       | (a target is never a   | F leaves again: what ran
//	                          | before                     | test environment)      | comes back (a lane keeps it)
//	owed until a release      | F, until it is reconciled  | F, until it is         | nothing
//	contains it               |                            | reconciled             |
//
// Every question about a fix therefore says for which environment it is asked.
func (s *State) Carry(environment, release string, content Content) Carried {
	return s.carry(release, content, s.chainsOn(environment))
}

// Arriving is Carry for a release that enters the environment by a regular deployment. It does not
// carry the fixes confined to the environment, because no earlier stage could test it with them: it
// contains them or would lose them.
func (s *State) Arriving(environment, release string, content Content) Carried {
	carried := s.Carry(environment, release, content)
	var lost []Conflict
	for _, name := range carried.Fixes {
		if x := s.Fixes[name]; x.Confined() {
			lost = append(lost, x.missingFrom(content)...)
		}
	}
	if len(lost) == 0 {
		return carried
	}
	without := s.carry(release, content, s.inForceNow().wide)
	carried.Content, carried.Fixes = without.Content, without.Fixes
	carried.Conflicts = append(lost, carried.Conflicts...)
	return carried
}

// missingFrom lists the components of a fix that differ in a content.
func (x *FixState) missingFrom(content Content) []Conflict {
	var missing []Conflict
	for _, component := range sortedKeys(x.Components) {
		if has, put := content[component], x.Components[component].Item(); !has.sameAs(put) {
			missing = append(missing, Conflict{Fix: x.Name, Component: component, Has: has, Put: put})
		}
	}
	return missing
}

// chains are fixes in the order they came into force, with the chain of each component that any of
// them touches.
type chains struct {
	fixes       []*FixState
	components  []string // in order
	byComponent map[string][]*FixState
}

func chainsOf(fixes []*FixState) *chains {
	c := &chains{fixes: fixes, byComponent: map[string][]*FixState{}}
	for _, x := range fixes {
		for component := range x.Components {
			c.byComponent[component] = append(c.byComponent[component], x)
		}
	}
	c.components = sortedKeys(c.byComponent)
	return c
}

// about is the part of the chains that concerns one fix.
func (c *chains) about(x *FixState) *chains {
	part := &chains{fixes: []*FixState{x}, byComponent: c.byComponent}
	part.components = slices.DeleteFunc(slices.Clone(c.components), func(component string) bool {
		_, touches := x.Components[component]
		return !touches
	})
	return part
}

// remembered is computed once for everyone who asks a state: the graph of its pipeline and the
// chains of the fixes in force.
type remembered struct {
	mutex   sync.Mutex
	graph   *graph
	answers map[answersKey]*answers

	once sync.Once
	all  []*FixState        // in force anywhere, in order
	wide *chains            // of those in force on the whole pipeline
	at   map[string]*chains // by environment, if others are in force there as well
}

func (s *State) inForceNow() *remembered {
	r := s.remembered
	r.once.Do(func() {
		r.all = s.sortInForce()
		r.wide = chainsOf(reachingTo("", r.all))
		r.at = map[string]*chains{}
		for _, x := range r.all {
			if !x.Confined() {
				continue
			}
			for _, target := range x.Plan.Targets {
				if name := target.Environment; r.at[name] == nil {
					r.at[name] = chainsOf(reachingTo(name, r.all))
				}
			}
		}
	})
	return r
}

// chainsOn are the chains of the fixes in force on an environment.
func (s *State) chainsOn(environment string) *chains {
	r := s.inForceNow()
	if c := r.at[environment]; c != nil {
		return c
	}
	return r.wide
}

// forget is called whenever a fix or anything in the graph changes.
func (s *State) forget() { s.remembered = &remembered{} }

// carry applies fixes, in order, on top of a release's content. For each component it follows the
// chain: if the release's item is a link, the release carries the fixes that follow; if it is none,
// the release must be known to contain the fixes, or it would lose them.
func (s *State) carry(release string, content Content, c *chains) Carried {
	carried := Carried{Content: content}
	carries, lost, unrelated := map[string]bool{}, map[string]bool{}, map[string]bool{}
	if len(c.fixes) == 0 {
		return carried
	}
	for _, component := range c.components {
		chain := c.byComponent[component]
		from, linked := position(content[component], component, chain)
		if !linked {
			for _, x := range chain[s.knownContained(release, component, chain):] {
				lost[x.Name] = true
				carried.Conflicts = append(carried.Conflicts, Conflict{
					Fix: x.Name, Component: component, Has: content[component], Put: x.Components[component].Item(),
				})
			}
			continue
		}
		for _, x := range s.unrelated(release, component, content[component], chain, from) {
			unrelated[x.Name] = true
			carried.Unrelated = append(carried.Unrelated, Conflict{Fix: x.Name, Component: component, Has: content[component], Put: x.Components[component].Item()})
		}
		for _, x := range following(component, content[component], chain, from) {
			if len(carries) == 0 {
				carried.Content = maps.Clone(content)
			}
			if carried.Content == nil {
				carried.Content = Content{}
			}
			carried.Content[component] = x.Components[component].Item()
			carries[x.Name] = true
		}
	}
	for _, x := range c.fixes {
		switch {
		case carries[x.Name]:
			carried.Fixes = append(carried.Fixes, x.Name)
		case lost[x.Name], unrelated[x.Name]:
		default:
			carried.Contains = append(carried.Contains, x.Name)
		}
	}
	return carried
}

// unrelated returns the fixes of a component's chain that are unrelated to this item: later fixes
// that were not built on it, and earlier fixes that its release neither declares nor had underneath
// when its own fix was made.
func (s *State) unrelated(release, component string, item Item, chain []*FixState, from int) []*FixState {
	follows := following(component, item, chain, from)
	unrelated := slices.DeleteFunc(slices.Clone(chain[from:]), func(x *FixState) bool { return slices.Contains(follows, x) })
	if from == 0 {
		return unrelated
	}
	var has []string
	if last := chain[from-1]; item.sameAs(last.Components[component].Item()) {
		has = append(slices.Clone(last.Plan.Under), last.Name)
	}
	if from < len(chain) && chain[from].replaces(component, item) {
		has = append(has, chain[from].Plan.Under...)
	}
	known := s.knownContained(release, component, chain[:from])
	for _, x := range chain[known:from] {
		if !slices.Contains(has, x.Name) {
			unrelated = append(unrelated, x)
		}
	}
	return unrelated
}

// unrelatedTo reports whether a fix is unrelated to the release.
func (c Carried) unrelatedTo(fix string) bool {
	return slices.ContainsFunc(c.Unrelated, func(conflict Conflict) bool { return conflict.Fix == fix })
}

// following returns the fixes of a chain, from an index on, that are built on an item. A fix is
// built on another one if it replaced what that one put, or was made for releases that have that
// one. A fix that does neither was made for other releases, for example if groups of targets ran
// different ones.
func following(component string, item Item, chain []*FixState, from int) []*FixState {
	var over []*FixState
	last := ""
	if from > 0 && item.sameAs(chain[from-1].Components[component].Item()) {
		last = chain[from-1].Name
	}
	for _, x := range chain[from:] {
		if x.replaces(component, item) || (last != "" && slices.Contains(x.Plan.Under, last)) {
			over = append(over, x)
			item, last = x.Components[component].Item(), x.Name
		}
	}
	return over
}

// position finds an item in a component's chain: the content lacks the fixes from the returned
// index on. linked is false if the item is not a link of the chain. The newest link counts if a fix
// has brought back an older one.
func position(item Item, component string, chain []*FixState) (from int, linked bool) {
	for i, x := range slices.Backward(chain) {
		if item.sameAs(x.Components[component].Item()) {
			return i + 1, true
		}
		if x.replaces(component, item) {
			return i, true
		}
	}
	return 0, false
}

// replaces reports whether the fix replaced exactly this. The zero Item stands
// for absence.
func (x *FixState) replaces(component string, item Item) bool {
	return slices.ContainsFunc(x.Replaced[component], item.sameAs)
}

// knownContained counts the fixes, from the beginning of a chain, that a release contains although
// its component is not a link: it declares so, or it has a higher precedence than the release that
// reconciled them. A later fix implies the earlier ones.
func (s *State) knownContained(release, component string, chain []*FixState) int {
	said := s.incorporated(release, component)
	for i, x := range slices.Backward(chain) {
		if said[x.Name] || s.builtAfter(release, x) {
			return i + 1
		}
	}
	return 0
}

// builtAfter reports whether a release is assumed to contain a fix without declaring it: its
// precedence is above that of the release that reconciled the fix, and it was not registered before
// the fix was in force.
func (s *State) builtAfter(release string, x *FixState) bool {
	dossier := s.Release(release)
	return x.ReconciledBy != "" && ComparePrecedence(release, x.ReconciledBy) > 0 &&
		(dossier == nil || !dossier.Registered.Before(x.InForceAt))
}

// incorporated returns the fixes that a release declares it contains, for one component: by its own
// declaration and, if it leaves the component as its base has it, by that of its base.
func (s *State) incorporated(release, component string) map[string]bool {
	said := map[string]bool{}
	seen := map[string]bool{}
	for version := release; version != "" && !seen[version]; {
		seen[version] = true
		dossier := s.Release(version)
		if dossier == nil {
			break
		}
		for _, name := range dossier.Incorporates {
			said[name] = true
		}
		_, sets := dossier.Components[component]
		if sets || slices.Contains(dossier.Removes, component) {
			break
		}
		version = dossier.Base
	}
	return said
}

// contains reports whether a release contains a fix in force on an environment. If the release's
// content is not known, it does not.
func (s *State) contains(environment, release, fix string) bool {
	content, err := s.ContentOf(release)
	return err == nil && slices.Contains(s.Carry(environment, release, content).Contains, fix)
}

// falselyIncorporated lists what a release declares it contains and does not: components that are
// byte for byte what a fix has replaced.
func (s *State) falselyIncorporated(r *Release, content Content) []string {
	var lines []string
	for _, name := range r.Incorporates {
		x := s.Fixes[name]
		if x == nil || !x.inForce() {
			continue
		}
		c := s.chainsOn(x.Plan.Targets[0].Environment) // its targets are alike in what it touches
		for _, component := range sortedKeys(x.Components) {
			chain := c.byComponent[component]
			own := slices.Index(chain, x)
			from, linked := position(content[component], component, chain)
			if linked && from <= own {
				item, has := content[component]
				was := "without " + component
				if has {
					was = component + " " + item.Version
				}
				lines = append(lines, fmt.Sprintf("%s put %s %s; the release has %s, the version before the fix", name, component, x.Components[component].Version, was))
			}
		}
	}
	return lines
}
