package acceptance

import (
	"testing"
)

func TestRealAFixOverSeveralTestStagesToSeveralTargets(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.stages = []string{`name = "development"`, `name = "uat"`, `name = "staging"`, `name = "production"`}
	s.policy = `emergency = { test_stages = ["uat", "staging"] }`
	s.extra = []string{"europe", "production", "", "lane", "staging", `lane = "emergency"`}
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"), bill("1.2.0", "", "app 2", "web 2"))
	s.more["staging"] = `deletion_protection = true`
	first := stand("development 1.0.0", "uat 1.0.0", "staging 1.0.0", "production 1.0.0", "europe 1.0.0")
	s.declare(first).apply()
	s.declare(stand("development 1.1.0", "uat 1.1.0", "staging 1.1.0", "europe 1.1.0", "production 1.0.0")).apply()
	now := stand("development 1.2.0", "uat 1.2.0", "staging 1.1.0", "europe 1.1.0", "production 1.0.0")
	s.declare(now).apply()

	// The targets run different releases that are alike in what the fix touches.
	d := ef("")
	s.declare(now, d.hcl()).planRefuses(`representative-test: emergency fix EF-1 may not go ahead`, `production: gets 1.0.0+EF-1; what is tested is for europe, which gets 1.1.0+EF-1`)
	d = d.bypassing("stage-order", "representative-test")
	planned := s.declare(now, d.hcl()).plan(d)
	s.equal("steps", planned.did(),
		"hold uat", "suspend uat 1.2.0", "roll_back uat 1.1.0", "deploy uat 1.1.0+EF-1", "test uat 1.1.0+EF-1",
		"hold lane", "deploy lane 1.1.0+EF-1", "test lane 1.1.0+EF-1",
		"hold europe", "deploy europe 1.1.0+EF-1", "unhold europe",
		"hold production", "deploy production 1.0.0+EF-1", "unhold production",
		"restore uat 1.2.0", "resume uat 1.2.0", "unhold uat", "unhold lane")
	if planned.Strategy != "rollback" {
		t.Errorf("the strategy is %s", planned.Strategy)
	}
	s.equal("interrupted", planned.Interrupted, "1.2.0")
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.has("uat", "app 2", "web 2")
	s.has("staging", "app 1", "web 2")
	s.has("lane", "app 1.f", "web 2")
	s.has("europe", "app 1.f", "web 2")
	s.has("production", "app 1.f", "web 1")
	s.equal("owed", s.fix(d).owes(),
		"a release that contains EF-1 on europe and production", "the review of EF-1",
		"development runs 1.2.0, which EF-1 cannot be added to: it may not leave the stage until a release contains the fix",
		"staging runs 1.1.0 without EF-1, until its next deployment",
		"uat runs 1.2.0, which EF-1 cannot be added to: it may not leave the stage until a release contains the fix")

	// One more, for one of them, and each stage as far as advance_to says.
	second := ef(`environments = ["europe"]`).named("EF-2").bringing("web 2").bypassing("stage-order").with(`advance_to = "uat"`)
	s.declare(now, d.hcl(), second.hcl()).planRefuses(`emergency fix EF-2 changes nothing`, `Environment "europe" runs 1.1.0+EF-1, which has exactly these components already`)
	second = second.bringing("web 3")
	planned = s.declare(now, d.hcl(), second.hcl()).plan(second)
	s.equal("steps", planned.did(), "hold uat", "suspend uat 1.2.0", "roll_back uat 1.1.0+EF-1", "deploy uat 1.1.0+EF-1.EF-2")
	s.must("apply", "saved")
	s.mustBeEmpty()
	s.has("uat", "app 1.f", "web 3")
	second.more = `environments = ["europe"]` + "\n" + `advance_to = "staging"`
	s.declare(now, d.hcl(), second.hcl()).apply()
	s.mustBeEmpty()
	s.has("lane", "app 1.f", "web 3")
	s.has("europe", "app 1.f", "web 2")
	second.more = `environments = ["europe"]`
	s.declare(now, d.hcl(), second.hcl()).apply()
	s.mustBeEmpty()
	s.has("uat", "app 2", "web 2")
	s.has("europe", "app 1.f", "web 3")
	s.has("production", "app 1.f", "web 1")
}
