package provider_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

func textOf(t *testing.T, v tftypes.Value) string {
	t.Helper()
	var text string
	if !v.IsKnown() {
		return "unknown"
	}
	if err := v.As(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func linesOf(t *testing.T, v tftypes.Value) []string {
	t.Helper()
	var values []tftypes.Value
	if err := v.As(&values); err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for _, value := range values {
		lines = append(lines, textOf(t, value))
	}
	return lines
}

func fieldsOf(t *testing.T, v tftypes.Value) map[string]tftypes.Value {
	t.Helper()
	var fields map[string]tftypes.Value
	if err := v.As(&fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// mustPlan plans, and fails where that is not possible.
func (p *place) mustPlan(r *coretest.Root, resources ...resource) *coretest.Plan {
	p.t.Helper()
	plan, report := r.Plan(resources...)
	if !report.OK() {
		p.t.Fatalf("it cannot be planned:\n%s", report)
	}
	return plan
}

func TestADeploymentSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	jane := p.root("jane")
	all := p.everything()
	const dev = "portal_release_deployment.dev"
	at := func(version, redeploy string) []resource {
		d := deployment("dev", version)
		if redeploy != "" {
			d.Config = d.Config.With("redeploy", redeploy)
		}
		return append(append([]resource{}, all[:6]...), p.release("1.1.0"), d)
	}
	steps := []struct {
		name, version, redeploy string
		before                  func()
		planned, after          string
	}{
		{name: "new", version: "1.0.0", planned: "unknown", after: "promotion"},
		{name: "the next release", version: "1.1.0", planned: "promotion", after: "promotion"},
		{name: "the one before", version: "1.0.0", planned: "rollback", after: "rollback"},
		{name: "the same again", version: "1.0.0", redeploy: "once more", planned: "redeploy", after: "redeploy"},
		{
			name: "changed by hand", version: "1.0.0", redeploy: "once more", planned: "repair", after: "repair",
			before: func() { p.must(os.WriteFile(p.path("env", "dev", "current", "app"), []byte("by hand"), 0o644)) },
		},
	}
	for _, step := range steps {
		if step.before != nil {
			step.before()
		}
		plan := p.mustPlan(jane, at(step.version, step.redeploy)...)
		if got := textOf(t, plan.Planned(dev, "action")); got != step.planned {
			t.Errorf("%s: %q is planned, not %q", step.name, got, step.planned)
		}
		if planned := plan.Planned(dev, "components"); step.planned == "unknown" {
			if planned.IsKnown() {
				t.Errorf("%s: components are known", step.name)
			}
		} else if got := textOf(t, fieldsOf(t, fieldsOf(t, planned)["app"])["version"]); got != step.version {
			t.Errorf("%s: app %s is planned", step.name, got)
		}
		if report := jane.Apply(plan); !report.OK() {
			t.Fatalf("%s: %s", step.name, report)
		}
		if got := textOf(t, jane.State(dev, "action")); got != step.after {
			t.Errorf("%s: the state has %q, not %q", step.name, got, step.after)
		}
		app := fieldsOf(t, fieldsOf(t, jane.State(dev, "components"))["app"])
		if version, source := textOf(t, app["version"]), textOf(t, app["source"]); version != step.version || source != p.path("files", "app-"+version) {
			t.Errorf("%s: the state has app %s from %s", step.name, version, source)
		}
		if plan := p.mustPlan(jane, at(step.version, step.redeploy)...); !plan.Empty() {
			t.Errorf("%s: the next plan is not empty", step.name)
		}
	}
	kim := p.root("kim")
	p.apply(kim, deployment("dev", "1.0.0"))
	if got := textOf(t, kim.State(dev, "action")); got != "adoption" {
		t.Errorf("what is there already is a %q", got)
	}
}

// A source that changes in the same apply, or in the meantime, changes nothing that was
// planned.
func TestWhereComponentsAreFromMayChangeUntilTheyAreDeployed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	jane := p.root("jane")
	all := p.everything()
	with := func(version, source string) []resource {
		r := p.release("1.1.0")
		r.Config = r.Config.With("components.app.source", source)
		d := deployment("dev", version)
		d.Config["release"] = coretest.Ref{Address: "portal_release.r" + version, Attribute: "version"}
		return append(append([]resource{}, all[:6]...), r, d)
	}
	p.apply(jane, with("1.0.0", p.path("files", "app-1.1.0"))...)
	p.write("files/moved", "app 1.1.0")
	p.apply(jane, with("1.1.0", p.path("files", "moved"))...)
	app := fieldsOf(t, fieldsOf(t, jane.State("portal_release_deployment.dev", "components"))["app"])
	if got := textOf(t, app["source"]); got != p.path("files", "moved") {
		t.Errorf("it is from %s", got)
	}
}

func TestDriftIsToldByFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	jane := p.root("jane")
	resources := p.everything()[:7]
	p.apply(jane, resources...)
	const dev = "portal_release_deployment.dev"
	if got := linesOf(t, jane.State(dev, "drift")); len(got) > 0 {
		t.Errorf("after the deployment: %q", got)
	}
	p.must(os.WriteFile(p.path("env", "dev", "current", "app"), []byte("by hand"), 0o644))
	plan := p.mustPlan(jane, resources...)
	if plan.Action(dev) != coretest.Update || len(linesOf(t, plan.Planned(dev, "drift"))) > 0 {
		t.Errorf("%s is planned, with drift %v", plan.Action(dev), plan.Planned(dev, "drift"))
	}
	got := linesOf(t, plan.Prior(dev, "drift"))
	if len(got) != 1 || !strings.HasPrefix(got[0], "app: changed: sha256 ") {
		t.Errorf("the refresh tells %q", got)
	}
	if report := jane.Apply(plan); !report.OK() {
		t.Fatal(report)
	}
	p.must(os.RemoveAll(p.path("env", "dev")))
	p.write("env/dev", "a file, where a directory should be")
	plan = p.mustPlan(jane, resources...)
	if !plan.Empty() || !plan.Prior(dev, "drift").IsNull() {
		t.Errorf("of a target that cannot be asked: drift %v", plan.Prior(dev, "drift"))
	}
}

func TestChecksAreTold(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	jane := p.root("jane")
	checks := func() string {
		t.Helper()
		var values []tftypes.Value
		if err := jane.State("portal_release_deployment.dev", "checks").As(&values); err != nil {
			t.Fatal(err)
		}
		told := []string{}
		for _, check := range values {
			fields := fieldsOf(t, check)
			told = append(told, textOf(t, fields["name"])+" "+textOf(t, fields["outcome"]))
			if textOf(t, fields["duration"]) == "" {
				t.Error("how long it took is not told")
			}
		}
		return strings.Join(told, ", ")
	}
	with := func(links, redeploy string) []resource {
		resources := p.everything()[:7]
		resources[1].Config = resources[1].Config.With("checks", []any{
			config{"name": "smoke", "command": []any{"echo", "all there"}}, config{"name": "links", "command": []any{links}},
		})
		resources[6].Config = resources[6].Config.With("redeploy", redeploy)
		return resources
	}
	p.apply(jane, with("true", "1")...)
	if got := checks(); got != "smoke passed, links passed" {
		t.Errorf("checks: %s", got)
	}
	if plan := p.mustPlan(jane, with("true", "1")...); !plan.Empty() {
		t.Error("the next plan is not empty")
	}
	if report := p.attempt(jane, with("false", "2")...); report.OK() {
		t.Error("a check that fails is no error")
	}
	if got := checks(); got != "smoke passed, links failed" {
		t.Errorf("after a deployment that failed: %s", got)
	}
}

func TestAnArchiveThatIsPackedAnewIsTold(t *testing.T) {
	oneWalkAfterTheOther(t)
	t.Parallel()
	p := newPlace(t)
	jane := p.root("jane")
	release := func(version, file string) resource {
		r := p.release("1.0.0")
		r.Address, r.Config = "portal_release.r"+version, r.Config.With("version", version).With("components.app.source", p.path("files", file))
		return r
	}
	resources := append(slices.Clone(p.everything()[:5]), release("1.0.0", "app-1.0.0"), deployment("dev", "1.0.0"))
	told := func(more ...resource) int {
		t.Helper()
		_, report := jane.Plan(append(slices.Clone(resources), more...)...)
		if !report.OK() {
			t.Fatal(report)
		}
		n := 0
		for _, w := range report.Warnings {
			if strings.HasPrefix(w.Summary, "Component app 1.0.0 of release 1.1.0 has other bytes than in 1.0.0") {
				n++
			}
		}
		return n
	}
	if n := told(release("1.1.0", "app-1.1.0")); n != 1 {
		t.Errorf("of releases of the same plan it is told %d times", n)
	}
	p.apply(jane, resources...)
	if n := told(release("1.1.0", "app-1.1.0")); n != 1 {
		t.Errorf("it is told %d times", n)
	}
	if n := told(release("1.1.0", "app-1.0.0")); n != 0 {
		t.Error("of the same bytes it is told as well")
	}
}
