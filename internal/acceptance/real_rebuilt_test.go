package acceptance

import (
	"testing"
)

// A file changes, or goes, between a plan and its apply. It is never taken, and the
// message is ours.
func TestRealAFileThatIsRebuiltAfterThePlanIsNotTaken(t *testing.T) {
	t.Parallel()
	rebuild := func(s *scene) { s.world.write("files/app-2", "app 2, once more") }
	gone := func(s *scene) { s.remove("files/app-2") }
	fix := func(more string) fixDecl { return ef(more).bringing("app 2") }
	onlyStaging := fix(`advance_to = "staging"`)
	for name, c := range map[string]struct {
		before, planned func(s *scene) []string // what is applied, then what is planned
		change          func(s *scene)
		says            []string
	}{
		"a release beside others": {
			planned: func(s *scene) []string { s.bills = append(s.bills, bill("1.1.0", "", "app 2", "web 1")); return nil },
			change:  rebuild, says: []string{"digest-match: component app of release 1.1.0 was rebuilt after the plan", "files/app-2 has sha256", "Plan again"},
		},
		"a release whose file goes": {
			planned: func(s *scene) []string { s.bills = append(s.bills, bill("1.1.0", "", "app 2", "web 1")); return nil },
			change:  gone, says: []string{"digest-match: the source of component app of release 1.1.0 is gone", "files/app-2 does not exist"},
		},
		"a fix that was rehearsed": {
			planned: func(*scene) []string { return []string{rehearsed(fix(""))} },
			change:  rebuild, says: []string{"digest-match: component app of emergency fix EF-1 was rebuilt after the plan", "files/app-2 has sha256"},
		},
		"an amendment": {
			before:  func(*scene) []string { return []string{onlyStaging.bringing("app 3").hcl()} },
			planned: func(*scene) []string { return []string{onlyStaging.hcl()} },
			change:  rebuild, says: []string{"digest-match: component app of emergency fix EF-1 was rebuilt after the plan", "files/app-2 has sha256"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, onDirectories)
			places := stand(everywhere...)
			s.declare(places).apply()
			if c.before != nil {
				s.declare(append([]string{places}, c.before(s)...)...).apply()
			}
			s.declare(append([]string{places}, c.planned(s)...)...).must("plan", "-out=saved")
			c.change(s)
			s.savedRefuses(c.says...)
			s.has("production", "app 1", "web 1")
			s.world.write("files/app-2", "app 2, for good")
			s.must("plan", "-out=saved") // a plan of what is there now is no mistake
			if c.before == nil {
				s.must("apply", "saved")
			}
		})
	}
}
