package provider

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

func durationOf(text string) duration { return duration{basetypes.NewStringValue(text)} }

func TestTwoWaysToWriteADurationAreTheSame(t *testing.T) {
	cases := []struct {
		a, b string
		same bool
	}{
		{"72h", "3d", true},
		{"90m", "1h30m", true},
		{"1d12h", "36h", true},
		{"0s", "0h", true},
		{"72h", "72h1s", false},
		{"soon", "later", false}, // neither is a duration
		{"soon", "soon", true},
		{"0s", "later", false},
	}
	for _, c := range cases {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if same, diags := durationOf(pair[0]).StringSemanticEquals(t.Context(), durationOf(pair[1])); same != c.same || diags.HasError() {
				t.Errorf("%s and %s: %t, %v", pair[0], pair[1], same, diags)
			}
		}
	}
}

func TestADurationIsValidated(t *testing.T) {
	cases := []struct {
		name  string
		value duration
		valid bool
	}{
		{"of hours", durationOf("72h"), true},
		{"of days", durationOf("3d"), true},
		{"unknown yet", duration{basetypes.NewStringUnknown()}, true},
		{"left out", duration{basetypes.NewStringNull()}, true},
		{"empty", durationOf(""), false},
		{"a number", durationOf("72"), false},
		{"below zero", durationOf("-1h"), false},
		{"a word", durationOf("soon"), false},
		{"of more than ten years", durationOf("4000d"), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var resp xattr.ValidateAttributeResponse
			c.value.ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{Path: path.Root("soak_time")}, &resp)
			if resp.Diagnostics.HasError() == c.valid {
				t.Errorf("it says %v", resp.Diagnostics)
			}
		})
	}
}

func TestADurationOfTheLedgerIsWrittenForPeople(t *testing.T) {
	for d, want := range map[time.Duration]duration{0: {basetypes.NewStringNull()}, 72 * time.Hour: durationOf("72h"), 90 * time.Second: durationOf("1m30s")} {
		if got := durationOrNull(d); !got.Equal(want) {
			t.Errorf("%s is written %s", d, got)
		}
	}
}
