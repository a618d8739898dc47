package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestAnEmptyStringIsRefusedByItsName(t *testing.T) {
	for _, c := range []struct {
		name  string
		value types.String
		says  string // "": it is taken
	}{
		{"a value", types.StringValue("x"), ""},
		{"left out", types.StringNull(), ""},
		{"not known yet", types.StringUnknown(), ""},
		{"empty", types.StringValue(""), `content_digest is "". If it comes from a variable, an output or a file, that was not filled.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var resp validator.StringResponse
			for _, v := range notEmpty() {
				v.ValidateString(t.Context(), validator.StringRequest{Path: path.Root("content_digest"), ConfigValue: c.value}, &resp)
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
		{"empty", list(), `junit_reports is [], which names nothing. Name the reports, by paths or patterns: ["reports/**/*.xml"].`},
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
		if len(diags) != 1 || !strings.Contains(diags[0].Detail(), name+" is [], which names nothing. Name ") {
			t.Errorf("%s = [] gives %v", name, diags)
		}
	}
}
