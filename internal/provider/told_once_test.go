package provider_test

import (
	"maps"
	"strings"
	"testing"
)

// What the domain judges has no validator in a schema: one mistake would be told twice.
func TestAMistakeIsToldOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	changed := func(r resource, attribute string, value any) resource {
		r.Config = maps.Clone(r.Config)
		r.Config[attribute] = value
		return r
	}
	fix := resource{Address: "portal_emergency_fix.fix", Config: config{
		"pipeline": "shop", "name": "EF-1", "components": p.components("fix"), "bypass": []any{},
		"justification": config{"reason": "logins fail", "incident": "INC-1", "severity": "sev1", "requested_by": "ann", "why_not_normal_path": "it takes a week"},
	}}
	for _, c := range []struct {
		name  string
		wrong resource
		says  string
	}{
		{"a rule that cannot be set", changed(pipeline("shop"), "rules", config{"soak_time": "warn"}), `"soak_time" cannot be set`},
		{"a level", changed(pipeline("shop"), "rules", config{"soak-time": "warning"}), `write "error", "warn" or "off"`},
		{"one stage", changed(pipeline("shop"), "stages", []any{config{"name": "dev"}}), "two stages or more"},
		{"a rule that cannot be bypassed", changed(pipeline("shop"), "emergency", config{"bypassable_rules": []any{"stale-plan"}}), `"stale-plan" cannot be bypassed`},
		{"what a person may approve", changed(pipeline("shop"), "approvers", config{"bob": config{"public_key": "ssh-ed25519 A", "may": []any{"deploy"}}}), `may has "deploy"`},
		{"a strategy", changed(fix, "strategy", "fast"), `"fast" is not a strategy`},
		{"a scope", changed(fix, "scope", "world"), `"world" is not a scope`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, report := p.root("jane").Plan(c.wrong)
			text := report.String()
			if report.OK() || !strings.Contains(strings.Join(strings.Fields(text), " "), c.says) || strings.Contains(text, "Invalid Attribute") {
				t.Errorf("it says\n%s", text)
			}
		})
	}
}
