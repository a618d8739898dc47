package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// root is a root module with its own state.
type root struct {
	terraform string
	dir       string
	settings  string // the file that says where its providers are
}

// newRoot makes a root module. overrides says for provider addresses in which
// directories their binaries lie; no terraform init is needed then.
func (b *bench) newRoot(name, hcl string, overrides map[string]string) (*root, error) {
	dir := filepath.Join(b.dir, "roots", name)
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var settings strings.Builder
	settings.WriteString("provider_installation {\n  dev_overrides {\n")
	for address, at := range overrides {
		fmt.Fprintf(&settings, "    %q = %q\n", address, at)
	}
	settings.WriteString("  }\n  direct {}\n}\n")
	r := &root{terraform: b.terraform, dir: dir, settings: filepath.Join(dir, "settings.tfrc")}
	if err := os.WriteFile(r.settings, []byte(settings.String()), 0o600); err != nil {
		return nil, err
	}
	return r, os.WriteFile(filepath.Join(dir, "main.tf"), []byte(hcl), 0o600)
}

// took is what a run of Terraform cost: time on the clock, and time on the
// processors by Terraform and its providers.
type took struct{ wall, cpu time.Duration }

// run runs Terraform and fails with everything it wrote.
func (r *root) run(ctx context.Context, args ...string) (took, error) {
	cmd := exec.CommandContext(ctx, r.terraform, args...)
	cmd.Dir = r.dir
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "PORTAL_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, "TF_CLI_CONFIG_FILE="+r.settings, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "PORTAL_ACTOR=bench")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	err := cmd.Run()
	wall := time.Since(begin)
	if err != nil {
		return took{}, fmt.Errorf("terraform %s: %w\n%s", strings.Join(args, " "), err, tail(out.String()))
	}
	return took{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

func tail(text string) string {
	const most = 4000
	return text[max(0, len(text)-most):]
}

func (r *root) apply(ctx context.Context, more ...string) (took, error) {
	return r.run(ctx, append([]string{"apply", "-input=false", "-no-color", "-auto-approve"}, more...)...)
}

// plan refreshes and plans, and fails if anything is to be changed.
func (r *root) plan(ctx context.Context, more ...string) (took, error) {
	return r.run(ctx, append([]string{"plan", "-input=false", "-no-color", "-detailed-exitcode"}, more...)...)
}

// series is what the runs of one thing took.
type series []took

// best is the least of both times: whatever else the machine does only adds.
func (s series) best() took {
	return took{
		wall: slices.MinFunc(s, func(a, b took) int { return int(a.wall - b.wall) }).wall,
		cpu:  slices.MinFunc(s, func(a, b took) int { return int(a.cpu - b.cpu) }).cpu,
	}
}
