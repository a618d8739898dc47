//go:build !windows

package command

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/targettest"
)

const (
	programVariable = "TARGET_PROGRAM_DIR" // makes this binary the program that deploys
	parentVariable  = "TARGET_PARENT_DIR"  // makes it a process that runs one and gets killed
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(programVariable); dir != "" {
		os.Exit(runProgram(os.Args[1], dir))
	}
	if dir := os.Getenv(parentVariable); dir != "" {
		_, _ = Run(context.Background(), Process{Argv: []string{"sh", "-c", "echo $$ > pids; exec sleep 600"}, Dir: dir})
		os.Exit(0)
	}
	targettest.Main(m, func(config []byte) (target.Target, error) {
		var decoded Config
		if err := json.Unmarshal(config, &decoded); err != nil {
			return nil, err
		}
		return New(decoded, target.Credential{}, target.Place{})
	})
}

func mustNew(t testing.TB, config Config, credential target.Credential) *Target {
	t.Helper()
	opened, err := New(config, credential, target.Place{Pipeline: "intranet", Environment: "production"})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestConformance(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Harness {
		p := program{t.TempDir()}
		config := Config{
			Deploy: []string{os.Args[0], "deploy"}, Observe: []string{os.Args[0], "observe"},
			Environment: map[string]string{programVariable: p.dir, "GORACE": targettest.ExitAtOnce}, Timeout: "1m",
		}
		encoded, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		behave := func(how string) func(*testing.T) {
			return func(t *testing.T) { mustWrite(t, p.path(how), "") }
		}
		return targettest.Harness{
			Config: encoded,
			Target: mustNew(t, config, target.Credential{}),
			Break:  behave("broken"),
			Slow:   behave("slow"),
			Lie:    behave("lie"),
			Tamper: func(t *testing.T, name string) { mustWrite(t, p.path("component-"+name), "by hand") },
			AtWork: func() bool { return p.working() != 0 },
			Quiet:  func() bool { return p.working() == 0 },
			Gone: func(t *testing.T) []string {
				left, err := filepath.Glob(p.path("component-*"))
				if err != nil {
					t.Fatal(err)
				}
				return left
			},
		}
	})
}

func mustWrite(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// script writes a shell script and gives the command that runs it.
func script(t testing.TB, lines ...string) []string {
	t.Helper()
	return []string{"/bin/sh", mustWrite(t, filepath.Join(t.TempDir(), "script"), strings.Join(lines, "\n")+"\n")}
}
