package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestWhatIsEmptyIsRefusedByItsName(t *testing.T) {
	text := func(value any) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }
	list := func(values ...tftypes.Value) tftypes.Value {
		return tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, values)
	}
	set := func(values ...tftypes.Value) tftypes.Value {
		return tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, values)
	}
	object := func(name string, v tftypes.Value) tftypes.Value {
		return tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{name: v.Type()}}, map[string]tftypes.Value{name: v})
	}
	mapping := func(v tftypes.Value) tftypes.Value {
		return tftypes.NewValue(tftypes.Map{ElementType: v.Type()}, map[string]tftypes.Value{"app": v})
	}
	for _, c := range []struct {
		name  string
		value tftypes.Value
		says  string // "": it is taken
	}{
		{"a value", object("kind", text("war")), ""},
		{"left out", object("kind", text(nil)), ""},
		{"not known yet", object("kind", text(tftypes.UnknownValue)), ""},
		{"empty", object("kind", text("")), `kind is "". If it comes from a variable, an output, a lookup or a file, that was not filled.`},
		{"in an object of a map", object("components", mapping(object("kind", text("")))), `components["app"].kind is "".`},
		{"the value of a map", object("approvals", mapping(text(""))), ""},
		{"a null value of a map", object("approvals", mapping(text(nil))), "Null is no element of approvals."},
		{"in a list", object("environments", list(text("dev"), text(""))), `environments[1] is "".`},
		{"null in a list", object("environments", list(text(nil))), "Null is no element of environments."},
		{"in a set", object("bypass", set(text(""))), `bypass is "".`},
		{"null in a set", object("bypass", set(text(nil))), "Null is no element of bypass."},
		{"a whole number", object("keep", tftypes.NewValue(tftypes.Number, 3)), ""},
		{"a fraction", object("keep", tftypes.NewValue(tftypes.Number, 0.5)), "keep is 0.5. Write a whole number."},
		{"a number beyond all", object("keep", tftypes.NewValue(tftypes.Number, 1e30)), "keep is 1e+30."},
		{"a program", object("command", list(text(""))), `command[0] is "".`},
		{"an argument of a program", object("command", list(text("true"), text(""))), ""},
		{"a list that is not known", object("environments", tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, tftypes.UnknownValue)), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			diags := hollow(c.value)
			if len(diags) > 0 != (c.says != "") {
				t.Fatalf("it gives %v", diags)
			}
			if c.says != "" && !strings.Contains(diags[0].Detail, c.says) {
				t.Errorf("it says %q", diags[0].Detail)
			}
		})
	}
}
