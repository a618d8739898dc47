package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework-validators/objectvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/command"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
	"github.com/releaseportal/terraform-provider-portal/internal/target/kinds"
)

// targetModel has one attribute a kind of target; exactly one is set.
type targetModel struct {
	Directory *directoryModel `tfsdk:"directory"`
	Command   *commandModel   `tfsdk:"command"`
}

type directoryModel struct {
	Path   types.String `tfsdk:"path"`
	Keep   types.Int64  `tfsdk:"keep"`
	Ignore types.List   `tfsdk:"ignore_patterns"`
}

type commandModel struct {
	Deploy           types.List   `tfsdk:"deploy"`
	Observe          types.List   `tfsdk:"observe"`
	WorkingDirectory types.String `tfsdk:"working_directory"`
	Environment      types.Map    `tfsdk:"environment"`
	Timeout          duration     `tfsdk:"timeout"`
	Credential       types.String `tfsdk:"credential"`
	Ignore           types.List   `tfsdk:"ignore_patterns"`
}

const ignoreText = "What there is not ours, as what a server writes beside the components: glob patterns for paths that begin beside the components, such as `app/` or `help/logs/**`, with `**` for any number of folders. " +
	"What matches is never drift. A component that matches is refused at plan."

func targetAttribute() schema.SingleNestedAttribute {
	exactlyOne := objectvalidator.ExactlyOneOf(path.MatchRelative().AtParent().AtName("directory"), path.MatchRelative().AtParent().AtName("command"))
	argv := []validator.List{someOf("Write the program and its arguments: [\"./deploy.sh\"].")}
	return schema.SingleNestedAttribute{
		Required: true,
		MarkdownDescription: "Where the content really goes: exactly one of the kinds. One target address belongs to one environment of a ledger. " +
			"It is stored in the ledger, so that other root modules can deploy there, and holds no secret.",
		Attributes: map[string]schema.Attribute{
			"directory": schema.SingleNestedAttribute{
				Optional: true, Validators: []validator.Object{exactlyOne},
				MarkdownDescription: "A directory on this host. What runs is below `PATH/current`, which is switched in one step.",
				Attributes: map[string]schema.Attribute{
					"path": schema.StringAttribute{Required: true, MarkdownDescription: "The directory. A relative path is relative to the working directory and recorded as an absolute one."},
					"keep": schema.Int64Attribute{Optional: true, MarkdownDescription: "How many releases are kept there, the current one among them; default 5."},

					"ignore_patterns": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: ignoreText + " Default: the folder that a server unpacks beside a component `NAME.war`, `NAME/`; `[]` leaves nothing out."},
				},
			},
			"command": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Programs that deploy and observe. They are started without a shell, with a minimal environment, and get what to do as JSON on standard input.",
				Attributes: map[string]schema.Attribute{
					"deploy":            schema.ListAttribute{Required: true, ElementType: types.StringType, Validators: argv, MarkdownDescription: "Program and arguments that bring the target from one content to another."},
					"observe":           schema.ListAttribute{Required: true, ElementType: types.StringType, Validators: argv, MarkdownDescription: "Program and arguments that print what is installed as JSON."},
					"working_directory": schema.StringAttribute{Optional: true, MarkdownDescription: "Where the programs are started; default: the working directory, recorded as an absolute path. With `base_directory` of the provider a relative path is relative to that, and recorded so; default: that directory."},
					"environment":       schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Environment variables for the programs. They are stored: put secrets into `credential`."},
					"timeout":           schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "How long one run of a program may take; default `\"15m\"`. After it the program is ended with everything it started."},
					"credential":        schema.StringAttribute{Optional: true, MarkdownDescription: "Name of a credential of the provider block; the programs get it as `PORTAL_CREDENTIAL_USERNAME`, `PORTAL_CREDENTIAL_PASSWORD` and `PORTAL_CREDENTIAL_TOKEN`."},

					"ignore_patterns": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: ignoreText + " The programs get them too. Default: none."},
				},
			},
		},
	}
}

