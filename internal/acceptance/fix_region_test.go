package acceptance

import (
	"strings"
	"testing"
)

// TestRealOneRegionIsBroken repairs one of two regions, whose servers are of another
// kind, and nothing but that: the other region, and the stages before, neither keep
// the fix nor wait for it.
func TestRealOneRegionIsBroken(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"), bill("1.2.0", "", "app 1", "web 3"))
	// us, and a test environment like it, are programs; all others are directories.
	regions := environment("us", "production", s.server("us").hcl(""), "") + environment("trial", "staging", s.server("trial").hcl(""), "")
	everywhere := func(version string) string {
		return regions + stand("development "+version, "staging "+version, "trial "+version, "production "+version, "us "+version)
	}
	hasProgram := func(environment string, components ...string) {
		t.Helper()
		s.command = onPrograms
		defer func() { s.command = onDirectories }()
		s.has(environment, components...)
	}
	s.declare(everywhere("1.0.0")).apply()
	places := everywhere("1.1.0")
	s.declare(places).apply()

	d := ef(`environments = ["us"]`).with(`scope = "environments"`)
	elsewhere := func(name string) fixDecl { return d.with(`test_environments = ["` + name + `"]`) }
	s.declare(places, elsewhere("us").hcl()).refuses([]string{"validate"}, `"us" is one of environments: a fix is tested somewhere else`)
	s.declare(places, elsewhere("development").hcl()).planRefuses(`EF-1 is not tested on "development"`, `on stage development, and the fix is tested on: staging`)
	named := elsewhere("staging")
	shown := s.declare(places, named.hcl()).plan(named)
	s.equal("steps on staging", shown.did(),
		"hold staging", "deploy staging 1.1.0+EF-1", "test staging 1.1.0+EF-1",
		"hold us", "deploy us 1.1.0+EF-1", "unhold us", "restore staging 1.1.0", "unhold staging")
	if !strings.Contains(shown.Steps[2].Detail, "another kind (directory) than that of us (command)") {
		t.Errorf("the test says: %s", shown.Steps[2].Detail)
	}

	// Of two that are disturbed alike it is the one that is like the target.
	shown = s.declare(places, d.hcl()).plan(d)
	s.equal("steps", shown.did(),
		"hold trial", "deploy trial 1.1.0+EF-1", "test trial 1.1.0+EF-1",
		"hold us", "deploy us 1.1.0+EF-1", "unhold us", "restore trial 1.1.0", "unhold trial")
	if !strings.Contains(shown.Statement, "\nscope: environments\ntested on: trial ") {
		t.Errorf("the statement is\n%s", shown.Statement)
	}
	s.must("apply", "saved")
	s.mustBeEmpty()
	hasProgram("us", "app 1.f", "web 2")
	hasProgram("trial", "app 1", "web 2")
	s.has("staging", "app 1", "web 2")
	s.has("production", "app 1", "web 2")
	s.refreshed()
	s.runsAs("us", "1.1.0", "1.1.0+EF-1", "running")
	s.runsAs("trial", "1.1.0", "1.1.0", "running")
	s.equal("owed", s.fix(d).owes(), "a release that contains EF-1 on us", "the review of EF-1")

	// A release without it goes to the healthy region, and to the other one not.
	before := regions + stand("development 1.2.0", "staging 1.2.0", "trial 1.2.0", "production 1.2.0")
	s.declare(before, deployWith("us", versionOf("1.1.0"), ""), d.hcl()).apply()
	s.has("production", "app 1", "web 3")
	s.declare(before, deployWith("us", versionOf("1.2.0"), ""), d.hcl()).planRefuses(`fix-regression: release 1.2.0 may not enter "us"`,
		`EF-1 put app 1.f; the release comes with app 1`, `one that goes to us has to contain it`, `incorporates = ["EF-1"]`)
	// Nor is it covered by a fix for all.
	wide := ef("").named("EF-2").bringing("app 1.g").with(`environments = ["production"]`)
	s.declare(before, deployWith("us", versionOf("1.1.0"), ""), d.hcl(), wide.hcl()).planRefuses(`emergency fix EF-2 is for the whole pipeline, and EF-1 is for us alone`, `Both change app`)

	// A rollback takes it along there, and nowhere else.
	back := regions + stand("development 1.2.0", "staging 1.2.0", "trial 1.2.0", "production 1.0.0", "us 1.0.0")
	s.declare(back, d.hcl()).apply()
	s.has("production", "app 1", "web 1")
	hasProgram("us", "app 1.f", "web 1")
	s.runsAs("us", "1.0.0", "1.0.0+EF-1", "running")

	// A release that contains it ends it, when the region runs that.
	s.bills = append(s.bills, bill("1.3.0", `incorporates = ["EF-1"]`, "app 2", "web 3"))
	s.declare(regions+stand("development 1.3.0", "staging 1.3.0", "trial 1.3.0", "production 1.3.0", "us 1.0.0"), d.hcl()).apply()
	s.refreshed()
	if status := s.fix(d).Status; status != "applied" {
		t.Errorf("the healthy region has a release with it, and it is %s", status)
	}
	places = everywhere("1.3.0")
	s.declare(places, d.hcl()).apply()
	s.refreshed()
	if status := s.fix(d).Status; status != "reconciled" {
		t.Errorf("its region has a release with it, and it is %s", status)
	}
	s.mustBeEmpty()
	hasProgram("us", "app 2", "web 3")
	s.must("state", "rm", d.address())
	s.must("import", d.address(), "intranet/EF-1")
	s.mustBeEmpty()
	s.declare(places, named.hcl()).planRefuses(`its test_environments cannot change`)
	s.declare(places, ef(`environments = ["us"]`).hcl()).planRefuses(`its scope cannot change`)
}

