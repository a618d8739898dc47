package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// durationType is a string that holds a duration. Two ways to write the same
// duration are the same value, so that "72h" and "3d" show no difference.
type durationType struct{ basetypes.StringType }

var _ basetypes.StringTypable = durationType{}

func (durationType) String() string { return "duration" }

func (t durationType) Equal(other attr.Type) bool {
	_, same := other.(durationType)
	return same
}

func (durationType) ValueType(context.Context) attr.Value { return duration{} }

func (durationType) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return duration{in}, nil
}

func (t durationType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	text, isString := value.(basetypes.StringValue)
	if !isString {
		return nil, fmt.Errorf("unexpected %T for a duration", value)
	}
	return duration{text}, nil
}

// duration is a value of durationType.
type duration struct{ basetypes.StringValue }

var (
	_ basetypes.StringValuableWithSemanticEquals = duration{}
	_ xattr.ValidateableAttribute                = duration{}
)

func (duration) Type(context.Context) attr.Type { return durationType{} }

func (d duration) Equal(other attr.Value) bool {
	o, same := other.(duration)
	return same && d.StringValue.Equal(o.StringValue)
}

func (d duration) StringSemanticEquals(_ context.Context, other basetypes.StringValuable) (bool, diag.Diagnostics) {
	o, same := other.(duration)
	if !same {
		return false, nil
	}
	mine, err := portal.ParseDuration(d.ValueString())
	if err != nil {
		return d.ValueString() == o.ValueString(), nil // validation tells about it
	}
	theirs, err := portal.ParseDuration(o.ValueString())
	return err == nil && mine == theirs, nil
}

func (d duration) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if d.IsNull() || d.IsUnknown() {
		return
	}
	if _, err := portal.ParseDuration(d.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "This is not a duration", portal.Sentence(err.Error()))
	}
}

// of is the duration; 0 if there is none.
func (d duration) of() time.Duration {
	parsed, err := portal.ParseDuration(d.ValueString())
	if err != nil {
		return 0
	}
	return parsed
}

// durationOrNull writes a duration of the ledger; zero is null.
func durationOrNull(d time.Duration) duration {
	if d == 0 {
		return duration{basetypes.NewStringNull()}
	}
	return duration{basetypes.NewStringValue(portal.FormatDuration(d))}
}
