package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestWhatIsEligible asks, from 4.0.0 down, what keeps each release from production, which has two
// regions. A case lists the releases that are kept, with the rules, and the first that is not.
func TestWhatIsEligible(t *testing.T) {
	everywhere := func(w *portaltest.World, release string) {
		w.Travel(release, "dev", "qa")
		w.Pass("qa", release, w.State.Pipeline.Stage("qa").RequiredTests...)
		w.Travel(release, "east", "west")
	}
	for _, c := range []struct {
		name  string
		story func(w *portaltest.World)
		want  []string
	}{
		{"the newest that has come far enough", func(w *portaltest.World) {
			everywhere(w, "1.0.0")
			w.Travel("2.0.0", "dev", "qa")
		}, []string{"4.0.0 stage-order", "3.0.0 stage-order", "2.0.0"}},
		{"what runs there", func(w *portaltest.World) { everywhere(w, "2.0.0") }, []string{"4.0.0 stage-order", "3.0.0 stage-order", "2.0.0"}},
		{"what one region has and the other may get", func(w *portaltest.World) {
			everywhere(w, "1.0.0")
			w.Travel("2.0.0", "dev", "qa", "east")
		}, []string{"4.0.0 stage-order", "3.0.0 stage-order", "2.0.0"}},
		{"what one region was rolled back to", func(w *portaltest.World) {
			everywhere(w, "1.0.0")
			everywhere(w, "2.0.0")
			w.Deploy("east", "1.0.0")
		}, []string{"4.0.0 stage-order", "3.0.0 stage-order", "2.0.0 rolled-back", "1.0.0"}},
		{"the newest of what nobody was rolled back from", func(w *portaltest.World) {
			everywhere(w, "1.0.0")
			w.Travel("2.0.0", "dev", "qa", "west")
			w.Travel("3.0.0", "dev", "qa", "east")
			w.Deploy("east", "1.0.0")
		}, []string{"4.0.0 stage-order", "3.0.0 rolled-back", "2.0.0"}},
		{"never one to go back to because of a failing test", func(w *portaltest.World) {
			asking := *w.State.Pipeline
			asking.Stages = slices.Clone(asking.Stages)
			asking.Stage("qa").RequiredTests = []string{"integration"}
			w.MustDo(portal.DeclarePipeline{Pipeline: asking, Update: true})
			everywhere(w, "1.0.0")
			w.Travel("2.0.0", "dev", "qa")
			w.Pass("qa", "2.0.0", "integration")
			w.Deploy("east", "2.0.0")
			w.Fail("qa", "2.0.0", "integration")
		}, []string{"4.0.0 stage-order tests-passed", "3.0.0 stage-order tests-passed", "2.0.0 tests-passed", "1.0.0 rolled-back"}},
		{"never one to go back to in every region", func(w *portaltest.World) {
			everywhere(w, "1.0.0")
			everywhere(w, "2.0.0")
			everywhere(w, "3.0.0")
			w.Deploy("east", "2.0.0")
		}, []string{"4.0.0 stage-order", "3.0.0 rolled-back", "2.0.0"}},
		{"nothing on empty regions", func(*portaltest.World) {}, []string{"4.0.0 stage-order", "3.0.0 stage-order", "2.0.0 stage-order", "1.0.0 stage-order"}},
		{"not into a freeze", func(w *portaltest.World) {
			w.Travel("1.0.0", "dev", "qa")
			w.Freeze("night", w.Now.Add(-time.Minute), w.Now.Add(time.Hour))
		}, []string{"4.0.0 freeze stage-order", "3.0.0 freeze stage-order", "2.0.0 freeze stage-order", "1.0.0 freeze"}},
		{"what runs there, in a freeze", func(w *portaltest.World) {
			everywhere(w, "1.0.0")
			w.Travel("2.0.0", "dev", "qa")
			w.Freeze("night", w.Now.Add(-time.Minute), w.Now.Add(time.Hour))
		}, []string{"4.0.0 freeze stage-order", "3.0.0 freeze stage-order", "2.0.0 freeze", "1.0.0"}},
		{"what comes back, while a fix holds a region", func(w *portaltest.World) {
			everywhere(w, "1.0.0")
			w.Travel("2.0.0", "dev", "qa")
			wish := portaltest.Fix("EF-1", "1.0.1")
			wish.Environments = []string{"east"}
			w.MustDo(portal.OpenFix{FixWish: w.Read(wish)})
		}, []string{"4.0.0 environment-held stage-order", "3.0.0 environment-held stage-order", "2.0.0 environment-held", "1.0.0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.MustDo(portal.RemoveEnvironment{Name: "production"})
			w.Environment("east", "production")
			w.Environment("west", "production")
			w.Register("1.0.0", "2.0.0", "3.0.0", "4.0.0")
			c.story(w)
			if got := eligible(t, w, "production"); !slices.Equal(got, c.want) {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

// eligible lists the releases from the newest down, with what keeps each from a stage, until one is
// eligible.
func eligible(t *testing.T, w *portaltest.World, stage string) []string {
	t.Helper()
	var lines []string
	for _, release := range []string{"4.0.0", "3.0.0", "2.0.0", "1.0.0"} {
		gates, err := w.Facts().KeptFrom(stage, release)
		if err != nil {
			t.Fatal(err)
		}
		words := []string{}
		for _, gate := range gates {
			if gate.Detail == "" {
				t.Errorf("%s is kept out by %s, without a reason", release, gate.Rule)
			}
			if name, _, _ := strings.Cut(gate.Detail, " "); w.State.Sites[name] != nil {
				t.Errorf("what keeps %s out begins with a bare name: %s", release, gate.Detail)
			}
			words = append(words, string(gate.Rule))
		}
		slices.Sort(words)
		lines = append(lines, strings.Join(append([]string{release}, slices.Compact(words)...), " "))
		if len(gates) == 0 {
			break
		}
	}
	return lines
}
