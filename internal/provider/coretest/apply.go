package coretest

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Apply applies a plan: removals first, then the rest in order. What is created or
// changed is planned once more, with everything known, and has to come out as it was
// planned. The first error or fault ends it, and what was done stays in the state.
func (r *Root) Apply(plan *Plan) *Report {
	r.t.Helper()
	report := &Report{}
	r.state = slices.Clone(plan.state)
	w, end, ok := r.begin(true, report)
	defer end()
	if !ok {
		return report
	}
	for address, v := range plan.data {
		if v.IsFullyKnown() {
			w.found[address] = v
		}
	}
	for _, o := range r.state {
		w.found[o.Address] = o.value
	}
	for _, c := range plan.changes {
		if c.action == Delete {
			if w.remove(c.prior); !report.OK() {
				return report
			}
		}
	}
	for _, c := range plan.changes {
		if c.action == NoOp || c.action == Delete {
			continue
		}
		if c.action == Read {
			w.found[c.Address] = w.read(c.Resource)
		} else {
			w.carryOut(c)
		}
		if !report.OK() {
			return report
		}
	}
	return report
}

// carryOut plans a change once more and does it.
func (w *walk) carryOut(c change) {
	w.t.Helper()
	schema := w.schemaOf(c.Resource)
	if c.action == Replace {
		if w.remove(c.prior); !w.report.OK() {
			return
		}
		c.prior = object{Resource: c.Resource, value: tftypes.NewValue(schema.ValueType(), nil)}
	}
	config := w.decode(schema, c.Config)
	valid, err := w.server.ValidateResourceConfig(w.ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: c.typeName(), Config: w.dynamic(config), ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	w.must(err)
	if w.report.tell(c.Address, valid.Diagnostics) {
		return
	}
	planned, private, replaces, ok := w.ask(c.Resource, c.prior, config)
	if !ok {
		return
	}
	if c.action == Update && differsAt(c.prior.value, planned, replaces) {
		w.report.fault(c.Address, "inconsistent final plan", "an update has become a replacement")
	}
	if c.action == Update && planned.Equal(c.prior.value) {
		w.found[c.Address] = planned
		w.put(object{c.Resource, planned, c.prior.private})
		return // what was unknown has turned out to be what exists
	}
	w.report.fault(c.Address, "inconsistent final plan", completes(c.planned, planned, "")...)
	if !w.report.OK() {
		return
	}
	w.apply(c.Resource, c.prior, planned, config, private)
}

// remove applies that a resource goes.
func (w *walk) remove(o object) {
	w.t.Helper()
	nothing := tftypes.NewValue(w.schemaOf(o.Resource).ValueType(), nil)
	w.apply(o.Resource, o, nothing, nothing, o.private)
}

// apply has the provider do what is planned, and holds what it answers to the plan.
func (w *walk) apply(resource Resource, prior object, planned, config tftypes.Value, private []byte) {
	w.t.Helper()
	typ := w.schemaOf(resource).ValueType()
	got, err := w.server.ApplyResourceChange(w.ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resource.typeName(), PriorState: w.dynamic(prior.value), PlannedState: w.dynamic(planned), Config: w.dynamic(config), PlannedPrivate: private,
	})
	w.must(err)
	failed := w.report.tell(resource.Address, got.Diagnostics)
	result := w.undynamic(got.NewState, typ)
	if !result.IsNull() && !result.IsFullyKnown() {
		w.report.fault(resource.Address, "invalid result", "it is not wholly known: "+result.String())
	}
	switch {
	case failed && prior.value.IsNull() && !result.IsNull():
		w.report.fault(resource.Address, "tainted", "a creation that failed is in the state")
	case failed && planned.IsNull():
		result = prior.value
	case !failed:
		w.report.fault(resource.Address, "inconsistent result", completes(planned, result, "")...)
	}
	w.found[resource.Address] = result
	w.put(object{resource, result, got.Private})
}
