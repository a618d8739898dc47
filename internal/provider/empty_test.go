package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
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
