package portal

import (
	"fmt"
	"strings"
)

var prerequisitesRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          Prerequisites,
		Refuses:     "a release whose `requires` are met neither by `installed`, nor by the release itself",
		Deployments: "refused", Fixes: "refused",
	},
	Satisfied: "Everything it requires is there.",
	Judge: func(q *question) []Finding {
		lines := unmet(&q.dossier.Release, q.to, q.site)
		if len(lines) == 0 {
			return nil
		}
		return []Finding{{
			Detail: fmt.Sprintf("what %s requires is not on %s: %s", Effective(q.release, q.fixes), q.site.Name, strings.Join(lines, "; ")),
			Cure:   "Install it and say so in installed of portal_environment, or bring it with a release.",
		}}
	},
}

// unmet lists what a release requires and a site with that content does not have.
func unmet(r *Release, content Content, site *Site) []string {
	if len(r.Requires) == 0 {
		return nil
	}
	var lines []string
	for _, name := range sortedKeys(r.Requires) {
		constraint := r.Requires[name]
		installed, byHand := site.Installed[name]
		item, byContent := content[name]
		switch {
		case byHand && satisfies(installed, constraint), byContent && satisfies(item.Version, constraint):
		case byHand:
			lines = append(lines, fmt.Sprintf("%s %s (%s is installed)", name, constraint, installed))
		case byContent && !readable(item.Version):
			lines = append(lines, fmt.Sprintf("%s %s (the release has %q, which is not a version that can be compared: begin it with its numbers)", name, constraint, item.Version))
		case byContent:
			lines = append(lines, fmt.Sprintf("%s %s (the release has %s)", name, constraint, item.Version))
		default:
			lines = append(lines, fmt.Sprintf("%s %s (not installed)", name, constraint))
		}
	}
	return lines
}
