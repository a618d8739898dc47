package acceptance

import (
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestRealAFixThatBreaksMoreThanItNamesIsTheListOfIt(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.stages = []string{`name = "development", required_approvals = 1`, `name = "staging", required_tests = ["smoke", "load"], soak_time = "1h", exclusive = true`, `name = "production"`}
	policy := `emergency = { required_tests = ["login"], bypassable_rules = ["stage-order", "stage-occupied", "tests-passed", "soak-time", "freeze", "approvals"] }`
	s.policy = policy + "\n" + `rules = { "soak-time" = "warn", "approvals" = "warn", "stage-order" = "warn", "tests-passed" = "warn" }`
	s.bills = append(s.bills, bill("1.1.0", "type = \"differential\"\n base = \"1.0.0\"", "web 2"))
	s.declare(stand(everywhere...)).apply()
	places := stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")
	s.declare(places).apply()
	s.policy = policy
	frozen := freeze(-1e12, 1e13)
	s.declare(places, frozen).apply()

	d := ef("").bypassing()
	output := s.declare(places, frozen, d.hcl()).planRefuses(`emergency fix EF-1 may not go ahead`)
	for _, want := range []string{
		`stage-order: `, `1.0.0+EF-1 never ran on development`,
		`tests-passed: `, `load and smoke have no result on staging`,
		`soak-time: `, `it ran less than 1h on staging`,
		`approvals: `, `1 approval required to leave development`,
		`stage-occupied: `, `stage "staging" is exclusive, and 1.1.0 is under test on staging`,
		`freeze: `, `freeze "christmas" is in force on production from 20`, `nobody is there`,
		`fix-tested: `, `login has no result on 1.0.0+EF-1, and is not a check of staging`, `advance_to = "staging" takes it there first`,
		`If that is acceptable: bypass = ["approvals", "freeze", "soak-time", "stage-occupied", "stage-order", "tests-passed"].`,
	} {
		if !says(want).MatchString(output) {
			t.Errorf("%q is missing in\n%s", want, output)
		}
	}
	s.declare(places, frozen, d.bypassing("fix-tested").hcl()).planRefuses(`pipeline "intranet" does not let a fix bypass fix-tested`)
	s.declare(places, frozen, d.bypassing("environment-held").hcl()).planRefuses(`environment-held`)

	// All of them named, they are shown and recorded, row by row.
	all := []string{"stage-order", "stage-occupied", "tests-passed", "soak-time", "freeze", "approvals"}
	s.declare(places, frozen, d.bypassing(all...).hcl()).planRefuses(`fix-tested: `)
	s.more["staging"] = `checks = [{ name = "login", command = ["true"] }]`
	d = d.bypassing(all...)
	s.declare(places, frozen).apply()
	planned := s.declare(places, frozen, d.hcl()).plan(d)
	s.equal("bypassed", planned.rules(), "approvals", "freeze", "soak-time", "stage-occupied", "stage-order", "tests-passed")
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.has("staging", "app 1.f", "web 2")
	s.has("production", "app 1.f", "web 1")
	if opened := events[portal.FixOpened](t, s.entries()); len(opened) != 1 || len(opened[0].Plan.Bypassed) != len(planned.Bypassed) {
		t.Errorf("recorded: %+v", opened)
	}
}

func TestRealAFixThatNobodyHasApprovedIsToldAtPlanAndRefusedAtApply(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.declare(stand(everywhere...)).apply()
	places := stand(everywhere...)
	d := ef("")
	d.approvals = `{ "ann@example.com" = "", "ANN@example.com" = "" }`
	s.declare(places, d.hcl())
	output := s.unmoved(func() string { return s.must("plan", "-out=saved") })
	digest := s.saved(d).Digest
	if !says(`Warning: fix-approved: emergency fix intranet/EF-1 cannot be applied yet`, `It needs 1 approval of its statement, and has none. ann@example.com requested the fix, so their approval does not count.`, `with its digest: approvals = { "NAME" =`, digest).MatchString(output) {
		t.Errorf("the warning is not there:\n%s", output)
	}
	s.savedRefuses(`fix-approved: emergency fix EF-1 may not go ahead`, `Somebody other than ann@example.com, who requested it, has to read the statement`)
	if opened := events[portal.FixOpened](t, s.entries()); len(opened) != 0 {
		t.Error("it was opened")
	}
	s.mustNotBeTainted()

	// Approvals that have expired, and blank ones, do not count.
	d.approvals = `{ "bob@example.com" = "" }`
	s.declare(places, d.with(`approvals_expire_at = "`+fromNow(-1e12)+`"`).hcl()).refuses([]string{"apply", "-auto-approve"}, `fix-approved`, `The approvals have expired at 20`)
	d.approvals = `{ " " = "" }`
	s.declare(places, d.hcl()).planRefuses(`approvals`)
	d.approvals = `{ "bob@example.com" = "-----BEGIN SSH SIGNATURE-----" }`
	s.declare(places, d.hcl()).planRefuses(`the pipeline lists no approvers with a key`)

	// Whoever asks for it does not review it.
	d.approvals = `{ "bob@example.com" = "" }`
	review := func(by string) string {
		return `review = { reviewer = "` + by + `", outcome = "accepted", notes = "the alarm was late" }`
	}
	s.declare(places, d.with(review("Ann@example.com")).hcl()).planRefuses(`review`, `requested`)
	s.declare(places, d.hcl()).apply()
	s.declare(places, d.with(review("ann@example.com")).hcl()).planRefuses(`review`, `requested`)
	s.declare(places, d.with(review("carol@example.com")).hcl()).apply()
	s.mustBeEmpty()
	s.equal("owed", s.fix(d).owes(), "a release that contains EF-1 on production", "development runs 1.0.0 without EF-1, until its next deployment")
}

func TestRealWhatADeclarationOfAFixMayNotSay(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.declare(stand(everywhere...)).apply()
	places := stand(everywhere...)
	blank := ef("")
	blank.by = " "
	for wish, want := range map[*fixDecl]string{
		ptr(blank):                                   `requested_by`,
		ptr(ef(`strategy = "in-place"`)):             `strategy`,
		ptr(ef(`strategy = "dedicated"`)):            `has no dedicated environment on "staging"`,
		ptr(ef(`advance_to = "development"`)):        `emergency fix EF-1 is not tested on stage "development"`,
		ptr(ef(`environments = ["nowhere"]`)):        `nowhere`,
		ptr(ef(`environments = []`)):                 `environments`,
		ptr(ef("").named("EF_1")):                    `EF_1`,
		ptr(ef("").bringing("app 1")):                `emergency fix EF-1 changes nothing`,
		ptr(ef("").bypassing("fix-regression")):      `fix-regression`,
		ptr(ef(`withdraw = { reason = "changed" }`)): `there is no emergency fix EF-1 to withdraw`,
		ptr(ef(`expect = "abc"`)):                    `stale-plan: emergency fix EF-1 may not go ahead`,
	} {
		s.declare(places, wish.hcl()).planRefuses(want)
	}
	// A file that is not there may come with the apply; this one does not.
	s.declare(places, ef("").bringing("app 9").hcl())
	s.unmoved(func() string { return s.refuses([]string{"apply", "-auto-approve"}, `EF-1`, `app-9`, `not`) })
}

func ptr[T any](value T) *T { return &value }
