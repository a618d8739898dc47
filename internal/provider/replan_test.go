package provider_test

import (
	"slices"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

// TestAFixInARootOfItsOwnIsPlannedAgain plans an emergency fix that nothing is read
// for, so that no sign tells a plan from an apply.
func TestAFixInARootOfItsOwnIsPlannedAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	all := p.everything()
	p.apply(p.root("kim"), all...)
	jane, fix := p.root("jane"), p.fix("EF-1", "portal_emergency_fix.f")
	planned := func() *coretest.Report {
		p.is = nil
		_, report := jane.Plan(fix)
		return report
	}
	must := func(what string) {
		t.Helper()
		if report := planned(); !report.OK() {
			t.Errorf("%s: it cannot be planned:\n%s", what, report)
		}
	}
	must("the first time")
	fix.Config = fix.Config.With("justification.reason", "logins fail, and so does search")
	must("with another reason")
	fix.Config = fix.Config.With("components.app.version", "fix.2")
	p.write("files/app-fix", "a second try")
	must("with another version and its bytes")
	fix.Config = fix.Config.With("bypass", slices.Concat(fix.Config["bypass"].([]any), []any{"approvals"}))
	must("with another rule to bypass")

	p.write("files/app-fix", "a third try")
	if planned().OK() {
		t.Error("other bytes under the same declaration are taken: no test of what follows")
	}
	must("with other bytes, once more")
}
