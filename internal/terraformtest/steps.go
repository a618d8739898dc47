package terraformtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// Run takes a root module through steps, and then destroys what is left.
//
// It is resource.Test with a third of the processes, for the fields of a step
// that are named here; another one fails the test.
//
//   - Config with ConfigPlanChecks.PreApply and ConfigStateChecks: applied. The
//     plan after it, with its refresh, must be empty, unless ExpectNonEmptyPlan
//     says that it is not: a difference that never goes away is found for free.
//     If a later step plans the same configuration before anything else is
//     applied, that plan shows it.
//   - Config with PlanOnly: planned, by the same rule, and not applied.
//   - RefreshState: refreshed, with ConfigStateChecks and
//     RefreshPlanChecks.PostRefresh, and planned by the same rule.
//   - ImportState with ResourceName and ImportStateId (else the resource's
//     attribute id): imported into its own state. ImportStateVerify compares
//     that with the one there is, but for ImportStateVerifyIgnore.
//     ImportStatePersist imports into the state there is.
//   - PreConfig runs before a step. ExpectError is what Terraform's errors say,
//     of whatever the step runs, and ends it.
func Run(r *Root, steps ...resource.TestStep) {
	r.T.Helper()
	defer func() {
		r.T.Helper()
		if !r.T.Failed() {
			if err := r.destroy(); err != nil {
				r.T.Error(err)
			}
		}
	}()
	steps = slices.Clone(steps)
	for i, step := range steps {
		if step.Config == "" && i > 0 {
			steps[i].Config = steps[i-1].Config // a step without one is about what is there
		}
	}
	for i, step := range steps {
		if step.PreConfig != nil {
			step.PreConfig()
		}
		err := r.take(step, planned(steps[i:]))
		switch {
		case step.ExpectError == nil && err != nil:
			r.T.Fatalf("step %d of %d: %v", i+1, len(steps), err)
		case step.ExpectError != nil && err == nil:
			r.T.Fatalf("step %d of %d: no error, want one that matches %s", i+1, len(steps), step.ExpectError)
		case step.ExpectError != nil && !step.ExpectError.MatchString(err.Error()):
			r.T.Fatalf("step %d of %d: want an error that matches %s, got: %v", i+1, len(steps), step.ExpectError, err)
		}
	}
}

// planned reports whether the configuration that the first of these steps applies
// is planned by a later one, with nothing applied in between: what is not settled
// after the first one is not settled there either.
func planned(steps []resource.TestStep) bool {
	first := steps[0]
	if first.ExpectNonEmptyPlan || first.ExpectError != nil {
		return false
	}
	for _, later := range steps[1:] {
		if !later.PlanOnly && !later.RefreshState {
			return false
		}
		if later.Config == first.Config && later.ExpectError == nil && !later.ExpectNonEmptyPlan {
			return true
		}
	}
	return false
}

// known are the fields of a step that Run heeds.
var known = map[string]bool{
	"Config": true, "ConfigPlanChecks": true, "ConfigStateChecks": true, "PlanOnly": true, "ExpectNonEmptyPlan": true,
	"RefreshState": true, "RefreshPlanChecks": true,
	"ImportState": true, "ResourceName": true, "ImportStateId": true, "ImportStateVerify": true, "ImportStateVerifyIgnore": true, "ImportStatePersist": true,
	"PreConfig": true, "ExpectError": true,
}

// take takes a step; again is whether a later one plans what this one applies.
func (r *Root) take(step resource.TestStep, again bool) error {
	r.T.Helper()
	fields := reflect.ValueOf(step)
	for i := range fields.NumField() {
		if name := fields.Type().Field(i).Name; !known[name] && !fields.Field(i).IsZero() {
			r.T.Fatalf("terraformtest.Run does not heed %s", name)
		}
	}
	if len(step.ConfigPlanChecks.PostApplyPreRefresh)+len(step.ConfigPlanChecks.PostApplyPostRefresh) > 0 {
		r.T.Fatal("terraformtest.Run heeds the plan checks PreApply only")
	}
	if step.Config != "" {
		r.Write(step.Config)
	}
	switch {
	case step.ImportState:
		return r.imports(step)
	case step.RefreshState:
		if err := r.must("apply", "-refresh-only", "-auto-approve"); err != nil {
			return err
		}
		if err := r.checkState(step.ConfigStateChecks); err != nil || again && len(step.RefreshPlanChecks.PostRefresh) == 0 {
			return err
		}
		return r.planAgain(step, step.RefreshPlanChecks.PostRefresh)
	case step.PlanOnly:
		return r.planAgain(step, step.ConfigPlanChecks.PreApply)
	}
	if err := r.apply(step.ConfigPlanChecks.PreApply); err != nil {
		return err
	}
	if err := r.checkState(step.ConfigStateChecks); err != nil || again {
		return err
	}
	return r.planAgain(step, nil)
}

