package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// eligibleFor asks data.portal_release for the newest release that may enter a
// stage.
func eligibleFor(t *testing.T, p *planner, stage string, allowNone bool) (releaseDataModel, diagnostics) {
	t.Helper()
	d := &releaseDataSource{configuredData{p.session}}
	var schema datasource.SchemaResponse
	d.Schema(t.Context(), datasource.SchemaRequest{}, &schema)
	empty := tfsdk.State{Schema: schema.Schema, Raw: tftypes.NewValue(schema.Schema.Type().TerraformType(t.Context()), nil)}
	written, resp := empty, datasource.ReadResponse{State: empty}
	m := releaseDataModel{Pipeline: types.StringValue("shop"), EligibleFor: types.StringValue(stage), AllowNone: types.BoolValue(allowNone)}
	m.encodeNone()
	m.WhyNot = types.ListNull(types.StringType)
	if diags := written.Set(t.Context(), m); diags.HasError() {
		t.Fatal(diags)
	}
	d.Read(t.Context(), datasource.ReadRequest{Config: tfsdk.Config(written)}, &resp)
	var answer releaseDataModel
	if !resp.Diagnostics.HasError() {
		if diags := resp.State.Get(t.Context(), &answer); diags.HasError() {
			t.Fatal(diags)
		}
	}
	return answer, resp.Diagnostics
}

func TestWhyNoReleaseIsEligible(t *testing.T) {
	p := newPlanner(t, nil)
	_, diags := eligibleFor(t, p, "production", false)
	if len(diags) != 1 || diags[0].Detail() != "None is registered." {
		t.Errorf("without any release it says %v", diags)
	}
	p.register("1.0.0", "2.0.0", "3.0.0", "4.0.0")
	p.deployed("dev", "4.0.0")
	_, diags = eligibleFor(t, p, "production", false)
	if len(diags) != 1 || diags[0].Summary() != "No release of shop may enter production now" {
		t.Fatalf("it says %v", diags)
	}
	detail := diags[0].Detail()
	for _, want := range []string{
		"4.0.0: stage-order: It has not been on every stage before this one: 4.0.0 never ran on qa.",
		"3.0.0: stage-order: It has not been on every stage before this one: 3.0.0 never ran on dev and qa.",
		"2.0.0: stage-order:", "allow_none",
	} {
		if !strings.Contains(detail, want) {
			t.Errorf("it does not say %q:\n%s", want, detail)
		}
	}
	if strings.Contains(detail, "1.0.0") {
		t.Errorf("it tells of more than three:\n%s", detail)
	}
	m, diags := eligibleFor(t, p, "production", true)
	if len(diags) > 0 || !m.Version.IsNull() || len(m.WhyNot.Elements()) != whyNotOf {
		t.Errorf("where none is allowed: %v, %v, %v", m.Version, m.WhyNot, diags)
	}
}

func TestWhatIsEligibleWhileAFixHoldsTheStage(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0", "2.0.0")
	for _, name := range []string{"dev", "qa", "production"} {
		p.deployed(name, "1.0.0")
	}
	p.deployed("dev", "2.0.0")
	p.deployed("qa", "2.0.0")
	p.opened(portaltest.Fix("EF-1", "1.0.1"), 0)
	m, diags := eligibleFor(t, p, "production", false)
	if m.Version.ValueString() != "1.0.0" {
		t.Errorf("it finds %v", m.Version)
	}
	if got := lines(diags); got != "Warning: environment-held: production of shop stays with release 1.0.0 for now" {
		t.Errorf("it says\n%s", got)
	}
	if why := m.WhyNot.String(); !strings.Contains(why, "2.0.0: ") || !strings.Contains(why, "environment-held: Emergency fix EF-1 (INC-1) holds production") {
		t.Errorf("why not: %s", why)
	}
	if m, diags := eligibleFor(t, p, "qa", false); m.Version.ValueString() != "2.0.0" || len(diags) > 0 {
		t.Errorf("for the stage whose release waits it finds %v, %v", m.Version, diags)
	}
}

func TestWhatIsEligibleAfterAFreeze(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0")
	p.must(portal.DeclareFreeze{Freeze: portal.Freeze{Name: "night", Stages: []string{"dev"}, StartsAt: time.Now().Add(-time.Hour), EndsAt: time.Now().Add(time.Hour), Reason: "one\ntwo"}})
	_, diags := eligibleFor(t, p, "dev", false)
	if len(diags) != 1 || !strings.Contains(diags[0].Detail(), `1.0.0: freeze: Freeze "night" is in force on dev`) || !strings.Contains(diags[0].Detail(), "one two") {
		t.Errorf("it says %v", diags)
	}
}
