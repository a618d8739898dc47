package provider

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/ci"
)

// temporary says why what is kept at a path is likely to be lost; "" where nothing
// speaks for that.
func temporary(path string, getenv func(string) string) string {
	if path == "" {
		return ""
	}
	elements := strings.Split(filepath.ToSlash(path), "/")
	for _, made := range []struct{ folder, by string }{{"cdktf.out", "cdktf"}, {".terragrunt-cache", "Terragrunt"}} {
		if slices.Contains(elements, made.folder) {
			return path + " is below " + made.folder + ", which " + made.by + " recreates and people delete."
		}
	}
	if run := ci.Detect(getenv); run.System != "" && onRunnersOwnDisk(path, getenv) {
		return run.System + " is running this, and " + path + " is below the working directory, which most runners delete."
	}
	return ""
}

// onRunnersOwnDisk reports whether a path lies below the working directory,
// which CI systems check out again for every run.
func onRunnersOwnDisk(path string, getenv func(string) string) bool {
	dir, err := os.Getwd()
	if err != nil {
		return false
	}
	if workspace := first(getenv("GITHUB_WORKSPACE"), getenv("CI_PROJECT_DIR"), getenv("WORKSPACE"), getenv("BUILD_SOURCESDIRECTORY"), getenv("BITBUCKET_CLONE_DIR")); filepath.IsAbs(workspace) {
		dir = workspace
	}
	relative, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(relative)
}
