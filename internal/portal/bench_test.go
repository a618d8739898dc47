package portal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// BenchmarkVerdict judges the entry into the final stage of a pipeline of that many stages, each
// with one environment, for a release that has been on all of them.
func BenchmarkVerdict(b *testing.B) {
	eachLength(b, func(b *testing.B, facts portal.Facts, deploy portal.Deploy) {
		for b.Loop() {
			mustAllow(b, facts, deploy)
		}
	})
}

// BenchmarkFirstVerdict is BenchmarkVerdict for a question that nobody has asked before: each time
// another person deploys.
func BenchmarkFirstVerdict(b *testing.B) {
	eachLength(b, func(b *testing.B, facts portal.Facts, deploy portal.Deploy) {
		people := make([]string, 1000)
		for i := range people {
			people[i] = fmt.Sprint("somebody ", i)
		}
		for i := 0; b.Loop(); i++ {
			facts.By.Name = people[i%len(people)]
			mustAllow(b, facts, deploy)
		}
	})
}

func eachLength(b *testing.B, run func(*testing.B, portal.Facts, portal.Deploy)) {
	for _, stages := range []int{6, 60, 600} {
		b.Run(fmt.Sprint(stages), func(b *testing.B) {
			w := portaltest.New(b, longPipeline(stages))
			names := stageNamesOf(w)
			w.Register("1.0.0")
			for _, name := range names[:stages-1] {
				w.Deploy(name, "1.0.0")
				w.Pass(name, "1.0.0", "smoke")
				w.Wait(time.Minute)
			}
			b.ReportAllocs()
			run(b, w.Facts(), portal.Deploy{Environment: names[stages-1], Release: "1.0.0"})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verdicts/s")
		})
	}
}

func mustAllow(b *testing.B, facts portal.Facts, deploy portal.Deploy) {
	proposal, err := facts.Propose(deploy)
	if err != nil || !proposal.Verdict.Allowed() {
		b.Fatal(err, proposal.Verdict.Broken())
	}
}

// BenchmarkOldFixes compares what a verdict, and what a fix owes, cost with none
// and with a hundred fixes that came into force before.
func BenchmarkOldFixes(b *testing.B) {
	for _, n := range []int{0, 100} {
		w := repairWorld(b)
		for i := range n {
			version := fmt.Sprintf("1.%d", i+1)
			wish := portaltest.Fix(fmt.Sprintf("EF-%d", i+1), version)
			w.MustRunFix(wish)
		}
		last := w.State.Fixes[fmt.Sprintf("EF-%d", n)]
		b.Run(fmt.Sprintf("verdict/%d", n), func(b *testing.B) {
			for b.Loop() {
				w.Judge("dev", "1.0.0")
			}
		})
		if last != nil {
			b.Run(fmt.Sprintf("obligations/%d", n), func(b *testing.B) {
				for b.Loop() {
					w.State.Obligations(last)
				}
			})
		}
	}
}

// BenchmarkBoard judges every release on every environment: 20 releases, each a bit further along
// than the one after it, on a pipeline of 600 stages.
func BenchmarkBoard(b *testing.B) {
	const stages, releases = 600, 20
	p := longPipeline(stages)
	for i := range p.Stages {
		p.Stages[i].SoakTime = 0
	}
	w := portaltest.New(b, p)
	names := stageNamesOf(w)
	var versions []string
	for i := range releases {
		version := fmt.Sprintf("1.%d.0", i)
		versions = append(versions, version)
		w.Register(version)
		for _, name := range names[:(releases-i)*stages/releases-1] {
			w.Deploy(name, version)
			w.Pass(name, version, "smoke")
		}
		w.Wait(time.Minute)
	}
	facts := w.Facts()
	b.ReportAllocs()
	for b.Loop() {
		for _, version := range versions {
			line, err := facts.Line(version)
			if err != nil {
				b.Fatal(err)
			}
			for _, name := range names {
				if _, err := line.Propose(portal.Deploy{Environment: name, Release: version}); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

// longPipeline has that many stages, each with an environment and a required suite.
func longPipeline(stages int) portal.Pipeline {
	names := make([]string, stages)
	for i := range names {
		names[i] = fmt.Sprintf("stage-%03d", i)
	}
	p := portaltest.Line(names...)
	for i := range p.Stages {
		p.Stages[i].RequiredTests, p.Stages[i].SoakTime = []string{"smoke"}, time.Minute
	}
	return p
}

func stageNamesOf(w *portaltest.World) []string {
	names := make([]string, len(w.State.Pipeline.Stages))
	for i := range names {
		names[i] = w.State.Pipeline.Stages[i].Name
	}
	return names
}
