package portal

import "fmt"

var heldRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          EnvironmentHeld,
		Refuses:     "a change of an environment that an emergency fix holds, or that has another deployment in flight",
		Deployments: "refused", Fixes: "refused if another fix holds it",
	},
	Satisfied: "Nobody else changes the environment.",
	Judge: func(q *question) []Finding {
		if found := q.f.heldByFix(q.site); found != nil {
			return found
		}
		return q.f.heldByAttempt(q.site)
	},
}

const waitThenPlan = "Wait until it has ended, then plan again."

func (f Facts) heldByFix(site *Site) []Finding {
	x := f.HoldingFix(site.Name)
	if x == nil {
		return nil
	}
	found := Finding{
		Detail: fmt.Sprintf("emergency fix %s (%s) holds %s", x.Name, x.Justification.Incident, site.Name),
		Now:    fmt.Sprintf(" since %s; it is %s.", FormatTime(x.Opened), x.Status()),
		Cure:   waitThenPlan,
	}
	if x.Status() == StatusHalted {
		found.Now += " " + Sentence(x.Halted)
		found.Cure = fmt.Sprintf("Apply portal_emergency_fix %s again when the cause is gone, amend it, or withdraw it. Then plan again.", x.Name)
	}
	return []Finding{found}
}

func (f Facts) heldByAttempt(site *Site) []Finding {
	a := f.held(site)
	if a == nil {
		return nil
	}
	what := "a deployment of " + a.Effective()
	if a.Mode == ModeRemove {
		what = "a removal"
	}
	found := Finding{
		Detail: fmt.Sprintf("%s by %s is in flight on %s", what, a.By, site.Name),
		Now:    fmt.Sprintf(" since %s.", FormatTime(a.StartedAt)),
		Cure:   waitThenPlan,
	}
	if lease := f.Leases[site.Name]; lease.silent(f.clock()) {
		found.Now += " " + Sentence(lease.silence())
		found.Cure = "Wait for the process, or end it if it hangs. Then apply again: the unfinished work is taken over."
	}
	return []Finding{found}
}

// silence says what is known about a silent holder, without a full stop.
func (l Lease) silence() string {
	who := l.Holder
	if who == "" {
		who = "its process"
	}
	return fmt.Sprintf("%s still exists but has not reported since its lease ended at %s: it is stopped, its machine was suspended, or the clock was set forward", who, FormatTime(l.Expires))
}

// occupied reports whether somebody else works on the environment: an emergency fix, or a
// deployment in progress.
func (f Facts) occupied(site *Site) bool {
	return f.held(site) != nil || f.HoldingFix(site.Name) != nil
}

// gateHeld judges who else changes an environment.
func (f Facts) gateHeld(site *Site) Gate {
	q := &question{f: f, site: site}
	return heldRule.gate(q, heldRule.Judge(q))
}

func (f Facts) refuseHeld(site *Site) *RefusalError { return f.refuseChange(site, f.gateHeld(site)) }

// refuseAttempt refuses because of the deployment in progress, whichever fix holds the environment
// as well.
func (f Facts) refuseAttempt(site *Site) *RefusalError {
	return f.refuseChange(site, heldRule.gate(&question{f: f, site: site}, f.heldByAttempt(site)))
}

func (f Facts) refuseChange(site *Site, gate Gate) *RefusalError {
	subject := fmt.Sprintf("environment %q may not be changed", f.Name+"/"+site.Name)
	return refuse(Verdict{subject: subject, Environment: site.Name, Stage: site.Stage}, gate)
}

// heldByOthers lists the environments that another fix holds.
func (f Facts) heldByOthers(x *FixState) []Gate {
	var gates []Gate
	for _, name := range sortedSet(x.Plan.environments()) {
		holder := f.HoldingFix(name)
		if holder == nil || holder.Name == x.Name {
			continue
		}
		gate := f.gateHeld(f.Sites[name])
		gate.Detail += " A fix never preempts a fix."
		gates = append(gates, gate)
	}
	return gates
}
