package coretest

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// aSchema has an attribute of every kind that the rules tell apart.
var aSchema = &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
	{Name: "name", Type: tftypes.String, Required: true},
	{Name: "kind", Type: tftypes.String, Optional: true, Computed: true},
	{Name: "id", Type: tftypes.String, Computed: true},
	{Name: "tags", Type: tftypes.Set{ElementType: tftypes.String}, Optional: true},
	{Name: "parts", Optional: true, NestedType: &tfprotov6.SchemaObject{Nesting: tfprotov6.SchemaObjectNestingModeMap, Attributes: []*tfprotov6.SchemaAttribute{
		{Name: "version", Type: tftypes.String, Required: true},
		{Name: "sum", Type: tftypes.String, Optional: true, Computed: true},
	}}},
	{Name: "steps", Optional: true, NestedType: &tfprotov6.SchemaObject{Nesting: tfprotov6.SchemaObjectNestingModeList, Attributes: []*tfprotov6.SchemaAttribute{
		{Name: "do", Type: tftypes.String, Required: true},
	}}},
}}}

func made(t *testing.T, c Config) tftypes.Value {
	t.Helper()
	if c == nil {
		return tftypes.NewValue(aSchema.ValueType(), nil)
	}
	v, err := resolver{}.value(aSchema.ValueType(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhatIsPlannedFitsWhatIsConfigured(t *testing.T) {
	for _, c := range []struct {
		name                   string
		prior, config, planned Config
		says                   string
	}{
		{"as it is written", nil, Config{"name": "a"}, Config{"name": "a"}, ""},
		{"what is computed is chosen", nil, Config{"name": "a"}, Config{"name": "a", "kind": "file", "id": Unknown{}}, ""},
		{"something else", nil, Config{"name": "a"}, Config{"name": "b"}, ".name: planned is"},
		{"what was there means the same", Config{"name": "b"}, Config{"name": "a"}, Config{"name": "b"}, ""},
		{"what is configured is not chosen", nil, Config{"name": "a", "kind": ""}, Config{"name": "a", "kind": "file"}, ".kind: planned is"},
		{"what is left out is not chosen", nil, Config{"name": "a"}, Config{"name": "a", "tags": []any{}}, ".tags: planned is"},
		{"known too early", nil, Config{"name": Unknown{}}, Config{"name": "a"}, ".name: planned is"},
		{"computed within an object", nil, Config{"name": "a", "parts": Config{"app": Config{"version": "1"}}}, Config{"name": "a", "parts": Config{"app": Config{"version": "1", "sum": "x"}}}, ""},
		{"something else within an object", nil, Config{"name": "a", "parts": Config{"app": Config{"version": "1"}}}, Config{"name": "a", "parts": Config{"app": Config{"version": "2"}}}, ".parts.app.version: planned is"},
		{"an object too few", nil, Config{"name": "a", "parts": Config{"app": Config{"version": "1"}}}, Config{"name": "a", "parts": Config{}}, `"app" is configured and not planned`},
		{"an object too many", nil, Config{"name": "a", "steps": []any{}}, Config{"name": "a", "steps": []any{Config{"do": "x"}}}, ".steps: 1 are planned, 0 configured"},
		{"nothing", nil, Config{"name": "a"}, nil, "planned is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			told(t, planFits(aSchema.Block.Attributes, made(t, c.prior), made(t, c.config), made(t, c.planned), ""), c.says)
		})
	}
}

func TestWhatComesOutCompletesWhatWasPlanned(t *testing.T) {
	for _, c := range []struct {
		name            string
		planned, actual Config
		says            string
	}{
		{"the same", Config{"name": "a"}, Config{"name": "a"}, ""},
		{"what was unknown", Config{"name": "a", "id": Unknown{}}, Config{"name": "a", "id": "1"}, ""},
		{"something else", Config{"name": "a"}, Config{"name": "b"}, ".name:"},
		{"null instead of nothing", Config{"name": "a", "kind": ""}, Config{"name": "a"}, ".kind:"},
		{"unknown instead of known", Config{"name": "a"}, Config{"name": Unknown{}}, ".name:"},
		{"an element has gone", Config{"name": "a", "tags": []any{"x"}}, Config{"name": "a", "tags": []any{}}, "was planned and is gone"},
		{"an element has come", Config{"name": "a", "tags": []any{"x"}}, Config{"name": "a", "tags": []any{"x", "y"}}, "has appeared"},
		{"an element that was unknown", Config{"name": "a", "tags": []any{Unknown{}}}, Config{"name": "a", "tags": []any{"x"}}, ""},
		{"a list has grown", Config{"name": "a", "steps": []any{}}, Config{"name": "a", "steps": []any{Config{"do": "x"}}}, "0 elements were planned, there are 1"},
		{"an object has come", Config{"name": "a", "parts": Config{}}, Config{"name": "a", "parts": Config{"app": Config{"version": "1"}}}, `"app" has appeared`},
		{"nothing is left", Config{"name": "a"}, nil, "was planned"},
	} {
		t.Run(c.name, func(t *testing.T) {
			told(t, completes(made(t, c.planned), made(t, c.actual), ""), c.says)
		})
	}
}

func TestWhatIsProposedKeepsWhatIsComputed(t *testing.T) {
	prior := made(t, Config{"name": "a", "kind": "file", "id": "1", "tags": []any{"x"}, "parts": Config{"app": Config{"version": "1", "sum": "s"}, "old": Config{"version": "1", "sum": "o"}}})
	config := made(t, Config{"name": "b", "parts": Config{"app": Config{"version": "2"}, "new": Config{"version": "1"}}})
	want := made(t, Config{"name": "b", "kind": "file", "id": "1", "parts": Config{"app": Config{"version": "2", "sum": "s"}, "new": Config{"version": "1"}}})
	if got := proposed(aSchema.Block.Attributes, aSchema.ValueType(), prior, config); !got.Equal(want) {
		t.Errorf("it is\n%s\nnot\n%s", got, want)
	}
}

func told(t *testing.T, faults []string, says string) {
	t.Helper()
	if says == "" && len(faults) > 0 || says != "" && !strings.Contains(strings.Join(faults, "\n"), says) {
		t.Errorf("it says %q, not %q", faults, says)
	}
}
