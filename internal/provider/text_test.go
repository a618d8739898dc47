package provider_test

import (
	"strings"
	"testing"
)

// A file with the line ends of Windows says what it says elsewhere.
func TestLinesOfWindowsAreLines(t *testing.T) {
	oneWalkAfterTheOther(t)
	t.Parallel()
	p := newPlace(t)
	p.apply(p.root("jane"), p.everything()...)
	fix := p.fix("EF-1", "portal_emergency_fix.f")
	const written, otherwise = "one\r\ntwo", "one\ntwo"
	for _, c := range []struct {
		name     string
		resource resource
		at       string
	}{
		{"the notes of a release", p.release("2.0.0"), "notes"},
		{"the description of a pipeline", pipeline("other"), "description"},
		{"the comment of an approval", resource{Address: "portal_approval.a", Config: config{"pipeline": "shop", "release": "1.0.0", "stage": "dev", "approver": "ben"}}, "comment"},
		{"the reason of a fix", fix, "justification.reason"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := p.root("jane")
			c.resource.Config = c.resource.Config.With(c.at, written)
			p.apply(root, c.resource)
			if plan, report := root.Plan(c.resource); plan == nil || !plan.Empty() {
				t.Errorf("it is planned again:\n%s", report)
			}
			c.resource.Config = c.resource.Config.With(c.at, otherwise)
			p.apply(root, c.resource)
			if plan, report := root.Plan(c.resource); plan == nil || !plan.Empty() {
				t.Errorf("written otherwise it is planned again:\n%s", report)
			}
		})
	}
}

func TestOneMistakeIsOneError(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	environment := p.environment("dev", "dev")
	for name, r := range map[string]resource{
		"a duration of a stage":  {Address: "portal_pipeline.p", Config: pipeline("shop").Config.With("stages.0.soak_time", "soon")},
		"a duration of a check":  {Address: environment.Address, Config: environment.Config.With("checks", []any{config{"name": "smoke", "command": []any{"true"}, "timeout": "soon"}})},
		"a duration of a policy": {Address: "portal_pipeline.p", Config: pipeline("shop").Config.With("emergency.review_within", "soon")},
		"a timeout":              {Address: "portal_release_deployment.d", Config: deployment("dev", "1.0.0").Config.With("timeouts", config{"create": "soon"})},
		"no time at all":         {Address: "portal_release_deployment.d", Config: deployment("dev", "1.0.0").Config.With("timeouts", config{"create": "0s"})},
		"an empty kind":          {Address: "portal_release.r", Config: p.release("1.0.0").Config.With("components.app.kind", "")},
		"a time far off": {Address: "portal_freeze.f", Config: config{
			"pipeline": "shop", "name": "summer", "starts_at": "2099-01-01T00:00:00Z", "ends_at": "9999-12-31T23:59:59-10:00", "reason": "holidays",
		}},
		"control characters": {Address: "portal_release_deployment.d", Config: deployment("dev", "1.0.0").Config.With("redeploy", "\x1b[31magain")},
	} {
		t.Run(name, func(t *testing.T) {
			plan, report := p.root("jane").Plan(r)
			if plan != nil || len(report.Errors) != 1 || len(report.Faults) > 0 {
				t.Errorf("it gives %d errors:\n%s", len(report.Errors), report)
			}
			if strings.Contains(report.String(), "\x1b") {
				t.Error("a terminal would be coloured by what it says")
			}
		})
	}
	root := p.root("jane")
	p.apply(root, p.everything()...)
	longer := deployment("dev", "1.0.0")
	longer.Config = longer.Config.With("timeouts", config{"create": "3d"})
	if _, report := root.Plan(append(p.everything()[:6], longer)...); !report.OK() {
		t.Errorf("three days are refused:\n%s", report)
	}
}
