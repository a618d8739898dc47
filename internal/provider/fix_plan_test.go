package provider

import (
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestAPlanTellsWhereAFixGoesOn(t *testing.T) {
	steps := []portal.Step{{Action: portal.StepHold, Environment: "staging"}, {Action: portal.StepDeploy, Environment: "staging"}}
	for _, c := range []struct {
		name   string
		known  *portal.FixState
		done   int
		halted string
		want   string
	}{
		{name: "it is new"},
		{name: "a step did not succeed", known: &portal.FixState{}, done: 1, halted: "the check failed", want: "halted at step 2 of 2, deploy on staging\nThe check failed."},
		{name: "its process was killed", known: &portal.FixState{}, done: 1, want: "open at step 2 of 2, deploy on staging\nThe process that carried it out has ended without a word, or is still at it."},
		{name: "every step is done", known: &portal.FixState{}, done: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.known != nil {
				c.known.Plan.Steps, c.known.Done, c.known.Halted = steps, c.done, c.halted
			}
			var p proposed
			p.tell(&portal.FixProposal{Known: c.known})
			if p.begun != c.want {
				t.Errorf("it says %q, want %q", p.begun, c.want)
			}
		})
	}
}
