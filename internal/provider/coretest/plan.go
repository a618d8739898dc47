package coretest

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Action is what is planned for a resource.
type Action string

// The actions.
const (
	NoOp    Action = "no-op"
	Create  Action = "create"
	Update  Action = "update"
	Replace Action = "replace"
	Delete  Action = "delete"
	Read    Action = "read" // of a data source, when it is applied
)

// Plan is a saved plan: what was read and what will be done. It may be applied later,
// when the world has moved.
type Plan struct {
	changes []change
	state   []object                 // as it was refreshed
	data    map[string]tftypes.Value // as it was read
}

type change struct {
	Resource
	action  Action
	prior   object
	planned tftypes.Value
}

// Action is what is planned for an address; "" if it is none of the plan's.
func (p *Plan) Action(address string) Action {
	for _, c := range p.changes {
		if c.Address == address {
			return c.action
		}
	}
	return ""
}

// Planned is an attribute as it is planned.
func (p *Plan) Planned(address, name string) tftypes.Value {
	for _, c := range p.changes {
		if c.Address == address {
			return attributes(c.planned)[name]
		}
	}
	return tftypes.NewValue(tftypes.String, nil)
}

// Object is a resource as it is planned, whole.
func (p *Plan) Object(address string) tftypes.Value {
	for _, c := range p.changes {
		if c.Address == address {
			return c.planned
		}
	}
	return tftypes.NewValue(tftypes.String, nil)
}

// Prior is an attribute as the refresh found it.
func (p *Plan) Prior(address, name string) tftypes.Value {
	for _, o := range p.state {
		if o.Address == address {
			return attributes(o.value)[name]
		}
	}
	return tftypes.NewValue(tftypes.String, nil)
}

// Empty reports whether nothing is to be done.
func (p *Plan) Empty() bool {
	return !slices.ContainsFunc(p.changes, func(c change) bool { return c.action != NoOp })
}

// Plan refreshes the state and plans the configuration. The plan is nil if there
// are errors or faults. The root's state stays as it is.
func (r *Root) Plan(resources ...Resource) (*Plan, *Report) {
	r.t.Helper()
	report := &Report{}
	w, end, ok := r.Copy().begin(false, report)
	defer end()
	if !ok {
		return nil, report
	}
	plan := &Plan{data: map[string]tftypes.Value{}}
	for _, o := range slices.Clone(w.state) {
		w.put(w.refresh(o))
	}
	for _, resource := range resources {
		if resource.isData() {
			v := w.read(resource)
			w.found[resource.Address] = v
			if plan.data[resource.Address] = v; !w.decode(w.schemaOf(resource), resource.Config).IsFullyKnown() {
				plan.changes = append(plan.changes, change{Resource: resource, action: Read, planned: v})
			}
			continue
		}
		c := w.change(resource)
		w.found[resource.Address] = c.planned
		plan.changes = append(plan.changes, c)
	}
	for _, o := range slices.Backward(w.state) {
		if !slices.ContainsFunc(resources, func(other Resource) bool { return other.Address == o.Address }) {
			plan.changes = append(plan.changes, w.removal(o))
		}
	}
	plan.state = w.state
	if !report.OK() {
		return nil, report
	}
	return plan, report
}

// change plans one resource as its configuration says now.
func (w *walk) change(resource Resource) change {
	w.t.Helper()
	schema := w.schemaOf(resource)
	typ := schema.ValueType()
	prior := object{Resource: resource, value: tftypes.NewValue(typ, nil)}
	if there := w.find(resource.Address); there != nil {
		prior = *there
	}
	config := w.decode(schema, resource.Config)
	c := change{Resource: resource, prior: prior, planned: config}
	valid, err := w.server.ValidateResourceConfig(w.ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: resource.typeName(), Config: w.dynamic(config), ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	w.must(err)
	if w.report.tell(resource.Address, valid.Diagnostics) {
		return c
	}
	planned, _, replaces, ok := w.ask(resource, prior, config)
	if !ok {
		return c
	}
	c.planned, c.action = planned, Update
	switch {
	case prior.value.IsNull():
		c.action = Create
	case planned.Equal(prior.value):
		c.action = NoOp
	case differsAt(prior.value, planned, replaces):
		c.action = Replace
		if again, _, _, ok := w.ask(resource, object{Resource: resource, value: tftypes.NewValue(typ, nil)}, config); ok {
			c.planned = again
		}
	}
	return c
}

// ask has the provider plan a change and holds it to what core checks.
func (w *walk) ask(resource Resource, prior object, config tftypes.Value) (planned tftypes.Value, private []byte, replaces []*tftypes.AttributePath, ok bool) {
	w.t.Helper()
	schema := w.schemaOf(resource)
	typ := schema.ValueType()
	got, err := w.server.PlanResourceChange(w.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: resource.typeName(), PriorState: w.dynamic(prior.value), PriorPrivate: prior.private, Config: w.dynamic(config),
		ProposedNewState: w.dynamic(proposed(schema.Block.Attributes, typ, prior.value, config)),
	})
	w.must(err)
	if w.report.tell(resource.Address, got.Diagnostics) {
		return config, nil, nil, false
	}
	planned = w.undynamic(got.PlannedState, typ)
	w.report.fault(resource.Address, "invalid plan", planFits(schema.Block.Attributes, prior.value, config, planned, "")...)
	return planned, got.PlannedPrivate, got.RequiresReplace, true
}

// removal plans that a resource goes.
func (w *walk) removal(o object) change {
	w.t.Helper()
	typ := w.schemaOf(o.Resource).ValueType()
	nothing := tftypes.NewValue(typ, nil)
	got, err := w.server.PlanResourceChange(w.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: o.typeName(), PriorState: w.dynamic(o.value), PriorPrivate: o.private, Config: w.dynamic(nothing), ProposedNewState: w.dynamic(nothing),
	})
	w.must(err)
	if !w.report.tell(o.Address, got.Diagnostics) && !w.undynamic(got.PlannedState, typ).IsNull() {
		w.report.fault(o.Address, "invalid plan", "a removal is planned as a change")
	}
	return change{Resource: o.Resource, action: Delete, prior: o, planned: nothing}
}

// differsAt reports whether two objects differ at any of the paths.
func differsAt(before, after tftypes.Value, paths []*tftypes.AttributePath) bool {
	return slices.ContainsFunc(paths, func(path *tftypes.AttributePath) bool {
		was, _, errWas := tftypes.WalkAttributePath(before, path)
		is, _, errIs := tftypes.WalkAttributePath(after, path)
		if errWas != nil || errIs != nil {
			return errWas != nil != (errIs != nil)
		}
		before, isValue := was.(tftypes.Value)
		after, areValues := is.(tftypes.Value)
		return isValue && areValues && !before.Equal(after)
	})
}
