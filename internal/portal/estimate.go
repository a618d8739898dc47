package portal

import (
	"fmt"
	"slices"
	"time"
)

// Estimate is how long the steps of a fix may take.
type Estimate struct {
	Duration time.Duration // of all steps with a record; 0: there are none
	Basis    []string      // what it is based on, and what has no record
}

// EstimateFix estimates from the record how long the remaining steps of a fix may take: a
// deployment takes as long as the newest successful one on the environment, with its checks, and a
// suite recorded from outside as long as its newest result came after its deployment.
func (f Facts) EstimateFix(p *FixProposal) Estimate {
	var e Estimate
	add := func(took time.Duration, format string, args ...any) {
		e.Duration += took
		e.Basis = append(e.Basis, fmt.Sprintf(format, args...))
	}
	left := p.Left()
	var seen []string
	for _, step := range left {
		site := f.Sites[step.Environment]
		if !step.Deploys() || site == nil || slices.Contains(seen, site.Name) {
			continue
		}
		seen = append(seen, site.Name)
		times := 0
		for _, other := range left {
			if other.Deploys() && other.Environment == site.Name {
				times++
			}
		}
		if site.Took == 0 {
			add(0, "%s: no deployment is recorded to estimate from", site.Name)
			continue
		}
		took := (site.Took + time.Second - 1).Truncate(time.Second)
		add(time.Duration(times)*took, "%s: %s, %s each, as its newest one took", site.Name, count(times, "deployment"), FormatDuration(took))
	}
	for _, step := range left {
		if site := f.Sites[step.Environment]; step.Action == StepTest && site != nil {
			f.estimateSuites(site, add)
		}
	}
	return e
}

// estimateSuites adds the suites that are not checks of the environment.
func (f Facts) estimateSuites(site *Site, add func(time.Duration, string, ...any)) {
	for _, suite := range sortedSet(f.Pipeline.Emergency.RequiredTests) {
		if slices.ContainsFunc(site.Checks, func(c Check) bool { return c.Name == suite }) {
			continue
		}
		runs := site.Running
		if runs != nil {
			if test := f.Evidence(runs.Release, site.Name).NewestTest(site.Place(), runs.Digest, suite); test != nil && test.At.After(runs.At) {
				took := test.At.Sub(runs.At).Round(time.Second)
				add(took, "%s: %s for %s, from the deployment of %s to its result", site.Name, FormatDuration(took), suite, runs.Effective())
				continue
			}
		}
		add(0, "%s: no result of %s is recorded to estimate from", site.Name, suite)
	}
}
