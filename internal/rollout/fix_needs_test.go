package rollout_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

func TestWhichArchivesOfAFixAreLookedInto(t *testing.T) {
	fixed, kept, plain := strings.Repeat("f", 64), strings.Repeat("k", 64), strings.Repeat("p", 64)
	content := portal.Content{
		"app":   {Version: "1", Kind: "archive", SHA256: fixed},
		"help":  {Version: "2", Kind: "archive", SHA256: kept},
		"theme": {Version: "3", Kind: "file", SHA256: plain},
	}
	needs := func(kind, both string) rollout.Needs {
		return rollout.Needs{
			"app 1 " + fixed[:12]:   {Location: "/files/app", SHA256: fixed, Kind: kind},
			"help 2 " + kept[:12]:   {SHA256: kept, Kind: both},
			"theme 3 " + plain[:12]: {SHA256: plain},
		}
	}
	for name, c := range map[string]struct {
		targets []string
		want    rollout.Needs
	}{
		"targets that unpack":      {[]string{"directory"}, needs("archive", "archive")},
		"targets that do not":      {[]string{"command"}, needs("archive", "")},
		"both, one after another":  {[]string{"directory", "command"}, needs("archive", "archive")},
		"both, the other way":      {[]string{"command", "directory"}, needs("archive", "archive")},
		"no target that deploys":   {nil, rollout.Needs{}},
		"a target that is unknown": {[]string{""}, needs("archive", "")},
	} {
		t.Run(name, func(t *testing.T) {
			state := portal.NewState("ledger", "intranet", true)
			proposal := &portal.FixProposal{Planned: true, Fix: portal.Fix{Components: map[string]portal.Component{
				"app": {Version: "1", Kind: "archive", SHA256: fixed, Source: "/files/app"},
			}}}
			proposal.Plan.Steps = []portal.Step{{Action: portal.StepTest, Environment: "staging"}}
			for _, kind := range c.targets {
				if kind != "" {
					state.Sites["on "+kind] = &portal.Site{Environment: portal.Environment{Target: portal.Target{Kind: kind}}}
				}
				proposal.Plan.Steps = append(proposal.Plan.Steps, portal.Step{Action: portal.StepDeploy, Environment: "on " + kind, Content: content})
			}
			got := rollout.NeedsOfFix(portal.Facts{State: state}, proposal)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
