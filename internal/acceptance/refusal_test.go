package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// from now, as a time in a configuration.
func fromNow(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

func freeze(starts, ends time.Duration) string {
	return fmt.Sprintf(`
resource "portal_freeze" "this" {
  pipeline  = portal_pipeline.this.name
  name      = "christmas"
  starts_at = %q
  ends_at   = %q
  reason    = "nobody is there"
}`, fromNow(starts), fromNow(ends))
}

func TestThePlanRefuses(t *testing.T) {
	t.Parallel()
	three := []string{"development", "qa", "production"}
	// A sha256 that is written down is not computed from the file.
	written := strings.Replace(releases("2.4.0"), `files/app-2.4.0"`, `files/app-2.4.0", sha256 = "`+sum("app 2.4.0")+`"`, 1)
	ready := pipeline(`name = "development"`, `name = "qa", required_tests = ["smoke", "load"]`, `name = "production"`) + environments(three...)
	onQA := releases("2.4.0") + chain("2.4.0", "development", "qa")
	wished := deploy("production", versionOf("2.4.0"))
	cases := map[string]struct {
		before  string // what is applied first
		between string // what is applied then, instead; "" is nothing
		prepare func(w *world)
		wish    string
		says    []string
	}{
		"a short cut": {
			before: simple(fiveStages...) + releases("2.4.0") + chain("2.4.0", "development", "qa"),
			wish:   simple(fiveStages...) + releases("2.4.0") + chain("2.4.0", "development", "qa") + wished,
			says: []string{
				`stage-order: release 2.4.0 may not enter "production"`, `with portal_release_deployment.production`,
				`never ran on uat and staging.`,
				`development ran from 20`, `qa ran from 20`, `uat never deployed`, `staging never deployed`,
				`Take it through uat and staging, or, to repair production now, declare a portal_emergency_fix.`,
			},
		},
		"a short cut of what is all new": {
			wish: simple(three...) + releases("2.4.0") + chain("2.4.0", "development") + wished,
			says: []string{`stage-order: release 2.4.0 may not enter "production"`, `qa never deployed`},
		},
		"a missing test": {
			before: ready + onQA + testResult("smoke", "qa", "smoke", "passed", ""),
			wish:   ready + onQA + testResult("smoke", "qa", "smoke", "passed", "") + wished,
			says: []string{
				`tests-passed: release 2.4.0 may not enter "production"`, `load has no result on qa`,
				`development ran from 20`, `qa ran from 20`, `tests passed: smoke, test missing: load`,
				`Record (portal_test_result) a passing result of load on qa, while the release runs there.`,
			},
		},
		"a failing newest test": {
			before:  ready + onQA + testResult("smoke", "qa", "smoke", "passed", "") + testResult("load", "qa", "load", "passed", `run = "1"`),
			between: ready + onQA + testResult("smoke", "qa", "smoke", "passed", "") + testResult("load", "qa", "load", "failed", `run = "2"`),
			wish:    ready + onQA + testResult("smoke", "qa", "smoke", "passed", "") + testResult("load", "qa", "load", "failed", `run = "2"`) + wished,
			says: []string{
				`tests-passed: release 2.4.0 may not enter "production"`, `load failed on qa at 20`,
				`qa ran from 20`, `tests passed: smoke, test failed: load at 20`,
			},
		},
		"a short soak": {
			before: pipeline(`name = "development"`, `name = "qa", soak_time = "3d"`, `name = "production"`) + environments(three...) + onQA,
			wish:   pipeline(`name = "development"`, `name = "qa", soak_time = "3d"`, `name = "production"`) + environments(three...) + onQA + wished,
			says: []string{
				`soak-time: release 2.4.0 may not enter "production"`, `It has not run long enough: it ran less than 72h on qa (`, `complete at 20`,
				`qa ran from 20`, `Wait until 20`, `It will be allowed from 20`,
			},
		},
		"missing approvals, the deployer's among them": {
			before: pipeline(`name = "development"`, `name = "qa", required_approvals = 2`, `name = "production"`) + environments(three...) + onQA + approval("jane@example.com") + approval("bob@example.com"),
			wish:   pipeline(`name = "development"`, `name = "qa", required_approvals = 2`, `name = "production"`) + environments(three...) + onQA + approval("jane@example.com") + approval("bob@example.com") + wished,
			says: []string{
				`approvals: release 2.4.0 may not enter "production"`, `2 approvals required to leave qa (1 so far: bob@example.com`,
				`approvals: 1 of 2`, `Record them with portal_approval; jane@example.com, who deploys, does not count.`,
			},
		},
		"a freeze": {
			before: simple(three...) + onQA + freeze(-time.Hour, time.Hour),
			wish:   simple(three...) + onQA + freeze(-time.Hour, time.Hour) + wished,
			says: []string{
				`freeze: release 2.4.0 may not enter "production"`, `Freeze "christmas" is in force on production from 20`, `nobody is there`,
				`or end the freeze`, `It will be allowed from 20`,
			},
		},
		"a stage that is occupied": {
			before: pipeline(`name = "development"`, `name = "qa", exclusive = true`, `name = "production"`) + environments(three...) + releases("2.4.0", "2.5.0") + chain("2.4.0", "development", "qa"),
			wish:   pipeline(`name = "development"`, `name = "qa", exclusive = true`, `name = "production"`) + environments(three...) + releases("2.4.0", "2.5.0") + chain("2.5.0", "development", "qa"),
			says: []string{
				`stage-occupied: release 2.5.0 may not enter "qa"`, `Stage "qa" is exclusive, and 2.4.0 is under test on qa since 20`,
				`Take 2.4.0 on to production, or roll qa back.`,
			},
		},
		"a wrong base": {
			before: simple(three...) + releases("2.4.0", "2.5.0") + releaseWith("2.6.0", "type = \"differential\"\n base = \"2.4.0\"") + chain("2.5.0", "development"),
			wish:   simple(three...) + releases("2.4.0", "2.5.0") + releaseWith("2.6.0", "type = \"differential\"\n base = \"2.4.0\"") + chain("2.6.0", "development"),
			says: []string{
				`differential-base: release 2.6.0 may not enter "development"`, `It is differential, built against 2.4.0, and development runs 2.5.0.`,
				`Deploy 2.4.0 there first, or register a full release.`,
			},
		},
		"a base that is not registered": {
			before: simple(three...) + releaseWith("2.6.0", "type = \"differential\"\n base = \"2.4.0\""),
			wish:   simple(three...) + releaseWith("2.6.0", "type = \"differential\"\n base = \"2.4.0\"") + chain("2.6.0", "development"),
			says:   []string{`differential-base: release 2.6.0 may not enter "development"`, `2.4.0, which is not registered`, `Register the missing base with portal_release.`},
		},
		"an unmet prerequisite": {
			before: pipeline(`name = "development"`, `name = "production"`) + environmentsWith(`installed = { "hcl-dx" = "9.0.1" }`, "development", "production") + releaseWith("2.4.0", `requires = { "hcl-dx" = ">= 9.5, < 10", "java" = ">= 17" }`),
			wish:   pipeline(`name = "development"`, `name = "production"`) + environmentsWith(`installed = { "hcl-dx" = "9.0.1" }`, "development", "production") + releaseWith("2.4.0", `requires = { "hcl-dx" = ">= 9.5, < 10", "java" = ">= 17" }`) + chain("2.4.0", "development"),
			says: []string{
				`prerequisites: release 2.4.0 may not enter "development"`,
				`is not on development: hcl-dx >= 9.5, < 10 (9.0.1 is installed); java >= 17 (not installed).`,
			},
		},
		"bytes that are not what the release says": {
			before: simple(three...),
			wish: simple(three...) + fmt.Sprintf(`
resource "portal_release" "v" {
  pipeline   = portal_pipeline.this.name
  version    = "2.4.0"
  components = { app = { version = "1", source = "{dir}/files/app-2.4.0", sha256 = %q } }
}`, strings.Repeat("ab", 32)),
			says: []string{`digest-match: component app of release 2.4.0 cannot be registered`, strings.Repeat("ab", 32)},
		},
		"bytes that have changed since, the cache gone": {
			before:  simple(three...) + written + chain("2.4.0", "development"),
			prepare: func(w *world) { w.emptyCache(); w.write("files/app-2.4.0", "something else") },
			wish:    simple(three...) + written + chain("2.4.0", "development", "qa"),
			says:    []string{`digest-match: release 2.4.0 may not enter "qa"`, `Its bytes are not what was registered, or cannot be read:`, `component "app":`},
		},
		"bytes that cannot be had": {
			before:  simple(three...) + releases("2.4.0") + chain("2.4.0", "development"),
			prepare: func(w *world) { w.emptyCache(); w.remove("files/app-2.4.0") },
			wish:    simple(three...) + releases("2.4.0") + chain("2.4.0", "development", "qa"),
			says:    []string{`digest-match: release 2.4.0 may not enter "qa"`, `cannot be read`, `component "app":`, `files/app-2.4.0`},
		},
		"a release under another declaration": {
			before: simple(three...) + releases("2.4.0"),
			wish: simple(three...) + `
resource "portal_release" "v2_4_0" {
  pipeline   = portal_pipeline.this.name
  version    = "2.4.0"
  components = { app = { version = "2.4.1", source = "{dir}/files/app-2.5.0" } }
}`,
			says: []string{`digest-match: release 2.4.0 is registered with another declaration`, `A registered release never changes`, `What differs:`, `app`, `Register a new version, or restore the declaration.`},
		},
		"an environment that is kept for emergencies": {
			before: pipeline(`name = "development"`, `name = "production"`) + environment("development", "development", directoryOf("development"), `lane = "emergency"`) + releases("2.4.0"),
			wish:   pipeline(`name = "development"`, `name = "production"`) + environment("development", "development", directoryOf("development"), `lane = "emergency"`) + releases("2.4.0") + chain("2.4.0", "development"),
			says:   []string{`emergency-lane: release 2.4.0 may not enter "development"`, `Environment "development" is kept for emergency fixes: regular deployments do not go there.`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			still := w.still()
			var steps []resource.TestStep
			last := ""
			for _, config := range []string{c.before, c.between} {
				if config != "" {
					last = w.config(config)
					steps = append(steps, resource.TestStep{Config: last})
				}
			}
			steps = append(steps, resource.TestStep{
				PreConfig: func() {
					if c.prepare != nil {
						c.prepare(w)
					}
					still.remember()
				},
				Config: w.config(c.wish), PlanOnly: true, ExpectError: says(c.says...),
			})
			if last != "" {
				steps = append(steps, resource.TestStep{PreConfig: still.compare, Config: last, PlanOnly: true})
			}
			w.run(steps...)
			if last == "" {
				still.compare()
			}
		})
	}
}

func approval(approver string) string {
	name, _, _ := strings.Cut(approver, "@")
	return fmt.Sprintf(`
resource "portal_approval" %q {
  pipeline = portal_pipeline.this.name
  release  = portal_release.v2_4_0.version
  stage    = "qa"
  approver = %q
}`, name, approver)
}
