package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

type pipelineDataSource struct{ configuredData }

func newPipelineDataSource() datasource.DataSource { return &pipelineDataSource{} }

func (*pipelineDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "portal_pipeline"
}

type pipelineDataModel struct {
	ID           types.String          `tfsdk:"id"`
	Name         types.String          `tfsdk:"name"`
	Description  types.String          `tfsdk:"description"`
	Stages       []stageDataModel      `tfsdk:"stages"`
	Environments []environmentOverview `tfsdk:"environments"`
	OpenFixes    []openFixModel        `tfsdk:"open_fixes"`
}

type stageDataModel struct {
	Name              types.String `tfsdk:"name"`
	After             types.List   `tfsdk:"after"`
	RequiredTests     types.List   `tfsdk:"required_tests"`
	SoakTime          types.String `tfsdk:"soak_time"`
	RequiredApprovals types.Int64  `tfsdk:"required_approvals"`
	Quorum            types.String `tfsdk:"quorum"`
	Exclusive         types.Bool   `tfsdk:"exclusive"`
}

type environmentOverview struct {
	Name    types.String `tfsdk:"name"`
	Stage   types.String `tfsdk:"stage"`
	Lane    types.String `tfsdk:"lane"`
	Release types.String `tfsdk:"release"`
	Running types.String `tfsdk:"running"`
	Status  types.String `tfsdk:"status"`
	HeldBy  types.String `tfsdk:"held_by"`
	Since   types.String `tfsdk:"since"`
}

type openFixModel struct {
	Name        types.String `tfsdk:"name"`
	Status      types.String `tfsdk:"status"`
	Incident    types.String `tfsdk:"incident"`
	AppliedAt   types.String `tfsdk:"applied_at"`
	ReconcileBy types.String `tfsdk:"reconcile_by"`
	ReviewBy    types.String `tfsdk:"review_by"`
	Obligations types.List   `tfsdk:"obligations"`
}

// The descriptions of what is read of environments, by themselves or all at
// once.
const (
	declaredReleaseText = "Release that is declared for the environment, even if it waits for an emergency fix. Null if there is none."
	runningText         = "Effective version that was last observed there, with the emergency fixes that the release carries, such as `2.4.0+EF-1`; `unknown` if the content does not match a release or could not be determined. Null if nothing runs."
	ledgerStatusText    = "Status according to the ledger: `suspended` (an emergency fix holds it), `empty`, `running`, `deploying`, `failed`, `interrupted` or `unknown`."
	heldByText          = "Emergency fix that holds the environment, or else the actor of a deployment in progress; null if there is neither."
)

func dataString(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func dataList(description string) schema.ListAttribute {
	return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}

// dataTexts are texts of a resource as a data source has them.
func dataTexts(object resourceschema.NestedAttributeObject) schema.NestedAttributeObject {
	texts := map[string]schema.Attribute{}
	for name, attribute := range object.Attributes {
		texts[name] = schema.StringAttribute{
			Required: attribute.IsRequired(), Optional: attribute.IsOptional(), Computed: attribute.IsComputed(),
			MarkdownDescription: attribute.GetMarkdownDescription(),
		}
	}
	return schema.NestedAttributeObject{Attributes: texts}
}

func (*pipelineDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A pipeline according to the ledger: its stages, and what runs on each environment. Targets are not contacted.",
		Attributes: map[string]schema.Attribute{
			"name":        schema.StringAttribute{Required: true, MarkdownDescription: "Name of the pipeline."},
			"id":          dataString("Natural key: the name."),
			"description": dataString("What the pipeline is for."),
			"stages": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The stages, in order.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":               dataString("Name of the stage."),
				"after":              dataList("Stages that come directly before."),
				"required_tests":     dataList("Suites that must have passed here."),
				"soak_time":          dataString("How long a release must have run here."),
				"required_approvals": schema.Int64Attribute{Computed: true, MarkdownDescription: "Distinct approvals needed to leave this stage."},
				"quorum":             dataString("How many environments must meet the requirements: `any` or `all`."),
				"exclusive":          schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether a release under test here is protected from being replaced by another."},
			}}},
			"environments": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The environments, by stage and name.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":    dataString("Name of the environment."),
				"stage":   dataString("Stage that the environment belongs to."),
				"lane":    dataString("`regular` or `emergency`."),
				"release": dataString(declaredReleaseText),
				"running": dataString(runningText),
				"status":  dataString(ledgerStatusText),
				"held_by": dataString(heldByText),
				"since":   dataString("Since when this content runs there."),
			}}},
			"open_fixes": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Emergency fixes with remaining steps or open obligations, oldest first.", NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":         dataString("Name of the fix."),
				"status":       dataString("`open`, `halted`, `applied`, `reconciled`, or `withdrawn` if the review is still owed."),
				"incident":     dataString("Incident of the fix."),
				"applied_at":   dataString("When every target had the fix and everything was restored; null until then."),
				"reconcile_by": dataString("Time by which releases must contain the fix; null until its first target has it, and if it is withdrawn."),
				"review_by":    dataString("Time by which the review must be recorded; null until its first target has it."),
				"obligations":  dataList("Open obligations, with dates."),
			}}},
		},
	}
}

