package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// asked is what a data source answers to a configuration, both in its model.
func asked[M any](t *testing.T, d datasource.DataSource, config M) M {
	t.Helper()
	var schema datasource.SchemaResponse
	d.Schema(t.Context(), datasource.SchemaRequest{}, &schema)
	empty := tfsdk.State{Schema: schema.Schema, Raw: tftypes.NewValue(schema.Schema.Type().TerraformType(t.Context()), nil)}
	written := empty
	diags := written.Set(t.Context(), config)
	resp := datasource.ReadResponse{State: empty}
	if !diags.HasError() {
		d.Read(t.Context(), datasource.ReadRequest{Config: tfsdk.Config(written)}, &resp)
		diags.Append(resp.Diagnostics...)
	}
	var answer M
	if !diags.HasError() {
		diags.Append(resp.State.Get(t.Context(), &answer)...)
	}
	if diags.HasError() {
		t.Fatal(diags)
	}
	return answer
}

// opened records an emergency fix and carries out as many of its steps, all of
// which succeed; where more are asked for than it has, it is carried out.
func (p *planner) opened(wish portal.FixWish, steps int) {
	p.t.Helper()
	p.must(portal.OpenFix{FixWish: wish})
	for range steps {
		var round int
		done := false
		p.facts(func(f portal.Facts) {
			round, done = f.Fixes[wish.Name].Round, !f.Fixes[wish.Name].Active()
		})
		if done {
			return
		}
		p.must(portal.StartStep{Fix: wish.Name, Round: round, Stop: 100})
		var open *portal.Site
		p.facts(func(f portal.Facts) {
			for _, site := range f.Sites {
				if site.Attempt.Open() {
					open = site
				}
			}
		})
		if open != nil {
			p.must(portal.EndDeployment{Environment: open.Name, Epoch: open.Epoch, Outcome: portal.Succeeded})
		}
	}
}

func (p *planner) facts(look func(portal.Facts)) {
	p.t.Helper()
	if err := p.view(p.t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error { look(f); return nil }); err != nil {
		p.t.Fatal(err)
	}
}

// line writes an overview in one line.
func (o environmentOverview) line() string {
	return strings.Join([]string{o.Name.ValueString(), o.Status.ValueString(), o.Release.ValueString(), o.Running.ValueString(), o.HeldBy.ValueString()}, " ")
}

func TestDataSourcesShowWhatAFixHolds(t *testing.T) {
	all := 100
	for _, c := range []struct {
		name         string
		steps        int // of: hold, suspend, roll_back, deploy, test, hold, deploy, unhold, restore, resume, unhold
		withdraw     bool
		environments []string
		status       string // of the fix
		owes         []string
	}{
		{"opened", 0, false, []string{
			"dev running 2.0.0 2.0.0 ", "qa suspended 2.0.0 2.0.0 EF-1", "production suspended 1.0.0 1.0.0 EF-1",
		}, "open", nil},
		{"while the release under test waits", 5, false, []string{
			"dev running 2.0.0 2.0.0 ", "qa suspended 2.0.0 1.0.0+EF-1 EF-1", "production suspended 1.0.0 1.0.0 EF-1",
		}, "open", nil},
		{"on its target", 8, false, []string{
			"dev running 2.0.0 2.0.0 ", "qa suspended 2.0.0 1.0.0+EF-1 EF-1", "production running 1.0.0 1.0.0+EF-1 ",
		}, "open", []string{"a release that contains EF-1 on production, by 2", "the review of EF-1, by 2", "dev runs 2.0.0"}},
		{"when all is done", all, false, []string{
			"dev running 2.0.0 2.0.0 ", "qa running 2.0.0 2.0.0 ", "production running 1.0.0 1.0.0+EF-1 ",
		}, "applied", []string{"a release that contains EF-1 on production, by 2", "the review of EF-1, by 2", "dev runs 2.0.0", "qa runs 2.0.0"}},
		{"withdrawn", all, true, []string{
			"dev running 2.0.0 2.0.0 ", "qa running 2.0.0 2.0.0 ", "production running 1.0.0 1.0.0 ",
		}, "withdrawn", []string{"the review of EF-1, by 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			p.register("1.0.0", "2.0.0")
			for _, name := range []string{"dev", "qa", "production"} {
				p.deployed(name, "1.0.0")
			}
			p.deployed("dev", "2.0.0")
			p.deployed("qa", "2.0.0")
			wish := portaltest.Fix("EF-1", "1.0.1")
			p.opened(wish, c.steps)
			if c.withdraw {
				wish.Withdraw = "it made things worse"
				p.opened(wish, all)
			}
			pipeline := asked(t, &pipelineDataSource{configuredData{p.session}}, pipelineDataModel{Name: types.StringValue("shop")})
			for i, want := range c.environments {
				o := pipeline.Environments[i]
				if o.line() != want {
					t.Errorf("it shows %q, want %q", o.line(), want)
				}
				e := asked(t, &environmentDataSource{configuredData{p.session}}, environmentDataModel{Pipeline: types.StringValue("shop"), Name: o.Name})
				if alone := (environmentOverview{Name: e.Name, Status: e.Status, Release: e.Release, Running: e.Running, HeldBy: e.HeldBy}).line(); alone != want {
					t.Errorf("by itself it shows %q, want %q", alone, want)
				}
			}
			if len(pipeline.OpenFixes) != 1 {
				t.Fatalf("open are %+v", pipeline.OpenFixes)
			}
			fix := pipeline.OpenFixes[0]
			if fix.Name.ValueString() != "EF-1" || fix.Status.ValueString() != c.status || fix.Incident.ValueString() != "INC-1" {
				t.Errorf("it shows %+v", fix)
			}
			applied := c.status == "applied" || c.withdraw
			if fix.AppliedAt.IsNull() == applied || fix.ReconcileBy.IsNull() != (c.owes == nil || c.withdraw) || fix.ReviewBy.IsNull() != (c.owes == nil) {
				t.Errorf("its times are %v, %v, %v", fix.AppliedAt, fix.ReconcileBy, fix.ReviewBy)
			}
			var owes []string
			fix.Obligations.ElementsAs(t.Context(), &owes, false)
			if len(owes) != len(c.owes) {
				t.Fatalf("it owes %q, want %q", owes, c.owes)
			}
			for i, want := range c.owes {
				if !strings.HasPrefix(owes[i], want) {
					t.Errorf("it owes %q, want %q", owes[i], want)
				}
			}
		})
	}
}

