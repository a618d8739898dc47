package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// aims are what the figures are to be at most, as the design has them.
const (
	aimPlan    = 1.15
	aimApply   = 1.3
	aimHistory = 1.05
)

// largeSize is up to which number of environments resources of others are
// applied, too.
const largeSize = 300

// scale measures apply from nothing, and refresh-and-plan without changes, of n
// environments with a deployment each, side by side with what does nothing.
func (b *bench) scale(ctx context.Context, n int, budget time.Duration) error {
	contenders := b.contenders(n)
	roots := make([]*root, len(contenders))
	applied, planned := make([]series, len(contenders)), make([]series, len(contenders))
	err := b.inTurns(budget/2, func() error {
		for i, c := range contenders {
			var err error
			if roots[i], err = b.prepare(c.name, c); err != nil {
				return err
			}
			if n > largeSize && c.small != "" {
				if err := b.pretend(ctx, roots[i], n, c); err != nil {
					return err
				}
				continue
			}
			if err := timed(&applied[i])(roots[i].apply(ctx)); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = b.inTurns(budget/2, func() error {
		for i, c := range contenders {
			if err := timed(&planned[i])(roots[i].plan(ctx)); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	names := make([]string, len(contenders))
	for i, c := range contenders {
		names[i] = c.name
	}
	resources := 2*n + 2
	fmt.Printf("\n%d environments with a deployment each: %d resources\n\n", n, resources)
	compare("refresh and plan, no changes", names, planned, resources, map[int]float64{1: aimPlan, 2: 1})
	if n > largeSize {
		names, applied = names[:2], applied[:2]
	}
	compare("apply from nothing", names, applied, resources, map[int]float64{1: aimApply})
	return nil
}

// inTurns repeats a round, in which everybody has a turn, while there is time
// for another one, and at most as often as the flag says.
func (b *bench) inTurns(budget time.Duration, round func() error) error {
	begin := time.Now()
	for done := 1; done <= b.rounds; done++ {
		if err := round(); err != nil {
			return err
		}
		if spent := time.Since(begin); spent+spent/time.Duration(done) > budget {
			break
		}
	}
	return nil
}

// prepare makes the root module of a contender, with the files of the release.
func (b *bench) prepare(name string, c contender) (*root, error) {
	r, err := b.newRoot(name, c.hcl, c.overrides)
	if err != nil {
		return nil, err
	}
	for component, bytes := range components {
		if err := os.WriteFile(filepath.Join(r.dir, component), []byte(bytes), 0o600); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// timed adds what a run took to its series.
func timed(s *series) func(took, error) error {
	return func(t took, err error) error {
		*s = append(*s, t)
		return err
	}
}

// compare prints a table: the first of the series, and how it stands to each of
// the others. aims has the ratios on the clock that are not to be exceeded.
func compare(what string, names []string, all []series, resources int, aims map[int]float64) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(table, "%s\twall\tper resource\tCPU\t%s /\tCPU ratio\taim\t\n", what, names[0])
	first := all[0].best()
	for i, s := range all {
		best := s.best()
		_, _ = fmt.Fprintf(table, "%s\t%.2f s\t%.2f ms\t%.2f s", names[i], best.wall.Seconds(), best.wall.Seconds()*1000/float64(resources), best.cpu.Seconds())
		if i == 0 {
			_, _ = fmt.Fprint(table, "\t\t\t\t\n")
			continue
		}
		ratio := first.wall.Seconds() / best.wall.Seconds()
		_, _ = fmt.Fprintf(table, "\t%.2f\t%.2f\t%s\t\n", ratio, first.cpu.Seconds()/best.cpu.Seconds(), verdict(ratio, aims[i]))
	}
	_ = table.Flush()
	fmt.Printf("  least of %d runs each, taken in turns\n\n", len(all[0]))
}

func verdict(ratio, aim float64) string {
	switch {
	case aim == 0:
		return ""
	case ratio <= aim:
		return fmt.Sprintf("<= %.2f met", aim)
	}
	return fmt.Sprintf("<= %.2f missed", aim)
}