// Read implements datasource.DataSource.
func (d *pipelineDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m pipelineDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	d.reading()
	err := d.view(ctx, m.Name.ValueString(), portal.Subjects{}, func(f portal.Facts) error {
		if f.Pipeline == nil {
			return notInLedger("pipeline", f.Name)
		}
		m.ID, m.Description = m.Name, stringOrNull(f.Pipeline.Description, types.StringNull())
		m.Environments, m.OpenFixes = []environmentOverview{}, openFixes(f)
		for _, s := range f.Pipeline.Stages {
			m.Stages = append(m.Stages, stageDataModel{
				Name: types.StringValue(s.Name), After: stringList(s.After), RequiredTests: stringList(s.RequiredTests),
				SoakTime: types.StringValue(portal.FormatDuration(s.SoakTime)), RequiredApprovals: types.Int64Value(int64(s.RequiredApprovals)),
				Quorum: types.StringValue(first(string(s.Quorum), string(portal.QuorumAny))), Exclusive: types.BoolValue(s.Exclusive),
			})
			for _, lane := range []portal.Lane{portal.LaneRegular, portal.LaneEmergency} {
				for _, site := range f.OnStage(s.Name, lane) {
					m.Environments = append(m.Environments, overview(f, site))
				}
			}
		}
		return nil
	})
	resp.Diagnostics.Append(explain("reading pipeline "+m.Name.ValueString(), err)...)
	if err == nil {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// notInLedger is the error of a data source whose subject is not there.
func notInLedger(kind, name string) error {
	return &portal.RejectionError{
		Summary: fmt.Sprintf("%s %q is not in the ledger", kind, name),
		Detail:  "A data source reads the ledger. If this configuration creates it, add depends_on = [...] with that resource, so that it is read afterwards. Otherwise check the name and ledger_url.",
	}
}

func overview(f portal.Facts, site *portal.Site) environmentOverview {
	o := environmentOverview{
		Name: types.StringValue(site.Name), Stage: types.StringValue(site.Stage), Lane: types.StringValue(string(site.Lane)),
		Status: types.StringValue(ledgerStatus(f, site)), HeldBy: types.StringNull(),
	}
	if declared := site.Declared(); declared != nil {
		o.Release = types.StringValue(declared.Release)
	}
	if there := site.InService(); there != nil {
		o.Running, o.Since = types.StringValue(there.Effective()), types.StringValue(portal.FormatTime(there.At))
	}
	if fix := f.HoldingFix(site.Name); fix != nil {
		o.HeldBy = types.StringValue(fix.Name)
	} else if holder := f.Held(site.Name); holder != nil {
		o.HeldBy = types.StringValue(holder.By.String())
	}
	return o
}

// ledgerStatus is the status of an environment without asking its target.
func ledgerStatus(f portal.Facts, site *portal.Site) string {
	switch {
	case f.HoldingFix(site.Name) != nil:
		return statusSuspended
	case f.Held(site.Name) != nil:
		return "deploying"
	case site.Attempt.Open():
		return statusInterrupted
	case !site.Intact():
		return string(site.Attempt.Outcome)
	case site.Running == nil:
		return "empty"
	}
	return statusRunning
}

// openFixes lists the fixes that are at work or owe something, the oldest first.
func openFixes(f portal.Facts) []openFixModel {
	owed := map[string][]string{}
	for _, debt := range f.Debts() {
		for _, obligation := range debt.Owed {
			text := obligation.What
			if !obligation.Due.IsZero() {
				text += ", by " + portal.FormatTime(obligation.Due)
			}
			owed[debt.Name] = append(owed[debt.Name], text)
		}
	}
	var open []*portal.FixState
	for _, fix := range f.Fixes {
		if fix.Active() || len(owed[fix.Name]) > 0 {
			open = append(open, fix)
		}
	}
	slices.SortFunc(open, func(a, b *portal.FixState) int {
		return cmp.Or(a.Opened.Compare(b.Opened), strings.Compare(a.Name, b.Name))
	})
	models := []openFixModel{}
	for _, fix := range open {
		models = append(models, openFixModel{
			Name: types.StringValue(fix.Name), Status: types.StringValue(string(fix.Status())), Incident: types.StringValue(fix.Justification.Incident),
			AppliedAt: timeOrNull(fix.Applied), ReconcileBy: timeOrNull(fix.ReconcileBy()), ReviewBy: timeOrNull(fix.ReviewBy()),
			Obligations: stringList(owed[fix.Name]),
		})
	}
	return models
}
