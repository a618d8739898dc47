package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"text/tabwriter"
)

var benchmarkLine = regexp.MustCompile(`(?m)^BenchmarkVerdict/(\d+)(?:-\d+)?\s+\d+\s+(\d+) ns/op\s+(\d+) verdicts/s\s+(\d+) B/op\s+(\d+) allocs/op`)

// verdicts measures the decider alone, by the domain's own benchmark: the entry
// into the last stage, of a release that has been on every one before.
func verdicts(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=^BenchmarkVerdict$", "github.com/releaseportal/terraform-provider-portal/internal/portal")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, bytes.TrimSpace(out))
	}
	found := benchmarkLine.FindAllSubmatch(out, -1)
	if len(found) == 0 {
		return fmt.Errorf("the benchmark of verdicts printed something else:\n%s", out)
	}
	fmt.Printf("\nThe decider: the entry into the last stage of a pipeline, every rule judged\n\n")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "stages\tverdicts per second\ttime a verdict\tallocations\t")
	for _, f := range found {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s ns\t%s (%s B)\t\n", f[1], f[3], f[2], f[5], f[4])
	}
	return table.Flush()
}
