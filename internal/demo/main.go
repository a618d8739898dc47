// Command demo says what the provider does, with a real Terraform or OpenTofu,
// on the embedded ledger and on directories below a temporary folder. It checks
// each step and ends with an error if the story does not go as told.
//
// Run it from the root of the module: make demo. PORTAL_DEMO_TERRAFORM is the
// terraform or tofu to use; default: the one on the PATH.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "\nThe story does not go as told: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	began := time.Now()
	s, err := prepare(ctx)
	if err != nil {
		return err
	}
	if err := s.tell(ctx); err != nil {
		return fmt.Errorf("%w\nWhat there is so far: %s", err, s.dir)
	}
	fmt.Printf("\nAll of it went as told, in %s.\n", time.Since(began).Round(time.Second))
	return nil
}

// prepare builds the provider and copies the examples into folders of their own.
func prepare(ctx context.Context) (*story, error) {
	tf, err := findTerraform()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "portal-demo-")
	if err != nil {
		return nil, err
	}
	for example, folder := range map[string]string{"examples/promotion": "intranet", "examples/fastpath": "emergency"} {
		if _, err := os.Stat(filepath.Join(example, "main.tf")); err != nil {
			return nil, fmt.Errorf("%s is not here: run make demo, which starts at the root of the module", example)
		}
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(example)); err != nil {
			return nil, err
		}
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "bin", "terraform-provider-portal"), ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building the provider: %w", err)
	}
	s := &story{
		dir:       filepath.Join(dir, "intranet"),
		emergency: filepath.Join(dir, "emergency"),
		terraform: terraform{path: tf, dir: filepath.Join(dir, "intranet"), config: filepath.Join(dir, "cli.tfrc")},
	}
	return s, s.terraform.configure(filepath.Join(dir, "bin"))
}

func findTerraform() (string, error) {
	if path := os.Getenv("PORTAL_DEMO_TERRAFORM"); path != "" {
		return path, nil
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no terraform or tofu on the PATH: run make demo, which builds one")
}
