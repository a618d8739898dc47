package portal

import (
	"cmp"
	"fmt"
	"slices"
)

// outdated reports whether a fix that no target has yet was planned from something that has
// changed, other than by the fix itself.
func (f Facts) outdated(x *FixState) bool {
	if x.InForce > 0 || !x.Active() || x.Withdrawal != nil {
		return false
	}
	if f.othersInForce(x) != "" {
		return true
	}
	for _, step := range x.Plan.Steps[x.Done:] {
		if f.staleFor(x, step) != "" {
			return true
		}
	}
	rows, _ := f.breaks(x, x.Done, len(x.Plan.Steps))
	return slices.ContainsFunc(rows, func(row Bypass) bool { return slices.Contains(x.Bypass, row.Rule) && !x.Plan.lists(row) })
}

// unlisted says that the fix now breaks a rule that it names and that was not among
// those that were shown and signed.
func (x *FixState) unlisted(row Bypass) string {
	return fmt.Sprintf("rule %s is now broken on %s and was not when %s was planned: %s.", row.Rule, row.Environment, x.Name, row.Detail)
}

// othersInForce says how the other fixes in force differ from those that a fix was planned with;
// "": they do not.
func (f Facts) othersInForce(x *FixState) string {
	if other := f.confinedUnder(&x.Fix); other != nil {
		return fmt.Sprintf("emergency fix %s was opened for %s alone after this fix was planned, and also changes %s.",
			other.Name, joinAnd(other.targetNames()), joinAnd(bothTouch(&x.Fix, &other.Fix)))
	}
	names := slices.DeleteFunc(f.inForceWhere(x.Plan.environments()), func(name string) bool { return name == x.Name })
	if slices.Equal(names, x.Plan.InForce) {
		return ""
	}
	return fmt.Sprintf("the emergency fixes in force have changed since the fix was planned: they are %s, and were %s.", orNone(names), orNone(x.Plan.InForce))
}

// staleFor says how what a step finds differs from what it was planned from; "": it does not.
func (f Facts) staleFor(x *FixState, step Step) string {
	site := f.Sites[step.Environment]
	if site == nil {
		return fmt.Sprintf("environment %q is gone.", step.Environment)
	}
	if site.Attempt.Open() || (site.Attempt != nil && site.Attempt.Step != nil && site.Attempt.Step.Fix == x.Name) {
		return "" // what the fix has done there itself makes nothing stale
	}
	if x.Withdrawal != nil {
		return site.staleFrom(x, step.From)
	}
	var planned *Installation
	if target := x.Plan.Target(step.Environment); target != nil {
		planned = &target.Before
	} else if test := x.Plan.test(step.Environment); test != nil {
		planned = test.Before
	} else {
		return ""
	}
	was, is := "", ""
	if planned != nil {
		was = planned.Receipt
	}
	if now := site.Declared(); now != nil {
		is = now.Receipt
	}
	if was == is {
		return ""
	}
	return fmt.Sprintf("environment %q has changed since the fix was planned: it now runs %s.", site.Name, site.describe())
}

// staleFrom says that something else is in service here than what a step was planned from; "" if it
// is the same, or does not matter. A deployment in progress then that did not succeed has not
// changed what the step returns to.
func (s *Site) staleFrom(x *FixState, from string) string {
	succeeded := fromNothing
	if s.Running != nil {
		succeeded = s.Running.Receipt
	}
	if from == "" || from == succeeded || from == cmp.Or(s.serving(), fromNothing) {
		return ""
	}
	return fmt.Sprintf("environment %q has changed since the withdrawal of %s was planned: it now runs %s.", s.Name, x.Name, s.describe())
}
