package rollout

import (
	"fmt"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target/kinds"
)

// NeedsOfFix returns what must be fetched for the remaining steps of a fix. It also says which
// archives to look into: always what the fix itself deploys, otherwise what a step's target
// unpacks. Other content of a target that does not unpack has been running, and must not block a
// fix.
func NeedsOfFix(f portal.Facts, proposal *portal.FixProposal) Needs {
	needs := Needs{}
	for _, step := range proposal.Left() {
		if !step.Deploys() {
			continue
		}
		sources, own := f.Sources(step.Release), map[string]bool{}
		for _, c := range proposal.Fix.Components {
			sources[c.SHA256], own[c.SHA256] = c.Source, true
		}
		site := f.Sites[step.Environment]
		for name, item := range step.Content {
			key := needOfFix(name, item)
			need := artifact.Source{Location: sources[item.SHA256], SHA256: item.SHA256, Kind: needs[key].Kind, StripComponents: needs[key].StripComponents}
			if item.Kind == artifact.KindArchive && (own[item.SHA256] || site != nil && kinds.Unpacks(site.Target.Kind)) {
				need.Kind, need.StripComponents = item.Kind, item.StripComponents
			}
			needs[key] = need
		}
	}
	return needs
}

// needOfFix names a need: the steps of a fix may deploy a component in several versions, and the
// same archive unpacked in several ways.
func needOfFix(name string, item portal.Item) string {
	need := name + " " + item.Version + " " + item.SHA256[:12]
	if item.StripComponents > 0 {
		need += fmt.Sprintf(" strip_components %d", item.StripComponents)
	}
	return need
}
