package acceptance

import (
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestRealAFixOnTopOfAnother(t *testing.T) {
	t.Parallel()
	s, places := preempting(t, "")
	first := ef("")
	second := ef(`depends_on = [` + first.address() + `]`).named("EF-2").bringing("app 1.g")
	third := ef(`depends_on = [`+second.address()+`]`).named("EF-3").bringing("web 1.f").bypassing("stage-order", "representative-test").with(`strategy = "preempt"`)

	// One after the other; a plan has room for one of them.
	s.declare(places, first.hcl(), second.hcl()).planRefuses(`environment-held: portal_emergency_fix intranet/EF-1 and portal_emergency_fix intranet/EF-2 both change "intranet/`, `Apply one, then the other`)
	s.declare(places, first.hcl()).apply()
	plan := s.declare(places, first.hcl(), second.hcl()).plan(second)
	s.equal("steps", plan.did(),
		"hold staging", "suspend staging 1.1.0+EF-1", "deploy staging 1.1.0+EF-1.EF-2", "test staging 1.1.0+EF-1.EF-2",
		"hold production", "deploy production 1.0.0+EF-1.EF-2", "unhold production", "resume staging 1.1.0+EF-1.EF-2", "unhold staging")
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.has("staging", "app 1.g", "web 2")
	s.declare(places, first.hcl(), second.hcl(), third.hcl()).apply()
	s.mustBeEmpty()
	s.refreshed()
	s.has("staging", "app 1.g", "web 2") // where it cannot be added to what is there
	s.has("production", "app 1.g", "web 1.f")
	s.runsAs("production", "1.0.0", "1.0.0+EF-1.EF-2.EF-3", "running")

	// Taken back in the order that is left.
	s.declare(places, first.withdrawn().hcl(), second.hcl(), third.hcl()).planRefuses(`emergency fix EF-1 cannot be withdrawn`, `EF-2 is later and changes the same component (app). Withdraw EF-2 first`)
	s.declare(places, first.hcl(), second.withdrawn().hcl(), third.hcl()).apply()
	s.mustBeEmpty()
	s.has("staging", "app 1.f", "web 2")
	s.has("production", "app 1.f", "web 1.f")
	third.more = `strategy = "preempt"`
	s.declare(places, first.withdrawn().hcl(), third.hcl()).apply()
	s.mustBeEmpty()
	s.has("staging", "app 1", "web 2")
	s.has("production", "app 1", "web 1.f")
	s.declare(places, third.withdrawn().hcl()).apply()
	s.mustBeEmpty()
	s.has("production", "app 1", "web 1")
}

func TestRealAFixWhereAnotherOneIsAtWork(t *testing.T) {
	t.Parallel()
	s, places := preempting(t, "")
	first := ef(`advance_to = "staging"`)
	s.declare(places, first.hcl()).apply()
	second := ef("").named("EF-2").bringing("web 1.f").bypassing("stage-order", "representative-test").with(`strategy = "preempt"`)
	held := []string{`environment-held: emergency fix EF-2 may not go ahead`, `Emergency fix EF-1 (INC-4711) holds staging since 20`, `A fix never preempts a fix`}
	s.declare(places, first.hcl(), second.hcl()).planRefuses(held...)
	// From elsewhere, with the first one forgotten here.
	s.must("state", "rm", first.address())
	s.declare(places, second.hcl()).planRefuses(held...)
	// It can be told where it stands, and what is due, from its record.
	s.declare(places, first.hcl()).apply()
	s.mustBeEmpty()
	s.declare(places, ef("").hcl()).apply()
	s.declare(places, ef("").hcl(), second.hcl()).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 1.f")
}

func TestRealAFixAndADeploymentOfOnePlan(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"))
	s.declare(stand(everywhere...)).apply()
	d := ef("")
	s.declare(stand("development 1.1.0", "staging 1.1.0", "production 1.0.0"), d.hcl()).refuses([]string{"plan"}, `environment-held: `, `both change "intranet/staging"`, `Apply one, then the other`)
	// Where they do not meet, they go together.
	apart := stand("development 1.1.0", "staging 1.0.0", "production 1.0.0")
	s.declare(apart, d.hcl()).apply()
	s.has("production", "app 1.f", "web 1")
	s.mustBeEmpty()
	// So do a withdrawal and a deployment, and they meet.
	s.declare(stand("development 1.1.0", "staging 1.1.0", "production 1.0.0"), d.withdrawn().hcl()).refuses([]string{"plan"}, `environment-held: `, `both change "intranet/staging"`)
	s.must("apply", "-auto-approve", "-target="+d.address())
	s.must("apply", "-auto-approve")
	s.mustBeEmpty()
	s.has("staging", "app 1", "web 2")
	s.has("production", "app 1", "web 1")
}

func TestRealEverythingIsNewInOneConfiguration(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.policy = `emergency = { required_approvals = 0 }` // nobody could have read what there is to approve
	d := ef("depends_on = [" + deployment("production") + "]")
	s.declare(stand(everywhere...), d.hcl()).planRefuses(`has approvals, but its statement is not known yet`, `the deployment to development, to production, to staging`)
	d.approvals = "{}"
	output := s.declare(stand(everywhere...), d.hcl()).must("plan", "-out=saved")
	if !says(`Warning: Emergency fix intranet/EF-1 is planned without its statement`).MatchString(output) {
		t.Errorf("it is not told:\n%s", output)
	}
	if !says(`steps\s+= (known after apply)`).MatchString(output) && !strings.Contains(strings.Join(strings.Fields(output), " "), "steps = (known after apply)") {
		t.Errorf("its steps are not unknown:\n%s", output)
	}
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.has("staging", "app 1.f", "web 1")
	s.has("production", "app 1.f", "web 1")
	s.refreshed()
	s.runsAs("production", "1.0.0", "1.0.0+EF-1", "running")
	// In the same way away again.
	s.must("destroy", "-auto-approve")
	s.has("production")
	// And everything anew, over the record of before: the fix goes along.
	s.declare(stand(everywhere...), d.hcl()).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 1")
	if n := len(events[portal.FixOpened](t, s.entries())); n != 1 {
		t.Errorf("it was opened %d times", n)
	}
}

func TestRealAFixIsImportedInEveryStatus(t *testing.T) {
	t.Parallel()
	s, places := preempting(t, "")
	s.bills = append(s.bills, bill("1.2.0", `incorporates = ["EF-1"]`, "app 2", "web 2"))
	s.bills = s.bills[:2]
	imports := func(d fixDecl, status string) {
		t.Helper()
		s.declare(places, d.hcl())
		s.must("state", "rm", d.address())
		s.must("import", d.address(), "intranet/"+d.name)
		if got := s.fix(d); got.Status != status {
			t.Errorf("what is imported is %s, want %s", got.Status, status)
		}
	}
	d := ef(`environments = ["production"]`).with(`approvals_expire_at = "` + fromNow(1e13) + `"`)
	open := d.with(`advance_to = "staging"`)
	s.declare(places, open.hcl()).apply()
	imports(open, "open")
	s.unmoved(s.apply) // how far it goes is not recorded
	s.mustBeEmpty()
	s.declare(places, d.hcl()).apply()
	imports(d, "applied")
	s.mustBeEmpty()
	// Its environments are its own; another set of them is another fix.
	other := ef(`environments = ["development", "production"]`)
	s.declare(places, other.hcl()).refuses([]string{"plan"}, `emergency fix EF-1 is for other environments`, `Choose another name`)

	s.bills = append(s.bills, bill("1.2.0", `incorporates = ["EF-1"]`, "app 2", "web 2"))
	places = stand("development 1.2.0", "staging 1.2.0", "production 1.2.0")
	s.declare(places, d.hcl()).apply()
	reviewed := d.with(`review = { reviewer = "carol@example.com", outcome = "accepted", notes = "well done" }`)
	s.declare(places, reviewed.hcl()).apply()
	imports(reviewed, "reconciled")
	s.mustBeEmpty()
	gone := ef("").named("EF-2").bringing("app 1.g")
	s.declare(places, reviewed.hcl(), gone.hcl()).apply()
	s.declare(places, reviewed.hcl(), gone.withdrawn().hcl()).apply()
	gone = gone.withdrawn()
	places += reviewed.hcl()
	imports(gone, "withdrawn")
	s.mustBeEmpty()
	s.declare(places, gone.hcl(), ef("").named("EF-9").hcl()).refuses([]string{"import", "portal_emergency_fix.ef_9", "intranet/EF-9"}, `EF-9`)
	s.has("production", "app 2", "web 2")
}
