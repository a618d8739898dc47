package acceptance

import (
	"strings"
	"testing"
	"time"
)

// twoTargets is a scene with two targets, of which the second one fails.
func twoTargets(t *testing.T) (s *scene, places string, d fixDecl) {
	t.Helper()
	s = newScene(t, onPrograms)
	s.extra = []string{"europe", "production", ""}
	places = stand(append(append([]string{}, everywhere...), "europe 1.0.0")...)
	s.declare(places).apply()
	d = ef("")
	s.server("production").set(lies)
	s.declare(places, d.hcl()).refuses([]string{"apply", "-auto-approve"}, `emergency fix EF-1 is halted at step 8 of 10, deploy on production`, `it runs something else`)
	s.mustNotBeTainted()
	s.has("europe", "app 1.f", "web 1")
	s.has("production", "app 1", "web 1")
	return s, places, d
}

func TestRealAFixThatIsOnOneOfItsTargets(t *testing.T) {
	t.Parallel()
	t.Run("goes on to the other", func(t *testing.T) {
		t.Parallel()
		s, places, d := twoTargets(t)
		s.declare(places, d.bringing("app 1.g").hcl()).planRefuses(`emergency fix EF-1 is on a target, and its components cannot change`, `Restore its declaration and apply again`)
		output := s.declare(places, d.hcl()).must("plan", "-out=saved")
		if !says(`Warning: Emergency fix intranet/EF-1 is halted at step 8 of 10, deploy on production`, `The next apply continues with this step`).MatchString(output) {
			t.Errorf("it is not told where it goes on:\n%s", output)
		}
		if got := s.saved(d); len(got.Steps) != 10 {
			t.Errorf("its steps are %v", got.did())
		}
		s.refuses([]string{"apply", "saved"}, `is halted at step 8 of 10`)
		s.server("production").set(behaves)
		s.apply()
		s.mustBeEmpty()
		s.has("production", "app 1.f", "web 1")
		if got := strings.Join(s.server("europe").deployed(), " "); got != "1.0.0 1.0.0+EF-1" {
			t.Errorf("europe was deployed %s", got)
		}
		// That far it has come already.
		s.declare(places, d.with(`advance_to = "staging"`).hcl())
		s.unmoved(s.apply)
		s.mustBeEmpty()
	})
	t.Run("is taken back, which halts too", func(t *testing.T) {
		t.Parallel()
		s, places, d := twoTargets(t)
		s.server("europe").set(lies)
		back := s.declare(places, d.withdrawn().hcl()).plan(d)
		if got := back.did(); got[0] != "roll_back europe 1.0.0" && got[0] != "hold europe" {
			t.Errorf("it is taken back by %v", got)
		}
		s.refuses([]string{"apply", "saved"}, `emergency fix EF-1 is halted`, `roll_back on europe`)
		s.mustNotBeTainted()
		s.declare(places, d.hcl()).refuses([]string{"apply", "-auto-approve"}, `roll_back on europe`) // there is no way back into it
		s.server("europe").set(behaves)
		s.server("production").set(behaves)
		s.declare(places, d.withdrawn().hcl()).apply()
		s.mustBeEmpty()
		for _, environment := range []string{"staging", "europe", "production"} {
			s.has(environment, "app 1", "web 1")
		}
		if got := s.fix(d); got.Status != "withdrawn" {
			t.Errorf("it is %s", got.Status)
		}
	})
}

func TestRealAFixThatAFreezeOvertakes(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.declare(stand(everywhere...)).apply()
	places := stand(everywhere...)
	s.declare(places, ef(`advance_to = "staging"`).hcl()).apply()
	frozen := freeze(-time.Hour, time.Hour)
	s.declare(places, frozen, ef(`advance_to = "staging"`).hcl()).apply()
	s.mustBeEmpty()
	s.declare(places, frozen, ef("").hcl()).planRefuses(`freeze: `, `freeze "christmas" is in force on production`)
	d := s.approved(ef("").bypassing("stage-order", "freeze"), places+frozen)
	planned := s.declare(places, frozen, d.hcl()).plan(d)
	s.equal("bypassed", planned.rules(), "freeze", "stage-order")
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 1")
}

func TestRealAFixWhoseTimeIsUpGoesOnLater(t *testing.T) {
	t.Parallel()
	s := newScene(t, onPrograms)
	s.declare(stand(everywhere...)).apply()
	s.server("staging").set(hangs)
	d := ef(`timeouts = { create = "3s", update = "1m" }`)
	s.declare(stand(everywhere...), d.hcl()).refuses([]string{"apply", "-auto-approve"}, `emergency fix EF-1 is halted at step 2 of 7, deploy on staging`, `it took longer than its timeout`)
	s.mustNotBeTainted()
	s.server("staging").set(behaves)
	s.declare(stand(everywhere...), ef("").hcl()).apply()
	s.mustBeEmpty()
	s.has("staging", "app 1.f", "web 1")
	s.has("production", "app 1.f", "web 1")
}
