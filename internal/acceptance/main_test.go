package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	portalprovider "github.com/releaseportal/terraform-provider-portal/internal/provider"
	"github.com/releaseportal/terraform-provider-portal/internal/terraformtest"
)

// terraformPath is the Terraform or OpenTofu that the tests run.
var terraformPath string

// TestMain finds a Terraform. The test binary is also the program of command
// targets (see program_test.go), and the terraform of the jobs in CI (see
// real_ci_test.go).
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == programArgument {
		os.Exit(program(os.Args[2:]))
	}
	var err error
	if terraformPath, err = terraformtest.Find(); err == nil {
		err = terraformtest.Silence()
	}
	if err == nil && filepath.Base(os.Args[0]) == "terraform" { // see real_ci_test.go
		var code int
		if code, err = terraformtest.Launch(terraformPath, os.Args[1:], func() terraformtest.Provider { return portalprovider.New("test", os.Getenv) }, "releaseportal/portal"); err == nil {
			os.Exit(code)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	debug.SetGCPercent(400) // there is more memory than time
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}
