package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// eligible is what was found for a stage.
type eligible struct {
	version string    // "" if no release may enter
	kept    []keptOut // newer ones, the newest first
}

// keptOut is a release with what keeps it out.
type keptOut struct {
	version string
	gates   []portal.Gate
}

// newestEligible finds the release with the highest precedence that each regular
// environment of a stage runs, or may get now. It loads one release at a time, from
// the newest down, so that it costs by how many have to be looked at.
func (d *releaseDataSource) newestEligible(ctx context.Context, pipeline, stage string) (eligible, error) {
	var found eligible
	opened, err := d.open(ctx)
	if err != nil {
		return found, err
	}
	versions, err := opened.Ledger.Releases(ctx, pipeline)
	if err != nil {
		return found, err
	}
	slices.SortFunc(versions, func(a, b string) int { return portal.ComparePrecedence(b, a) })
	for _, version := range versions {
		var gates []portal.Gate
		err := d.view(ctx, pipeline, portal.Subjects{Releases: []string{version}}, func(f portal.Facts) error {
			var err error
			gates, err = f.KeptFrom(stage, version)
			return err
		})
		if err != nil {
			return found, err
		}
		if len(gates) == 0 {
			found.version = version
			return found, nil
		}
		if len(found.kept) < whyNotOf {
			found.kept = append(found.kept, keptOut{version, gates})
		}
	}
	return found, nil
}

// lines say, a line each, why releases are refused: "2.5.0: freeze: …".
func (e eligible) lines() []string {
	lines := make([]string, len(e.kept))
	for i, k := range e.kept {
		parts := make([]string, len(k.gates))
		for j, gate := range k.gates {
			parts[j] = fmt.Sprintf("%s: %s", gate.Rule, strings.ReplaceAll(gate.Detail, "\n", " "))
		}
		lines[i] = k.version + ": " + strings.Join(parts, " ")
	}
	return lines
}

// tell fails if no release was found and one is needed. Where an environment is
// held it warns: what is found then is older than what would be found otherwise.
func (e eligible) tell(pipeline, stage string, allowNone bool, diags *diagnostics) error {
	switch {
	case e.version == "" && allowNone:
		return nil
	case e.version == "" && len(e.kept) == 0:
		return &portal.RejectionError{Summary: "no release of " + pipeline + " may enter " + stage + " now", Detail: "None is registered."}
	case e.version == "":
		return &portal.RejectionError{
			Summary: "no release of " + pipeline + " may enter " + stage + " now",
			Detail: "Why the newest releases are refused:\n    " + strings.Join(e.lines(), "\n    ") +
				"\nResolve what blocks the release that you want, or set allow_none = true to go on without one. data.portal_promotion_check has the details for a release.",
		}
	}
	for _, k := range e.kept {
		i := slices.IndexFunc(k.gates, func(gate portal.Gate) bool { return gate.Rule == portal.EnvironmentHeld })
		if i >= 0 {
			diags.AddWarning(fmt.Sprintf("environment-held: %s of %s stays with release %s for now", stage, pipeline, e.version),
				fmt.Sprintf("Release %s cannot be offered. %s\n%s", k.version, k.gates[i].Detail, k.gates[i].Cure))
			break
		}
	}
	return nil
}
