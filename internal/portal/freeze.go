package portal

import (
	"fmt"
	"slices"
	"strings"
)

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

// gateFreeze judges a change of what runs on a stage by the freezes that
// concern it.
func (f Facts) gateFreeze(freezes []Freeze, stage string) Gate {
	gate := Gate{Rule: FreezeInForce, Detail: "No freeze is in force."}
	var lines []string
	for _, z := range freezes {
		if f.frozenBy(z) {
			lines = append(lines, fmt.Sprintf("Freeze %q is in force on %s from %s until %s: %s",
				z.Name, stage, FormatTime(z.StartsAt), FormatTime(z.EndsAt), z.Reason))
		}
	}
	if len(lines) == 0 {
		return gate
	}
	gate.Status, gate.Detail, gate.At = Refused, strings.Join(lines, "\n"), thaw(freezes, f.Now)
	gate.Cure = "Wait until " + FormatTime(gate.At) + ", or end the freeze, in an apply of its own."
	if problem, cure := f.ClockProblem(); problem != "" {
		gate.Detail, gate.At, gate.Cure = gate.Detail+"\n"+problem+".", Time{}, cure
	}
	return gate
}

// frozenBy reports whether a freeze is in force. Where the newest entry lies in the
// future, it is when either clock says so.
func (f Facts) frozenBy(z Freeze) bool {
	return !f.Now.Before(z.StartsAt) && f.clock().Before(z.EndsAt)
}

// thaw is the first full second from the given time on at which none of the
// freezes is in force.
func thaw(freezes []Freeze, at Time) Time {
	for {
		i := slices.IndexFunc(freezes, func(z Freeze) bool { return z.inForce(at) })
		if i < 0 {
			return at
		}
		at = roundUp(freezes[i].EndsAt)
	}
}
