package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Terraform drops the warnings of the second of the two plans that a replacement
// takes, so the first one has to give them.
func TestAReplacedReleaseWarnsOfASourceThatIsNotThere(t *testing.T) {
	p := newPlanner(t, nil)
	r := resourceOf[*releaseResource](newReleaseResource, p.session)
	m := func(version, source string) *releaseModel {
		components, diags := types.MapValueFrom(t.Context(), componentType, map[string]componentModel{
			"app": {Version: types.StringValue(version), Source: types.StringValue(source), Kind: types.StringValue("file")},
		})
		if diags.HasError() {
			t.Fatal(diags)
		}
		return &releaseModel{
			Pipeline: types.StringValue("shop"), Version: types.StringValue(version), Type: types.StringValue("full"), Components: components,
			Removes: types.SetNull(types.StringType), Requires: types.MapNull(types.StringType), Incorporates: types.SetNull(types.StringType),
		}
	}
	gone := t.TempDir() + "/app"
	want := "Warning: The source of component app of release 2.0.0 does not exist yet"
	if got := lines(plan(t, r, m("1.0.0", gone), m("2.0.0", gone)).Diagnostics); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}
