// Bench measures the provider under a real Terraform, and prints what it costs
// beside what Terraform, the framework and the schemas cost by themselves. The
// guide "Benchmarks" explains every line of its tables.
//
// Everything is built and kept below a temporary directory, which is removed at
// the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// bench is one run of the benchmarks.
type bench struct {
	terraform    string
	timeProvider string
	dir          string
	rounds       int
	budget       time.Duration
	hollow, real string // directories with the providers
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "target" {
		if err := actAsTarget(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	b := &bench{terraform: os.Getenv("PORTAL_BENCH_TERRAFORM"), timeProvider: os.Getenv("PORTAL_BENCH_TIME_PROVIDER")}
	sizes := flag.String("sizes", "100,1000", "how many environments, each with a deployment")
	only := flag.String("only", "", "one of scale, history, fastpath, verdict; all where nothing is said")
	keep := flag.Bool("keep", false, "leave the temporary directory")
	flag.IntVar(&b.rounds, "rounds", 10, "how often everything is repeated at most")
	flag.DurationVar(&b.budget, "budget", 4*time.Minute, "how long to repeat; everything is done once, however long it takes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := b.run(ctx, *sizes, *only, *keep)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, sizes, only string, keep bool) (err error) {
	if b.terraform == "" || b.timeProvider == "" {
		return errors.New("run it with make bench, which sets PORTAL_BENCH_TERRAFORM and PORTAL_BENCH_TIME_PROVIDER")
	}
	if b.terraform, err = exec.LookPath(b.terraform); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "portal-bench-"); err != nil {
		return err
	}
	if keep {
		fmt.Println("Kept in", b.dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	}
	if err := b.build(ctx); err != nil {
		return err
	}
	if only == "" || only == "scale" {
		for size := range strings.SplitSeq(sizes, ",") {
			var n int
			if _, err := fmt.Sscan(size, &n); err != nil || n < 2 {
				return fmt.Errorf("%q is no number of environments", size)
			}
			if err := b.scale(ctx, n, b.budget*2/5); err != nil {
				return err
			}
		}
	}
	if only == "" || only == "history" {
		if err := b.history(ctx, b.budget/5); err != nil {
			return err
		}
	}
	if only == "" || only == "fastpath" {
		if err := b.fastPath(ctx, b.budget/5); err != nil {
			return err
		}
	}
	if only == "" || only == "verdict" {
		return b.verdicts(ctx)
	}
	return nil
}

// build builds the provider and the hollow one, each into the directory in which
// Terraform is told to look for it.
func (b *bench) build(ctx context.Context) error {
	build := func(name, pkg string) (string, error) {
		dir := filepath.Join(b.dir, name)
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(dir, "terraform-provider-portal"), pkg)
		cmd.Stderr = os.Stderr
		return dir, cmd.Run()
	}
	const module = "github.com/releaseportal/terraform-provider-portal"
	var err error
	if b.real, err = build("real", module); err != nil {
		return err
	}
	b.hollow, err = build("hollow", module+"/internal/bench/hollow")
	return err
}
