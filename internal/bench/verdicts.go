package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"text/tabwriter"
	"time"
)

// before is the last commit that asked all stages for each verdict, and wrote every
// text of it. Its benchmark of verdicts runs in turns with today's.
const before = "8cf6b4eb33863d00504b7186e9f86d4651fcdb90"

const domain = "github.com/releaseportal/terraform-provider-portal/internal/portal"

// benchmarkLine is a result of one of the domain's benchmarks.
var benchmarkLine = regexp.MustCompile(`(?m)^Benchmark(\w+?)(?:/(\d+))?(?:-\d+)?\s+\d+\s+([\d.]+) ns/op.*?\s(\d+) B/op\s+(\d+) allocs/op`)

// measure is the best of several runs of a benchmark.
type measure struct {
	took   float64 // nanoseconds
	bytes  int
	allocs int
}

// verdicts measures the decider alone: the entry into the last stage, of a release that
// has been on every one before, and every release on every environment of a long
// pipeline.
func (b *bench) verdicts(ctx context.Context) error {
	now, err := b.domainTests(ctx, "now", ".")
	if err != nil {
		return err
	}
	programs := map[string]string{"now": now}
	if old, err := b.checkout(ctx, before); err != nil {
		fmt.Printf("\nNothing to compare verdicts with: %v\n", err)
	} else if programs["before"], err = b.domainTests(ctx, "before", old); err != nil {
		return err
	}
	best := map[string]map[string]measure{"now": {}, "before": {}}
	err = b.inTurns(b.budget/5, func() error {
		for name, program := range programs {
			if err := runBenchmarks(ctx, program, best[name]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return printVerdicts(best["before"], best["now"])
}

// checkout has the files of a commit below the temporary directory.
func (b *bench) checkout(ctx context.Context, commit string) (string, error) {
	dir := filepath.Join(b.dir, "checkout")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	archive := filepath.Join(b.dir, "checkout.tar")
	for _, args := range [][]string{{"git", "archive", "--output", archive, commit}, {"tar", "-x", "-f", archive, "-C", dir}} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", args[0], err, bytes.TrimSpace(out))
		}
	}
	return dir, nil
}

// domainTests builds the tests of the domain, with its benchmarks.
func (b *bench) domainTests(ctx context.Context, name, dir string) (string, error) {
	program := filepath.Join(b.dir, "domain-"+name)
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", program, domain)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	return program, cmd.Run()
}

func runBenchmarks(ctx context.Context, program string, best map[string]measure) error {
	cmd := exec.CommandContext(ctx, program, "-test.run=^$", "-test.bench=^Benchmark(Verdict|FirstVerdict|Board)$", "-test.benchtime=300ms")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, bytes.TrimSpace(out))
	}
	found := benchmarkLine.FindAllSubmatch(out, -1)
	if len(found) == 0 {
		return fmt.Errorf("the benchmarks of verdicts printed something else:\n%s", out)
	}
	for _, f := range found {
		name := string(f[1]) + string(f[2])
		took, errTook := strconv.ParseFloat(string(f[3]), 64)
		size, errSize := strconv.Atoi(string(f[4]))
		allocs, errAllocs := strconv.Atoi(string(f[5]))
		if err := errors.Join(errTook, errSize, errAllocs); err != nil {
			return err
		}
		if have, is := best[name]; !is || took < have.took {
			best[name] = measure{took: took, bytes: size, allocs: allocs}
		}
	}
	return nil
}

func printVerdicts(old, now map[string]measure) error {
	fmt.Printf("\nThe decider: the entry into the last stage of a pipeline, every rule judged\n\n")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "stages\tverdicts per second\ttime a verdict\tallocations\tas many a second as before\tallocations, of those before\t")
	for _, stages := range []string{"6", "60", "600"} {
		for _, kind := range []struct{ name, title string }{{"FirstVerdict", ", the first"}, {"Verdict", ", each other one"}} {
			m, was := now[kind.name+stages], old["Verdict"+stages]
			ratio, allocs := "", ""
			if was.took > 0 {
				ratio, allocs = fmt.Sprintf("%.1f", was.took/m.took), fmt.Sprintf("%.2f", float64(m.allocs)/float64(was.allocs))
			}
			_, _ = fmt.Fprintf(table, "%s%s\t%.0f\t%s\t%d (%d B)\t%s\t%s\t\n",
				stages, kind.title, 1e9/m.took, time.Duration(m.took).Round(10*time.Nanosecond), m.allocs, m.bytes, ratio, allocs)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	board := now["Board"]
	fmt.Printf("\nEvery one of 20 releases on every one of 600 stages: %s", time.Duration(board.took).Round(10*time.Microsecond))
	if was := old["Verdict600"]; was.took > 0 {
		fmt.Printf(", %.0f times one verdict of before (aim: 60)", board.took/was.took)
	}
	fmt.Println(".")
	return nil
}
