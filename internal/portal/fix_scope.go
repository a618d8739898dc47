package portal

import (
	"fmt"
	"slices"
)

// Scope says where a fix is in force.
type Scope string

// The scopes.
const (
	ScopePipeline     Scope = "pipeline"     // on the whole pipeline; the default
	ScopeEnvironments Scope = "environments" // on its targets alone
)

// Scopes are the scopes that a fix may declare.
func Scopes() []Scope { return []Scope{ScopePipeline, ScopeEnvironments} }

// Confined reports whether the fix is in force on its targets alone.
func (x *Fix) Confined() bool { return x.Scope == ScopeEnvironments }

// Reaches reports whether the fix is in force on an environment, once it is.
func (x *FixState) Reaches(environment string) bool {
	return !x.Confined() || x.Plan.Target(environment) != nil
}

// meets reports whether there is an environment on which both fixes are in force,
// once they are.
func (x *FixState) meets(other *FixState) bool {
	return !x.Confined() || slices.ContainsFunc(x.Plan.Targets, func(t FixTarget) bool { return other.Reaches(t.Environment) })
}

// validatePlaces lists what is wrong with where the fix goes and where it is tested.
func (x *Fix) validatePlaces() []Problem {
	var problems []Problem
	for _, name := range x.Environments {
		problems = append(problems, ValidateName("environments", name)...)
	}
	for i, name := range x.TestEnvironments {
		problems = append(problems, ValidateName("test_environments", name)...)
		if slices.Contains(x.TestEnvironments[:i], name) {
			problems = append(problems, Problem{"test_environments", fmt.Sprintf("%q is named twice", name)})
		}
		if slices.Contains(x.Environments, name) {
			problems = append(problems, Problem{"test_environments", fmt.Sprintf("%q is one of environments: a fix is tested somewhere else before it goes to its targets", name)})
		}
	}
	if x.Scope != "" && !slices.Contains(Scopes(), x.Scope) {
		problems = append(problems, Problem{"scope", fmt.Sprintf("%q is not a scope: write \"pipeline\" or \"environments\"", x.Scope)})
	}
	return problems
}

// reachingTo returns the fixes of a list that are in force on an environment; for "", those that
// are in force on the whole pipeline.
func reachingTo(environment string, fixes []*FixState) []*FixState {
	return slices.DeleteFunc(slices.Clone(fixes), func(x *FixState) bool { return !x.Reaches(environment) })
}

// inForceWhere lists the fixes that are in force on any of the environments, in order.
func (f Facts) inForceWhere(environments []string) []string {
	return fixNames(slices.DeleteFunc(slices.Clone(f.InForce()), func(x *FixState) bool {
		return !slices.ContainsFunc(environments, x.Reaches)
	}))
}

// confinedAmong lists those of some fixes that are in force on their targets alone.
func (f Facts) confinedAmong(fixes []string) []string {
	return slices.DeleteFunc(slices.Clone(fixes), func(name string) bool { return !f.Fixes[name].Confined() })
}

// confinedUnder returns a fix that is confined to some environments and touches what a fix for the
// whole pipeline touches, or nil. Both are not possible: the later one would replace different
// things there and elsewhere. A fix that releases have replaced on all its environments does not
// count.
func (f Facts) confinedUnder(fix *Fix) *FixState {
	if fix.Confined() {
		return nil
	}
	for _, name := range sortedKeys(f.Fixes) {
		other := f.Fixes[name]
		if name != fix.Name && other.Confined() && f.counts(other) && len(bothTouch(fix, &other.Fix)) > 0 {
			return other
		}
	}
	return nil
}

// counts reports whether a confined fix is on its way to its environments, or makes
// a difference there.
func (f Facts) counts(x *FixState) bool {
	switch {
	case x.Withdrawal != nil:
		return false
	case x.Active():
		return true
	}
	return slices.ContainsFunc(x.Plan.Targets, func(t FixTarget) bool {
		site := f.Sites[t.Environment]
		if site == nil {
			return false
		}
		stands := site.Declared()
		return x.Reconciled.IsZero() || (stands != nil && slices.Contains(stands.Fixes, x.Name))
	})
}

// overConfined refuses a fix for the whole pipeline that touches what a confined one touches.
func (f Facts) overConfined(fix *Fix, other *FixState) error {
	where := joinAnd(other.targetNames())
	return reject(fmt.Sprintf("emergency fix %s is for the whole pipeline, and %s is for %s alone", fix.Name, other.Name, where),
		"Both change %s, which would then differ between %s and the rest of the pipeline. Set scope = \"environments\" on %s, take a release that contains %s to %s, or withdraw %s.",
		joinAnd(bothTouch(fix, &other.Fix)), where, fix.Name, other.Name, where, other.Name)
}
