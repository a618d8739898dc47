package provider

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
)

type directoryModel struct {
	Path   types.String `tfsdk:"path"`
	Keep   types.Int64  `tfsdk:"keep"`
	Ignore types.List   `tfsdk:"ignore_patterns"`
}

var directoryTarget = targetForm[directoryModel, directory.Config]{
	kind:        directory.Kind,
	description: "A directory on this host. What runs is below `PATH/current`, which is switched atomically.",
	attributes: map[string]schema.Attribute{
		"path": schema.StringAttribute{Required: true, MarkdownDescription: "The directory. A relative path is relative to the working directory and recorded as an absolute one."},
		"keep": schema.Int64Attribute{Optional: true, MarkdownDescription: "Number of releases that are kept there, including the current one; default 5."},

		"ignore_patterns": ignoreAttribute("Default: `NAME/`, which a server unpacks beside a component `NAME.war`. `[]` excludes nothing."),
	},
	read: func(ctx context.Context, written *directoryModel, _ string, diags *diagnostics) (directory.Config, string) {
		return directory.Config{
			Path: absolute(written.Path.ValueString()), Keep: int(written.Keep.ValueInt64()), Ignoring: ignoring(ctx, written.Ignore, diags),
		}, ""
	},
	write: func(config directory.Config, _ string) directoryModel {
		return directoryModel{
			Path: types.StringValue(config.Path), Keep: int64OrNull(int64(config.Keep), types.Int64Null()), Ignore: encodeIgnoring(config.Ignoring),
		}
	},
	same: func(written tftypes.Value, _ string, recorded directory.Config) bool {
		path, there := rawText(written, "path")
		return there && absolute(path) == recorded.Path
	},
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
