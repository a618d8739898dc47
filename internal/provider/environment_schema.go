package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type environmentModel struct {
	ID                 types.String `tfsdk:"id"`
	Pipeline           types.String `tfsdk:"pipeline"`
	Name               types.String `tfsdk:"name"`
	Stage              types.String `tfsdk:"stage"`
	Lane               types.String `tfsdk:"lane"`
	Installed          types.Map    `tfsdk:"installed"`
	Target             types.Object `tfsdk:"target"`
	Checks             types.List   `tfsdk:"checks"`
	DeletionProtection types.Bool   `tfsdk:"deletion_protection"`
	Receipt            types.String `tfsdk:"receipt"`
}

type checkModel struct {
	Name            types.String `tfsdk:"name"`
	Command         types.List   `tfsdk:"command"`
	HTTP            types.String `tfsdk:"http"`
	Status          types.List   `tfsdk:"status"`
	Contains        types.String `tfsdk:"contains"`
	FollowRedirects types.Bool   `tfsdk:"follow_redirects"`
	Timeout         duration     `tfsdk:"timeout"`
}

func (m *checkModel) decode(ctx context.Context, diags *diagnostics) portal.Check {
	c := portal.Check{
		Name: m.Name.ValueString(), Command: stringsOf(ctx, m.Command, diags), HTTP: m.HTTP.ValueString(), Timeout: m.Timeout.of(),
		Contains: m.Contains.ValueString(), FollowRedirects: m.FollowRedirects.ValueBool(),
	}
	if !m.Status.IsNull() {
		diags.Append(m.Status.ElementsAs(ctx, &c.Status, false)...)
	}
	return c
}

func encodeCheck(c *portal.Check) checkModel {
	m := checkModel{
		Name: types.StringValue(c.Name), Command: types.ListNull(types.StringType), HTTP: stringOrNull(c.HTTP, types.StringNull()),
		Status: types.ListNull(types.Int64Type), Contains: stringOrNull(c.Contains, types.StringNull()),
		FollowRedirects: boolOrNull(c.FollowRedirects, types.BoolNull()), Timeout: durationOrNull(c.Timeout),
	}
	if len(c.Command) > 0 {
		m.Command = stringList(c.Command)
	}
	if len(c.Status) > 0 {
		statuses := make([]attr.Value, len(c.Status))
		for i, status := range c.Status {
			statuses[i] = types.Int64Value(int64(status))
		}
		m.Status = types.ListValueMust(types.Int64Type, statuses)
	}
	return m
}

var (
	checkType  = objectType(checkObject())
	targetType = objectType(schema.NestedAttributeObject{Attributes: targetAttribute().Attributes})
)

func (*environmentResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An environment on a stage of a pipeline, with its target and its checks.\n\n" +
			"Destroying or renaming it is refused with `deletion_protection`, while a release runs there, and while an emergency fix holds it. What a fix has left on a lane is removed with the environment. See the guide \"Removing and replacing\" for every case.",
		Attributes: map[string]schema.Attribute{
			"pipeline": pipelineAttribute(),
			"name":     schema.StringAttribute{Required: true, PlanModifiers: replaces(), MarkdownDescription: "Name of the environment, unique in the pipeline."},
			"stage":    schema.StringAttribute{Required: true, MarkdownDescription: "Stage that the environment belongs to. Only an empty environment can be moved to another stage."},
			"target":   targetAttribute(),

			"lane": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("regular"), Validators: oneOf("regular", "emergency"),
				MarkdownDescription: "`\"regular\"` (default), or `\"emergency\"` for an environment that is kept free for fixes: regular deployments to it are refused.",
			},
			"installed": schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Software that is installed independently of the pipeline, name to version. It satisfies `requires` of releases. A version begins with numbers; a suffix after a hyphen is not compared."},
			"checks": schema.ListNestedAttribute{
				Optional: true, NestedObject: checkObject(),
				MarkdownDescription: "Checks to run after each deployment. Each is recorded as a test result for the suite with its name. If one fails, the deployment fails.",
			},
			"deletion_protection": schema.BoolAttribute{Optional: true, MarkdownDescription: "Refuse to destroy the environment or the deployment on it; default false."},

			"id":      idAttribute("PIPELINE/NAME"),
			"receipt": receiptAttribute(),
		},
	}
}

