package provider

import (
	"context"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// recordedFix is what has to be known of a fix to look at its files.
type recordedFix struct {
	components map[string]portal.Component
	status     portal.FixStatus
	amendable  bool
	active     bool
	withdrawn  bool // or being withdrawn
}

func (s *session) recordedFix(ctx context.Context, pipeline, name string) (*recordedFix, error) {
	var recorded *recordedFix
	err := s.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if x := f.Fixes[name]; x != nil {
			recorded = &recordedFix{x.Components, x.Status(), x.Amendable(), x.Active(), x.Withdrawal != nil}
		}
		return nil
	})
	return recorded, err
}

// look is how the files of a fix are looked at. Until a target has the fix, a file
// with other bytes amends it; afterwards, and if it is withdrawn, what was deployed
// stays.
func (x *recordedFix) look(wish *portal.FixWish, before map[string]portal.Component, needed bool) sources {
	look := sources{what: "emergency fix " + wish.Name, needed: needed}
	if x != nil {
		look.known = append(look.known, x.components)
		look.keeps = !x.amendable || wish.Withdraw != ""
	}
	look.known = append(look.known, before)
	return look
}

// digests completes what the user left out of the components, from the files; if
// one is gone, from the ledger or the state. It reports those that have other bytes
// than the fix was opened with. needed is whether files have to be there: while it is
// carried out, and not while it is planned.
func (r *fixResource) digests(ctx context.Context, plan, state *fixModel, wish *portal.FixWish, needed bool, diags *diagnostics) bool {
	recorded, err := r.recordedFix(ctx, plan.Pipeline.ValueString(), wish.Name)
	diags.Append(explain("planning emergency fix "+plan.ID.ValueString(), err)...)
	if err != nil {
		return false
	}
	before := decodeComponents(ctx, state.Components, diags)
	look := recorded.look(wish, before, needed)
	if !needed {
		declared := declaredAs(wish.Fix)
		look.planned = func(component, source, known, now string) bool {
			refused := r.asPlanned(ctx, plan.Pipeline.ValueString(), look.what, declared, component, source, known, now, diags)
			if refused && !r.surelyApplies() {
				// If it was a plan after all, the statement is another one too, and the
				// next plan is not to be refused for that.
				r.forgetNoted(ctx, plan.Pipeline.ValueString(), wish.Name, statementRead)
			}
			return refused
		}
	}
	complete, changed := look.fill(wish.Components, diags)
	for _, c := range changed {
		recorded.tell(plan.ID.ValueString(), c, wish.Withdraw != "", diags)
	}
	return complete
}

// tell reports a file that has other bytes than the fix was opened with.
func (x *recordedFix) tell(id string, c rebuilt, withdraws bool, diags *diagnostics) {
	found := c.source + " has sha256 " + c.found + ", but emergency fix " + id + " was opened with " + c.known + ".\n"
	switch {
	case x == nil || x.withdrawn || withdraws:
	case x.amendable:
		diags.AddAttributeWarning(sourceOf(c.component), "Emergency fix "+id+" is amended: the file of component "+c.component+" has other bytes",
			found+"This changes the fix and its statement, so it needs new approvals.")
	case x.active:
		diags.AddAttributeError(sourceOf(c.component), "Emergency fix "+id+" is on a target, and the file of component "+c.component+" has other bytes",
			found+"Some steps remain, and the remaining targets get the same bytes as the first one. Restore that file, or set sha256 = \""+c.known+
				"\" beside its source, and apply again. Or withdraw the fix (set withdraw). To correct it, declare a new fix on top of this one."+destroyHint())
	case x.status == portal.StatusApplied:
		diags.AddAttributeWarning(sourceOf(c.component), "The file of component "+c.component+" has other bytes than emergency fix "+id+" deployed",
			found+"Nothing is changed: what was deployed and approved stays. To deploy the new bytes, declare a new fix on top of this one. "+
				"Otherwise remove the file, or set sha256 = \""+c.known+"\" beside its source.")
	}
}
