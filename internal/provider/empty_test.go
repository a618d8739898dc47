package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
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
		{"empty", object("kind", text("")), `kind is "". Perhaps it comes from a variable, an output, a lookup or a file that has no value.`},
		{"in an object of a map", object("components", mapping(object("kind", text("")))), `components["app"].kind is "".`},
		{"the value of a map", object("approvals", mapping(text(""))), ""},
		{"a null value of a map", object("approvals", mapping(text(nil))), "Null is not allowed in approvals."},
		{"in a list", object("environments", list(text("dev"), text(""))), `environments[1] is "".`},
		{"null in a list", object("environments", list(text(nil))), "Null is not allowed in environments."},
		{"in a set", object("bypass", set(text(""))), `An element of bypass is "".`},
		{"null in a set", object("bypass", set(text(nil))), "Null is not allowed in bypass."},
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

func TestAnEmptyListSaysWhatToWrite(t *testing.T) {
	list := func(elements ...attr.Value) types.List { return types.ListValueMust(types.StringType, elements) }
	for _, c := range []struct {
		name  string
		value types.List
		says  string // "": it is taken
	}{
		{"an element", list(types.StringValue("x")), ""},
		{"an element that is not known yet", list(types.StringUnknown()), ""},
		{"left out", types.ListNull(types.StringType), ""},
		{"not known yet", types.ListUnknown(types.StringType), ""},
		{"empty", list(), `junit_reports is [], an empty list. Name the reports, by paths or patterns: ["reports/**/*.xml"].`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var schema resource.SchemaResponse
			newTestResultResource().Schema(t.Context(), resource.SchemaRequest{}, &schema)
			var resp validator.ListResponse
			for _, v := range schema.Schema.Attributes["junit_reports"].(interface{ ListValidators() []validator.List }).ListValidators() {
				v.ValidateList(t.Context(), validator.ListRequest{Path: path.Root("junit_reports"), ConfigValue: c.value}, &resp)
			}
			if resp.Diagnostics.HasError() != (c.says != "") {
				t.Fatalf("it gives %v", resp.Diagnostics)
			}
			if c.says != "" && !strings.Contains(resp.Diagnostics[0].Detail(), c.says) {
				t.Errorf("it says %q", resp.Diagnostics[0].Detail())
			}
		})
	}
}

// TestNoListIsRefusedInWordsOfTheFramework: they do not say what to write.
func TestNoListIsRefusedInWordsOfTheFramework(t *testing.T) {
	for name, at := range map[string]resource.Resource{
		"test_environments": newFixResource(), "environments": newFixResource(), "junit_reports": newTestResultResource(), "stages": newFreezeResource(),
	} {
		var schema resource.SchemaResponse
		at.Schema(t.Context(), resource.SchemaRequest{}, &schema)
		var diags diagnostics
		switch a := schema.Schema.Attributes[name].(type) {
		case interface{ ListValidators() []validator.List }:
			var resp validator.ListResponse
			for _, v := range a.ListValidators() {
				v.ValidateList(t.Context(), validator.ListRequest{Path: path.Root(name), ConfigValue: types.ListValueMust(types.StringType, nil)}, &resp)
			}
			diags = resp.Diagnostics
		case interface{ SetValidators() []validator.Set }:
			var resp validator.SetResponse
			for _, v := range a.SetValidators() {
				v.ValidateSet(t.Context(), validator.SetRequest{Path: path.Root(name), ConfigValue: types.SetValueMust(types.StringType, nil)}, &resp)
			}
			diags = resp.Diagnostics
		}
		if len(diags) != 1 || !strings.Contains(diags[0].Detail(), name+" is [], an empty list. Name ") {
			t.Errorf("%s = [] gives %v", name, diags)
		}
	}
}
