package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/objectvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/kinds"
)

// targetKinds are the kinds of targets, in the order in which messages name them. A new
// one has its own file, target_<kind>.go, and a line here.
var targetKinds = []targetKind{
	directoryTarget,
	commandTarget,
}

// targetKind is a kind of target as it is written in a configuration: an attribute of
// target with the kind's name. It is made of a targetForm.
type targetKind interface {
	of() target.Kind
	attribute() schema.SingleNestedAttribute
	// decode makes what is recorded of an object that is written.
	decode(ctx context.Context, written types.Object, base string, diags *diagnostics) portal.Target
	// encode writes what is recorded as users write it.
	encode(ctx context.Context, recorded portal.Target) (types.Object, error)
	// samePlace reports whether paths that are written still mean what is recorded.
	samePlace(written tftypes.Value, base string, recorded portal.Target) bool
	// isProgram reports whether an attribute holds a program and its arguments.
	isProgram(attribute string) bool
}

// targetForm is the form of a kind of target in a configuration: the model M of its
// attribute, and the configuration C that is recorded.
type targetForm[M, C any] struct {
	kind        target.Kind
	description string
	attributes  map[string]schema.Attribute
	// programs are the attributes that hold a program and its arguments, which may be "".
	programs []string

	// read makes what is recorded: the configuration, and the name of the credential. Paths
	// are relative to base, or to the working directory if there is none.
	read func(ctx context.Context, written *M, base string, diags *diagnostics) (config C, credential string)
	// write is the reverse.
	write func(config C, credential string) M
	// same reports whether paths that are written still mean what is recorded, as they
	// may not in another working directory. nil: nothing that is written depends on where
	// this process runs.
	same func(written tftypes.Value, base string, recorded C) bool
}

func (f targetForm[M, C]) of() target.Kind { return f.kind }

func (f targetForm[M, C]) attribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{Optional: true, MarkdownDescription: f.description, Attributes: f.attributes}
}

func (f targetForm[M, C]) decode(ctx context.Context, written types.Object, base string, diags *diagnostics) portal.Target {
	var m M
	if d := written.As(ctx, &m, basetypes.ObjectAsOptions{}); d.HasError() {
		diags.Append(d...)
		return portal.Target{}
	}
	config, credential := f.read(ctx, &m, base, diags)
	t := portal.Target{Kind: f.kind.Name, Credential: credential}
	var err error
	if t.Config, err = json.Marshal(config); err == nil {
		t.Address, err = f.kind.Address(t.Config)
	}
	if err != nil {
		diags.AddAttributeError(path.Root("target"), "The target cannot be used", portal.Sentence(err.Error()))
	}
	return t
}

func (f targetForm[M, C]) encode(ctx context.Context, recorded portal.Target) (types.Object, error) {
	var config C
	if err := json.Unmarshal(recorded.Config, &config); err != nil {
		return types.Object{}, err
	}
	written, diags := types.ObjectValueFrom(ctx, attributeTypes(f.attributes), f.write(config, recorded.Credential))
	if diags.HasError() {
		return types.Object{}, fmt.Errorf("%s: %s", diags[0].Summary(), diags[0].Detail())
	}
	return written, nil
}

func (f targetForm[M, C]) samePlace(written tftypes.Value, base string, recorded portal.Target) bool {
	if f.same == nil {
		return true
	}
	var config C
	return json.Unmarshal(recorded.Config, &config) == nil && f.same(written, base, config)
}

func (f targetForm[M, C]) isProgram(attribute string) bool {
	return slices.Contains(f.programs, attribute)
}

// targetAttribute has one attribute a kind, of which exactly one is set.
func targetAttribute() schema.SingleNestedAttribute {
	attributes := map[string]schema.Attribute{}
	var alternatives []path.Expression
	for _, kind := range targetKinds {
		attributes[kind.of().Name] = kind.attribute()
		alternatives = append(alternatives, path.MatchRelative().AtParent().AtName(kind.of().Name))
	}
	// The first one validates for all.
	one := targetKinds[0].attribute()
	one.Validators = []validator.Object{objectvalidator.ExactlyOneOf(alternatives...)}
	attributes[targetKinds[0].of().Name] = one
	return schema.SingleNestedAttribute{
		Required: true,
		MarkdownDescription: "The place that the environment deploys to: exactly one of the kinds. A target address belongs to one environment of a ledger. " +
			"The target is stored in the ledger, so that other root modules can deploy there. It must not contain secrets.",
		Attributes: attributes,
	}
}

