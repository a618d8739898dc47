package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type diagnostics = diag.Diagnostics

// configured gives a resource its session.
type configured struct{ *session }

// Configure implements resource.ResourceWithConfigure.
func (c *configured) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if s, isSession := req.ProviderData.(*session); isSession {
		c.session = s
	}
}

// configuredData gives a data source its session.
type configuredData struct{ *session }

// Configure implements datasource.DataSourceWithConfigure.
func (c *configuredData) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if s, isSession := req.ProviderData.(*session); isSession {
		c.session = s
	}
}

// cannotPlan reports whether the provider's configuration is not known yet, so
// that nothing can be looked up.
func (c *configured) cannotPlan() bool { return c.session == nil || c.unknown }

// setOrRemove ends a Create: the state if all went well, and none if it
// did not. A state together with an error would make the resource tainted, and
// Terraform would destroy what exists; the next Create adopts it instead.
func setOrRemove(ctx context.Context, state *tfsdk.State, model any, diags *diag.Diagnostics) {
	if diags.HasError() {
		state.RemoveResource(ctx)
		return
	}
	diags.Append(state.Set(ctx, model)...)
}

// keep ends a Read: the new state, or none if the thing is gone.
func keep(ctx context.Context, there bool, state *tfsdk.State, model any, diags *diag.Diagnostics) {
	switch {
	case diags.HasError():
	case !there:
		state.RemoveResource(ctx)
	default:
		diags.Append(state.Set(ctx, model)...)
	}
}

// importPair imports by an id that is the pipeline and one more attribute.
func importPair(ctx context.Context, id, attribute string, resp *resource.ImportStateResponse) {
	pipeline, name, ok := cut(id)
	if !ok {
		resp.Diagnostics.AddError("This id cannot be imported", "The id \""+id+"\" is not of the form PIPELINE/"+strings.ToUpper(attribute)+".")
		return
	}
	for at, value := range map[string]string{"id": id, "pipeline": pipeline, attribute: name} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(at), types.StringValue(value))...)
	}
}
