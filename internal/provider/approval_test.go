package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TestRevokeThatIsNotKnownYetIsPlanned: what depends on something else is judged when
// that is known.
func TestRevokeThatIsNotKnownYetIsPlanned(t *testing.T) {
	reason := map[string]attr.Type{"reason": types.StringType}
	revoked := func(text string) types.Object {
		return types.ObjectValueMust(reason, map[string]attr.Value{"reason": types.StringValue(text)})
	}
	null, unknown := types.ObjectNull(reason), types.ObjectUnknown(reason)
	none := func(types.Object) *approvalModel { return nil }
	recorded := func(revoke types.Object) *approvalModel {
		m := approvalModel{
			ID: types.StringValue("shop/9"), Pipeline: types.StringValue("shop"), Release: types.StringValue("1.0.0"), Stage: types.StringValue("qa"),
			Approver: types.StringValue("bob"), ContentDigest: types.StringValue("x"), Revoke: revoke, RevokedAt: types.StringNull(),
		}
		if !revoke.IsNull() {
			m.RevokedAt = types.StringValue("2026-11-20T09:00:00Z")
		}
		return &m
	}
	for _, c := range []struct {
		name   string
		before func(types.Object) *approvalModel
		state  types.Object
		revoke types.Object
		says   string
	}{
		{"an approval that is new", none, null, unknown, ""},
		{"an approval that is new, and is revoked", none, null, revoked("no"), "Error: There is no approval to revoke"},
		{"one that counts", recorded, null, unknown, ""},
		{"one that is revoked", recorded, revoked("no"), unknown, ""},
		{"one that is revoked, for another reason", recorded, revoked("no"), revoked("yes"), "Error: A revoked approval stays revoked"},
		{"one that is revoked, and is to count again", recorded, revoked("no"), null, "Error: A revoked approval stays revoked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			p.register("1.0.0")
			p.deployed("dev", "1.0.0")
			p.deployed("qa", "1.0.0")
			var before any
			after := recorded(null)
			after.Revoke = c.revoke
			if state := c.before(c.state); state != nil {
				before = state
				after.RevokedAt = state.RevokedAt
			} else {
				after.ID, after.ContentDigest = types.StringUnknown(), types.StringNull()
			}
			resp := plan(t, resourceOf[*approvalResource](newApprovalResource, p.session), before, after)
			if got := lines(resp.Diagnostics); got != c.says {
				t.Errorf("it says\n%s\nwant\n%s", got, c.says)
			}
		})
	}
}

// An approval may be given in advance, but nobody should do so without knowing.
func TestAnApprovalOfWhatDoesNotRunOnTheStageIsWarnedOf(t *testing.T) {
	const warning = `Warning: Release 2.0.0 does not run on stage "qa": the approval is given in advance`
	for _, c := range []struct {
		name string
		on   string // where it runs
		plan string // where this walk is to deploy it
		want string
	}{
		{"it runs there", "qa", "", ""},
		{"it runs on the stage before", "dev", "", warning},
		{"it comes there in the same walk", "dev", "qa", ""},
		{"it never ran", "", "", warning},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			p.register("2.0.0")
			for _, environment := range []string{"dev", "qa"} {
				if c.on != "" && environment <= c.on {
					p.deployed(environment, "2.0.0")
				}
			}
			if c.plan != "" {
				p.planned(c.plan, "2.0.0")
			}
			resp := plan(t, resourceOf[*approvalResource](newApprovalResource, p.session), nil, &approvalModel{
				ID: types.StringUnknown(), Pipeline: types.StringValue("shop"), Release: types.StringValue("2.0.0"), Stage: types.StringValue("qa"),
				Approver: types.StringValue("bob"), Revoke: types.ObjectNull(map[string]attr.Type{"reason": types.StringType}),
			})
			if got := lines(resp.Diagnostics); got != c.want {
				t.Errorf("it says\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
