package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// terraform runs a real terraform or tofu in one root module.
type terraform struct {
	path   string
	dir    string
	config string // CLI configuration
}

// configure makes terraform take the provider from bin. Then there is nothing to
// install, and no init.
func (t terraform) configure(bin string) error {
	return os.WriteFile(t.config, fmt.Appendf(nil, `provider_installation {
  dev_overrides { "releaseportal/portal" = %q }
  direct {}
}
`, filepath.ToSlash(bin)), 0o600)
}

// output is what a run printed.
type output struct {
	text   string
	failed bool
}

// run runs one command. An error is that it could not be run, not that it failed.
func (t terraform) run(ctx context.Context, arguments ...string) (output, error) {
	command := exec.CommandContext(ctx, t.path, append(arguments, "-no-color", "-input=false")...)
	command.Dir = t.dir
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PORTAL_") && !strings.HasPrefix(variable, "TF_") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "TF_CLI_CONFIG_FILE="+t.config, "CHECKPOINT_DISABLE=1", "PORTAL_ACTOR=ci@example.com")
	text, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return output{}, fmt.Errorf("starting %s: %w", t.path, err)
	}
	return output{text: string(text), failed: err != nil}, ctx.Err()
}

// omitted stands for lines of a resource that are left out.
const omitted = "      […]"

// resource matches the line by which a plan begins a resource.
var resource = regexp.MustCompile(`^ {2}# (portal_\S+) (will|must) be `)

// plan shows of a plan what matters: the line that says what happens to a
// resource and, of the one named, what changes on the environment.
func (o output) plan(detailed string) string {
	var kept []string
	inDetail, inChanges := false, false
	for line := range strings.Lines(o.text) {
		line = strings.TrimRight(line, "\r\n")
		attribute := strings.Fields(strings.TrimLeft(line, " +-~"))
		begins := resource.FindStringSubmatch(line)
		switch {
		case begins != nil:
			inDetail = begins[1] == detailed
		case strings.HasPrefix(line, "Plan:"), strings.HasPrefix(line, "No changes."), strings.HasPrefix(line, "Apply complete!"):
			inDetail = false
		case inChanges:
			inChanges = strings.TrimSpace(line) != "]"
			if strings.HasPrefix(strings.TrimSpace(line), "- ") {
				continue // what the deployment before had changed
			}
		case inDetail && len(attribute) > 1 && attribute[0] == "changes":
			inChanges = strings.HasSuffix(line, "[")
		case inDetail && len(attribute) > 1 && (attribute[0] == "release" || attribute[0] == "status" && strings.Contains(line, "->")):
		case inDetail && strings.TrimSpace(line) != "" && kept[len(kept)-1] != omitted:
			line = omitted
		default:
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

// refusal shows an error from its first line on, without the excerpt of the
// configuration.
func (o output) refusal() string {
	_, text, found := strings.Cut(o.text, "Error: ")
	if !found {
		return o.text
	}
	var kept []string
	for line := range strings.Lines("Error: " + text) {
		line = strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(line, "│ "), "│"), "\r\n")
		if strings.HasPrefix(line, "╵") {
			break
		}
		kept = append(kept, line)
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// outputs shows of a plan what it says about outputs, and what it comes to.
func (o output) outputs() string {
	var kept []string
	inOutputs := false
	for line := range strings.Lines(o.text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "Changes to Outputs:"):
			inOutputs = true
		case strings.HasPrefix(line, "Plan:"), strings.HasPrefix(line, "Apply complete!"):
		case inOutputs && strings.HasPrefix(line, "  "):
		default:
			inOutputs = false
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

// lines shows the lines that have a text in them.
func (o output) lines(text string) string {
	var kept []string
	for line := range strings.Lines(o.text) {
		if strings.Contains(line, text) {
			kept = append(kept, strings.TrimRight(line, "\r\n"))
		}
	}
	return strings.Join(kept, "\n")
}
