package terraformtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds the provider into a directory, and returns the variable of the
// environment that makes Terraform use it: one process for each walk. module is
// the path to the module's root; flags are more flags of go build. It takes some
// seconds: once for all tests of a package, and where one needs it.
func Build(dir, module string, flags ...string) (string, error) {
	args := append([]string{"build", "-o", filepath.Join(dir, "terraform-provider-portal")}, append(flags, module)...)
	if output, err := exec.Command("go", args...).CombinedOutput(); err != nil { //nolint:noctx // nothing is waited for
		return "", fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	config := filepath.Join(dir, "terraformrc")
	text := fmt.Appendf(nil, `provider_installation {
  dev_overrides { "releaseportal/portal" = %q }
  direct {}
}
`, filepath.ToSlash(dir))
	err := os.WriteFile(config, text, 0o600)
	return "TF_CLI_CONFIG_FILE=" + config, err
}
