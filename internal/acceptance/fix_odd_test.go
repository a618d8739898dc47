package acceptance

import (
	"strings"
	"testing"
)

func TestRealAFixLandsBetweenThePlanOfADeploymentAndItsApply(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		before, wish string // of the other root module
		fix          fixDecl
		says         []string
	}{
		"of a change": {
			elsewhereInOrder(everywhere...), elsewhereInOrder("development 1.1.0", "staging 1.0.0", "production 1.0.0"), ef(""),
			[]string{`stale-plan: release 1.1.0+EF-1 may not enter "development"`, `The emergency fixes in force have changed since this was planned: they are EF-1, and were none`},
		},
		"of a change where it holds": {
			elsewhereInOrder(everywhere...), elsewhereInOrder("development 1.1.0", "staging 1.1.0", "production 1.0.0"), ef(`advance_to = "staging"`),
			[]string{`environment-held`, `Emergency fix EF-1 (INC-4711) holds staging`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, other := overtaken(t)
			if c.before != elsewhereInOrder(everywhere...) {
				other.write(c.before).apply()
			}
			other.write(c.wish).must("plan", "-out=saved")
			s.declare(c.fix.hcl()).apply()
			s.mustRefuse(other.run(nil, "apply", "saved"), c.says...)
			other.mustNotBeTainted()
			s.mustBeEmpty()
		})
	}
}

func TestRealAFixAndADeploymentThatWaitForEachOther(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"))
	s.extra = []string{"blue", "development", ""}
	d := ef("")
	after := func(environment, version string) string {
		return deployWith(environment, versionOf(version), "depends_on = ["+d.address()+"]")
	}
	s.declare(stand(everywhere...)).apply()
	apart := stand("staging 1.0.0", "production 1.0.0")
	// The fix comes first, and what is planned behind it did not know: it is
	// refused, and goes with the next plan.
	s.declare(apart, d.hcl(), after("development", "1.1.0"), after("blue", "1.1.0"))
	output := s.refuses([]string{"apply", "-auto-approve"}, `stale-plan`)
	for _, want := range []string{`stale-plan: release 1.1.0+EF-1 may not enter "development"`, `stale-plan: release 1.1.0 may not enter "blue"`} {
		if !says(want).MatchString(output) {
			t.Errorf("%q is missing in\n%s", want, output)
		}
	}
	s.has("blue")
	s.has("production", "app 1.f", "web 1")
	s.apply()
	s.mustBeEmpty()
	s.has("development", "app 1.f", "web 2")
	s.has("blue", "app 1.f", "web 2")
	s.has("production", "app 1.f", "web 1")
	s.unmoved(func() string {
		return s.refuses([]string{"apply", "-auto-approve", "-replace=" + d.address()}, `portal_emergency_fix intranet/EF-1 cannot be destroyed and created in the same plan`)
	})
}

func TestRealAFixThatAddsAComponentIsTakenBack(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.world.write("files/patch-1", "patch 1")
	s.declare(stand(everywhere...)).apply()
	d := ef("").bringing("app 1.f", "patch 1")
	wrong := strings.Replace(d.hcl(), `files/patch-1"`, `files/patch-1", sha256 = "`+sum("another")+`"`, 1)
	s.declare(stand(everywhere...), wrong).planRefuses(`digest-match: `, `patch`)
	s.declare(stand(everywhere...), d.hcl()).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "patch 1", "web 1")
	s.declare(stand(everywhere...), d.withdrawn().hcl()).apply()
	s.mustBeEmpty()
	s.has("staging", "app 1", "web 1")
	s.has("production", "app 1", "web 1")
}

func TestRealWhatHasToComeBackCanBeHad(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.bills = append(s.bills, bill("1.1.0", "type = \"differential\"\n base = \"1.0.0\"", "web 2"))
	places := stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")
	s.declare(stand(everywhere...)).apply()
	s.declare(places).apply()
	s.remove("files/web-2")
	s.emptyCache()
	d := ef("")
	s.declare(places, d.hcl()).planRefuses(`digest-match: emergency fix EF-1 may not go ahead`, `web 2`, `files/web-2`)
	s.world.write("files/web-2", "web 2")
	s.must("plan", "-out=saved")
	s.remove("files/web-2")
	s.savedRefuses(`digest-match: `, `web 2`)
	s.world.write("files/web-2", "web 2")
	s.apply()
	s.mustBeEmpty()
	s.has("staging", "app 1.f", "web 2")
}

func TestRealTheFixAloneWhereStagingHasFailed(t *testing.T) {
	t.Parallel()
	s, _ := preempting(t, "")
	s.bills = append(s.bills, bill("1.2.0", "", "app 1.bad", "web 2"))
	places := stand("development 1.2.0", "staging 1.2.0", "production 1.0.0")
	s.declare(places).refuses([]string{"apply", "-auto-approve"}, `check "smoke" failed`)
	d := ef("")
	s.declare(places, d.hcl()).refuses([]string{"plan"}, `environment-held: `, `both change "intranet/staging"`, `terraform apply -target=portal_emergency_fix.NAME applies only the fix`)
	s.must("plan", "-out=saved", "-target="+d.address())
	planned := s.saved(d)
	s.equal("steps", planned.did(),
		"hold staging", "suspend staging 1.1.0", "roll_back staging 1.0.0", "deploy staging 1.0.0+EF-1", "test staging 1.0.0+EF-1",
		"hold production", "deploy production 1.0.0+EF-1", "unhold production", "restore staging 1.1.0+EF-1", "resume staging 1.1.0+EF-1", "unhold staging")
	s.must("apply", "saved")
	s.has("production", "app 1.f", "web 1")
	s.has("staging", "app 1.f", "web 2")
	s.declare(stand("development 1.2.0", "staging 1.1.0", "production 1.0.0"), d.hcl()).mustBeEmpty()
}

func TestRealDestroyingWhatAFixIsAtWorkOn(t *testing.T) {
	t.Parallel()
	s, places := preempting(t, "")
	d := ef(`advance_to = "staging"`)
	s.declare(places, d.hcl()).apply()
	output := s.refuses([]string{"destroy", "-auto-approve"}, `environment-held`, `Emergency fix EF-1 (INC-4711) holds`)
	if !strings.Contains(strings.Join(strings.Fields(output), " "), "withdraw") {
		t.Errorf("the way out is missing:\n%s", output)
	}
	s.has("staging", "app 1.f", "web 2")
	s.has("production", "app 1", "web 1")
	s.must("destroy", "-auto-approve", "-target="+d.address())
	s.declare(places, d.withdrawn().hcl()).apply()
	s.mustBeEmpty()
	s.has("staging", "app 1", "web 2")
	s.must("destroy", "-auto-approve")
	s.has("staging")
}
