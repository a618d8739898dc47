package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Obligation is something that an emergency fix owes.
type Obligation struct {
	What string
	Due  Time // zero: no date, until the next deployment there
	Met  bool
}

// Obligations lists what a fix owes, from the moment it is in force: a release that contains it on
// every target, the review, and each environment that runs a release without it. A fix that was
// withdrawn after a target had it owes the review alone, and one whose targets are all gone owes
// nothing.
func (s *State) Obligations(x *FixState) []Obligation {
	switch {
	case x.inForce():
		return s.obligations(x, s.without(x))
	case x.hadTarget():
		return []Obligation{s.review(x)}
	}
	return nil
}

func (s *State) review(x *FixState) Obligation {
	return Obligation{What: "the review of " + x.Name, Due: x.ReviewBy(), Met: !x.owesReview(s)}
}

func (s *State) obligations(x *FixState, without map[string][]string) []Obligation {
	owed := []Obligation{
		{What: "a release that contains " + x.Name + " on " + joinAnd(x.targetNames()), Due: x.ReconcileBy(), Met: !x.owesRelease(s)},
		s.review(x),
	}
	if !x.owes(s) {
		return owed
	}
	for _, what := range without[x.Name] {
		owed = append(owed, Obligation{What: what})
	}
	return owed
}

// without returns, by fix, the environments on which it is in force that run a release without it.
// only is the one fix to look for; nil: all of them.
func (s *State) without(only *FixState) map[string][]string {
	found := map[string][]string{}
	type question struct {
		on      *chains
		release string
	}
	answers := map[question]Carried{} // most environments run one of a few
	for _, name := range sortedKeys(s.Sites) {
		site, on := s.Sites[name], s.chainsOn(name)
		stands := site.Declared()
		if stands == nil || site.Lane != LaneRegular || len(on.fixes) == 0 || (only != nil && !only.Reaches(name)) {
			continue
		}
		about := on
		if only != nil {
			about = on.about(only)
		}
		carried, known := answers[question{on, stands.Release}]
		if !known {
			carried = s.carry(stands.Release, Facts{State: s}.own(stands), about)
			answers[question{on, stands.Release}] = carried
		}
		for _, x := range about.fixes {
			if what := carried.lacks(x, site, stands); what != "" {
				found[x.Name] = append(found[x.Name], what)
			}
		}
	}
	return found
}

// lacks says that an environment's release lacks a fix; "": it has it, or need not have it.
func (c Carried) lacks(x *FixState, site *Site, stands *Installation) string {
	switch {
	case slices.Contains(stands.Fixes, x.Name), slices.Contains(c.Contains, x.Name), c.unrelatedTo(x.Name), x.Holds(site.Name):
		return ""
	case slices.ContainsFunc(c.Conflicts, func(c Conflict) bool { return c.Fix == x.Name }):
		return fmt.Sprintf("%s runs %s, which %s cannot be added to: it may not leave the stage until a release contains the fix", site.Name, stands.Effective(), x.Name)
	}
	return fmt.Sprintf("%s runs %s without %s, until its next deployment", site.Name, stands.Effective(), x.Name)
}

// Debt is a fix with what it owes now.
type Debt struct {
	*FixState
	Owed []Obligation // not met
}

// Debts lists the fixes that owe something now: those in force, in the order they
// came into force, then those that were withdrawn and not reviewed.
func (s *State) Debts() []Debt {
	var debts []Debt
	without := s.without(nil)
	for _, x := range s.InForce() {
		owed := slices.DeleteFunc(s.obligations(x, without), func(o Obligation) bool { return o.Met })
		if len(owed) > 0 {
			debts = append(debts, Debt{x, owed})
		}
	}
	for _, x := range s.toReview() {
		if !x.inForce() {
			debts = append(debts, Debt{x, []Obligation{s.review(x)}})
		}
	}
	return debts
}

// toReview lists the fixes that owe their review, also those that were withdrawn,
// in the order they came into force.
func (s *State) toReview() []*FixState {
	var fixes []*FixState
	for _, x := range s.Fixes {
		if x.owesReview(s) {
			fixes = append(fixes, x)
		}
	}
	slices.SortFunc(fixes, func(a, b *FixState) int {
		return cmp.Or(cmp.Compare(a.InForce, b.InForce), strings.Compare(a.Name, b.Name))
	})
	return fixes
}

// owes reports whether the fix can owe anything but its review.
func (x *FixState) owes(s *State) bool { return x.inForce() && x.hasTarget(s) }

func (x *FixState) hasTarget(s *State) bool {
	return slices.ContainsFunc(x.Plan.Targets, func(t FixTarget) bool { return s.Sites[t.Environment] != nil })
}

func (x *FixState) owesRelease(s *State) bool { return x.owes(s) && x.Reconciled.IsZero() }

// owesReview reports whether the fix has to be reviewed: also if it was withdrawn since, because it
// ran on a target.
func (x *FixState) owesReview(s *State) bool {
	return x.hadTarget() && x.Review == nil && x.hasTarget(s)
}

// unreviewed reports whether the review is overdue.
func (x *FixState) unreviewed(f Facts) bool {
	return x.owesReview(f.State) && !f.clock().Before(x.ReviewBy())
}

// unreconciled reports whether the fix is overdue for a release that contains it.
func (x *FixState) unreconciled(f Facts) bool {
	return x.owesRelease(f.State) && !f.clock().Before(x.ReconcileBy())
}

func (x *FixState) targetNames() []string {
	names := make([]string, len(x.Plan.Targets))
	for i, target := range x.Plan.Targets {
		names[i] = target.Environment
	}
	return names
}

// reconciled returns the fixes that every target will contain once an environment has changed, with
// the release that it runs then; "" if none.
func (s *State) reconciled(environment, release string) []Event {
	var events []Event
	for _, x := range s.InForce() {
		if !x.Reconciled.IsZero() {
			continue
		}
		by, all := "", true
		for _, target := range x.Plan.Targets {
			site := s.Sites[target.Environment]
			if site == nil {
				continue
			}
			runs := release
			if target.Environment != environment {
				if site.Running == nil {
					continue
				}
				runs = site.Running.Release
			}
			if runs == "" {
				continue
			}
			all = all && s.contains(target.Environment, runs, x.Name)
			if by == "" || ComparePrecedence(runs, by) > 0 {
				by = runs
			}
		}
		if all && by != "" {
			events = append(events, FixReconciled{Fix: x.Name, Release: by})
		}
	}
	return events
}
