package provider

import "github.com/hashicorp/terraform-plugin-framework/diag"

// fate is what a walk plans for one thing of the ledger.
type fate int

const (
	kept    fate = iota + 1 // it is in the state and stays
	removed                 // it is in the state and goes
	created                 // it is not in the state
)

// fateOf is the fate of a thing that a plan goes on having.
func fateOf(create bool) fate {
	if create {
		return created
	}
	return kept
}

// once notes the fate of a thing and refuses one that contradicts what this walk
// has planned for it already. Everything is addressed by names, so that what is
// created is adopted where it is there: a thing that Terraform destroys and
// creates under the same name would be removed after it was adopted, or be gone
// when it is adopted. kind is the resource's type.
func (w *walk) once(kind, id string, next fate) diag.Diagnostics {
	w.mu.Lock()
	defer w.mu.Unlock()
	var diags diag.Diagnostics
	before, planned := w.fates[kind+" "+id]
	w.fates[kind+" "+id] = next
	if !planned || (before == created) == (next == created) {
		return diags
	}
	again := "Plan it without -replace, replace_triggered_by or create_before_destroy."
	if kind == deploymentType {
		again = "To deploy the same release again on purpose, give redeploy a new value instead of replacing it."
	}
	diags.AddError(kind+" "+id+" cannot be destroyed and created in one go",
		"It is found by its name, so Terraform would remove what it has just adopted.\n"+again+
			"\nIf the resource's address was changed, say so with a moved block.")
	return diags
}

// adopt notes that this process has created or adopted a thing, so that a later
// destruction of the same name, of an object that Terraform has deposed, does
// not remove it.
func (s *session) adopt(kind, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adopted[kind+" "+id] = true
}

// spares reports whether a thing must not be removed, because this process has
// created or adopted it under the same name, and says so.
func (s *session) spares(kind, id string, diags *diag.Diagnostics) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.adopted[kind+" "+id] {
		diags.AddWarning(kind+" "+id+" was only forgotten", "Another resource has created or adopted it under the same name in this very run, so it was not removed.")
	}
	return s.adopted[kind+" "+id]
}
