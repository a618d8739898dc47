package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

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
// created is adopted if it is there: a thing that Terraform destroys and
// creates under the same name would be removed after it was adopted, or be gone
// when it is adopted. kind is the resource's type.
func (w *walk) once(kind, id string, next fate) diag.Diagnostics {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, planned := w.fates[kind+" "+id]
	w.fates[kind+" "+id] = next
	switch {
	case !planned && next == created && w.refreshed[kind+" "+id]:
		return tainted(kind, id)
	case !planned || before == next:
		return nil
	case before == created && next == kept:
		return twoAddresses(kind, id)
	case before == created || next == created:
		return inOneGo(kind, id)
	}
	var diags diag.Diagnostics
	diags.AddError(kind+" "+id+" is kept and destroyed in the same plan",
		"Terraform's state has it twice, and only one of the two is to be destroyed. "+
			"That would remove what the other one manages. Nothing was changed.\n"+
			"Remove the one that you do not need from the state: terraform state rm ADDRESS, or a removed block with destroy = false. "+
			"If it is a deposed object, remove the resource from the state and import it again: terraform import ADDRESS "+id)
	return diags
}

// refresh notes that a thing of Terraform's state was found by a refresh. If the
// same walk then plans to create it, Terraform has it as tainted, or forgets it at
// one address and declares it at another. For a tainted one the refresh always
// comes first.
func (w *walk) refresh(kind, id string) diag.Diagnostics {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refreshed[kind+" "+id] = true
	if w.fates[kind+" "+id] == created {
		return twoAddresses(kind, id)
	}
	return nil
}

// twoAddresses refuses what Terraform has at one address and creates at another. One
// that is replaced at its address is never planned in this order.
func twoAddresses(kind, id string) diag.Diagnostics {
	var diags diag.Diagnostics
	diags.AddError(kind+" "+id+" has two addresses",
		"Terraform's state has it at one address, and this configuration creates it at another one. Nothing was changed.\n"+
			twoResources+"\nIf the resource's address was changed, "+addressChanged)
	return diags
}

const twoResources = "If two resources of this configuration have this name, remove one of them."

const addressChanged = "add a moved block. With count, removing one element shifts the later ones: use for_each."

// inOneGo refuses to destroy and create the same thing.
func inOneGo(kind, id string) diag.Diagnostics {
	var diags diag.Diagnostics
	again := "Plan it without -replace, replace_triggered_by or create_before_destroy."
	if kind == deploymentType {
		again = "To deploy the same release again, change redeploy instead of replacing the resource."
	}
	diags.AddError(kind+" "+id+" cannot be destroyed and created in the same plan",
		"Both have the same name, so Terraform would remove what it has just adopted.\n"+again+
			"\n"+twoResources+"\nIf the resource's address was changed, "+addressChanged)
	return diags
}

// tainted refuses to create what the state has already. The provider is not told
// that a resource is tainted, so the message has the other cause too.
func tainted(kind, id string) diag.Diagnostics {
	var diags diag.Diagnostics
	lost, again := "delete the environment with its evidence", ""
	if kind == deploymentType {
		lost, again = "remove what runs there", " To deploy the same release again, change redeploy."
	}
	diags.AddError(kind+" "+id+" is tainted",
		"A provisioner failed, or somebody ran terraform taint. "+
			"Terraform would "+lost+" and then create it again. Nothing was changed.\n"+
			"Run terraform untaint with the resource's address, and plan again."+again+
			"\nIf it is not tainted: "+twoResources+" If its address was changed, "+addressChanged+destroyHint())
	return diags
}

// planned notes the fate of a thing that is named by its pipeline and one more
// attribute. That needs no ledger: what a plan makes of a state is enough.
func (w *walk) planned(kind, name string, state, plan tftypes.Value) diag.Diagnostics {
	before, after := pairOf(state, name), pairOf(plan, name)
	switch {
	case plan.IsNull():
		return w.once(kind, before, removed)
	case state.IsNull() && after == "":
		return nil
	case state.IsNull():
		return w.once(kind, after, created)
	case before == after:
		return w.once(kind, after, kept)
	}
	return w.once(kind, before, removed) // it is planned once more, as a new one
}

// pairOf is the id of a thing that is named by its pipeline and one more
// attribute; "" if they are not known.
func pairOf(object tftypes.Value, name string) string {
	pipeline, known := rawText(object, "pipeline")
	second, alsoKnown := rawText(object, name)
	if !known || !alsoKnown {
		return ""
	}
	return pipeline + "/" + second
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
		diags.AddWarning(kind+" "+id+" was only removed from the state",
			"Another resource with the same name created or adopted it in this run, so it keeps existing.")
	}
	return s.adopted[kind+" "+id]
}
