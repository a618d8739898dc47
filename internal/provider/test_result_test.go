package provider

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func aResultForAFix() testResultModel {
	return testResultModel{
		ID: types.StringUnknown(), Pipeline: types.StringValue("shop"), Environment: types.StringValue("qa"), EmergencyFix: types.StringValue("EF-1"),
		Suite: types.StringValue("smoke"), Outcome: types.StringValue(outcomePassed), Tests: types.Int64Unknown(), Failures: types.Int64Unknown(), Skipped: types.Int64Unknown(), JUnitReports: types.ListNull(types.StringType),
		ReportSHA256: types.StringUnknown(), ContentDigest: types.StringNull(), RecordedAt: types.StringUnknown(), RecordedBy: types.StringUnknown(), Receipt: types.StringUnknown(),
	}
}

func TestAResultForAFixIsPlannedWhereTheFixIsOrWillBe(t *testing.T) {
	wish := portaltest.Fix("EF-1", "1.0.1")
	wish.AdvanceTo = "qa"
	for _, c := range []struct {
		name  string
		story func(t *testing.T, p *planner)
		says  string
	}{
		{"where it is not", func(*testing.T, *planner) {}, `Error: "shop/qa" does not run emergency fix EF-1`},
		{"where it is", func(_ *testing.T, p *planner) { p.opened(wish, 2) }, ""},
		{"where the same walk takes it", func(t *testing.T, p *planner) {
			err := p.judge(t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error {
				proposal, err := f.PlanFix(wish)
				if err != nil || proposal.Refusal() != nil {
					return errors.Join(err, errors.New("the fix may not go ahead"))
				}
				p.walk.suppose("shop", proposal.Foresee(wish, f)...)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"where something is planned of which parts are not known", func(_ *testing.T, p *planner) { p.walk.supposeVague("shop", "fix/EF-1") }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			p.register("1.0.0")
			for _, name := range []string{"dev", "qa", "production"} {
				p.deployed(name, "1.0.0")
			}
			c.story(t, p)
			resp := plan(t, resourceOf[*testResultResource](newTestResultResource, p.session), nil, aResultForAFix())
			if got := lines(resp.Diagnostics); got != c.says {
				t.Errorf("it says\n%s\nwant\n%s", got, c.says)
			}
		})
	}
}

func TestAResultForAFixIsRecordedReadAndImported(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0")
	for _, name := range []string{"dev", "qa", "production"} {
		p.deployed(name, "1.0.0")
	}
	p.opened(portaltest.Fix("EF-1", "1.0.1"), 2)
	r := resourceOf[*testResultResource](newTestResultResource, p.session)
	created := resource.CreateResponse{State: empty(t, r)}
	r.Create(t.Context(), resource.CreateRequest{Plan: tfsdk.Plan(stateOf(t, r, aResultForAFix()))}, &created)
	var made testResultModel
	created.Diagnostics.Append(created.State.Get(t.Context(), &made)...)
	if created.Diagnostics.HasError() {
		t.Fatal(created.Diagnostics)
	}
	imported := stateOf(t, r, testResultModel{ID: made.ID, JUnitReports: types.ListNull(types.StringType)})
	imported.SetAttribute(t.Context(), path.Root("id"), made.ID)
	found := resource.ReadResponse{State: imported}
	r.Read(t.Context(), resource.ReadRequest{State: imported}, &found)
	var read testResultModel
	found.Diagnostics.Append(found.State.Get(t.Context(), &read)...)
	if found.Diagnostics.HasError() {
		t.Fatal(found.Diagnostics)
	}
	if !cmp.Equal(made, read) {
		t.Errorf("recorded was\n%+v\nimported is\n%+v", made, read)
	}
	if read.EmergencyFix.ValueString() != "EF-1" || !read.Release.IsNull() || read.ContentDigest.ValueString() == "" {
		t.Errorf("imported is %+v", read)
	}
}