func checkObject() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"name":    schema.StringAttribute{Required: true, MarkdownDescription: "Name of the check and of the suite that its result is for."},
		"command": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Program and its arguments. Exit code 0 passes. Exactly one of `command` and `http`."},
		"http":    schema.StringAttribute{Optional: true, MarkdownDescription: "Address to request with GET, repeatedly, until the answer passes or `timeout` is over, because an application may need time to start. A redirect does not pass. The body is never shown."},
		"status": schema.ListAttribute{
			Optional: true, ElementType: types.Int64Type, Validators: []validator.List{someOf("Name the codes that pass, for example [200, 401], or leave it out.")},
			MarkdownDescription: "Status codes with which an answer to `http` passes; default: 200 to 299.",
		},
		"contains":         schema.StringAttribute{Optional: true, MarkdownDescription: "Text that the answer to `http` must contain, within its first MiB."},
		"follow_redirects": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether redirects of `http` are followed, at most ten; default false."},
		"timeout":          schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "Time limit; default `\"1m\"`."},
	}}
}

func (m *environmentModel) known(ctx context.Context) bool {
	return known(ctx, m.Pipeline, m.Name, m.Stage, m.Lane, m.Installed, m.Target, m.Checks, m.DeletionProtection)
}

// decode makes the declaration out of what the user wrote, with the base directory
// of the provider.
func (m *environmentModel) decode(ctx context.Context, base string) (portal.Environment, diagnostics) {
	var diags diagnostics
	e := portal.Environment{
		Name: m.Name.ValueString(), Stage: m.Stage.ValueString(), Lane: portal.Lane(first(m.Lane.ValueString(), string(portal.LaneRegular))),
		Installed: stringMapOf(ctx, m.Installed, &diags), DeletionProtection: m.DeletionProtection.ValueBool(),
	}
	e.Target = decodeTarget(ctx, m.Target, base, &diags)
	if m.Target.IsNull() {
		return e, diags
	}
	var checks []checkModel
	if !m.Checks.IsNull() {
		diags.Append(m.Checks.ElementsAs(ctx, &checks, false)...)
	}
	for _, c := range checks {
		e.Checks = append(e.Checks, c.decode(ctx, &diags))
	}
	return e, diags
}

// encode writes a declaration of the ledger over the model, keeping how the user
// wrote what means the same.
func (m *environmentModel) encode(ctx context.Context, base, pipeline string, e *portal.Environment, receipt string) diagnostics {
	var diags, d diagnostics
	m.ID, m.Pipeline, m.Name = types.StringValue(pipeline+"/"+e.Name), types.StringValue(pipeline), types.StringValue(e.Name)
	m.Receipt = types.StringValue(receipt)
	if !m.Target.IsNull() {
		if written, undecoded := m.decode(ctx, base); !undecoded.HasError() && portal.SameEnvironment(written, *e) {
			return nil
		}
	}
	m.Stage, m.Lane = types.StringValue(e.Stage), types.StringValue(string(e.Lane))
	m.Installed = mapOrNull(e.Installed, m.Installed)
	m.DeletionProtection = boolOrNull(e.DeletionProtection, m.DeletionProtection)
	target, err := encodeTarget(ctx, e.Target)
	if err != nil {
		diags.AddError("The target of environment "+pipeline+"/"+e.Name+" cannot be read", portal.Sentence(err.Error()))
		return diags
	}
	if m.Target.IsNull() || !m.sameTarget(ctx, base, e.Target) {
		m.Target = target
	}
	checks := make([]checkModel, len(e.Checks))
	for i := range e.Checks {
		checks[i] = encodeCheck(&e.Checks[i])
	}
	if len(checks) > 0 || !m.Checks.IsNull() {
		m.Checks, d = types.ListValueFrom(ctx, checkType, checks)
		diags.Append(d...)
	} else {
		m.Checks = types.ListNull(checkType)
	}
	return diags
}

// sameTarget reports whether the written target is the recorded one.
func (m *environmentModel) sameTarget(ctx context.Context, base string, recorded portal.Target) bool {
	written, diags := m.decode(ctx, base)
	return !diags.HasError() && portal.SameTarget(written.Target, recorded)
}

// removal is the removal of the environment that the state has.
func (m *environmentModel) removal() portal.RemoveEnvironment {
	return portal.RemoveEnvironment{Name: m.Name.ValueString(), Planned: m.Receipt.ValueString()}
}