// TestRealAFixOfOneRegionLandsBesideADeployment applies a fix for one region and a
// first deployment to the other in one run.
func TestRealAFixOfOneRegionLandsBesideADeployment(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.extra = []string{"us", "production", "", "standby", "production", ""}
	places := stand("development 1.0.0", "staging 1.0.0", "production 1.0.0", "us 1.0.0")
	s.declare(places).apply()
	d := ef(`environments = ["us"]`).with(`scope = "environments"`).with(`test_environments = ["staging"]`)
	rehearsal := strings.Replace(d.hcl(), `resource "portal_emergency_fix"`, `data "portal_fast_path"`, 1)
	expecting := d.with("expect = data.portal_fast_path.ef_1.statement_digest") // what is rehearsed is what is done
	late := deployWith("standby", versionOf("1.0.0"), "depends_on = ["+d.address()+"]")
	s.declare(places, rehearsal, expecting.hcl(), late).apply() // for the pipeline, this is a stale-plan
	s.mustBeEmpty()
	s.has("standby", "app 1", "web 1")
	s.has("us", "app 1.f", "web 1")
	s.declare(places, d.hcl(), late).must("state", "rm", d.address())
	s.must("import", d.address(), "intranet/EF-1")
	s.mustBeEmpty()
	var shown struct {
		Scope  string
		Places []string `json:"test_environments"`
	}
	s.state(d.address(), &shown)
	s.equal("imported", append(shown.Places, shown.Scope), "staging", "environments")
	wide := ef(`environments = ["production"]`).named("EF-3").bringing("web 1.f")
	s.extra = append(s.extra, "other", "production", "")
	later := deployWith("other", versionOf("1.0.0"), "depends_on = ["+wide.address()+"]")
	s.declare(places, d.hcl(), late, wide.hcl(), later).refuses([]string{"apply", "-auto-approve"}, `stale-plan: release 1.0.0 may not enter "other"`, `Emergency fix EF-3 was applied in the same run after this was planned`)
}
