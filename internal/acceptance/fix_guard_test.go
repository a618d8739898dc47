package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestRealALaterReleaseDoesNotLoseTheFix(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.declare(stand(everywhere...)).apply()
	d := ef("")
	s.declare(stand(everywhere...), d.hcl()).apply()
	owed := `Pipeline "intranet" has open obligations for emergency fixes: EF-1 (due 20`

	// A release that is built without it is refused at the first stage.
	s.bills = append(s.bills, bill("1.1.0", "", "app 2", "web 2"))
	ahead := []string{"development 1.1.0", "staging 1.0.0", "production 1.0.0"}
	lost := []string{`fix-regression: release 1.1.0 may not enter "development"`, `EF-1 put app 1.f; the release comes with app 2`, `incorporates = ["EF-1"]`}
	s.declare(stand(everywhere...), d.hcl()).apply() // registers it
	s.declare(stand(ahead...), d.hcl()).planRefuses(lost...)
	// Also once the fix is forgotten by Terraform, and from another root module.
	output := s.declare(stand(everywhere...)).apply()
	if !says(`Warning: Emergency fix intranet/EF-1 stays in force`, `the protection against losing the fix`).MatchString(output) {
		t.Errorf("no warning:\n%s", output)
	}
	s.declare(stand(ahead...)).planRefuses(lost...)
	other := s.world.root("other").write(`
import {
  to = portal_release_deployment.development
  id = "intranet/development"
}
import {
  to = portal_emergency_fix.ef_1
  id = "intranet/EF-1"
}`, elsewhere("development", "1.1.0"), d.hcl())
	other.refuses([]string{"plan"}, lost...)

	// One that pretends is refused at registration.
	s.bills = append(s.bills, bill("1.2.0", `incorporates = ["EF-1"]`, "app 1", "web 2"))
	s.declare(stand(everywhere...)).planRefuses(`fix-regression: release 1.2.0 does not contain what it says`, `EF-1 put app 1.f; the release has app 1, the version before the fix`)

	// One that contains it goes through, and reconciles it, by itself; the plan
	// says once what is owed until then.
	s.bills[2] = bill("1.2.0", `incorporates = ["EF-1"]`, "app 2", "web 2")
	through := stand("development 1.2.0", "staging 1.2.0", "production 1.2.0")
	output = s.declare(through).must("plan", "-out=saved")
	if n := strings.Count(strings.Join(strings.Fields(output), " "), "has open obligations for emergency fixes"); n != 1 {
		t.Errorf("what is owed is told %d times:\n%s", n, output)
	}
	if !says(owed, `EF-1 (INC-4711): a release that contains EF-1 on production, due 20`, `the review of EF-1, due 20`, `development runs 1.0.0 without EF-1`).MatchString(output) {
		t.Errorf("what is owed is not told:\n%s", output)
	}
	s.must("apply", "saved")
	s.mustBeEmpty()
	for _, environment := range []string{"development", "staging", "production"} {
		s.has(environment, "app 2", "web 2")
		s.runsAs(environment, "1.2.0", "1.2.0", "running")
	}
	s.declare(through, rehearsed(d)).apply()
	s.mustBeEmpty()
	if got := s.fix(d); got.Status != "reconciled" || len(got.owes()) != 1 {
		t.Errorf("it is %s and owes %v", got.Status, got.owes())
	}
	// What is older, or higher and without it, is still looked after.
	rolledBack := stand("development 1.2.0", "staging 1.2.0", "production 1.0.0")
	s.declare(rolledBack, d.hcl()).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 1")
	s.declare(through, d.with(`review = { reviewer = "carol@example.com", outcome = "accepted-with-actions", notes = "alarm at half the limit" }`).hcl()).
		planRefuses(`rolled-back: release 1.2.0 may not enter "production"`)
	s.bills = append(s.bills, bill("1.3.0", "", "app 3", "web 2"))
	s.declare(stand("development 1.3.0", "staging 1.3.0", "production 1.3.0"), d.with(`review = { reviewer = "carol@example.com", outcome = "accepted-with-actions", notes = "alarm at half the limit" }`).hcl()).apply()
	s.mustBeEmpty()
	s.has("production", "app 3", "web 2")
	s.refreshed()
	if got := s.fix(d); got.Status != "reconciled" || len(got.owes()) != 0 || got.Review.Reviewer != "carol@example.com" {
		t.Errorf("it is %s and owes %v", got.Status, got.owes())
	}
	// Destroyed now, there is nothing to warn of.
	if output := s.must("destroy", "-auto-approve"); strings.Contains(output, "stays in force") {
		t.Error("a fix that is paid for warns when it is destroyed")
	}
	if n := len(events[portal.FixReconciled](t, s.entries())); n != 1 {
		t.Errorf("it was reconciled %d times", n)
	}
}

