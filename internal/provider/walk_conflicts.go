package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// engage notes that something of this walk changes what an environment runs, and
// refuses a fix and a deployment for the same one: which of them came first would
// be chance, and the plan of the other would be wrong.
func (w *walk) engage(pipeline, environment, who string) diag.Diagnostics {
	w.mu.Lock()
	defer w.mu.Unlock()
	var diags diag.Diagnostics
	id := pipeline + "/" + environment
	w.changed[id] = true
	other, engaged := w.engaged[id]
	if !engaged {
		w.engaged[id] = who
		return diags
	}
	if other != who && (strings.HasPrefix(other, fixType) || strings.HasPrefix(who, fixType)) {
		diags.AddError(fmt.Sprintf("environment-held: %s and %s both change %q", other, who, id),
			"One plan cannot have an emergency fix and another change of the same environment. Apply one, then the other: terraform apply -target="+fixType+".NAME applies only the fix.")
	}
	return diags
}

// deploying lists the environments of a pipeline that deployments of this walk change.
func (w *walk) deploying(pipeline string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	environments := map[string]bool{}
	for id, who := range w.engaged {
		if environment, here := strings.CutPrefix(id, pipeline+"/"); here && strings.HasPrefix(who, deploymentType) {
			environments[environment] = true
		}
	}
	if p := w.pipelines[pipeline]; p != nil {
		for what := range p.vague {
			if environment, is := strings.CutPrefix(what, "deployment/"); is && environment != "" {
				environments[environment] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(environments))
}

// disengage notes that what was planned for its environments is done.
func (w *walk) disengage(pipeline, who string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, by := range w.engaged {
		if by == who && strings.HasPrefix(id, pipeline+"/") {
			delete(w.engaged, id)
		}
	}
}

// land notes that an emergency fix has changed, in this very walk, which fixes
// are in force. What was planned to be created before did not know.
func (w *walk) land(pipeline, fix string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.of(pipeline)
	p.landed = append(p.landed, fix)
}

// landed names the fixes that have landed in this walk.
func (w *walk) landed(pipeline string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pipelines[pipeline]; p != nil {
		return slices.Clone(p.landed)
	}
	return nil
}

// plans reports whether anything of the pipeline is planned in this walk.
func (w *walk) plans(pipeline string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pipelines[pipeline]
	return p != nil && (len(p.steps) > 0 || len(p.vague) > 0)
}
