package target

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Patterns say what at a target is not ours, such as what a server writes beside
// what was deployed. Each is a glob pattern for a path that begins with a
// component's name, with slashes; "**" stands for any number of folders. What is
// below a folder that matches is matched with it, and a pattern that ends with a
// slash matches folders only.
type Patterns []string

// Ignoring is the part of a configuration that every kind of target has. nil
// patterns are the kind's default, empty ones match nothing.
type Ignoring struct {
	IgnorePatterns Patterns `json:"ignore_patterns,omitzero"`
}

// Check refuses what is not a pattern, or could never match.
func (p Patterns) Check() error {
	for _, pattern := range p {
		bare := strings.TrimSuffix(pattern, "/")
		switch {
		case bare == "", path.Clean(bare) != bare, strings.HasPrefix(bare, "/"), bare == "..", strings.HasPrefix(bare, "../"):
			return fmt.Errorf("ignore_patterns has %q: write a path relative to the folder of the components, such as app/ or help/logs/**", pattern)
		case strings.ContainsFunc(pattern, unicode.IsControl), !doublestar.ValidatePattern(bare):
			return fmt.Errorf("ignore_patterns has %q, which is not a valid path pattern", pattern)
		}
	}
	return nil
}

// Match reports whether a path is not ours: it, or a folder that it is in, matches.
func (p Patterns) Match(name string, folder bool) bool {
	_, matched := p.match(name, folder)
	return matched
}

// match also gives the pattern.
func (p Patterns) match(name string, folder bool) (pattern string, matched bool) {
	for ; name != "." && name != "/" && name != ""; name, folder = path.Dir(name), true {
		for _, pattern := range p {
			bare, foldersOnly := strings.CutSuffix(pattern, "/")
			if foldersOnly && !folder {
				continue
			}
			if matched, err := doublestar.Match(bare, name); err == nil && matched {
				return pattern, true
			}
		}
	}
	return "", false
}

// PatternsOf are those of a recorded configuration, whatever the kind; nil if it
// says nothing.
func PatternsOf(config json.RawMessage) Patterns {
	var decoded Ignoring
	if json.Unmarshal(config, &decoded) != nil {
		return nil // who opens the target says so
	}
	return decoded.IgnorePatterns
}

// Hides names a component of a content that matches a pattern, and the pattern; ""
// if none does. Nobody would see whether it is there.
func (p Patterns) Hides(content portal.Content) (component, pattern string) {
	for _, name := range content.Names() {
		if pattern, matched := p.match(name, content[name].Kind == portal.KindArchive); matched {
			return name, pattern
		}
	}
	return "", ""
}
