package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type justificationModel struct {
	Reason           types.String `tfsdk:"reason"`
	Incident         types.String `tfsdk:"incident"`
	Severity         types.String `tfsdk:"severity"`
	RequestedBy      types.String `tfsdk:"requested_by"`
	WhyNotNormalPath types.String `tfsdk:"why_not_normal_path"`
	SecurityImpact   types.String `tfsdk:"security_impact"`
}

type reviewModel struct {
	Reviewer types.String `tfsdk:"reviewer"`
	Outcome  types.String `tfsdk:"outcome"`
	Notes    types.String `tfsdk:"notes"`
}

type withdrawModel struct {
	Reason types.String `tfsdk:"reason"`
}

type stepModel struct {
	Action      types.String `tfsdk:"action"`
	Environment types.String `tfsdk:"environment"`
	Release     types.String `tfsdk:"release"`
	Detail      types.String `tfsdk:"detail"`
}

type bypassedModel struct {
	Rule        types.String `tfsdk:"rule"`
	Environment types.String `tfsdk:"environment"`
	Detail      types.String `tfsdk:"detail"`
	Level       types.String `tfsdk:"level"`
}

type obligationModel struct {
	What types.String `tfsdk:"what"`
	Due  types.String `tfsdk:"due"`
	Met  types.Bool   `tfsdk:"met"`
}

var (
	justificationObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"reason":              schema.StringAttribute{Required: true, MarkdownDescription: "What is broken, and what the fix does about it."},
		"incident":            schema.StringAttribute{Required: true, MarkdownDescription: "The incident's number or address."},
		"severity":            schema.StringAttribute{Required: true, MarkdownDescription: "How bad it is, in your own terms."},
		"requested_by":        schema.StringAttribute{Required: true, MarkdownDescription: "Person who requests the fix. They can neither approve nor review it."},
		"why_not_normal_path": schema.StringAttribute{Required: true, MarkdownDescription: "Why it cannot wait for the normal path."},
		"security_impact":     schema.StringAttribute{Optional: true, MarkdownDescription: "Effect on security, if any."},
	}}
	reviewObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"reviewer": schema.StringAttribute{Required: true, MarkdownDescription: "Reviewer, who must not be the requester."},
		"outcome":  schema.StringAttribute{Required: true, Validators: oneOf(portal.ReviewOutcomes()...), MarkdownDescription: alternatives(portal.ReviewOutcomes()...) + "."},
		"notes":    schema.StringAttribute{Required: true, MarkdownDescription: "Findings of the review."},
	}}
	withdrawObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"reason": schema.StringAttribute{Required: true, MarkdownDescription: "Why the fix is withdrawn."},
	}}
	stepObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"action":      schema.StringAttribute{Computed: true, MarkdownDescription: "`hold`, `suspend`, `roll_back`, `deploy`, `test`, `restore`, `resume` or `unhold`."},
		"environment": schema.StringAttribute{Computed: true, MarkdownDescription: "Where."},
		"release":     schema.StringAttribute{Computed: true, MarkdownDescription: "Effective version that the step is about, such as `2.4.0+EF-1`; empty if it has none."},
		"detail":      schema.StringAttribute{Computed: true, MarkdownDescription: "What changes, or why the step is needed."},
	}}
	bypassedObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"rule":        schema.StringAttribute{Computed: true, MarkdownDescription: "Id of the rule."},
		"environment": schema.StringAttribute{Computed: true, MarkdownDescription: "Environment for which the rule is broken."},
		"detail":      schema.StringAttribute{Computed: true, MarkdownDescription: "How the rule is broken."},
		"level":       schema.StringAttribute{Computed: true, MarkdownDescription: "Level of the rule on this pipeline: `error` (the fix must name it in `bypass`), `warn` or `off`."},
	}}
	obligationObject = schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"what": schema.StringAttribute{Computed: true, MarkdownDescription: "What is owed."},
		"due":  schema.StringAttribute{Computed: true, MarkdownDescription: "Due date, in RFC 3339; null if it has none."},
		"met":  schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it is met."},
	}}
)

func stepList(ctx context.Context, steps []portal.Step, diags *diagnostics) types.List {
	models := make([]stepModel, len(steps))
	for i, step := range steps {
		models[i] = stepModel{
			types.StringValue(string(step.Action)), types.StringValue(step.Environment),
			types.StringValue(step.Effective()), types.StringValue(step.Detail),
		}
	}
	return listOf(ctx, stepObject, models, diags)
}

func bypassedList(ctx context.Context, rows []portal.Bypass, diags *diagnostics) types.List {
	models := make([]bypassedModel, len(rows))
	for i, row := range rows {
		models[i] = bypassedModel{
			types.StringValue(string(row.Rule)), types.StringValue(row.Environment), types.StringValue(row.Detail),
			types.StringValue(string(cmp.Or(row.Level, portal.LevelError))),
		}
	}
	return listOf(ctx, bypassedObject, models, diags)
}

// shownSteps are the steps that the model shows, as far as it shows them.
func (m *fixModel) shownSteps(ctx context.Context, diags *diagnostics) []portal.Step {
	if m.Steps.IsNull() || m.Steps.IsUnknown() {
		return nil
	}
	var models []stepModel
	diags.Append(m.Steps.ElementsAs(ctx, &models, false)...)
	steps := make([]portal.Step, len(models))
	for i, s := range models {
		steps[i] = portal.Step{
			Action: portal.StepAction(s.Action.ValueString()), Environment: s.Environment.ValueString(),
			Release: s.Release.ValueString(), Detail: s.Detail.ValueString(),
		}
	}
	return steps
}
