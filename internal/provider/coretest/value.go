package coretest

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Config is what a configuration says of a resource, or of an object in it: attribute
// to value. What is left out is null. A value is a string, a bool, an int, a *big.Float, nil, a
// []any, a Config, a tftypes.Value, or one of the types below.
type Config map[string]any

// Unknown is a value that no walk of the test knows.
type Unknown struct{}

// Later is a value that is known only when the plan is applied.
type Later struct{ Value any }

// Ref is an attribute of a resource or data source that comes before, by its address.
type Ref struct{ Address, Attribute string }

// With is the configuration with one attribute changed, which may lie in an object:
// "target.directory.path", "components.app.kind", "stages.0.name". The configuration
// itself stays as it is.
func (c Config) With(path string, value any) Config {
	changed, _ := with(c, strings.Split(path, "."), value).(Config)
	return changed
}

// Settled is the configuration as it is when it is applied, with what comes Later.
func (c Config) Settled() Config {
	settled, _ := settle(c).(Config)
	return settled
}

// Known reports whether nothing in the configuration comes Later, or never.
func (c Config) Known() bool {
	return isKnown(c)
}

func isKnown(in any) bool {
	switch in := in.(type) {
	case Later, Unknown, Ref:
		return false
	case Config:
		for _, v := range in {
			if !isKnown(v) {
				return false
			}
		}
	case []any:
		return !slices.ContainsFunc(in, func(v any) bool { return !isKnown(v) })
	}
	return true
}

func settle(in any) any {
	switch in := in.(type) {
	case Later:
		return in.Value
	case Config:
		settled := Config{}
		for name, v := range in {
			settled[name] = settle(v)
		}
		return settled
	case []any:
		settled := []any{}
		for _, v := range in {
			settled = append(settled, settle(v))
		}
		return settled
	}
	return in
}

func with(in any, steps []string, value any) any {
	if len(steps) == 0 {
		return value
	}
	switch in := in.(type) {
	case []any:
		changed := append([]any{}, in...)
		var i int
		if _, err := fmt.Sscanf(steps[0], "%d", &i); err != nil || i >= len(changed) {
			panic("there is no element " + steps[0])
		}
		changed[i] = with(changed[i], steps[1:], value)
		return changed
	case Config, nil:
		changed := Config{}
		if before, is := in.(Config); is {
			for name, v := range before {
				changed[name] = v
			}
		}
		changed[steps[0]] = with(changed[steps[0]], steps[1:], value)
		return changed
	}
	panic(fmt.Sprintf("%T has no %s", in, steps[0]))
}

// resolver returns the value of a reference, and whether what comes later is known.
type resolver struct {
	later bool // it has come
	ref   func(Ref) (tftypes.Value, error)
}

// value makes a Terraform value of what a test has written.
func (r resolver) value(typ tftypes.Type, written any) (tftypes.Value, error) {
	switch w := written.(type) {
	case nil:
		return tftypes.NewValue(typ, nil), nil
	case tftypes.Value:
		return w, nil
	case Unknown:
		return tftypes.NewValue(typ, tftypes.UnknownValue), nil
	case Later:
		if !r.later {
			return tftypes.NewValue(typ, tftypes.UnknownValue), nil
		}
		return r.value(typ, w.Value)
	case Ref:
		return r.ref(w)
	case int:
		return tftypes.NewValue(typ, big.NewFloat(float64(w))), nil
	case Config:
		return r.object(typ, w)
	case []any:
		return r.list(typ, w)
	}
	if err := tftypes.ValidateValue(typ, written); err != nil {
		return tftypes.Value{}, err
	}
	return tftypes.NewValue(typ, written), nil
}

func (r resolver) object(typ tftypes.Type, written Config) (tftypes.Value, error) {
	values, err := map[string]tftypes.Value{}, error(nil)
	switch typ := typ.(type) {
	case tftypes.Object:
		for name := range written {
			if typ.AttributeTypes[name] == nil {
				return tftypes.Value{}, fmt.Errorf("there is no attribute %q", name)
			}
		}
		for name, attribute := range typ.AttributeTypes {
			if values[name], err = r.value(attribute, written[name]); err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
			}
		}
	case tftypes.Map:
		for name, element := range written {
			if values[name], err = r.value(typ.ElementType, element); err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
			}
		}
	default:
		return tftypes.Value{}, fmt.Errorf("%s is no object and no map", typ)
	}
	return tftypes.NewValue(typ, values), nil
}

func (r resolver) list(typ tftypes.Type, written []any) (tftypes.Value, error) {
	var of tftypes.Type
	switch typ := typ.(type) {
	case tftypes.List:
		of = typ.ElementType
	case tftypes.Set:
		of = typ.ElementType
	default:
		return tftypes.Value{}, fmt.Errorf("%s is no list and no set", typ)
	}
	values := []tftypes.Value{}
	for i, element := range written {
		v, err := r.value(of, element)
		if err != nil {
			return tftypes.Value{}, fmt.Errorf("%d: %w", i, err)
		}
		values = append(values, v)
	}
	return tftypes.NewValue(typ, values), nil
}

// attribute reads one attribute of an object; null if the object is null, unknown
// where it is unknown.
func attribute(object tftypes.Value, name string, typ tftypes.Type) tftypes.Value {
	switch {
	case !object.IsKnown():
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	case object.IsNull():
		return tftypes.NewValue(typ, nil)
	}
	return attributes(object)[name]
}

// attributes are the parts of an object or a map.
func attributes(object tftypes.Value) map[string]tftypes.Value {
	var parts map[string]tftypes.Value
	if object.IsNull() || !object.IsKnown() || object.As(&parts) != nil {
		return nil
	}
	return parts
}

// elements are the parts of a list or a set.
func elements(list tftypes.Value) []tftypes.Value {
	var parts []tftypes.Value
	if list.IsNull() || !list.IsKnown() || list.As(&parts) != nil {
		return nil
	}
	return parts
}

// has is the element at an index; null of the type if there is none.
func has(list []tftypes.Value, i int, typ tftypes.Type) tftypes.Value {
	if i < len(list) {
		return list[i]
	}
	return tftypes.NewValue(typ, nil)
}

func isMap(typ tftypes.Type) bool { _, is := typ.(tftypes.Map); return is }

func isSet(typ tftypes.Type) bool { _, is := typ.(tftypes.Set); return is }

// nestedType is the type of one object of a nested attribute.
func nestedType(nested *tfprotov6.SchemaObject) tftypes.Type {
	single := *nested
	single.Nesting = tfprotov6.SchemaObjectNestingModeSingle
	return single.ValueType()
}