func TestMetricsAreWrittenWithTheirUnits(t *testing.T) {
	hours := func(h float64) *time.Duration { return new(time.Duration(h * float64(time.Hour))) }
	var m metricsModel
	m.encode(portal.Figures{
		Deployments: 4, LeadTime: hours(49.5), ChangeFailureRate: new(0.25), TimeToRestore: hours(0.5), Fixes: 1,
		Bypasses: map[portal.Rule]int{portal.SoakTime: 1}, Interrupted: 100 * time.Minute, Open: 3, Overdue: 2,
	})
	want := metricsModel{
		Deployments: types.Int64Value(4), LeadTime: types.StringValue("49h30m"), ChangeFailureRate: types.Float64Value(0.25), TimeToRestore: types.StringValue("30m"),
		EmergencyFixes: types.Int64Value(1), BypassesByRule: map[string]int64{"soak-time": 1}, InterruptedTestingHours: types.Float64Value(1.67),
		ObligationsOpen: types.Int64Value(3), ObligationsOverdue: types.Int64Value(2),
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("written is (-want +got):\n%s", diff)
	}
}

func TestMetricsReadTheLedger(t *testing.T) {
	p := newPlanner(t, nil)
	ask := func(window basetypes.StringValue) metricsModel {
		t.Helper()
		return asked(t, &metricsDataSource{configuredData{p.session}}, metricsModel{Pipeline: types.StringValue("shop"), Window: duration{window}})
	}
	p.register("1.0.0", "2.0.0")
	if m := ask(types.StringNull()); m.Deployments.ValueInt64() != 0 || !m.LeadTime.IsNull() || !m.ChangeFailureRate.IsNull() || !m.TimeToRestore.IsNull() || len(m.BypassesByRule) != 0 {
		t.Errorf("of nothing it says %+v", m)
	}
	for _, name := range []string{"dev", "qa", "production"} {
		p.deployed(name, "1.0.0")
	}
	p.opened(portaltest.Fix("EF-1", "1.0.1"), 100)
	m := ask(types.StringValue("1h"))
	if m.Deployments.ValueInt64() != 1 || m.LeadTime.IsNull() || m.ChangeFailureRate.ValueFloat64() != 1 || m.TimeToRestore.IsNull() ||
		m.EmergencyFixes.ValueInt64() != 1 || m.BypassesByRule["stage-order"] != 1 || m.ObligationsOpen.ValueInt64() != 3 || m.ObligationsOverdue.ValueInt64() != 0 {
		t.Errorf("it says %+v", m)
	}
	time.Sleep(time.Millisecond) // the ledger counts microseconds
	if m := ask(types.StringValue("0s")); m.Deployments.ValueInt64() != 0 || m.EmergencyFixes.ValueInt64() != 0 || m.ObligationsOpen.ValueInt64() != 3 {
		t.Errorf("of no time at all it says %+v", m)
	}
}