// saved is the name of the file with a saved plan.
const saved = "saved.tfplan"

// apply saves the plan only for those who look at it.
func (r *Root) apply(checks []plancheck.PlanCheck) error {
	r.T.Helper()
	if len(checks) == 0 {
		return r.must("apply", "-auto-approve")
	}
	if err := r.must("plan", "-out="+saved); err != nil {
		return err
	}
	if err := r.checkPlan(checks); err != nil {
		return err
	}
	return r.must("apply", saved)
}

// planAgain looks for what is never done with.
func (r *Root) planAgain(step resource.TestStep, checks []plancheck.PlanCheck) error {
	r.T.Helper()
	const nothing, something = 0, 2 // the exit codes
	got := r.Run("plan", "-detailed-exitcode", "-out="+saved)
	switch {
	case got.Code != nothing && got.Code != something:
		return fmt.Errorf("terraform plan failed:\n%s", got.Stderr)
	case got.Code == something && !step.ExpectNonEmptyPlan:
		return fmt.Errorf("the plan is not empty:\n%s", got.Stdout)
	case got.Code == nothing && step.ExpectNonEmptyPlan:
		return errors.New("the plan is empty, and was expected not to be")
	}
	return r.checkPlan(checks)
}

func (r *Root) checkPlan(checks []plancheck.PlanCheck) error {
	r.T.Helper()
	if len(checks) == 0 {
		return nil
	}
	shown := r.Run("show", "-json", saved)
	if shown.Code != 0 {
		return fmt.Errorf("terraform show failed:\n%s", shown.Stderr)
	}
	plan := &tfjson.Plan{}
	plan.UseJSONNumber(true)
	if err := json.Unmarshal([]byte(shown.Stdout), plan); err != nil {
		return err
	}
	var errs []error
	for _, check := range checks {
		var response plancheck.CheckPlanResponse
		check.CheckPlan(context.Background(), plancheck.CheckPlanRequest{Plan: plan}, &response)
		errs = append(errs, response.Error)
	}
	return errors.Join(errs...)
}

func (r *Root) checkState(checks []statecheck.StateCheck) error {
	r.T.Helper()
	if len(checks) == 0 {
		return nil
	}
	state, err := r.State()
	if err != nil {
		return err
	}
	var errs []error
	for _, check := range checks {
		var response statecheck.CheckStateResponse
		check.CheckState(context.Background(), statecheck.CheckStateRequest{State: state}, &response)
		errs = append(errs, response.Error)
	}
	return errors.Join(errs...)
}

// imports runs terraform import.
func (r *Root) imports(step resource.TestStep) error {
	r.T.Helper()
	var before map[string]any
	id := step.ImportStateId
	if id == "" || step.ImportStateVerify {
		state, err := r.State()
		if err == nil {
			before, err = attributesOf(state, step.ResourceName)
		}
		if err != nil {
			return err
		}
	}
	if id == "" {
		id, _ = before["id"].(string)
	}
	if step.ImportStatePersist {
		return r.must("import", step.ResourceName, id)
	}
	alone := filepath.Join(r.Dir, "import.tfstate")
	if err := os.RemoveAll(alone); err != nil {
		return err
	}
	if err := r.must("import", "-state="+alone, "-state-out="+alone, step.ResourceName, id); err != nil {
		return err
	}
	if !step.ImportStateVerify {
		return nil
	}
	state, err := stateOf(alone)
	if err != nil {
		return err
	}
	after, err := attributesOf(state, step.ResourceName)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(without(before, step.ImportStateVerifyIgnore), without(after, step.ImportStateVerifyIgnore)); diff != "" {
		return fmt.Errorf("importing %s (-there +imported):\n%s", step.ResourceName, diff)
	}
	return nil
}

// without is attributes without those at these paths, such as "target.command".
func without(attributes map[string]any, paths []string) map[string]any {
	attributes = maps.Clone(attributes)
	for _, path := range paths {
		name, rest, nested := strings.Cut(path, ".")
		if below, is := attributes[name].(map[string]any); is && nested {
			attributes[name] = without(below, []string{rest})
		} else if !nested {
			delete(attributes, name)
		}
	}
	return attributes
}

// destroy destroys what is left, where anything is. It does not refresh: the
// configuration may be one that was refused.
func (r *Root) destroy() error {
	r.T.Helper()
	state, err := readState(filepath.Join(r.Dir, "terraform.tfstate"))
	if err != nil {
		return err
	}
	for _, resource := range state.Resources {
		if resource.Mode == "managed" {
			return r.must("destroy", "-auto-approve", "-refresh=false")
		}
	}
	return nil
}
