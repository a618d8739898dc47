package portal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// ruling is one case: after the story, a deployment of 2.0.0 to the environment
// is refused by exactly the rules that are wanted.
type ruling struct {
	name     string
	pipeline func(p *portal.Pipeline) // changes the line dev, qa, production
	story    func(w *portaltest.World)
	to       string // "": production
	redeploy string
	want     []portal.Rule
}

func judgeAll(t *testing.T, rulings []ruling) {
	t.Helper()
	for _, r := range rulings {
		t.Run(r.name, func(t *testing.T) {
			w := worldOf(t, r.pipeline)
			w.Register("1.0.0", "2.0.0", "3.0.0")
			if r.story != nil {
				r.story(w)
			}
			deploy := portal.Deploy{Environment: r.to, Release: "2.0.0", Redeploy: r.redeploy}
			if deploy.Environment == "" {
				deploy.Environment = "production"
			}
			refusal := portal.RefusalError{Verdict: w.Propose(deploy).Verdict}
			if diff := cmp.Diff(r.want, refusal.Rules(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("broken rules (-want +got):\n%s\n%v", diff, refusal.Verdict.Gates())
			}
		})
	}
}

// worldOf is a world with the line dev, qa, production, changed.
func worldOf(t *testing.T, change func(p *portal.Pipeline)) *portaltest.World {
	t.Helper()
	p := portaltest.Line("dev", "qa", "production")
	if change != nil {
		change(&p)
	}
	return portaltest.New(t, p)
}

// on changes one stage.
func on(stage string, change func(s *portal.Stage)) func(p *portal.Pipeline) {
	return func(p *portal.Pipeline) { change(p.Stage(stage)) }
}

func at(d time.Duration) time.Time { return portaltest.Start.Add(d) }

// gateOf picks one rule's gate from a verdict.
func gateOf(t *testing.T, v portal.Verdict, rule portal.Rule) portal.Gate {
	t.Helper()
	for _, gate := range v.Gates() {
		if gate.Rule == rule {
			return gate
		}
	}
	t.Fatalf("%s was not judged", rule)
	return portal.Gate{}
}
