package acceptance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A few cells of the table in the guide on saved plans, with a process for each walk. All
// of them are in TestASavedPlanWhenThingsHaveMoved of internal/provider.
func TestRealASavedPlanWhenThingsHaveMoved(t *testing.T) {
	t.Parallel()
	base := simple("development", "production") + environment("spare", "development", directoryOf("spare"), "") + releases("2.4.0", "2.5.0")
	const names = `
locals { pipeline = "intranet" }
`
	// What another root module declares, by names.
	named := func(environment, release string) string {
		return `
resource "portal_release_deployment" "` + environment + `" {
  pipeline    = local.pipeline
  environment = "` + environment + `"
  release     = "` + release + `"
}`
	}
	fix := `
resource "portal_emergency_fix" "f" {
  pipeline      = local.pipeline
  name          = "EF-1"
  components    = { app = { version = "fix", source = "{dir}/files/app-2.6.0" } }
  justification = { reason = "broken", incident = "INC-1", severity = "sev1", requested_by = "ann@example.com", why_not_normal_path = "slow" }
  bypass        = ["stage-order", "tests-passed", "soak-time", "stage-occupied", "representative-test"]
  approvals     = { "bob@example.com" = "" }
}`
	started := base + chain("2.4.0", "development", "production")
	for name, c := range map[string]struct {
		there, planned, other string
		says                  []string
	}{
		"a first deployment, and a fix": {"", named("spare", "2.4.0"), fix, []string{"stale-plan", "emergency fixes in force have changed"}},
		"a first deployment, and another one": {
			"", named("spare", "2.4.0"), named("spare", "2.5.0"), []string{`"intranet/spare" runs 2.5.0 already`, "stale-plan"},
		},
		"a change, and a fix":    {named("spare", "2.4.0"), named("spare", "2.5.0"), fix, []string{"stale-plan"}},
		"a removal, and a fix":   {named("spare", "2.4.0"), "", fix, nil},
		"a fix, and another one": {"", fix, strings.NewReplacer("EF-1", "EF-2", "{ app =", "{ web =").Replace(fix), []string{"stale-plan"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			all, jane, kim := w.root("all"), w.root("jane"), w.root("kim")
			all.write(started).apply()
			if c.there != "" {
				jane.write(names, c.there).apply()
			}
			jane.write(names, c.planned).must("plan", "-out=saved")
			kim.write(names, c.other).apply()
			if c.says == nil {
				jane.must("apply", "saved")
				return
			}
			before := w.tree()
			jane.refuses([]string{"apply", "saved"}, c.says...)
			if diff := cmp.Diff(before, w.tree()); diff != "" {
				t.Errorf("it is refused and done (-before +after):\n%s", diff)
			}
		})
	}
}
