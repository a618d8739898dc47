package provider

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/safehttp"
)

// What a deployment did, as users see it.
const (
	actionPromotion = "promotion"
	actionRollback  = "rollback"
	actionRepair    = "repair"
	actionRedeploy  = "redeploy"
	actionAdoption  = "adoption"
)

// actionOf names the newest attempt at a deployment; what an emergency fix did, or
// nobody, is adopted.
func actionOf(attempt *portal.Attempt) string {
	if attempt == nil {
		return actionAdoption
	}
	switch attempt.Mode {
	case portal.ModeEnter:
		return actionPromotion
	case portal.ModeRollback:
		return actionRollback
	case portal.ModeRepair:
		return actionRepair
	case portal.ModeRedeploy:
		return actionRedeploy
	}
	return actionAdoption
}

func shownComponent() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"version": schema.StringAttribute{Computed: true, MarkdownDescription: "Version of the component."},
		"kind":    schema.StringAttribute{Computed: true, MarkdownDescription: "Its kind."},
		"sha256":  schema.StringAttribute{Computed: true, MarkdownDescription: "sha256 of the component's bytes."},
		"source":  schema.StringAttribute{Computed: true, MarkdownDescription: "Source recorded when the component was deployed; null if unknown."},
	}}
}

func shownCheck() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"name":     schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the check and of the suite that its result counts for."},
		"outcome":  schema.StringAttribute{Computed: true, MarkdownDescription: "`passed` or `failed`."},
		"duration": schema.StringAttribute{Computed: true, MarkdownDescription: "Duration, such as `1.2s`."},
		"detail":   schema.StringAttribute{Computed: true, MarkdownDescription: "Output of the check."},
	}}
}

var (
	shownComponentType = objectType(shownComponent())
	shownCheckType     = objectType(shownCheck())
)

func shownAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"action": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Kind of the planned or last deployment: `promotion` to another release, `rollback` to an earlier one, `repair` of drift, `redeploy` of the same release, or `adoption` of what already ran there. Known at plan for a change, unknown for a new deployment.",
		},
		"components": schema.MapNestedAttribute{
			Computed: true, NestedObject: shownComponent(),
			MarkdownDescription: "Components that the target was last observed to run, by name, emergency fixes included; null if they could not be determined. Known at plan for a change, except the `source` of changed components.",
		},
		"checks": schema.ListNestedAttribute{
			Computed: true, NestedObject: shownCheck(),
			MarkdownDescription: "Results of the environment's checks after the last deployment.",
		},
		"drift": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "How the target differed from what was deployed at the last refresh, one line per component: `\"theme: 2 files changed, 1 added: css/site.css, …\"`. Null if the target could not be reached.",
		},
	}
}

// shown is what a deployment's state has from the record beside what runs.
type shown struct {
	sources map[string]string // sha256 -> where the bytes are from
	checks  []portal.TestRecorded
}

// show writes what is in service, its source and what its checks said. An import
// takes from the record what the last deployment was.
func (m *deploymentModel) show(site *portal.Site, s shown) {
	if m.Action.IsNull() {
		m.Action = types.StringValue(actionOf(site.Attempt))
	}
	there := site.InService()
	switch {
	case there == nil:
		m.Components = componentsShown(nil, nil)
	case !there.Known():
		m.Components = types.MapNull(shownComponentType)
	default:
		m.Components = componentsShown(there.Content, func(_ string, item portal.Item) types.String {
			return stringOrNull(safehttp.Redact(s.sources[item.SHA256]), types.StringNull())
		})
	}
	checks := make([]attr.Value, len(s.checks))
	for i, check := range s.checks {
		outcome := "failed"
		if check.Passed {
			outcome = "passed"
		}
		checks[i] = types.ObjectValueMust(shownCheckType.AttrTypes, map[string]attr.Value{
			"name": types.StringValue(check.Suite), "outcome": types.StringValue(outcome),
			"duration": types.StringValue(check.Took.Round(time.Millisecond).String()), "detail": types.StringValue(check.Summary),
		})
	}
	m.Checks = types.ListValueMust(shownCheckType, checks)
}

func componentsShown(content portal.Content, source func(name string, item portal.Item) types.String) types.Map {
	components := make(map[string]attr.Value, len(content))
	for name, item := range content {
		components[name] = types.ObjectValueMust(shownComponentType.AttrTypes, map[string]attr.Value{
			"version": types.StringValue(item.Version), "kind": types.StringValue(item.Kind), "sha256": types.StringValue(item.SHA256), "source": source(name, item),
		})
	}
	return types.MapValueMust(shownComponentType, components)
}

// componentsPlanned is what will run. A release may get another source before the plan
// is applied, so that only the source of what stays is known.
func componentsPlanned(to portal.Content, state types.Map) types.Map {
	return componentsShown(to, func(name string, item portal.Item) types.String {
		before, there := state.Elements()[name].(types.Object)
		if !there {
			return types.StringUnknown()
		}
		attributes := before.Attributes()
		source, isString := attributes["source"].(types.String)
		for attribute, is := range map[string]string{"version": item.Version, "kind": item.Kind, "sha256": item.SHA256} {
			isString = isString && attributes[attribute].Equal(types.StringValue(is))
		}
		if !isString {
			return types.StringUnknown()
		}
		return source
	})
}

// withSources takes planned components with the sources that others have, if they
// are of the same bytes.
func withSources(planned, told types.Map) types.Map {
	components := map[string]attr.Value{}
	for name, value := range planned.Elements() {
		object, isObject := value.(types.Object)
		if !isObject {
			return told
		}
		attributes := object.Attributes()
		if attributes["source"].IsUnknown() {
			attributes["source"] = types.StringNull()
			if other, there := told.Elements()[name].(types.Object); there && other.Attributes()["sha256"].Equal(attributes["sha256"]) {
				attributes["source"] = other.Attributes()["source"]
			}
		}
		components[name] = types.ObjectValueMust(shownComponentType.AttrTypes, attributes)
	}
	return types.MapValueMust(shownComponentType, components)
}

// checksBefore reads the results that were recorded right before the end of the
// deployment that a receipt is of: the end is recorded together with them.
func (s *session) checksBefore(ctx context.Context, pipeline, environment, receipt string) ([]portal.TestRecorded, error) {
	text, _, _ := strings.Cut(receipt, ":")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, nil
	}
	opened, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	const atOnce = 16
	var checks []portal.TestRecorded
	for before := number; before > 1; {
		from := max(before-atOnce, 1)
		entries, err := opened.Ledger.Entries(ctx, pipeline, from-1, int(before-from))
		if err != nil {
			return nil, err
		}
		for _, stored := range slices.Backward(entries) {
			_, event, err := portal.ReadEntry(stored.Bytes)
			if err != nil {
				return nil, err
			}
			result, isResult := event.(portal.TestRecorded)
			if !isResult || !result.Check || result.Environment != environment {
				slices.Reverse(checks)
				return checks, nil
			}
			checks = append(checks, result)
		}
		before = from
	}
	slices.Reverse(checks)
	return checks, nil
}
