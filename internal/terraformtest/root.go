package terraformtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Find finds the terraform or tofu to test with: TF_ACC_TERRAFORM_PATH, else the
// one on the PATH.
func Find() (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path, nil
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("these tests run a real Terraform: put terraform or tofu on the PATH, or name one in TF_ACC_TERRAFORM_PATH")
}

// limit is how long a command may take.
const limit = 3 * time.Minute

// Quiet is the environment of every Terraform in a test. Neither a person's own
// configuration nor the network has a say in what is tested. Terraform ends
// before it has made the garbage that is worth collecting: without a collector
// it takes a quarter less.
func Quiet() []string {
	return []string{
		"TF_CLI_CONFIG_FILE=" + os.DevNull, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1",
		"GOGC=off", "GOMEMLIMIT=1GiB",
	}
}

// A Root is a root module and the Terraform that runs it. It needs no init.
type Root struct {
	T         testing.TB
	Terraform string
	Dir       string
	Env       []string // beside what Quiet says, which it may change
}

// Result is what a command came to.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Output is all that was printed.
func (r Result) Output() string { return r.Stdout + r.Stderr }

// Write makes text the whole configuration.
func (r *Root) Write(text string) {
	r.T.Helper()
	if err := os.MkdirAll(r.Dir, 0o750); err != nil {
		r.T.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "main.tf"), []byte(text), 0o600); err != nil {
		r.T.Fatal(err)
	}
}

// Command is a command of Terraform that was not started.
func (r *Root) Command(args ...string) *exec.Cmd {
	// go test takes a result from its cache unless a variable that a test has read has
	// another value now. It does not notice what was read before the first test.
	_, _ = os.Getenv("TF_ACC_TERRAFORM_PATH"), os.Getenv("PATH")
	cmd := exec.Command(r.Terraform, append(args, "-no-color")...) //nolint:noctx // the one who starts it ends it
	cmd.Dir = r.Dir
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	cmd.Env = append(append(cmd.Env, Quiet()...), r.Env...)
	return cmd
}

// Run runs Terraform to its end, whatever that is.
func (r *Root) Run(args ...string) Result {
	r.T.Helper()
	var stdout, stderr bytes.Buffer
	cmd := r.Command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		r.T.Fatal(err)
	}
	timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.T.Fatal(err)
	}
	if !timer.Stop() {
		r.T.Fatalf("%v did not end in %s:\n%s", cmd.Args, limit, stdout.String()+stderr.String())
	}
	return Result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// must returns an error if Terraform fails.
func (r *Root) must(args ...string) error {
	r.T.Helper()
	if got := r.Run(args...); got.Code != 0 {
		return fmt.Errorf("terraform %s failed:\n%s", args[0], got.Stderr)
	}
	return nil
}
