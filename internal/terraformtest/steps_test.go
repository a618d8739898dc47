package terraformtest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// recorder is a test that others look on failing.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Helper()      {}
func (r *recorder) Failed() bool { return len(r.said) > 0 }
func (r *recorder) Error(args ...any) {
	r.said = append(r.said, fmt.Sprint(args...))
}

func (r *recorder) Fatal(args ...any) {
	r.said = append(r.said, fmt.Sprint(args...))
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

// Terraform has a resource of its own, which needs no provider.
const (
	still    = `resource "terraform_data" "it" { input = "a" }`
	restless = `resource "terraform_data" "it" { input = timestamp() }`
	refused  = `
locals {
  lucky = false
}
resource "terraform_data" "it" {
  input = "a"
  lifecycle {
    precondition {
      condition     = local.lucky
      error_message = "No luck today, nor tomorrow, nor on any day that comes after it, as it seems."
    }
  }
}`
	stuck = `resource "terraform_data" "it" {
  input = "a"
  provisioner "local-exec" {
    when    = destroy
    command = "false"
  }
}`
)

func input(value string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("terraform_data.it", tfjsonpath.New("input").AtMapKey("value"), knownvalue.StringExact(value))
}

func creates(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("terraform_data.it", action)}}
}

func TestRun(t *testing.T) {
	t.Parallel()
	terraform, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	luck := regexp.MustCompile(`No luck today`)
	for name, c := range map[string]struct {
		steps []resource.TestStep
		fails string
	}{
		"applied and checked": {
			steps: []resource.TestStep{
				{Config: still, ConfigPlanChecks: creates(plancheck.ResourceActionCreate), ConfigStateChecks: []statecheck.StateCheck{input("a")}},
				{RefreshState: true, ConfigStateChecks: []statecheck.StateCheck{input("a")}},
				{Config: still, PlanOnly: true},
				{Config: restless, PlanOnly: true, ExpectNonEmptyPlan: true},
				{Config: refused, ExpectError: luck},
			},
		},
		"an import is compared": {
			steps: []resource.TestStep{{Config: still}, {ResourceName: "terraform_data.it", ImportState: true, ImportStateVerify: true}},
			fails: `importing terraform_data.it`, // which does not know its input
		},
		"an import but for what cannot be known": {
			steps: []resource.TestStep{{Config: still}, {
				ResourceName: "terraform_data.it", ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"input", "output"},
			}},
		},
		"a later plan shows what is not settled": {steps: []resource.TestStep{{Config: restless}, {Config: refused, PlanOnly: true, ExpectError: luck}, {Config: restless, PlanOnly: true}}, fails: "step 3 of 3: the plan is not empty"},
		"a later plan comes too late":            {steps: []resource.TestStep{{Config: restless}, {Config: still}, {Config: restless, PlanOnly: true}}, fails: "step 1 of 3: the plan is not empty"},
		"a later plan that expects an error":     {steps: []resource.TestStep{{Config: restless}, {Config: restless, PlanOnly: true, ExpectError: luck}}, fails: "step 1 of 2: the plan is not empty"},
		"a difference that never goes away":      {steps: []resource.TestStep{{Config: restless}}, fails: "the plan is not empty"},
		"a plan that has something to do":        {steps: []resource.TestStep{{Config: still, PlanOnly: true}}, fails: "the plan is not empty"},
		"an empty plan that is not to be":        {steps: []resource.TestStep{{Config: still, ExpectNonEmptyPlan: true}}, fails: "the plan is empty"},
		"another action":                         {steps: []resource.TestStep{{Config: still, ConfigPlanChecks: creates(plancheck.ResourceActionNoop)}}, fails: "expected NoOp"},
		"another value":                          {steps: []resource.TestStep{{Config: still, ConfigStateChecks: []statecheck.StateCheck{input("b")}}}, fails: "expected value b"},
		"an error":                               {steps: []resource.TestStep{{Config: refused}}, fails: "No luck today"},
		"no error":                               {steps: []resource.TestStep{{Config: still, ExpectError: luck}}, fails: "no error"},
		"another error":                          {steps: []resource.TestStep{{Config: `nothing`, ExpectError: luck}}, fails: "Argument or block definition required"},
		"what cannot be destroyed":               {steps: []resource.TestStep{{Config: stuck}}, fails: "terraform destroy failed"},
		"a field that means nothing here":        {steps: []resource.TestStep{{Config: still, Destroy: true}}, fails: "does not heed Destroy"},
		"a plan check that means nothing here":   {steps: []resource.TestStep{{Config: still, ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: creates(plancheck.ResourceActionNoop).PreApply}}}, fails: "PreApply only"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := &recorder{TB: t}
			r := &Root{T: on, Terraform: terraform, Dir: filepath.Join(t.TempDir(), "root")}
			done := make(chan struct{})
			go func() {
				defer close(done)
				Run(r, c.steps...)
			}()
			<-done
			if said := strings.Join(on.said, "\n"); (said != "") != (c.fails != "") || !strings.Contains(said, c.fails) {
				t.Errorf("it says %q, want %q", said, c.fails)
			}
		})
	}
}
