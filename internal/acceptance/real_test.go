package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/terraformtest"
)

// built is the provider as users get it, built once, with the points at which a
// test can have it killed.
var built struct {
	once sync.Once
	dir  string
	use  string // the variable of the environment that makes Terraform use it
	err  error
}

// providerDir is where the built provider is.
func providerDir(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		built.dir, built.err = os.MkdirTemp("", "portal-acceptance-") //nolint:usetesting // it outlives the first test that needs it
		if built.err != nil {
			return
		}
		built.use, built.err = terraformtest.Build(built.dir, "../..", "-tags", "crashpoints")
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.dir
}

// builtProvider is the variable of the environment that makes Terraform use the
// built provider.
func builtProvider(t testing.TB) string {
	t.Helper()
	providerDir(t)
	return built.use
}

// root is a root module that a real Terraform applies. The test serves the
// provider for the commands it runs; those it starts, and those with variables of
// their own, run the built provider in processes of their own.
type root struct {
	w     *world
	dir   string
	actor string
	env   []string // of built providers
	// built makes every command run the built provider: its environment or its
	// working directory matters.
	built bool
}

// root makes a root module. Its ledger is the world's; who applies it is named
// after it.
func (w *world) root(name string) *root {
	w.t.Helper()
	r := &root{w: w, dir: w.path("roots", name), actor: name + "@example.com"}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// write makes the parts the whole configuration.
func (r *root) write(parts ...string) *root {
	r.w.t.Helper()
	head := `
terraform {
  required_providers {
    portal = { source = "releaseportal/portal" }
  }
}
provider "portal" {
  ledger_url = "sqlite:{dir}/ledger.db"
  actor      = "` + r.actor + `"
}
`
	r.w.write(filepath.Join("roots", filepath.Base(r.dir), "main.tf"), r.w.hcl(append([]string{head}, parts...)...))
	return r
}

// result is what a run of Terraform came to.
type result struct {
	code   int
	output string
}

// run runs Terraform and never fails by itself. Variables are for the built
// provider.
func (r *root) run(env []string, args ...string) result {
	r.w.t.Helper()
	if r.built || len(env) > 0 {
		return r.start(env, args...).wait()
	}
	got := (&terraformtest.Root{T: r.w.t, Terraform: terraformPath, Dir: r.dir, Env: []string{r.w.served()}}).Run(args...)
	return result{got.Code, got.Output()}
}

// running is a Terraform that has not ended yet, with a built provider below it.
type running struct {
	t      testing.TB
	cmd    *exec.Cmd
	output *bytes.Buffer
	done   chan struct{}
	err    error
}

func (r *root) start(env []string, args ...string) *running {
	r.w.t.Helper()
	p := r.prepare(env, args...)
	p.begin()
	return p
}

func (r *root) prepare(env []string, args ...string) *running {
	r.w.t.Helper()
	// Where a provider that is killed leaves its socket. Not t.TempDir: the path of
	// a socket has to be short.
	sockets, err := os.MkdirTemp("", "tf")
	if err != nil {
		r.w.t.Fatal(err)
	}
	r.w.t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	variables := append([]string{builtProvider(r.w.t), "TMPDIR=" + sockets}, r.env...)
	terraform := terraformtest.Root{T: r.w.t, Terraform: terraformPath, Dir: r.dir, Env: append(variables, env...)}
	p := &running{t: r.w.t, cmd: terraform.Command(args...), output: &bytes.Buffer{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	return p
}

func (p *running) begin() {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
	}()
}

func (p *running) wait() result {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		_ = p.cmd.Process.Kill()
		p.t.Fatalf("%v did not end", p.cmd.Args)
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		p.t.Fatal(p.err)
	}
	return result{p.cmd.ProcessState.ExitCode(), p.output.String()}
}

// must fails where Terraform did.
func (r *root) must(args ...string) string {
	r.w.t.Helper()
	got := r.run(nil, args...)
	if got.code != 0 {
		r.w.t.Fatalf("%v failed:\n%s", args, got.output)
	}
	return got.output
}

func (r *root) apply() string { r.w.t.Helper(); return r.must("apply", "-auto-approve") }

// refuses fails unless Terraform failed and said all this.
func (r *root) refuses(args []string, parts ...string) string {
	r.w.t.Helper()
	got := r.run(nil, args...)
	r.w.mustRefuse(got, parts...)
	return got.output
}

func (w *world) mustRefuse(got result, parts ...string) {
	w.t.Helper()
	if got.code == 0 || !says(parts...).MatchString(got.output) {
		w.t.Fatalf("exit code %d, want a refusal that says %q:\n%s", got.code, parts, got.output)
	}
	if strings.Contains(got.output, "Provider produced inconsistent") {
		w.t.Errorf("it is told as a defect:\n%s", got.output)
	}
}

// mustBeEmpty fails where a plan would change anything.
func (r *root) mustBeEmpty() {
	r.w.t.Helper()
	if got := r.run(nil, "plan", "-detailed-exitcode", "-lock=false"); got.code != 0 {
		r.w.t.Errorf("the plan is not empty, exit code %d:\n%s", got.code, got.output)
	}
}

// eventually polls until a condition holds.
func eventually(t testing.TB, what string, within time.Duration, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// mustNotBeTainted looks into the state file.
func (r *root) mustNotBeTainted() {
	r.w.t.Helper()
	bytes, err := os.ReadFile(filepath.Join(r.dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	var state struct {
		Resources []struct {
			Name      string
			Instances []struct{ Status string }
		}
	}
	if err == nil {
		err = json.Unmarshal(bytes, &state)
	}
	if err != nil {
		r.w.t.Fatal(err)
	}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			if instance.Status != "" {
				r.w.t.Errorf("%s is %s", resource.Name, instance.Status)
			}
		}
	}
}
