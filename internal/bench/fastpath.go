package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/target/command"
)

// What an emergency fix may cost beyond what its targets and tests take: the
// larger of both.
const (
	aimFixShare = 0.05
	aimFixTime  = time.Second
)

// targetTakes is how long a target of the fast path takes for a deployment.
const targetTakes = 2 * time.Second

// fastPath measures the apply of an emergency fix by the strategy that does most,
// rollback, on three environments whose targets take two seconds for each
// deployment, against the time that these targets were at work.
func (b *bench) fastPath(ctx context.Context, budget time.Duration) error {
	var all []fixRun
	err := b.inTurns(budget, func() error {
		r, err := b.underTest(ctx)
		if err != nil {
			return err
		}
		idle, err := r.plan(ctx, "-var=fix=false")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.dir, delayFile), []byte(targetTakes.String()), 0o600); err != nil {
			return err
		}
		applied, err := r.apply(ctx, "-var=fix=true")
		if err != nil {
			return err
		}
		deployments, err := os.ReadFile(filepath.Join(r.dir, workFile))
		if err != nil {
			return err
		}
		all = append(all, fixRun{applied: applied, idle: idle, deployments: bytes.Count(deployments, []byte("\n"))})
		return nil
	})
	if err != nil {
		return err
	}
	printFastPath(all)
	return nil
}

// fixRun is what one apply of the fix took.
type fixRun struct {
	applied, idle took // idle: a plan of the same root module without changes
	deployments   int  // that its targets carried out
}

func (f fixRun) atWork() time.Duration { return time.Duration(f.deployments) * targetTakes }

func (f fixRun) overhead() time.Duration { return f.applied.wall - f.atWork() }

func printFastPath(all []fixRun) {
	best := all[0]
	for _, run := range all[1:] {
		if run.overhead() < best.overhead() {
			best = run
		}
	}
	aim := max(aimFixTime, time.Duration(aimFixShare*float64(best.atWork())))
	met := "met"
	if best.overhead() > aim {
		met = "missed"
	}
	fmt.Printf("\nAn emergency fix by rollback, on three environments whose targets take %s\n\n", targetTakes)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "apply\ttargets at work\tbeyond that\tshare\tCPU\ta plan without changes\taim\t")
	_, _ = fmt.Fprintf(table, "%.2f s\t%d x %s\t%.2f s\t%.1f %%\t%.2f s\t%.2f s\t<= %s %s\t\n",
		best.applied.wall.Seconds(), best.deployments, targetTakes, best.overhead().Seconds(),
		100*best.overhead().Seconds()/best.atWork().Seconds(), best.applied.cpu.Seconds(), best.idle.wall.Seconds(), aim, met)
	_ = table.Flush()
	fmt.Printf("  least of %d runs\n\n", len(all))
}

// underTest makes a root module in which 1.0.0 runs in production and a
// differential 1.1.0 is under test on staging.
func (b *bench) underTest(ctx context.Context) (*root, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, err := b.prepare("fastpath", contender{hcl: emergency(self), overrides: map[string]string{portalAddress: b.real}})
	if err != nil {
		return nil, err
	}
	for _, next := range []string{"1.0.0", "1.1.0"} {
		if _, err := r.apply(ctx, "-var=next="+next); err != nil {
			return nil, err
		}
	}
	return r, os.Remove(filepath.Join(r.dir, workFile)) // what counts comes now
}

// emergency is the root module: the program that is measured is its own target.
func emergency(self string) string {
	var hcl strings.Builder
	hcl.WriteString(`
terraform {
  required_providers {
    portal = { source = "registry.terraform.io/releaseportal/portal" }
  }
}

variable "next" { default = "1.1.0" }
variable "fix" { default = false }

resource "portal_pipeline" "this" {
  name   = "bench"
  stages = [{ name = "development" }, { name = "staging" }, { name = "production" }]
}
`)
	part := func(name, version, file string) string {
		return fmt.Sprintf("{ %s = { version = %q, source = \"${path.module}/%s\", sha256 = \"%x\" } }", name, version, file, sha256.Sum256([]byte(components[file])))
	}
	fmt.Fprintf(&hcl, `
resource "portal_release" "first" {
  pipeline   = portal_pipeline.this.name
  version    = "1.0.0"
  components = %s
}

resource "portal_release" "next" {
  pipeline   = portal_pipeline.this.name
  version    = "1.1.0"
  type       = "differential"
  base       = portal_release.first.version
  components = %s
}

resource "portal_emergency_fix" "this" {
  count      = var.fix ? 1 : 0
  pipeline   = portal_pipeline.this.name
  name       = "EF-1"
  components = %s
  bypass     = ["stage-order"]
  approvals  = { "ben@example.com" = "" }
  justification = {
    reason              = "to see what it costs"
    incident            = "INC-1"
    severity            = "none"
    requested_by        = "ann@example.com"
    why_not_normal_path = "it would take longer"
  }
}
`, part("app", "1.0.0", "login"), part("theme", "1.1.0", "theme"), part("app", "1.0.1", "pages"))
	before := ""
	for _, name := range []string{"development", "staging", "production"} {
		release := `var.next`
		if name == "production" {
			release = `"1.0.0"`
		}
		fmt.Fprintf(&hcl, `
resource "portal_environment" %[1]q {
  pipeline = portal_pipeline.this.name
  name     = %[1]q
  stage    = %[1]q
  target = {
    command = {
      deploy  = [%[2]q, "target", "${abspath(path.module)}", %[1]q]
      observe = [%[2]q, "target", "${abspath(path.module)}", %[1]q]
    }
  }
}

resource "portal_release_deployment" %[1]q {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.%[1]s.name
  release     = %[3]s
  depends_on  = [portal_release.first, portal_release.next%[4]s]
}
`, name, self, release, before)
		before = ", portal_release_deployment." + name
	}
	return hcl.String()
}

// The files through which the bench and its targets speak.
const (
	delayFile = "delay" // how long a deployment takes
	workFile  = "work"  // a line for each deployment
)

// actAsTarget is what the program does when it is run as a deployment target: it
// keeps what is installed in a file.
func actAsTarget(dir, environment string) error {
	var request command.Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		return err
	}
	path := filepath.Join(dir, "installed-"+environment+".json")
	if request.Operation == "observe" {
		installed, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			installed, err = []byte(`{"version":1,"components":{}}`), nil
		}
		_, _ = os.Stdout.Write(installed)
		return err
	}
	if delay, err := os.ReadFile(filepath.Join(dir, delayFile)); err == nil {
		if d, err := time.ParseDuration(string(delay)); err == nil {
			time.Sleep(d)
		}
	}
	installed, err := json.Marshal(map[string]any{"version": 1, "epoch": request.Epoch, "components": request.To})
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, installed, 0o600); err != nil {
		return err
	}
	work, err := os.OpenFile(filepath.Join(dir, workFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(work, environment)
	if closeErr := work.Close(); err == nil {
		err = closeErr
	}
	return err
}
