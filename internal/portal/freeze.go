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
		if z.inForce(f.Now) {
			lines = append(lines, fmt.Sprintf("Freeze %q is in force on %s from %s until %s: %s",
				z.Name, stage, FormatTime(z.StartsAt), FormatTime(z.EndsAt), z.Reason))
		}
	}
	if len(lines) == 0 {
		return gate
	}
	gate.Status, gate.Detail, gate.At = Refused, strings.Join(lines, "\n"), thaw(freezes, f.Now)
	gate.Cure = "Wait until " + FormatTime(gate.At) + ", or end the freeze."
	return gate
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
