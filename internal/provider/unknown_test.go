package provider_test

import (
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

// What is there does not become another thing by chance: where its name or its pipeline is
// known after apply only, Terraform would destroy it and create it again.
func TestAnEnvironmentWhoseNameBecomesUnknownIsGuarded(t *testing.T) {
	oneWalkAfterTheOther(t)
	t.Parallel()
	p := newPlace(t)
	root := p.root("jane")
	p.apply(root, p.everything()...)
	for _, c := range []struct {
		name, environment, attribute string
		alone                        bool // its deployment is another root module's
		says                         string
	}{
		{"the pipeline of one in service", "dev", "pipeline", false, "cannot be replaced while it runs"},
		{"its name", "dev", "name", false, "cannot be replaced while it runs"},
		{"the pipeline of one in service elsewhere", "dev", "pipeline", true, "cannot be replaced while it runs"},
		{"the pipeline of one that is empty", "spare", "pipeline", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := p.everything()
			if c.alone {
				all = all[:5]
			}
			for i, r := range all {
				if r.Address == "portal_environment."+c.environment {
					all[i].Config = r.Config.With(c.attribute, coretest.Later{Value: r.Config[c.attribute]})
				}
			}
			module := root.Copy()
			if c.alone {
				module = p.root("kim")
				p.apply(module, p.everything()[:5]...)
			}
			plan, report := module.Plan(all...)
			if c.says == "" {
				if plan == nil {
					t.Fatalf("it is refused:\n%s", report)
				}
				if report := module.Apply(plan); !report.OK() {
					t.Fatalf("it is planned and not applied:\n%s", report)
				}
				return
			}
			if plan != nil || len(report.Faults) > 0 || !strings.Contains(report.String(), c.says) {
				t.Errorf("it is planned, or refused otherwise:\n%s", report)
			}
		})
	}
}

// What is not known yet is not refused: it may be right.
func TestWhatIsNotKnownYetIsNotRefused(t *testing.T) {
	oneWalkAfterTheOther(t)
	t.Parallel()
	p := newPlace(t)
	root := p.root("jane")
	p.apply(root, p.everything()...)
	check := config{"name": "smoke", "command": []any{"true"}}
	delta := config{"pipeline": "shop", "version": "1.2.0", "base": "1.0.0", "components": p.components("2.0.0")}
	extra := p.environment("extra", "dev").Config
	for name, r := range map[string]resource{
		"the type of a release with a base": {Address: "portal_release.d", Config: delta.With("type", coretest.Later{Value: "differential"})},
		"a check":                           {Address: "portal_environment.e", Config: extra.With("checks", []any{coretest.Later{Value: check}})},
		"the program of a check":            {Address: "portal_environment.e", Config: extra.With("checks", []any{check.With("command", coretest.Later{Value: []any{"true"}})})},
		"a part of a program":               {Address: "portal_environment.e", Config: extra.With("checks", []any{check.With("command", []any{coretest.Later{Value: "true"}})})},
		"the target":                        {Address: "portal_environment.e", Config: extra.With("target", coretest.Later{Value: p.directory("extra")})},
		"the kind of target":                {Address: "portal_environment.e", Config: extra.With("target.directory", coretest.Later{Value: config{"path": p.path("env", "extra")}})},
		"a component":                       {Address: "portal_release.d", Config: delta.With("type", "differential").With("components.app", coretest.Later{Value: p.components("2.0.0")["app"]})},
		"a stage":                           {Address: "portal_pipeline.n", Config: config{"name": "new", "stages": []any{config{"name": "one"}, coretest.Later{Value: config{"name": "two"}}}}},
		"a tool that is installed":          {Address: "portal_environment.e", Config: extra.With("installed", config{"hcl-dx": coretest.Later{Value: "9.5"}})},
	} {
		t.Run(name, func(t *testing.T) {
			module := root.Copy()
			all := append(p.everything(), r)
			plan, report := module.Plan(all...)
			if plan == nil {
				t.Fatalf("it is refused:\n%s", report)
			}
			if report := module.Apply(plan); !report.OK() {
				t.Errorf("it is planned and not applied:\n%s", report)
			}
			p.apply(module, p.everything()...)
		})
	}
}

// A provider with another alias is another process. What it is still to create is missing
// here, however it is referred to, and the message says so.
func TestWhatAnotherAliasIsToCreateIsMissingAndSaidWhy(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	one, other := p.root("jane"), p.root("kim")
	if plan, report := one.Plan(pipeline("shop")); plan == nil {
		t.Fatal(report)
	}
	for what, r := range map[string]resource{
		`Pipeline "shop" is not declared`: p.environment("dev", "dev"), `pipeline "shop" is not declared`: deployment("dev", "1.0.0"),
	} {
		plan, report := other.Plan(r)
		if plan != nil || !strings.Contains(strings.ToLower(report.String()), strings.ToLower(what)) || !strings.Contains(report.String(), "another alias") {
			t.Errorf("%s: it says\n%s", r.Address, report)
		}
	}
	p.apply(one, p.everything()[:5]...)
	if _, report := other.Plan(deployment("dev", "1.0.0")); !strings.Contains(report.String(), "is not registered") || !strings.Contains(report.String(), "another alias") {
		t.Errorf("of a release it says\n%s", report)
	}
	p.apply(other, p.release("1.0.0"), deployment("dev", "1.0.0")) // in an apply of its own
}
