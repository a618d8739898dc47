package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// TestARehearsalOfAnotherFixIsTold: the refusal names the argument in which the fix and its
// rehearsal differ. Planning again would never help.
func TestARehearsalOfAnotherFixIsTold(t *testing.T) {
	for _, c := range []struct {
		name     string
		rehearse func(w *portal.FixWish) // changes what is rehearsed
		want     []string
	}{
		{"the name", func(w *portal.FixWish) { w.Name = "rehearsal" }, []string{"name: EF-1 in the fix, rehearsal in the rehearsal"}},
		{
			"the expiry is left out", func(w *portal.FixWish) { w.ApprovalsExpireAt = portal.Time{} },
			[]string{"approvals_expire_at: " + portal.FormatTime(at(time.Hour)) + " in the fix, left out in the rehearsal"},
		},
		{"the strategy", func(w *portal.FixWish) { w.Strategy = portal.StrategyRollback }, []string{"strategy: auto in the fix, rollback in the rehearsal"}},
		{"a component's version", bringing("app 1.g"), []string{"components.app: 1.f (file, sha256 "}},
		{"a component more", func(w *portal.FixWish) { bringing("app 1.f", "web 1.f")(w) }, []string{"components.web: left out in the fix, 1.f (file, sha256 "}},
		{"how an archive is unpacked", func(w *portal.FixWish) {
			part := w.Components["app"]
			part.Kind, part.StripComponents = portal.KindArchive, 1
			w.Components = map[string]portal.Component{"app": part}
		}, []string{", strip_components 1) in the rehearsal"}},
		{"the targets", reaching("production"), []string{`environments: ["a", "production"] in the fix, ["production"] in the rehearsal`}},
		{
			"where it is tested", func(w *portal.FixWish) { w.TestEnvironments = []string{"staging-2"} },
			[]string{`test_environments: [] in the fix, ["staging-2"] in the rehearsal`},
		},
		{
			"the scope", func(w *portal.FixWish) { reaching("a", "production")(w); w.Scope = portal.ScopeEnvironments },
			[]string{"scope: pipeline in the fix, environments in the rehearsal"},
		},
		{
			"the reason, and it is long", func(w *portal.FixWish) { w.Justification.Reason = strings.Repeat("x", 500) },
			[]string{`justification.reason: "`, `in the fix, "` + strings.Repeat("x", 80) + `…" in the rehearsal`},
		},
		{
			"who requested it", func(w *portal.FixWish) { w.Justification.RequestedBy = "dan" },
			[]string{`justification.requested_by: "ann" in the fix, "dan" in the rehearsal`},
		},
		{"two of them", func(w *portal.FixWish) { w.Name, w.Strategy = "other", portal.StrategyRollback }, []string{"name: EF-1", "strategy: auto"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repairWorld(t)
			w.Environment("a", "production")
			w.Deploy("a", "1.0.0")
			w.Environment("staging-2", "staging")
			stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging", "staging-2")(w)
			wish := repairing(func(w *portal.FixWish) { w.ApprovalsExpireAt = at(time.Hour) })
			rehearsed := wish
			c.rehearse(&rehearsed)
			wish.Expect, wish.Rehearsed = portal.StatementDigest(w.PlanFix(rehearsed).Plan.Statement), &rehearsed.Fix
			gate := brokenGate(t, w.PlanFix(wish).Verdict, portal.StalePlan)
			for _, want := range c.want {
				if !strings.Contains(gate.Detail, want) {
					t.Errorf("it does not say %q:\n%s", want, gate.Detail)
				}
			}
			if n := strings.Count(gate.Detail, " in the rehearsal"); n != len(c.want) && n != 1 {
				t.Errorf("it names %d arguments:\n%s", n, gate.Detail)
			}
			if !strings.Contains(gate.Cure, "Planning again does not help") {
				t.Errorf("the cure is %q", gate.Cure)
			}
		})
	}
	t.Run("not where the situation has changed as well", func(t *testing.T) {
		w := repairWorld(t)
		wish, rehearsed := repairing(), repairing(func(w *portal.FixWish) { w.Name = "rehearsal" })
		wish.Expect, wish.Rehearsed = portal.StatementDigest(w.PlanFix(rehearsed).Plan.Statement), &rehearsed.Fix
		stand(bill("2.0.0", "app 1", "web 2"), "dev", "staging")(w)
		gate := brokenGate(t, w.PlanFix(wish).Verdict, portal.StalePlan)
		if !strings.HasPrefix(gate.Cure, "Plan again") || !strings.Contains(gate.Cure, "data.portal_fast_path") {
			t.Errorf("the cure is %q", gate.Cure)
		}
	})
}

// brokenGate returns the gate of a rule that refuses.
func brokenGate(t *testing.T, v portal.Verdict, rule portal.Rule) portal.Gate {
	t.Helper()
	for _, gate := range v.Broken() {
		if gate.Rule == rule {
			return gate
		}
	}
	t.Fatalf("%s does not refuse: %v", rule, v.Broken())
	return portal.Gate{}
}
