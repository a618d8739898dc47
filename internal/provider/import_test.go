package provider_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

// What is imported is as a configuration that says no more than it must has it: the plan
// after an import is empty, of every type.
func TestAnImportPlansNothingForDefaults(t *testing.T) {
	oneWalkAfterTheOther(t)
	t.Parallel()
	p := newPlace(t)
	jane := p.root("jane")
	fix := p.fix("EF-1", "portal_emergency_fix.f")
	environment := p.environment("dev", "dev")
	environment.Config = environment.Config.With("checks", []any{config{"name": "up", "command": []any{"true"}}})
	program := p.environment("program", "dev")
	program.Config = program.Config.With("target", config{"command": config{"deploy": []any{"true"}, "observe": []any{"echo", `{"version":1,"components":{}}`}}})
	resources := p.everything()
	resources[1] = environment
	resources = append(resources, program,
		resource{Address: "portal_test_result.r", Config: config{"pipeline": "shop", "environment": "dev", "release": "1.0.0", "suite": "smoke", "outcome": "passed"}},
		resource{Address: "portal_approval.a", Config: config{"pipeline": "shop", "release": "1.0.0", "stage": "dev", "approver": "ben"}},
		resource{Address: "portal_freeze.f", Config: config{"pipeline": "shop", "name": "summer", "starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-02-01T00:00:00Z", "reason": "holidays"}},
	)
	p.apply(jane, resources...)
	p.apply(jane, append(slices.Clone(resources), fix)...)
	resources = append(resources, fix)

	kim := p.root("kim")
	types := map[string]bool{}
	for _, r := range resources {
		if report := kim.Import(r, textOf(t, jane.State(r.Address, "id"))); !report.OK() {
			t.Fatalf("%s cannot be imported:\n%s", r.Address, report)
		}
		kind, _, _ := strings.Cut(r.Address, ".")
		types[kind] = true
	}
	for kind := range p.Resources() {
		if !types[kind] {
			t.Errorf("no %s is imported", kind)
		}
	}
	plan := p.mustPlan(kim, resources...)
	for _, r := range resources {
		if action := plan.Action(r.Address); action != coretest.NoOp {
			var differs []string
			for _, name := range slices.Sorted(maps.Keys(fieldsOf(t, plan.Object(r.Address)))) {
				if is, was := plan.Planned(r.Address, name), plan.Prior(r.Address, name); !is.Equal(was) {
					differs = append(differs, name+": "+was.String()+" -> "+is.String())
				}
			}
			t.Errorf("after its import %s is planned to be changed (%s):\n%s", r.Address, action, strings.Join(differs, "\n"))
		}
	}
}
