package acceptance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestRealEachRowOfTheStrategyTable(t *testing.T) {
	t.Parallel()
	ahead := []string{"development 1.1.0", "staging 1.1.0", "production 1.0.0"}
	back := []string{
		"hold staging", "suspend staging 1.1.0", "roll_back staging 1.0.0", "deploy staging 1.0.0+EF-1", "test staging 1.0.0+EF-1",
		"hold production", "deploy production 1.0.0+EF-1", "unhold production", "restore staging 1.1.0+EF-1", "resume staging 1.1.0+EF-1", "unhold staging",
	}
	over := []string{
		"hold staging", "suspend staging 1.1.0", "deploy staging 1.1.0+EF-1", "test staging 1.1.0+EF-1",
		"hold production", "deploy production 1.0.0+EF-1", "unhold production", "resume staging 1.1.0+EF-1", "unhold staging",
	}
	inPlace := []string{
		"hold staging", "deploy staging 1.0.0+EF-1", "test staging 1.0.0+EF-1", "hold production", "deploy production 1.0.0+EF-1", "unhold production", "unhold staging",
	}
	type row struct {
		lane      bool
		next      []string // components of 1.1.0; none: it is not there
		more      string   // of 1.1.0
		places    []string // where what runs, in the end
		spoil     bool     // the last deployment to staging fails
		forced    string
		bypass    []string
		strategy  string
		steps     []string
		staging   []string // what is there in the end
		withdrawn []string // what is there when the fix was withdrawn
		shows     []string // what the deployment to staging shows
		refused   []string // what a plan that names less in bypass is refused by
	}
	rows := map[string]row{
		"dedicated": {
			lane: true, next: []string{"app 1", "web 2"}, places: ahead, strategy: "dedicated",
			steps: []string{
				"hold lane", "deploy lane 1.0.0+EF-1", "test lane 1.0.0+EF-1", "hold production", "deploy production 1.0.0+EF-1", "unhold production", "unhold lane",
			},
			staging: []string{"app 1", "web 2"}, withdrawn: []string{"app 1", "web 2"}, shows: []string{"1.1.0", "1.1.0"},
		},
		"in place": {
			places: everywhere, strategy: "in-place", steps: inPlace, staging: []string{"app 1.f", "web 1"}, withdrawn: []string{"app 1", "web 1"}, shows: []string{"1.0.0", "1.0.0+EF-1"},
		},
		"in place where nothing runs": {
			places: []string{"development 1.0.0", "production 1.0.0"}, strategy: "in-place", steps: inPlace, staging: []string{"app 1.f", "web 1"},
		},
		"preempt": {
			next: []string{"app 1", "web 2"}, places: ahead, strategy: "preempt", steps: over,
			staging: []string{"app 1.f", "web 2"}, withdrawn: []string{"app 1", "web 2"}, shows: []string{"1.1.0", "1.1.0+EF-1"},
		},
		"rollback for a differential release": {
			next: []string{"web 2"}, more: "type = \"differential\"\n  base = \"1.0.0\"", places: ahead, strategy: "rollback", steps: back,
			staging: []string{"app 1.f", "web 2"}, withdrawn: []string{"app 1", "web 2"}, shows: []string{"1.1.0", "1.1.0+EF-1"},
		},
		"rollback for a component that differs": {
			next: []string{"app 2", "web 2"}, places: ahead, strategy: "rollback", steps: append(append([]string{}, back[:8]...), "restore staging 1.1.0", "resume staging 1.1.0", "unhold staging"),
			staging: []string{"app 2", "web 2"}, withdrawn: []string{"app 2", "web 2"}, shows: []string{"1.1.0", "1.1.0"},
		},
		"rollback after a deployment that failed": {
			next: []string{"app 1", "web 2"}, places: []string{"development 1.0.0", "staging 1.0.0", "production 1.0.0"}, spoil: true, strategy: "rollback",
			steps: []string{
				"hold staging", "roll_back staging 1.0.0", "deploy staging 1.0.0+EF-1", "test staging 1.0.0+EF-1", "hold production", "deploy production 1.0.0+EF-1", "unhold production", "unhold staging",
			},
			staging: []string{"app 1.f", "web 1"}, withdrawn: []string{"app 1", "web 1"}, shows: []string{"1.0.0", "1.0.0+EF-1"},
		},
		"preempt where the table says rollback": {
			next: []string{"app 2", "web 2"}, places: ahead, forced: "preempt", bypass: []string{"stage-order", "representative-test"}, strategy: "preempt",
			steps:   append(append([]string{}, over[:7]...), "restore staging 1.1.0", "resume staging 1.1.0", "unhold staging"),
			staging: []string{"app 2", "web 2"}, withdrawn: []string{"app 2", "web 2"}, shows: []string{"1.1.0", "1.1.0"},
			refused: []string{`representative-test: emergency fix EF-1 may not go ahead`, `staging is not rolled back to 1.0.0 for the test, and 1.1.0 differs in what the fix touches`},
		},
		"rollback where the table says preempt": {
			next: []string{"app 1", "web 2"}, places: ahead, forced: "rollback", strategy: "rollback", steps: back,
			staging: []string{"app 1.f", "web 2"}, withdrawn: []string{"app 1", "web 2"}, shows: []string{"1.1.0", "1.1.0+EF-1"},
		},
	}
	programs := some(slices.Sorted(maps.Keys(rows)), 4) // what kind of target it is makes no difference to the plan
	for name, c := range rows {
		for kind, command := range map[string]bool{"directories": onDirectories, "programs": onPrograms} {
			if command && !slices.Contains(programs, name) {
				continue
			}
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				s := newScene(t, command)
				if c.next != nil {
					s.bills = append(s.bills, bill("1.1.0", c.more, c.next...))
				}
				if c.lane {
					s.extra = []string{"lane", "staging", `lane = "emergency"`}
				}
				s.more["staging"] = `checks = [{ name = "smoke", command = ["test", "!", "-e", "{dir}/ill"] }]`
				s.policy = `emergency = { required_tests = ["smoke"] }`
				if c.lane {
					s.extra[2] += "\n" + s.more["staging"]
				}
				running := []string{}
				for _, place := range c.places {
					running = append(running, strings.Replace(place, "1.1.0", "1.0.0", 1))
				}
				if len(running) < 3 { // staging is emptied again
					s.declare(stand(everywhere...)).apply()
				}
				s.declare(stand(running...)).apply()
				s.declare(stand(c.places...)).apply()
				if c.spoil {
					s.world.write("ill", "")
					s.declare(stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")).refuses([]string{"apply", "-auto-approve"}, `check "smoke" failed`)
					s.remove("ill")
				}
				d := ef("")
				if c.forced != "" {
					d = d.with(`strategy = "` + c.forced + `"`)
				}
				if c.refused != nil {
					s.declare(stand(c.places...), d.hcl()).planRefuses(c.refused...)
				}
				if c.bypass != nil {
					d = d.bypassing(c.bypass...)
				}
				places := stand(c.places...)
				if c.spoil { // the deployment has to be repaired, or left alone, while the fix takes the place of it
					s.must("state", "rm", deployment("staging"), deployment("production"), deployment("development"))
					places = ""
				}
				planned := s.declare(places, d.hcl()).plan(d)
				s.equal("steps", planned.did(), c.steps...)
				if planned.Strategy != c.strategy || planned.Baseline != "1.0.0" {
					t.Errorf("strategy %s, baseline %s", planned.Strategy, planned.Baseline)
				}
				s.must("apply", "saved")
				s.mustBeEmpty()
				s.has("production", "app 1.f", "web 1")
				s.has("staging", c.staging...)
				if got := s.fix(d); got.Status != "applied" {
					t.Errorf("it is %s", got.Status)
				}
				if command {
					return // that is enough of what takes time
				}
				gone := s.declare(places, d.withdrawn().hcl()).plan(d) // refreshes what the deployments show
				s.must("apply", "saved")
				s.mustBeEmpty()
				if c.shows != nil && !c.spoil {
					s.runsAs("staging", c.shows[0], c.shows[1], "running")
				}
				s.has("production", "app 1", "web 1")
				s.has("staging", c.withdrawn...)
				if got := s.fix(d); got.Status != "withdrawn" || !slices.Equal(got.owes(), []string{"the review of EF-1"}) {
					t.Errorf("it is %s and owes %v", got.Status, got.owes())
				}
				if c.lane {
					s.has("lane", "app 1", "web 1")
				}
				if len(gone.Steps) < 3 || gone.Steps[0].Environment != "production" {
					t.Errorf("it is taken back by %v", gone.did())
				}
			})
		}
	}
}
