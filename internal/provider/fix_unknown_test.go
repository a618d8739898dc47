package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestAFixWhoseStatementIsNotKnownYet(t *testing.T) {
	none := types.MapNull(types.StringType)
	some := types.MapValueMust(types.StringType, map[string]attr.Value{"bob": types.StringValue("")})
	const refused, warned = "Error: Emergency fix EF-1 has approvals, but its statement is not known yet", "Warning: Emergency fix EF-1 is planned without its statement"
	for _, c := range []struct {
		name      string
		approvals types.Map
		withdraws bool
		steps     int // of the recorded fix; -1: there is none
		says      string
	}{
		{name: "new, without approvals", approvals: none, steps: -1, says: warned},
		{name: "new, with no approval in it", approvals: types.MapValueMust(types.StringType, nil), steps: -1, says: warned},
		{name: "new, with approvals", approvals: some, steps: -1, says: refused},
		{name: "new, with approvals that are not known", approvals: types.MapUnknown(types.StringType), steps: -1, says: refused},
		{name: "opened, with approvals", approvals: some, says: refused},
		{name: "taken back before a target had it", approvals: some, withdraws: true},
		{name: "on its target", approvals: some, steps: 8},
		{name: "done", approvals: some, steps: 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			p.register("1.0.0", "2.0.0")
			for _, name := range []string{"dev", "qa", "production"} {
				p.deployed(name, "1.0.0")
			}
			p.deployed("dev", "2.0.0")
			p.deployed("qa", "2.0.0")
			if c.steps >= 0 {
				p.opened(portaltest.Fix("EF-1", "1.0.1"), c.steps)
			}
			m := fixModel{Pipeline: types.StringValue("shop"), Name: types.StringValue("EF-1"), Approvals: c.approvals, Withdraw: types.ObjectNull(nil)}
			if c.withdraws {
				m.Withdraw = types.ObjectUnknown(nil)
			}
			p.walk.supposeVague("shop", "deployment/production")
			var diags diagnostics
			(&fixResource{configured{p.session}}).vague(t.Context(), &m, "expect is not known yet:", &diags)
			if got := lines(diags); got != c.says {
				t.Errorf("it says %q", got)
			}
			if len(diags) > 0 && !strings.Contains(diags[0].Detail(), "(the deployment to production), without the fix") {
				t.Errorf("it does not say what to apply first: %s", diags[0].Detail())
			}
			if !m.Statement.IsUnknown() || !p.walk.vague("shop", "fix/EF-1") {
				t.Error("its statement is taken for known")
			}
		})
	}
}
