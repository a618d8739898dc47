package portal

import (
	"fmt"
	"slices"
	"time"
)

var freezeRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          FreezeInForce,
		Refuses:     "a change of what runs on a stage while a freeze is in force there; a rollback and a repair are only warned",
		Deployments: "refused", Fixes: "refused", Bypassable: true, Tunable: true,
	},
	Satisfied: "No freeze is in force.",
	Judge:     judgeFreeze,
}

func judgeFreeze(q *question) []Finding {
	if len(q.f.Freezes) == 0 {
		return nil
	}
	var found []Finding
	freezes := q.freezes()
	for _, z := range freezes {
		if q.frozenBy(z) {
			found = append(found, Finding{
				About: []string{z.Name + " until " + z.EndsAt.UTC().Format(time.RFC3339Nano), z.Reason},
				Detail: fmt.Sprintf("freeze %q is in force on %s from %s until %s: %s",
					z.Name, q.stage.Name, FormatTime(z.StartsAt), FormatTime(z.EndsAt), z.Reason),
			})
		}
	}
	if len(found) == 0 {
		return nil
	}
	at := thaw(freezes, q.f.Now)
	cure := "Wait until " + FormatTime(at) + ", or end the freeze, in a separate apply."
	if problem, clockCure := q.f.ClockProblem(); problem != "" {
		found[len(found)-1].Now, at, cure = "\n"+problem+".", Time{}, clockCure
	}
	if q.mode == ModeRemove {
		// Terraform may destroy a freeze in the same run, but in no order that one can rely on.
		cure += "\nIf the same run removes the freeze, remove it first, in a separate run: terraform destroy -target=portal_freeze.NAME"
	}
	for i := range found {
		found[i].At, found[i].Cure = at, cure
	}
	return found
}

// freezes lists the freezes that concern the stage, also later.
func (q *question) freezes() []Freeze {
	if len(q.f.Freezes) == 0 {
		return nil
	}
	return q.f.freezesOn(q.stage.Name, q.final.Name)
}

// freezesOn lists the freezes that concern a stage, by name.
func (s *State) freezesOn(stage, final string) []Freeze {
	var freezes []Freeze
	for _, name := range sortedKeys(s.Freezes) {
		z := s.Freezes[name].Freeze
		if slices.Contains(z.Stages, stage) || (len(z.Stages) == 0 && stage == final) {
			freezes = append(freezes, z)
		}
	}
	return freezes
}

// frozenBy reports whether a freeze is in force. If the newest entry lies in the future, either
// clock saying so is enough, but not to block a fix.
func (q *question) frozenBy(z Freeze) bool {
	if q.fix != nil {
		return z.inForce(q.f.clock())
	}
	return !q.f.Now.Before(z.StartsAt) && q.f.clock().Before(z.EndsAt)
}

// thaw is the first full second from the given time on at which none of the freezes is in force.
func thaw(freezes []Freeze, at Time) Time {
	for {
		i := slices.IndexFunc(freezes, func(z Freeze) bool { return z.inForce(at) })
		if i < 0 {
			return at
		}
		at = roundUp(freezes[i].EndsAt)
	}
}
