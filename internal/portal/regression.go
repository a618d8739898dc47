package portal

import (
	"fmt"
	"slices"
	"strings"
)

func (j judging) gateRegression() Gate {
	gate := Gate{Rule: FixRegression, Detail: "No emergency fix in force would be lost."}
	conflicts := append(slices.Clone(j.carried.Conflicts), j.f.lostOn(j.p.Site, j.carried.Apart)...)
	if len(conflicts) == 0 || j.noBase != nil {
		return gate
	}
	var lines, fixes, confined []string
	for _, conflict := range conflicts {
		lines = append(lines, conflict.String()+".")
		fixes = append(fixes, conflict.Fix)
		if j.f.Fixes[conflict.Fix].Confined() {
			confined = append(confined, conflict.Fix)
		}
	}
	if confined = sortedSet(confined); len(confined) > 0 && j.p.Mode == ModeEnter {
		lines = append(lines, fmt.Sprintf("No stage before may keep %s, which is for its own environments alone (scope), so no release is tested with it: one that goes to %s has to contain it.",
			joinAnd(confined), j.p.Site.Name))
	}
	gate.Status, gate.Detail = Refused, strings.Join(lines, "\n")
	gate.Cure = fmt.Sprintf("Register a release that contains it and says so: incorporates = [%s]. Or withdraw %s, where that is not needed any more.", quoted(sortedSet(fixes)), joinAnd(sortedSet(fixes)))
	return gate
}

// lostOn lists those of the fixes made for another line of releases that an
// environment would lose: it is one of their targets, or has them now.
func (f Facts) lostOn(site *Site, apart []Conflict) []Conflict {
	return slices.DeleteFunc(slices.Clone(apart), func(conflict Conflict) bool {
		stands := site.Declared()
		has := stands != nil && (slices.Contains(stands.Fixes, conflict.Fix) || f.contains(site.Name, stands.Release, conflict.Fix))
		return !has && f.Fixes[conflict.Fix].Plan.Target(site.Name) == nil
	})
}

func quoted(items []string) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = fmt.Sprintf("%q", item)
	}
	return strings.Join(texts, ", ")
}

// gateOverdue judges reconcile-overdue. A release that pays the debt passes.
func (j judging) gateOverdue() Gate {
	gate := Gate{Rule: ReconcileOverdue, Detail: "No emergency fix is overdue."}
	var lines, cures []string
	pays := func(x *FixState) bool { return slices.Contains(j.carried.Contains, x.Name) && x.Reconciled.IsZero() }
	for _, x := range j.f.InForceOn(j.p.Site.Name) {
		if x.unreconciled(j.f) && !pays(x) {
			lines = append(lines, fmt.Sprintf("%s (%s) was to be contained in a release by %s.", x.Name, x.Justification.Incident, FormatTime(x.ReconcileBy())))
			cures = append(cures, fmt.Sprintf("Deploy a release that incorporates %s.", x.Name))
		}
	}
	for _, x := range j.f.toReview() {
		if x.Reaches(j.p.Site.Name) && x.unreviewed(j.f) && !pays(x) {
			lines = append(lines, fmt.Sprintf("%s (%s) was to be reviewed by %s.", x.Name, x.Justification.Incident, FormatTime(x.ReviewBy())))
			cures = append(cures, fmt.Sprintf("Record the review of %s (review of portal_emergency_fix).", x.Name))
		}
	}
	if len(lines) > 0 {
		gate.Status, gate.Detail, gate.Cure = Refused, strings.Join(lines, "\n"), strings.Join(cures, "\n")
	}
	return gate
}

// takingAlong adds to a refusal what cures it where a stage before runs the
// release and lacks only the fixes that it carries by now.
func (j judging) takingAlong(gate Gate) Gate {
	if gate.Status != Refused || len(j.p.Fixes) == 0 || j.stage != j.final {
		return gate
	}
	var cures []string
	if confined := j.f.confinedAmong(j.p.Fixes); len(confined) > 0 {
		cures = append(cures, fmt.Sprintf("No stage before may keep %s, which is for its own environments alone (scope). Deploy a release that contains it: incorporates = [%s].",
			joinAnd(confined), quoted(confined)))
	}
	for _, name := range j.final.After {
		for _, site := range j.f.OnStage(name, LaneRegular) {
			if site.Runs(j.d.Release) && !site.Running.Content.Equal(j.p.To) && len(cures) == 0 {
				cures = append(cures, fmt.Sprintf("Set redeploy on %s to take %s along, then test.", site.Name, joinAnd(lacking(j.p.Fixes, site.Running.Fixes))))
			}
		}
	}
	if len(cures) > 0 {
		gate.Cure = strings.Join(cures, "\n")
	}
	return gate
}

func lacking(fixes, there []string) []string {
	return slices.DeleteFunc(slices.Clone(fixes), func(fix string) bool { return slices.Contains(there, fix) })
}
