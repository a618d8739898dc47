package provider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestAPlanTellsWhereAFixGoesOn(t *testing.T) {
	steps := []portal.Step{{Action: portal.StepHold, Environment: "staging"}, {Action: portal.StepDeploy, Environment: "staging"}}
	for _, c := range []struct {
		name   string
		known  *portal.FixState
		done   int
		halted string
		want   string
	}{
		{name: "it is new"},
		{name: "a step did not succeed", known: &portal.FixState{}, done: 1, halted: "the check failed", want: "halted at step 2 of 2, deploy on staging\nThe check failed."},
		{name: "its process was killed", known: &portal.FixState{}, done: 1, want: "open at step 2 of 2, deploy on staging\nIts process has died, or is still running."},
		{name: "every step is done", known: &portal.FixState{}, done: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.known != nil {
				c.known.Plan.Steps, c.known.Done, c.known.Halted = steps, c.done, c.halted
			}
			var p proposed
			p.tell(&portal.FixProposal{Known: c.known})
			if p.begun != c.want {
				t.Errorf("it says %q, want %q", p.begun, c.want)
			}
		})
	}
}

// Terraform drops the warnings of the second of the two plans that a replacement
// takes, so the first one has to give them.
func TestAFixInThePlaceOfAnotherWarnsAsANewOne(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0")
	for _, environment := range []string{"dev", "qa", "production"} {
		p.deployed(environment, "1.0.0")
	}
	source := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(source, []byte("mended"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &fixResource{configured{p.session}}
	named := func(name string) tfsdk.State {
		s := empty(t, r)
		for attribute, value := range map[string]any{
			"pipeline": "shop", "name": name, "bypass": []string{"stage-order"}, "id": "shop/" + name,
			"components": map[string]componentModel{"app": {Version: types.StringValue("1.0.1"), Source: types.StringValue(source), Kind: types.StringValue("file")}},
			"justification": justificationModel{
				Reason: types.StringValue("it is down"), Incident: types.StringValue("INC-1"), Severity: types.StringValue("1"),
				RequestedBy: types.StringValue("ann"), WhyNotNormalPath: types.StringValue("now"),
			},
		} {
			if diags := s.SetAttribute(t.Context(), path.Root(attribute), value); diags.HasError() {
				t.Fatal(diags)
			}
		}
		return s
	}
	asked := tfsdk.Plan(named("EF-2"))
	resp := resource.ModifyPlanResponse{Plan: asked}
	r.ModifyPlan(t.Context(), resource.ModifyPlanRequest{State: named("EF-1"), Plan: asked, Config: tfsdk.Config(asked)}, &resp)
	want := "Warning: Emergency fix shop/EF-2 sets no expect\nWarning: fix-approved: emergency fix shop/EF-2 cannot be applied yet"
	if got := lines(resp.Diagnostics); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}
