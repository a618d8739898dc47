package acceptance

import "testing"

// What a fix left where no deployment is declared goes with its environment.
func TestRealWhatAFixLeftGoesWithItsLane(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]bool{"a directory": onDirectories, "a program": onPrograms} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, target)
			s.extra = []string{"lane", "staging", `lane = "emergency"`}
			s.declare(stand(everywhere...)).apply()
			s.declare(stand(everywhere...), ef("").hcl()).apply()
			s.has("lane", "app 1.f", "web 1")
			s.extra = nil
			s.declare(stand(everywhere...), ef("").hcl()).apply()
			s.has("lane")
			s.has("production", "app 1.f", "web 1")
			s.mustBeEmpty()
		})
	}
}

// A lane that is gone for good does not keep its environment from being
// destroyed; what could not be removed is told.
func TestRealALaneThatIsDeadCanBeDestroyed(t *testing.T) {
	t.Parallel()
	s := newScene(t, onPrograms)
	s.extra = []string{"lane", "staging", `lane = "emergency"`}
	s.declare(stand(everywhere...)).apply()
	s.declare(stand(everywhere...), ef("").hcl()).apply()
	s.server("lane").set(isDown)
	s.extra = nil
	output := s.declare(stand(everywhere...), ef("").hcl()).must("apply", "-auto-approve")
	if !says("What an emergency fix has left on intranet/lane could not be removed", "stays on the target of intranet/lane").MatchString(output) {
		t.Errorf("it says:\n%s", output)
	}
	s.mustBeEmpty()
}