func TestRealWhatAFixOwesIsOverdue(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.policy = `emergency = { reconcile_within = "1s", review_within = "1s" }`
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"), bill("1.2.0", `incorporates = ["EF-1"]`, "app 1.f", "web 3"))
	s.bills = s.bills[:2]
	s.declare(stand(everywhere...)).apply()
	d := ef("")
	s.declare(stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")).apply()
	places := stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")
	s.declare(places, d.hcl()).apply()
	time.Sleep(1100 * time.Millisecond)
	s.mustBeEmpty() // nothing that is planned tells the time
	s.has("staging", "app 1.f", "web 2")
	onward := stand("development 1.1.0", "staging 1.1.0", "production 1.1.0")
	s.declare(onward, d.hcl()).planRefuses(`reconcile-overdue: release 1.1.0+EF-1 may not enter "production"`, `A release has to contain emergency fix EF-1 (INC-4711) since 20`, `The review of emergency fix EF-1 (INC-4711) was due at 20`,
		`Deploy a release that incorporates EF-1`, `Record the review of EF-1`)
	// A second fix only warns of it.
	second := ef("").named("EF-2").bringing("web 1.f").with(`strategy = "rollback"`)
	output := s.declare(places, d.hcl(), second.hcl()).must("plan", "-out=saved")
	if !says(`Warning: reconcile-overdue: emergency fix EF-2 goes ahead although it breaks this rule`, `Overdue: EF-1`).MatchString(output) {
		t.Errorf("it does not warn:\n%s", output)
	}
	s.bills = append(s.bills, bill("1.2.0", `incorporates = ["EF-1"]`, "app 1.f", "web 3"))
	reviewed := d.with(`review = { reviewer = "carol@example.com", outcome = "rejected", notes = "it could have waited" }`)
	s.declare(stand("development 1.2.0", "staging 1.2.0", "production 1.2.0"), reviewed.hcl()).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 3")
	s.refreshed()
	if got := s.fix(d); got.Status != "reconciled" || len(got.owes()) != 0 {
		t.Errorf("it is %s and owes %v", got.Status, got.owes())
	}
}

func TestRealAReleaseInFlightTakesTheFixAlong(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.stages = []string{`name = "development"`, `name = "uat", required_tests = ["acceptance"]`, `name = "staging", required_tests = ["smoke"]`, `name = "production"`}
	s.more["staging"] = `checks = [{ name = "smoke", command = ["test", "-d", "{dir}/env/staging"] }]`
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"))
	accepted := testResult("acceptance", "uat", "acceptance", "passed", "")
	start := stand("development 1.0.0", "uat 1.0.0", "staging 1.0.0", "production 1.0.0")
	s.declare(strings.Replace(start, "depends_on = ["+deployment("uat")+"]", "depends_on = [portal_test_result.acceptance]", 1), accepted).apply()
	places := stand("development 1.1.0", "uat 1.1.0", "staging 1.0.0", "production 1.0.0")
	s.declare(places).apply()
	d := ef("").bypassing("stage-order", "tests-passed")
	s.declare(places, d.hcl()).apply()
	s.declare(places, d.hcl(), accepted).apply()
	s.mustBeEmpty()
	s.runsAs("uat", "1.1.0", "1.1.0", "running")

	// It goes on from UAT as it was accepted there, and gets the fix on staging.
	s.declare(stand("development 1.1.0", "uat 1.1.0", "staging 1.1.0", "production 1.0.0"), d.hcl(), accepted).apply()
	s.mustBeEmpty()
	s.has("staging", "app 1.f", "web 2")
	s.has("uat", "app 1", "web 2")
	s.declare(stand("development 1.1.0", "uat 1.1.0", "staging 1.1.0", "production 1.1.0"), d.hcl(), accepted).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 2")
	s.refreshed()
	s.runsAs("production", "1.1.0", "1.1.0+EF-1", "running")
}

func TestRealAReleaseThatStandsOnStagingTakesTheFixAlongByRedeploy(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	// The fix is tested on a lane, so that what stands on staging stays as it is.
	s.stages = []string{`name = "development"`, `name = "staging", required_tests = ["smoke"]`, `name = "production"`}
	s.extra = []string{"lane", "staging", `lane = "emergency"`}
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"))
	smoke := testResult("smoke", "staging", "smoke", "passed", `run = "1"`)
	s.declare(strings.Replace(stand(everywhere...), "depends_on = ["+deployment("staging")+"]", "depends_on = [portal_test_result.smoke]", 1), smoke).apply()
	ready := stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")
	s.declare(ready, strings.Replace(smoke, `"1"`, `"2"`, 1)).apply()
	d := ef("").bypassing("stage-order", "tests-passed")
	s.declare(ready, d.hcl(), strings.Replace(smoke, `"1"`, `"2"`, 1)).apply()
	s.mustBeEmpty()
	s.has("staging", "app 1", "web 2")
	onward := stand("development 1.1.0", "staging 1.1.0", "production 1.1.0")
	s.declare(onward, d.hcl()).planRefuses(`stage-order: release 1.1.0+EF-1 may not enter "production"`, `Set redeploy on staging, so that it carries EF-1 there, then test it.`)
	again := func(version string) string {
		return strings.Replace(stand("development 1.1.0", "staging 1.1.0", "production "+version), "depends_on = ["+deployment("development")+"]", "redeploy = \"EF-1\"\n  depends_on = ["+deployment("development")+"]", 1)
	}
	output := s.declare(again("1.0.0"), d.hcl()).must("plan", "-out=saved")
	if !says(`~ app 1 -> 1.f`, `1.1.0+EF-1`).MatchString(output) {
		t.Errorf("the plan:\n%s", output)
	}
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.has("staging", "app 1.f", "web 2")
	s.declare(again("1.1.0"), d.hcl()).planRefuses(`tests-passed: release 1.1.0+EF-1 may not enter "production"`, `smoke`)
	third := strings.Replace(smoke, `"1"`, `"3"`, 1)
	s.declare(again("1.0.0"), d.hcl(), third).apply()
	s.declare(again("1.1.0"), d.hcl(), third).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 2")
	if got := s.fix(d).owes(); len(got) != 3 {
		t.Errorf("it owes %s", fmt.Sprint(got))
	}
}