// decodeTarget makes the recorded form of a target.
func decodeTarget(ctx context.Context, written types.Object, base string, diags *diagnostics) portal.Target {
	for _, kind := range targetKinds {
		if object, isObject := written.Attributes()[kind.of().Name].(types.Object); isObject && !object.IsNull() {
			return kind.decode(ctx, object, base, diags)
		}
	}
	names := make([]string, len(targetKinds))
	for i, kind := range targetKinds {
		names[i] = kind.of().Name
	}
	diags.AddAttributeError(path.Root("target"), "The environment has no target",
		"Set exactly one kind of target, "+strings.Join(names, " or ")+", for example target = { directory = { path = \"…\" } }.")
	return portal.Target{}
}

// encodeTarget writes a recorded target as users write it.
func encodeTarget(ctx context.Context, recorded portal.Target) (types.Object, error) {
	written := map[string]attr.Value{}
	known := false
	for _, kind := range targetKinds {
		name := kind.of().Name
		if name != recorded.Kind {
			written[name] = types.ObjectNull(attributeTypes(kind.attribute().Attributes))
			continue
		}
		object, err := kind.encode(ctx, recorded)
		if err != nil {
			return types.Object{}, err
		}
		written[name], known = object, true
	}
	if !known {
		return types.Object{}, fmt.Errorf("a target of kind %q: this version of the provider does not know it", recorded.Kind)
	}
	return types.ObjectValueMust(targetType.AttrTypes, written), nil
}

// sameTargetPlace reports whether paths in a written target still mean what is recorded.
func sameTargetPlace(written tftypes.Value, base string, recorded portal.Target) bool {
	var attributes map[string]tftypes.Value
	if written.As(&attributes) != nil {
		return false
	}
	for _, kind := range targetKinds {
		if object, there := attributes[recorded.Kind]; there && kind.of().Name == recorded.Kind {
			return !object.IsNull() && kind.samePlace(object, base, recorded)
		}
	}
	return false
}

// openTarget opens the target of an environment, with the credential it names.
func (s *session) openTarget(pipeline string, e portal.Environment) (target.Target, error) {
	var credential target.Credential
	if name := e.Target.Credential; name != "" {
		credential = s.credential(name)
		if credential == (target.Credential{}) {
			return nil, fmt.Errorf("the target names credential %q, which neither the provider block nor the environment variables have: add it to credentials of the provider", name)
		}
	}
	kind, err := kinds.Find(e.Target.Kind)
	if err != nil {
		return nil, err
	}
	return kind.Open(e.Target.Config, s.base, credential, target.Place{Pipeline: pipeline, Environment: e.Name})
}

const ignoreText = "Files that do not belong to the deployment, such as those that a server writes beside the components: glob patterns for paths relative to the folder of the components, such as `app/` or `help/logs/**`, with `**` for any number of folders. " +
	"What matches is never drift. A component that matches is refused at plan."

// ignoreAttribute is ignore_patterns, which every kind has.
func ignoreAttribute(byDefault string) schema.ListAttribute {
	return schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: ignoreText + " " + byDefault}
}

// ignoring makes the recorded form of patterns: none are not the default ones.
func ignoring(ctx context.Context, written types.List, diags *diagnostics) target.Ignoring {
	if written.IsNull() || written.IsUnknown() {
		return target.Ignoring{}
	}
	return target.Ignoring{IgnorePatterns: append(target.Patterns{}, stringsOf(ctx, written, diags)...)}
}

func encodeIgnoring(recorded target.Ignoring) types.List {
	if recorded.IgnorePatterns == nil {
		return types.ListNull(types.StringType)
	}
	return stringList(recorded.IgnorePatterns)
}

// localPath is where on this host the content of a target goes; "" if that is elsewhere.
func localPath(t portal.Target) string {
	kind, err := kinds.Find(t.Kind)
	if err != nil {
		return ""
	}
	return kind.LocalPath(t.Config)
}
