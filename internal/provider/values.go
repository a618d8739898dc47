package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// known reports whether values have no unknown part.
func known(ctx context.Context, values ...attr.Value) bool {
	for _, value := range values {
		v, err := value.ToTerraformValue(ctx)
		if err != nil || !v.IsFullyKnown() {
			return false
		}
	}
	return true
}

// stringList makes a list value, in the order given.
func stringList(items []string) types.List {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(item)
	}
	return types.ListValueMust(types.StringType, values)
}

// stringsOf reads a list or set of strings, sorted if it is a set.
func stringsOf(ctx context.Context, value interface {
	attr.Value
	ElementsAs(context.Context, any, bool) diag.Diagnostics
}, diags *diag.Diagnostics,
) []string {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	var items []string
	diags.Append(value.ElementsAs(ctx, &items, false)...)
	if _, isSet := value.(types.Set); isSet {
		slices.Sort(items)
	}
	return items
}

func stringMapOf(ctx context.Context, value types.Map, diags *diag.Diagnostics) map[string]string {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	var items map[string]string
	diags.Append(value.ElementsAs(ctx, &items, false)...)
	return items
}

// textOf is a text as it is recorded: lines end as they do everywhere but on Windows.
func textOf(written types.String) string {
	return strings.ReplaceAll(written.ValueString(), "\r\n", "\n")
}

// asWritten is a recorded text as the user wrote it, if that is what is recorded.
func asWritten(text string, written types.String) types.String {
	if !written.IsNull() && !written.IsUnknown() && textOf(written) == text {
		return written
	}
	return types.StringValue(text)
}

// The following write a value of the ledger as an attribute that users may leave
// out: what is empty there is null, unless the user wrote it empty.

func stringOrNull(text string, written types.String) types.String {
	if text == "" && (written.IsNull() || written.ValueString() != "") {
		return types.StringNull()
	}
	return asWritten(text, written)
}

func setOrNull(items []string, written types.Set) types.Set {
	if len(items) == 0 && written.IsNull() {
		return types.SetNull(types.StringType)
	}
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(item)
	}
	return types.SetValueMust(types.StringType, values)
}

func mapOrNull(items map[string]string, written types.Map) types.Map {
	if len(items) == 0 && written.IsNull() {
		return types.MapNull(types.StringType)
	}
	return mapOf(items)
}

func mapOf(items map[string]string) types.Map {
	values := make(map[string]attr.Value, len(items))
	for name, item := range items {
		values[name] = types.StringValue(item)
	}
	return types.MapValueMust(types.StringType, values)
}

func boolOrNull(value bool, written types.Bool) types.Bool {
	if !value && written.IsNull() {
		return types.BoolNull()
	}
	return types.BoolValue(value)
}

func int64OrNull(value int64, written types.Int64) types.Int64 {
	if value == 0 && written.IsNull() {
		return types.Int64Null()
	}
	return types.Int64Value(value)
}

// cut splits "A/B" ids at the first slash; ok says that both parts are there.
func cut(id string) (before, after string, ok bool) {
	before, after, ok = strings.Cut(id, "/")
	return before, after, ok && before != "" && after != "" && !strings.Contains(after, "/")
}

// objectOf reads a nested object; nil if it is null or not known.
func objectOf[M any](ctx context.Context, object types.Object, diags *diagnostics) *M {
	if object.IsNull() || object.IsUnknown() {
		return nil
	}
	var m M
	diags.Append(object.As(ctx, &m, basetypes.ObjectAsOptions{UnhandledUnknownAsEmpty: true})...)
	return &m
}

// written reads a nested object as the user wrote it; one of nulls if it is not there.
func written[M any](ctx context.Context, object types.Object, diags *diagnostics) M {
	if m := objectOf[M](ctx, object, diags); m != nil {
		return *m
	}
	var none M
	return none
}

func listOf[M any](ctx context.Context, object schema.NestedAttributeObject, models []M, diags *diagnostics) types.List {
	list, d := types.ListValueFrom(ctx, objectType(object), models)
	diags.Append(d...)
	return list
}

func objectValue[M any](ctx context.Context, object schema.NestedAttributeObject, model M, diags *diagnostics) types.Object {
	value, d := types.ObjectValueFrom(ctx, objectType(object).AttrTypes, model)
	diags.Append(d...)
	return value
}

func setOf[S ~string](items []S) types.Set {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(string(item))
	}
	return types.SetValueMust(types.StringType, values)
}

func sameTime(written timetypes.RFC3339, recorded portal.Time) bool {
	at, diags := written.ValueRFC3339Time()
	return !diags.HasError() && at.Equal(recorded)
}

func timeText(at portal.Time) string {
	if at.IsZero() {
		return ""
	}
	return portal.FormatTime(at)
}

func timeOrNull(at portal.Time) types.String { return stringOrNull(timeText(at), types.StringNull()) }