// decode makes the recorded form of a target.
func (m *targetModel) decode(ctx context.Context, base string, diags *diagnostics) portal.Target {
	var t portal.Target
	var config any
	switch {
	case m.Directory != nil:
		t.Kind, config = kinds.Directory, directory.Config{Path: absolute(m.Directory.Path.ValueString()), Keep: int(m.Directory.Keep.ValueInt64()), Ignoring: ignoring(ctx, m.Directory.Ignore, diags)}
	case m.Command != nil:
		c := m.Command
		t.Credential = c.Credential.ValueString()
		program := command.Config{
			Deploy: stringsOf(ctx, c.Deploy, diags), Observe: stringsOf(ctx, c.Observe, diags),
			WorkingDirectory: workingDirectory(c.WorkingDirectory.ValueString(), base), Environment: stringMapOf(ctx, c.Environment, diags),
			Ignoring: ignoring(ctx, c.Ignore, diags),
		}
		if d := c.Timeout.of(); d > 0 {
			program.Timeout = d.String()
		}
		t.Kind, config = kinds.Command, program
	default:
		diags.AddAttributeError(path.Root("target"), "The environment has no target", "Set exactly one of its kinds, directory or command, for example target = { directory = { path = \"…\" } }.")
		return t
	}
	var err error
	if t.Config, err = json.Marshal(config); err == nil {
		t.Address, err = kinds.Address(t.Kind, t.Config)
	}
	if err != nil {
		diags.AddAttributeError(path.Root("target"), "The target cannot be used", portal.Sentence(err.Error()))
	}
	return t
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

// otherDirectory is a recorded working directory as users write it, who leave out the
// one that Terraform runs in.
func otherDirectory(recorded string) types.String {
	if recorded == absolute(".") {
		return types.StringNull()
	}
	return stringOrNull(recorded, types.StringNull())
}

// directoryOf is the path of a target that is a directory; "" for any other.
func directoryOf(t portal.Target) string {
	var c directory.Config
	if t.Kind != kinds.Directory || json.Unmarshal(t.Config, &c) != nil {
		return ""
	}
	return c.Path
}

// encodeTarget writes a recorded target as users write it.
func encodeTarget(t portal.Target) (*targetModel, error) {
	switch t.Kind {
	case kinds.Directory:
		var c directory.Config
		if err := json.Unmarshal(t.Config, &c); err != nil {
			return nil, err
		}
		return &targetModel{Directory: &directoryModel{Path: types.StringValue(c.Path), Keep: int64OrNull(int64(c.Keep), types.Int64Null()), Ignore: encodeIgnoring(c.Ignoring)}}, nil
	case kinds.Command:
		var c command.Config
		if err := json.Unmarshal(t.Config, &c); err != nil {
			return nil, err
		}
		m := &commandModel{
			Deploy: stringList(c.Deploy), Observe: stringList(c.Observe), WorkingDirectory: otherDirectory(c.WorkingDirectory),
			Environment: mapOrNull(c.Environment, types.MapNull(types.StringType)), Credential: stringOrNull(t.Credential, types.StringNull()),
			Ignore: encodeIgnoring(c.Ignoring),
		}
		d, _ := portal.ParseDuration(first(c.Timeout, "0s"))
		m.Timeout = durationOrNull(d)
		return &targetModel{Command: m}, nil
	}
	return nil, fmt.Errorf("a target of kind %q: this version of the provider does not know it", t.Kind)
}

// workingDirectory is what is recorded of where programs are started: relative to the
// base directory, if the provider has one, so that it means the same in every checkout.
func workingDirectory(written, base string) string {
	if base == "" || filepath.IsAbs(written) {
		return absolute(first(written, "."))
	}
	return filepath.ToSlash(filepath.Clean(first(written, ".")))
}

// absolute makes a path absolute, so that it means the same in every root
// module. An empty one stays empty.
func absolute(text string) string {
	if text == "" {
		return ""
	}
	if abs, err := filepath.Abs(text); err == nil {
		return abs
	}
	return text
}

// openTarget opens the target of an environment, with the credential it names.
func (s *session) openTarget(pipeline string, e portal.Environment) (target.Target, error) {
	var credential target.Credential
	if name := e.Target.Credential; name != "" {
		credential = s.credential(name)
		if credential == (target.Credential{}) {
			return nil, fmt.Errorf("the target names credential %q, which neither the provider block nor the environment has: add it to credentials of the provider", name)
		}
	}
	config, err := kinds.Resolve(e.Target.Kind, e.Target.Config, s.base)
	if err != nil {
		return nil, err
	}
	return kinds.Open(e.Target.Kind, config, credential, kinds.For(pipeline, e.Name))
}
