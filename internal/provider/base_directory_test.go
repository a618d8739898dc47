package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// checkout is one with programs that say where they are started.
func checkout(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "ops"), 0o755)
	}
	for _, name := range []string{"observe.sh", "ops/observe.sh"} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\npwd >ran\necho '{\"version\": 1, \"components\": {}}'\n"), 0o755)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func inCheckout(t *testing.T, dir string) *session {
	t.Helper()
	s, resp := configure(t, variables{"PORTAL_BASE_DIRECTORY": dir}, nil)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	return s
}

func TestTwoCheckoutsAgreeOnPrograms(t *testing.T) {
	for _, c := range []struct {
		written  types.String
		recorded string
		started  string // below the checkout
	}{
		{types.StringNull(), `"working_directory":"."`, ""},
		{types.StringValue("ops"), `"working_directory":"ops"`, "ops"},
		{types.StringValue("./ops/../ops"), `"working_directory":"ops"`, "ops"},
	} {
		m := aCommand(func(m *commandModel) {
			m.WorkingDirectory, m.Observe = c.written, stringList([]string{"./observe.sh"})
		})
		first, second := checkout(t), checkout(t)
		var diags diagnostics
		recorded := decodeTarget(t.Context(), m, first, &diags)
		again := decodeTarget(t.Context(), m, second, &diags)
		if diags.HasError() || !strings.Contains(string(recorded.Config), c.recorded) || !portal.SameTarget(recorded, again) {
			t.Errorf("%s: recorded is %s and %s, %v", c.written, recorded.Config, again.Config, diags)
		}
		for _, dir := range []string{first, second} {
			opened, err := inCheckout(t, dir).openTarget("shop", portal.Environment{Name: "dev", Target: recorded})
			if err == nil {
				_, err = opened.Observe(t.Context())
			}
			ran, _ := os.ReadFile(filepath.Join(dir, c.started, "ran"))
			if err != nil || strings.TrimSpace(string(ran)) != filepath.Join(dir, c.started) {
				t.Errorf("%s: it ran in %q (%v)", c.written, ran, err)
			}
		}
		if _, err := inCheckout(t, "").openTarget("shop", portal.Environment{Name: "dev", Target: recorded}); err == nil || !strings.Contains(err.Error(), "PORTAL_BASE_DIRECTORY") {
			t.Errorf("without a base directory it says %v", err)
		}
	}
}

func TestAnAbsoluteDirectoryOfProgramsStaysOne(t *testing.T) {
	dir := checkout(t)
	var diags diagnostics
	recorded := decodeTarget(t.Context(), aCommand(func(m *commandModel) { m.WorkingDirectory = types.StringValue("/opt/deploy") }), dir, &diags)
	if diags.HasError() || !strings.Contains(string(recorded.Config), `"/opt/deploy"`) {
		t.Errorf("it becomes %s (%v)", recorded.Config, diags)
	}
	if _, err := inCheckout(t, "").openTarget("shop", portal.Environment{Name: "dev", Target: recorded}); err != nil {
		t.Errorf("without a base directory: %v", err)
	}
}

func TestAProgramOfACheckIsStartedInTheBaseDirectory(t *testing.T) {
	dir := checkout(t)
	result := inCheckout(t, dir).check(t.Context(), check.Request{Check: portal.Check{Name: "smoke", Command: []string{"./observe.sh"}}, Pipeline: "shop", Environment: "dev", Release: "1.0.0"})
	if ran, _ := os.ReadFile(filepath.Join(dir, "ran")); !result.Passed || strings.TrimSpace(string(ran)) != dir {
		t.Errorf("it ran in %q: %+v", ran, result)
	}
}

func TestABaseDirectoryHasToBeThere(t *testing.T) {
	_, resp := configure(t, nil, map[string]tftypes.Value{"base_directory": text(filepath.Join(t.TempDir(), "gone"))})
	if !resp.Diagnostics.HasError() || !strings.Contains(lines(resp.Diagnostics), "base_directory") {
		t.Errorf("it says %v", resp.Diagnostics)
	}
}
