// Hollow serves the provider's schemas with nothing behind them: no ledger, no
// rules, no target. It decodes and encodes what the provider does, through the
// same framework, the same plan modifiers, defaults and validators, so that what
// it costs is what Terraform, the framework and the schemas cost by themselves.
package main

import (
	"context"
	"fmt"
	"os"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	portal "github.com/releaseportal/terraform-provider-portal/internal/provider"
)

func main() {
	if err := portal.SilenceTrace(os.Getenv, os.Setenv); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	err := providerserver.Serve(context.Background(), func() provider.Provider { return hollow{portal.New("hollow", os.Getenv)} },
		providerserver.ServeOpts{Address: portal.Address, ProtocolVersion: 6})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// hollow is the provider with other resources and no data sources.
type hollow struct{ *portal.Provider }

// Configure implements provider.Provider.
func (hollow) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

// DataSources implements provider.Provider.
func (hollow) DataSources(context.Context) []func() datasource.DataSource { return nil }

// Resources implements provider.Provider.
func (h hollow) Resources(ctx context.Context) []func() resource.Resource {
	var all []func() resource.Resource
	for _, construct := range h.Provider.Resources(ctx) {
		var schema resource.SchemaResponse
		construct().Schema(ctx, resource.SchemaRequest{}, &schema)
		model := modelOf(ctx, schema.Schema.Type().(attr.TypeWithAttributeTypes)) //nolint:errcheck // a schema's type is an object
		all = append(all, func() resource.Resource { return &hollowResource{real: construct(), model: model} })
	}
	return all
}

// modelOf makes the structure that a provider would decode into: one field an
// attribute, as the provider's own models have.
func modelOf(ctx context.Context, object attr.TypeWithAttributeTypes) reflect.Type {
	var fields []reflect.StructField
	for name, kind := range object.AttributeTypes() {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Field%d", len(fields)), Type: reflect.TypeOf(kind.ValueType(ctx)),
			Tag: reflect.StructTag(fmt.Sprintf("tfsdk:%q", name)),
		})
	}
	return reflect.StructOf(fields)
}

// hollowResource has a real one's name and schema.
type hollowResource struct {
	real  resource.Resource
	model reflect.Type
}

// Metadata implements resource.Resource.
func (r *hollowResource) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	r.real.Metadata(ctx, req, resp)
}

// Schema implements resource.Resource.
func (r *hollowResource) Schema(ctx context.Context, req resource.SchemaRequest, resp *resource.SchemaResponse) {
	r.real.Schema(ctx, req, resp)
}

type getter interface {
	Get(ctx context.Context, target any) diag.Diagnostics
}

type setter interface {
	Set(ctx context.Context, value any) diag.Diagnostics
}

// decode reads the whole of a configuration, plan or state, as the provider
// does.
func (r *hollowResource) decode(ctx context.Context, from getter, diags *diag.Diagnostics) any {
	model := reflect.New(r.model).Interface()
	diags.Append(from.Get(ctx, model)...)
	return model
}

func encode(ctx context.Context, model any, into setter, diags *diag.Diagnostics) {
	if !diags.HasError() {
		diags.Append(into.Set(ctx, model)...)
	}
}

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (r *hollowResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	r.decode(ctx, req.Config, &resp.Diagnostics)
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *hollowResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if !req.State.Raw.IsNull() {
		r.decode(ctx, req.State, &resp.Diagnostics)
	}
	if !req.Plan.Raw.IsNull() {
		encode(ctx, r.decode(ctx, req.Plan, &resp.Diagnostics), &resp.Plan, &resp.Diagnostics)
	}
}

// Create implements resource.Resource.
func (r *hollowResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	model := r.decode(ctx, req.Plan, &resp.Diagnostics)
	fill(ctx, reflect.ValueOf(model).Elem())
	encode(ctx, model, &resp.State, &resp.Diagnostics)
}

// Read implements resource.Resource.
func (r *hollowResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	encode(ctx, r.decode(ctx, req.State, &resp.Diagnostics), &resp.State, &resp.Diagnostics)
}

// Update implements resource.Resource.
func (r *hollowResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	r.decode(ctx, req.State, &resp.Diagnostics)
	model := r.decode(ctx, req.Plan, &resp.Diagnostics)
	fill(ctx, reflect.ValueOf(model).Elem())
	encode(ctx, model, &resp.State, &resp.Diagnostics)
}

// Delete implements resource.Resource.
func (r *hollowResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	r.decode(ctx, req.State, &resp.Diagnostics)
}

// fill gives what is unknown a constant.
func fill(ctx context.Context, model reflect.Value) {
	for i := range model.NumField() {
		field := model.Field(i)
		value := field.Interface().(attr.Value) //nolint:errcheck // modelOf made it so
		if !value.IsUnknown() {
			continue
		}
		switch value := value.(type) {
		case types.String:
			// About as long as a receipt, a time and a status are on average.
			field.Set(reflect.ValueOf(types.StringValue("0123456789abcdef0123456789abcdef")))
		case types.List:
			field.Set(reflect.ValueOf(types.ListValueMust(value.ElementType(ctx), nil)))
		case types.Map:
			field.Set(reflect.ValueOf(types.MapValueMust(value.ElementType(ctx), nil)))
		case types.Bool:
			field.Set(reflect.ValueOf(types.BoolValue(false)))
		case types.Int64:
			field.Set(reflect.ValueOf(types.Int64Value(0)))
		default:
			panic(fmt.Sprintf("an unknown %T: give it a constant here", value))
		}
	}
}
