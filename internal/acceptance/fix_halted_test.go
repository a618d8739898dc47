package acceptance

import (
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// fixResult records a result for what an environment runs with a fix.
func fixResult(name, environment, suite, outcome string, d fixDecl) string {
	text := testResult(name, environment, suite, outcome, "depends_on = ["+d.address()+"]")
	return strings.Replace(text, "release     = portal_release_deployment."+environment+".release", "emergency_fix = \""+d.name+"\"", 1)
}

const notBad = `checks = [{ name = "smoke", command = ["sh", "-c", "! grep -q bad {dir}/env/staging/current/app"] }]`

// preempting is a scene in which staging tests a full release that is alike in
// what the fix touches.
func preempting(t *testing.T, more string) (s *scene, places string) {
	t.Helper()
	s = newScene(t, onDirectories)
	s.policy = more
	s.more["staging"] = notBad
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"))
	s.declare(stand(everywhere...)).apply()
	places = stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")
	s.declare(places).apply()
	return s, places
}

func TestRealAFixThatFailsItsTestIsAmendedAndGoesOn(t *testing.T) {
	t.Parallel()
	s, places := preempting(t, `emergency = { required_tests = ["login", "smoke"] }`)
	bad := ef(`advance_to = "staging"`).bringing("app 1.bad")
	s.declare(places, bad.hcl()).refuses([]string{"apply", "-auto-approve"}, `emergency fix EF-1 is halted at step 3 of`, `deploy on staging`, `check "smoke" failed`)
	s.mustNotBeTainted()
	if got := s.must("state", "list"); strings.Contains(got, "emergency_fix") {
		t.Error("a fix that halted in its creation is in the state")
	}
	s.has("staging", "app 1.bad", "web 2")
	s.has("production", "app 1", "web 1")
	again := s.plan(bad)
	s.equal("steps", again.did(), "hold staging", "suspend staging 1.1.0", "deploy staging 1.1.0+EF-1")
	if output := s.must("show", "saved"); !says(`1 to add, 0 to change, 0 to destroy`).MatchString(output) && strings.Contains(output, "portal_release_deployment.staging will be") {
		t.Errorf("more than the fix is planned:\n%s", output)
	}
	// It is tried again, as it is, and halts again; what was done is not done twice.
	s.refuses([]string{"apply", "saved"}, `emergency fix EF-1 is halted at step 3 of`)
	held := []string{`environment-held`, `Emergency fix EF-1 (INC-4711) holds staging since 20`, `it is halted`, `Apply portal_emergency_fix EF-1 again when the cause is gone, amend it, or withdraw it`}
	s.declare(stand("development 1.1.0", "staging 1.0.0", "production 1.0.0")).planRefuses(held...)

	// A corrected one. The deployments never show a diff.
	better := s.approved(ef(`advance_to = "staging"`).bringing("app 1.g"), places)
	amended := s.declare(places, better.hcl()).plan(better)
	s.equal("steps", amended.did(), "deploy staging 1.1.0+EF-1")
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.refreshed()
	s.has("staging", "app 1.g", "web 2")
	s.runsAs("staging", "1.1.0", "1.1.0+EF-1", "suspended")
	s.runsAs("production", "1.0.0", "1.0.0", "suspended")
	s.runsAs("development", "1.1.0", "1.1.0", "running")
	if got := s.fix(better); got.Status != "open" {
		t.Errorf("it is %s", got.Status)
	}
	// Amended into something that fails, its state stays, and so does the hold.
	bad = s.approved(bad, places)
	s.declare(places, bad.hcl()).refuses([]string{"apply", "-auto-approve"}, `is halted at step 1 of`, `check "smoke" failed`)
	s.mustNotBeTainted()
	better = s.approved(better, places)
	s.declare(places, better.hcl()).apply()
	s.mustBeEmpty()

	// The suite that no check has is recorded by hand.
	onward := ef("").bringing("app 1.g")
	s.declare(places, onward.hcl()).planRefuses(`fix-tested: `, `login has no result on 1.1.0+EF-1, and is not a check of staging`)
	s.declare(places, better.hcl(), fixResult("login", "staging", "login", "failed", better)).apply()
	s.declare(places, onward.hcl(), fixResult("login", "staging", "login", "failed", better)).planRefuses(`fix-tested: `, `login failed on 1.1.0+EF-1`)
	s.declare(places, better.hcl(), fixResult("login", "staging", "login", "passed", better)).apply()
	s.mustBeEmpty()
	rest := s.declare(places, onward.hcl(), fixResult("login", "staging", "login", "passed", better)).plan(onward)
	s.equal("steps", rest.did(), "deploy staging 1.1.0+EF-1", "test staging 1.1.0+EF-1", "hold production", "deploy production 1.0.0+EF-1", "unhold production", "resume staging 1.1.0+EF-1", "unhold staging")
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.refreshed()
	s.has("staging", "app 1.g", "web 2")
	s.has("production", "app 1.g", "web 1")
	s.runsAs("staging", "1.1.0", "1.1.0+EF-1", "running")
	s.runsAs("production", "1.0.0", "1.0.0+EF-1", "running")
	if got := s.fix(onward); got.Status != "applied" || got.AppliedAt == "" || got.ReconcileBy == "" {
		t.Errorf("it is %+v", got)
	}
	s.declare(places, ef("").bringing("app 1.f").hcl(), fixResult("login", "staging", "login", "passed", better)).
		planRefuses(`emergency fix EF-1 is on its targets, and its components cannot change`, `Declare a new fix with another name, on top of this one`)
	s.declare(places, onward.with(`strategy = "rollback"`).hcl()).planRefuses(`its strategy cannot change`)
	s.declare(places, onward.bypassing("stage-order", "freeze").hcl()).planRefuses(`its bypass cannot change`)
	entries := s.entries()
	if opened, amended := len(events[portal.FixOpened](t, entries)), len(events[portal.FixAmended](t, entries)); opened != 1 || amended != 3 {
		t.Errorf("it was opened %d times, and amended %d times", opened, amended)
	}
}

func TestRealAFixThatHaltedIsTakenBack(t *testing.T) {
	t.Parallel()
	bad := ef("").bringing("app 1.bad")
	t.Run("before it was in the state", func(t *testing.T) {
		t.Parallel()
		s, places := preempting(t, "")
		s.declare(places, bad.hcl()).refuses([]string{"apply", "-auto-approve"}, `emergency fix EF-1 is halted at step 3 of`)
		s.declare(places, ef("").withdrawn().hcl()).planRefuses(`emergency fix EF-1 cannot change its components while it is withdrawn`)
		back := s.declare(places, bad.withdrawn().hcl()).plan(bad)
		s.equal("steps", back.did(), "restore staging 1.1.0", "resume staging 1.1.0", "unhold staging")
		s.must("apply", "saved")
		s.mustBeEmpty()
		s.refreshed()
		s.has("staging", "app 1", "web 2")
		s.has("production", "app 1", "web 1")
		s.runsAs("staging", "1.1.0", "1.1.0", "running")
		if got := s.fix(bad); got.Status != "withdrawn" || len(got.owes()) > 0 {
			t.Errorf("it is %s and owes %v", got.Status, got.owes())
		}
		// Its name is taken; nothing brings it back.
		s.declare(places, ef("").hcl()).planRefuses(`emergency fix EF-1 is withdrawn, and its components cannot change`, `declare a new fix with another name`)
		s.declare(places, bad.with(`withdraw = { reason = "no longer needed" }`).hcl()).planRefuses(`emergency fix EF-1 is withdrawn for another reason`, `it made it worse`)
		s.declare(places).apply()
		s.declare(places, bad.hcl()).planRefuses(`Emergency fix intranet/EF-1 was withdrawn at 20`, `Give the new fix another name`)
		second := ef("").named("EF-2")
		s.declare(places, second.hcl()).apply()
		s.mustBeEmpty()
		s.has("production", "app 1.f", "web 1")
	})
	t.Run("after it was open", func(t *testing.T) {
		t.Parallel()
		s, places := preempting(t, "")
		open := ef(`advance_to = "staging"`)
		s.declare(places, open.hcl()).apply()
		s.declare(places, bad.hcl()).refuses([]string{"apply", "-auto-approve"}, `fix-approved`, `bob@example.com approved another statement than this one`)
		bad := s.approved(bad, places)
		s.declare(places, bad.hcl()).refuses([]string{"apply", "-auto-approve"}, `is halted`)
		s.refreshed()
		s.mustNotBeTainted()
		if got := s.fix(bad); got.Status != "halted" {
			t.Errorf("it is %s", got.Status)
		}
		said := strings.Replace(bad.withdrawn().hcl(), "nobody can log in", "some cannot log in", 1)
		s.declare(places, said).apply()
		s.mustBeEmpty()
		s.has("staging", "app 1", "web 2")
		s.has("production", "app 1", "web 1")
		if restated := events[portal.FixRestated](t, s.entries()); len(restated) != 1 {
			t.Errorf("it was said anew %d times", len(restated))
		}
	})
	t.Run("forgotten by the state", func(t *testing.T) {
		t.Parallel()
		s, places := preempting(t, "")
		d := ef("")
		s.declare(places, d.hcl()).apply()
		s.must("state", "rm", d.address())
		// Adopted first, then taken back.
		adopted := s.declare(places, d.hcl()).plan(d)
		if len(adopted.Steps) != 9 {
			t.Errorf("its steps are %v", adopted.did())
		}
		s.unmoved(func() string { return s.must("apply", "saved") })
		s.mustBeEmpty()
		s.must("state", "rm", d.address())
		back := s.declare(places, d.withdrawn().hcl()).plan(d)
		s.equal("steps", back.did(), "hold production", "roll_back production 1.0.0", "unhold production", "hold staging", "roll_back staging 1.1.0", "unhold staging")
		s.must("apply", "saved")
		s.mustBeEmpty()
		s.has("staging", "app 1", "web 2")
		s.has("production", "app 1", "web 1")
	})
}

func TestRealADeadProductionDoesNotBlockThePlanOfItsFix(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		command   bool
		ruin, put func(s *scene)
	}{
		"one that fails when it is asked": {
			onPrograms, func(s *scene) { s.server("production").set(isUnreachable) }, func(s *scene) { s.server("production").set(behaves) },
		},
		"one that does not answer": {
			onPrograms, func(s *scene) { s.server("production").set(isSilent) }, func(s *scene) { s.server("production").set(behaves) },
		},
		"one whose directory is none": {
			onDirectories, func(s *scene) {
				s.remove("env/production")
				s.world.write("env/production", "not a directory")
			}, func(s *scene) { s.remove("env/production") },
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, c.command)
			s.timeout = `timeout = "3s"`
			s.declare(stand(everywhere...)).apply()
			c.ruin(s)
			d := ef("")
			output := s.declare(stand(everywhere...), d.hcl()).must("plan", "-out=saved")
			if !says(`Warning: The target of intranet/production cannot be reached`).MatchString(output) {
				t.Errorf("nothing is said of it:\n%s", output)
			}
			s.refuses([]string{"apply", "saved"}, `emergency fix EF-1 is halted at step 5 of 7, deploy on production`)
			s.mustNotBeTainted()
			s.has("staging", "app 1.f", "web 1")
			c.put(s)
			s.must("apply", "-auto-approve", "-target="+d.address())
			s.declare(stand(everywhere...), d.hcl()).apply()
			s.mustBeEmpty()
			s.has("production", "app 1.f", "web 1")
			if c.command {
				s.equal("staging was deployed", s.server("staging").deployed(), "1.0.0", "1.0.0+EF-1")
			}
		})
	}
}
