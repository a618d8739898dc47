package acceptance

import (
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// rehearsed declares the rehearsal of a fix, and lets the fix expect what it
// shows.
func rehearsed(d fixDecl) string {
	rehearsal := strings.Replace(d.hcl(), `resource "portal_emergency_fix"`, `data "portal_fast_path"`, 1)
	return rehearsal + d.with("expect = data."+strings.Replace(d.address(), "portal_emergency_fix", "portal_fast_path", 1)+".statement_digest").hcl()
}

// overtaken is a scene in which root modules of their own run staging and
// production, so that they move while a fix is planned elsewhere.
func overtaken(t *testing.T) (s *scene, other *root) {
	t.Helper()
	s = newScene(t, onDirectories)
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"))
	s.declare().apply()
	other = s.world.root("other").write(elsewhereInOrder(everywhere...))
	other.apply()
	return s, other
}

// elsewhereInOrder is stand for a root module that declares nothing else.
func elsewhereInOrder(places ...string) string {
	text, before := "", ""
	for _, place := range places {
		environment, version, _ := strings.Cut(place, " ")
		text += elsewhereWith(environment, version, "depends_on = ["+before+"]")
		before = deployment(environment)
	}
	return text
}

func TestRealASituationThatChangesBetweenPlanAndApplyIsRefused(t *testing.T) {
	t.Parallel()
	ahead := elsewhereInOrder("development 1.1.0", "staging 1.1.0", "production 1.0.0")
	frozen := strings.ReplaceAll(freeze(-time.Hour, time.Hour), "portal_pipeline.this.name", `"intranet"`)
	cases := map[string]struct {
		before, after string // what the other root module declares
		wish          fixDecl
		says          []string
	}{
		"staging moves on":     {elsewhereInOrder(everywhere...), ahead, ef(""), []string{`stale-plan`}},
		"staging is emptied":   {elsewhereInOrder(everywhere...), elsewhereInOrder("development 1.0.0", "production 1.0.0"), ef(""), []string{`stale-plan`}},
		"a freeze begins":      {elsewhereInOrder(everywhere...), elsewhereInOrder(everywhere...) + frozen, ef(""), []string{`freeze: emergency fix EF-1 may not go ahead`}},
		"a named freeze comes": {elsewhereInOrder(everywhere...), elsewhereInOrder(everywhere...) + frozen, ef("").bypassing("stage-order", "freeze"), []string{`stale-plan`}},
		"a freeze ends":        {elsewhereInOrder(everywhere...) + frozen, elsewhereInOrder(everywhere...), ef("").bypassing("stage-order", "freeze"), []string{`stale-plan`}},
		"the baseline changes": {ahead, elsewhereInOrder("development 1.1.0", "staging 1.1.0", "production 1.1.0"), ef(""), []string{`stale-plan`}},
		"another fix lands": {elsewhereInOrder(everywhere...), elsewhereInOrder(everywhere...) +
			ef("").named("EF-0").bringing("web 1.f").hcl(), ef(""), []string{`stale-plan`}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, other := overtaken(t)
			if c.before != elsewhereInOrder(everywhere...) {
				other.write(c.before).apply()
			}
			s.declare(rehearsed(c.wish)).must("plan", "-out=saved")
			other.write(c.after).apply()
			s.savedRefuses(c.says...)
			for _, opened := range events[portal.FixOpened](t, s.entries()) {
				if opened.Fix.Name == c.wish.name {
					t.Error("it was opened")
				}
			}
			s.mustNotBeTainted()
		})
	}
}

func TestRealASituationThatChangesIsRefusedAlsoForAFixThatIsThere(t *testing.T) {
	t.Parallel()
	t.Run("amended", func(t *testing.T) {
		t.Parallel()
		s, other := overtaken(t)
		d := ef(`advance_to = "staging"`)
		s.declare(rehearsed(d)).apply()
		s.mustBeEmpty()
		s.has("staging", "app 1.f", "web 1")
		d = s.approved(ef("").bringing("app 1.g"), "")
		s.declare(rehearsed(d)).must("plan", "-out=saved")
		other.write(elsewhereInOrder(everywhere...) + strings.ReplaceAll(freeze(-time.Hour, time.Hour), "portal_pipeline.this.name", `"intranet"`)).apply()
		s.savedRefuses(`freeze: emergency fix EF-1 may not go ahead`)
		s.declare(rehearsed(d.bypassing("stage-order", "freeze"))).must("plan", "-out=saved")
		other.write(elsewhereInOrder(everywhere...)).apply()
		s.savedRefuses(`stale-plan`)
		s.declare(rehearsed(d)).apply()
		s.mustBeEmpty()
		s.has("production", "app 1.g", "web 1")
	})
	t.Run("withdrawn", func(t *testing.T) {
		t.Parallel()
		s, other := overtaken(t)
		s.declare(rehearsed(ef(""))).apply()
		s.declare(ef("").withdrawn().hcl()).must("plan", "-out=saved")
		other.write(elsewhereInOrder("development 1.1.0", "staging 1.1.0", "production 1.0.0")).apply()
		s.savedRefuses(`stale-plan`, `Plan again and read the new plan`)
		s.has("production", "app 1.f", "web 1")
		s.has("staging", "app 1.f", "web 2")
		s.declare(ef("").withdrawn().hcl()).apply()
		s.declare(rehearsed(ef("").withdrawn())).apply()
		s.mustBeEmpty()
		s.has("production", "app 1", "web 1")
		s.has("staging", "app 1", "web 2")
		s.has("development", "app 1", "web 2")
	})
	t.Run("advanced while the baseline changed", func(t *testing.T) {
		t.Parallel()
		s, other := overtaken(t)
		s.declare(rehearsed(ef(`advance_to = "staging"`))).apply()
		s.declare(rehearsed(ef(""))).must("plan", "-out=saved")
		other.refuses([]string{"destroy", "-auto-approve", "-target=" + deployment("production")}, `environment-held`, `Emergency fix EF-1 (INC-4711) holds production`)
		s.has("production", "app 1", "web 1")
		s.must("apply", "saved")
		s.mustBeEmpty()
		s.has("production", "app 1.f", "web 1")
		// Destroyed in one plan with what runs, the fix is only forgotten.
		s.declare().must("apply", "-auto-approve")
		other.must("destroy", "-auto-approve")
		s.has("production")
	})
}
