package provider

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target/command"
)

type commandModel struct {
	Deploy           types.List   `tfsdk:"deploy"`
	Observe          types.List   `tfsdk:"observe"`
	WorkingDirectory types.String `tfsdk:"working_directory"`
	Environment      types.Map    `tfsdk:"environment"`
	Timeout          duration     `tfsdk:"timeout"`
	Credential       types.String `tfsdk:"credential"`
	Ignore           types.List   `tfsdk:"ignore_patterns"`
}

var commandTarget = targetForm[commandModel, command.Config]{
	kind:        command.Kind,
	description: "Programs that deploy and observe. They are started without a shell, with a minimal environment, and get a request as JSON on standard input.",
	attributes: map[string]schema.Attribute{
		"deploy":            programAttribute("Program and arguments that bring the target from one content to another."),
		"observe":           programAttribute("Program and arguments that print what is installed as JSON."),
		"working_directory": schema.StringAttribute{Optional: true, MarkdownDescription: "Directory in which the programs are started; default: the working directory, recorded as an absolute path. If the provider has a `base_directory`, that is the default, and a relative path is relative to it and recorded so."},
		"environment":       schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Environment variables for the programs. They are stored: put secrets into `credential`."},
		"timeout":           schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: "How long one run of a program may take; default `\"15m\"`. After that, the program is ended with everything it started."},
		"credential":        schema.StringAttribute{Optional: true, MarkdownDescription: "Name of a credential of the provider block; the programs get it as `PORTAL_CREDENTIAL_USERNAME`, `PORTAL_CREDENTIAL_PASSWORD` and `PORTAL_CREDENTIAL_TOKEN`."},

		"ignore_patterns": ignoreAttribute("The programs get them too. Default: none."),
	},
	programs: []string{"deploy", "observe"},
	read: func(ctx context.Context, written *commandModel, base string, diags *diagnostics) (command.Config, string) {
		config := command.Config{
			Deploy: stringsOf(ctx, written.Deploy, diags), Observe: stringsOf(ctx, written.Observe, diags),
			WorkingDirectory: workingDirectory(written.WorkingDirectory.ValueString(), base), Environment: stringMapOf(ctx, written.Environment, diags),
			Ignoring: ignoring(ctx, written.Ignore, diags),
		}
		if d := written.Timeout.of(); d > 0 {
			config.Timeout = d.String()
		}
		return config, written.Credential.ValueString()
	},
	write: func(config command.Config, credential string) commandModel {
		timeout, _ := portal.ParseDuration(first(config.Timeout, "0s"))
		return commandModel{
			Deploy: stringList(config.Deploy), Observe: stringList(config.Observe), WorkingDirectory: otherDirectory(config.WorkingDirectory),
			Environment: mapOrNull(config.Environment, types.MapNull(types.StringType)), Timeout: durationOrNull(timeout),
			Credential: stringOrNull(credential, types.StringNull()), Ignore: encodeIgnoring(config.Ignoring),
		}
	},
	same: func(written tftypes.Value, base string, recorded command.Config) bool {
		directory, _ := rawText(written, "working_directory")
		return workingDirectory(directory, base) == recorded.WorkingDirectory
	},
}

func programAttribute(description string) schema.ListAttribute {
	return schema.ListAttribute{
		Required: true, ElementType: types.StringType, MarkdownDescription: description,
		Validators: []validator.List{someOf("Write the program and its arguments: [\"./deploy.sh\"].")},
	}
}

// workingDirectory is what is recorded of where programs are started: relative to the
// base directory, if the provider has one, so that it means the same in every checkout.
func workingDirectory(written, base string) string {
	if base == "" || filepath.IsAbs(written) {
		return absolute(first(written, "."))
	}
	return filepath.ToSlash(filepath.Clean(first(written, ".")))
}

// otherDirectory is a recorded working directory as users write it, who leave out the
// one that Terraform runs in.
func otherDirectory(recorded string) types.String {
	if recorded == absolute(".") {
		return types.StringNull()
	}
	return stringOrNull(recorded, types.StringNull())
}
