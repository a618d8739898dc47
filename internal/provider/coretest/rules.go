package coretest

import (
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// proposed merges what is configured with what exists, as a starting point of the
// provider's plan: what is configured counts, and if that is null, what exists of
// a computed attribute.
func proposed(schema []*tfprotov6.SchemaAttribute, typ tftypes.Type, prior, config tftypes.Value) tftypes.Value {
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	merged := map[string]tftypes.Value{}
	for _, a := range schema {
		there, written := attribute(prior, a.Name, a.ValueType()), attribute(config, a.Name, a.ValueType())
		switch {
		case written.IsNull() && a.Computed:
			merged[a.Name] = there
		case a.NestedType != nil && !written.IsNull() && written.IsKnown():
			merged[a.Name] = proposedNested(a, there, written)
		default:
			merged[a.Name] = written
		}
	}
	return tftypes.NewValue(typ, merged)
}

func proposedNested(a *tfprotov6.SchemaAttribute, prior, config tftypes.Value) tftypes.Value {
	typ, of, inner := a.ValueType(), nestedType(a.NestedType), a.NestedType.Attributes
	switch a.NestedType.Nesting {
	case tfprotov6.SchemaObjectNestingModeMap:
		merged, before := map[string]tftypes.Value{}, attributes(prior)
		for name, written := range attributes(config) {
			there, is := before[name]
			if !is {
				there = tftypes.NewValue(of, nil)
			}
			merged[name] = proposed(inner, of, there, written)
		}
		return tftypes.NewValue(typ, merged)
	case tfprotov6.SchemaObjectNestingModeList, tfprotov6.SchemaObjectNestingModeSet:
		before := elements(prior)
		merged := []tftypes.Value{}
		for i, written := range elements(config) {
			there := has(before, i, of)
			if isSet(typ) {
				there = tftypes.NewValue(of, nil)
				if at := slices.IndexFunc(before, func(v tftypes.Value) bool { return len(planFits(inner, v, written, v, "")) == 0 }); at >= 0 {
					there = before[at]
				}
			}
			merged = append(merged, proposed(inner, of, there, written))
		}
		return tftypes.NewValue(typ, merged)
	}
	return proposed(inner, of, prior, config)
}

// planFits lists where a planned object does not fit its configuration: what is
// configured is planned as it is written, or stays as it is there; only what is
// computed and not configured is the provider's to choose.
func planFits(schema []*tfprotov6.SchemaAttribute, prior, config, planned tftypes.Value, at string) []string {
	if planned.IsNull() != config.IsNull() {
		return []string{fmt.Sprintf("%s: planned is %s, configured is %s", at, planned, config)}
	}
	var faults []string
	for _, a := range schema {
		typ := a.ValueType()
		faults = append(faults, attributeFits(a, attribute(prior, a.Name, typ), attribute(config, a.Name, typ), attribute(planned, a.Name, typ), at+"."+a.Name)...)
	}
	return faults
}

func attributeFits(a *tfprotov6.SchemaAttribute, prior, config, planned tftypes.Value, at string) []string {
	switch {
	case planned.Equal(config):
		return nil
	case planned.Equal(prior) && !prior.IsNull() && !config.IsNull():
		return nil // it means the same
	case a.Computed && (config.IsNull() || !a.Optional):
		return nil
	case a.NestedType == nil, config.IsNull(), planned.IsNull(), !planned.IsKnown(), !config.IsKnown():
		return []string{fmt.Sprintf("%s: planned is %s, configured is %s", at, planned, config)}
	}
	inner, of := a.NestedType.Attributes, nestedType(a.NestedType)
	var faults []string
	switch a.NestedType.Nesting {
	case tfprotov6.SchemaObjectNestingModeMap:
		was, is := attributes(prior), attributes(planned)
		for name, written := range attributes(config) {
			there, has := was[name]
			if !has {
				there = tftypes.NewValue(of, nil)
			}
			if _, has := is[name]; !has {
				faults = append(faults, fmt.Sprintf("%s: %q is configured and not planned", at, name))
				continue
			}
			faults = append(faults, planFits(inner, there, written, is[name], at+"."+name)...)
		}
		for name := range is {
			if _, written := attributes(config)[name]; !written {
				faults = append(faults, fmt.Sprintf("%s: %q is planned and not configured", at, name))
			}
		}
	case tfprotov6.SchemaObjectNestingModeList, tfprotov6.SchemaObjectNestingModeSet:
		was, is, written := elements(prior), elements(planned), elements(config)
		if len(is) != len(written) {
			return []string{fmt.Sprintf("%s: %d are planned, %d configured", at, len(is), len(written))}
		}
		for i := range is {
			if isSet(a.ValueType()) { // its objects have no place of their own
				if !slices.ContainsFunc(written, func(w tftypes.Value) bool {
					return len(planFits(inner, tftypes.NewValue(of, nil), w, is[i], "")) == 0
				}) && !slices.ContainsFunc(was, is[i].Equal) {
					faults = append(faults, fmt.Sprintf("%s: %s is planned and not configured", at, is[i]))
				}
				continue
			}
			faults = append(faults, planFits(inner, has(was, i, of), written[i], is[i], fmt.Sprintf("%s.%d", at, i))...)
		}
	default:
		return planFits(inner, prior, config, planned, at)
	}
	return faults
}

// completes lists where a value is not a completion of what was planned: what was known
// comes out the same; only what was unknown may become anything.
func completes(planned, actual tftypes.Value, at string) []string {
	switch {
	case !planned.IsKnown():
		return nil
	case planned.IsNull() != actual.IsNull(), !actual.IsKnown():
		return []string{fmt.Sprintf("%s: %s was planned, it is %s", at, planned, actual)}
	case planned.IsNull():
		return nil
	}
	typ := planned.Type()
	if typ.Is(tftypes.Object{}) || isMap(typ) {
		return partsComplete(attributes(planned), attributes(actual), at)
	}
	if _, is := typ.(tftypes.List); is {
		was, now := elements(planned), elements(actual)
		if len(was) != len(now) {
			return []string{fmt.Sprintf("%s: %d elements were planned, there are %d", at, len(was), len(now))}
		}
		var faults []string
		for i := range was {
			faults = append(faults, completes(was[i], now[i], fmt.Sprintf("%s.%d", at, i))...)
		}
		return faults
	}
	if isSet(typ) {
		return setCompletes(elements(planned), elements(actual), at)
	}
	if !planned.Equal(actual) {
		return []string{fmt.Sprintf("%s: %s was planned, it is %s", at, planned, actual)}
	}
	return nil
}

func partsComplete(planned, actual map[string]tftypes.Value, at string) []string {
	var faults []string
	for name, was := range planned {
		now, there := actual[name]
		if !there {
			faults = append(faults, fmt.Sprintf("%s: %q was planned and is gone", at, name))
			continue
		}
		faults = append(faults, completes(was, now, at+"."+name)...)
	}
	for name := range actual {
		if _, was := planned[name]; !was {
			faults = append(faults, fmt.Sprintf("%s: %q has appeared", at, name))
		}
	}
	return faults
}

// setCompletes compares sets: each element of one completes, or is completed by, one of
// the other. Elements that turn out to be the same are one.
func setCompletes(planned, actual []tftypes.Value, at string) []string {
	var faults []string
	for _, was := range planned {
		if !slices.ContainsFunc(actual, func(now tftypes.Value) bool { return len(completes(was, now, "")) == 0 }) {
			faults = append(faults, fmt.Sprintf("%s: %s was planned and is gone", at, was))
		}
	}
	for _, now := range actual {
		if !slices.ContainsFunc(planned, func(was tftypes.Value) bool { return len(completes(was, now, "")) == 0 }) {
			faults = append(faults, fmt.Sprintf("%s: %s has appeared", at, now))
		}
	}
	if len(actual) > len(planned) {
		faults = append(faults, fmt.Sprintf("%s: %d elements were planned, there are %d", at, len(planned), len(actual)))
	}
	return faults
}
