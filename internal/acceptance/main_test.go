package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// terraformPath is the Terraform or OpenTofu that the tests run.
var terraformPath string

// TestMain finds a Terraform. The test binary is also the program of command
// targets: see program_test.go.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == programArgument {
		os.Exit(program(os.Args[2:]))
	}
	if err := findTerraform(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

func findTerraform() error {
	terraformPath = os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if terraformPath == "" {
			terraformPath, _ = exec.LookPath(name)
		}
	}
	if terraformPath == "" {
		return fmt.Errorf("these tests run a real Terraform: put terraform or tofu on the PATH, or name one in TF_ACC_TERRAFORM_PATH")
	}
	// A person's own configuration has no say in what is tested.
	settings := map[string]string{"TF_ACC_TERRAFORM_PATH": terraformPath, "TF_CLI_CONFIG_FILE": os.DevNull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
	if strings.HasPrefix(filepath.Base(terraformPath), "tofu") {
		settings["TF_ACC_PROVIDER_NAMESPACE"], settings["TF_ACC_PROVIDER_HOST"] = "hashicorp", "registry.opentofu.org"
	}
	for name, value := range settings {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
