package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ReleaseType says what the components of a release stand for.
type ReleaseType string

// The types.
const (
	Full         ReleaseType = "full"         // all there is; the default
	Differential ReleaseType = "differential" // what changes on its base
)

// DefaultKind is the kind of a component that declares none.
const DefaultKind = "file"

// KindArchive is the kind of components that targets may unpack.
const KindArchive = "archive"

// Component is one part of a release: what it is and where its bytes come from.
type Component struct {
	Version string `json:"version"`
	Kind    string `json:"kind"`
	Source  string `json:"source"`
	SHA256  string `json:"sha256"`
	// StripComponents is how many leading elements of each name in an archive are dropped when it
	// is unpacked.
	StripComponents int `json:"strip_components,omitempty"`
}

// mostStripped is the limit of StripComponents.
const mostStripped = 100

// Item is the component as it is installed.
func (c Component) Item() Item {
	return Item{Version: c.Version, Kind: c.Kind, SHA256: c.SHA256, StripComponents: c.StripComponents}
}

// Release is a registered bill of materials. It never changes, except for its sources and notes.
type Release struct {
	Version      string               `json:"version"`
	Type         ReleaseType          `json:"type"`
	Base         string               `json:"base,omitempty"`
	Components   map[string]Component `json:"components"`
	Removes      []string             `json:"removes,omitempty"`
	Requires     map[string]string    `json:"requires,omitempty"`
	Incorporates []string             `json:"incorporates,omitempty"`
	Notes        string               `json:"notes,omitempty"`
}

// RegisteredRelease is a registered release with its registration.
type RegisteredRelease struct {
	Release
	Receipt    string `json:"receipt"`    // of the newest entry about it: its sources and notes may change
	Registered Time   `json:"registered"` // first
}

// Digest is the sha256 of the release's own declaration: type, base, components (without their
// sources) and removes. The content of a differential release is computed at deployment and is not
// part of it.
func (r *Release) Digest() string {
	h := sha256.New()
	for _, field := range []string{"portal-release/v1", string(r.Type), r.Base} {
		writeField(h, field)
	}
	r.items().writeTo(h)
	removes := slices.Sorted(slices.Values(r.Removes))
	writeField(h, fmt.Sprint(len(removes)))
	for _, name := range removes {
		writeField(h, name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (r *Release) items() Content { return itemsOf(r.Components) }

func itemsOf(components map[string]Component) Content {
	content := make(Content, len(components))
	for name, c := range components {
		content[name] = c.Item()
	}
	return content
}

// Validate lists everything wrong with the declaration itself. A component without sha256 is left
// to the caller, who may be able to compute it.
func (r *Release) Validate() []Problem {
	problems := ValidateVersion("version", r.Version)
	wrong := func(field, format string, args ...any) {
		problems = append(problems, Problem{field, fmt.Sprintf(format, args...)})
	}
	switch r.Type {
	case Full:
		if r.Base != "" {
			wrong("base", "a full release has no base: leave base out, or set type = \"differential\"")
		}
		if len(r.Removes) > 0 {
			wrong("removes", "a full release lists everything it has: leave removes out, or set type = \"differential\"")
		}
		if len(r.Components) == 0 {
			wrong("components", "a full release has at least one component")
		}
	case Differential:
		if r.Base == "" {
			wrong("base", "a differential release names the release it was built against in base")
		} else {
			problems = append(problems, ValidateVersion("base", r.Base)...)
		}
		if r.Base == r.Version {
			wrong("base", "release %s cannot be its own base", r.Version)
		}
		if len(r.Components) == 0 && len(r.Removes) == 0 {
			wrong("components", "a differential release changes or removes at least one component")
		}
	default:
		wrong("type", "%q is not a type: write \"full\" or \"differential\"", r.Type)
	}
	problems = append(problems, validateComponents(r.Components)...)
	for _, name := range slices.Sorted(maps.Keys(r.Components)) {
		if slices.Contains(r.Removes, name) {
			wrong("removes", "%q is removed and among the components: leave it out of one of them", name)
		}
	}
	for _, name := range r.Removes {
		problems = append(problems, ValidateComponentName("removes", name)...)
	}
	for name, constraint := range r.Requires {
		problems = append(problems, ValidateComponentName("requires", name)...)
		problems = append(problems, validateConstraint("requires", constraint)...)
	}
	for _, name := range r.Incorporates {
		problems = append(problems, ValidateFixName("incorporates", name)...)
	}
	return append(problems, ValidateText("notes", r.Notes)...)
}

// validateComponents lists what is wrong with the components of a release or of
// an emergency fix.
func validateComponents(components map[string]Component) []Problem {
	var problems []Problem
	wrong := func(format string, args ...any) {
		problems = append(problems, Problem{"components", fmt.Sprintf(format, args...)})
	}
	lower := map[string]string{}
	for _, name := range sortedKeys(components) {
		c := components[name]
		problems = append(problems, ValidateComponentName("components", name)...)
		if other, clash := lower[strings.ToLower(name)]; clash {
			wrong("%q and %q differ in case only: some file systems would mix them up", other, name)
		}
		lower[strings.ToLower(name)] = name
		if strings.TrimSpace(c.Version) == "" || len(c.Version) > 127 {
			wrong("%q: a component has a version of 1 to 127 characters", name)
		}
		for _, part := range []struct{ name, text string }{{"version", c.Version}, {"kind", c.Kind}, {"source", c.Source}} {
			problems = append(problems, about(fmt.Sprintf("%q: %s", name, part.name), ValidateLine("components", part.text))...)
		}
		problems = append(problems, validateAddress("components", fmt.Sprintf("%q: source", name), c.Source,
			", and use an address without a secret, or download the file first and use its path")...)
		if c.Source == "" {
			wrong("%q: source is empty: write a path or an https address", name)
		}
		if c.SHA256 != "" {
			problems = append(problems, ValidateDigest("components", c.SHA256)...)
		}
		switch {
		case c.StripComponents < 0, c.StripComponents > mostStripped:
			wrong("%q: strip_components is %d; it is 0 to %d", name, c.StripComponents, mostStripped)
		case c.StripComponents > 0 && c.Kind != KindArchive:
			wrong("%q: strip_components is for components of kind %q, and this one is a %q", name, KindArchive, c.Kind)
		}
	}
	return problems
}

// canonical sorts sets, so that the same declaration is recorded in the same way.
func (r Release) canonical() Release {
	r.Removes, r.Incorporates = sortedSet(r.Removes), sortedSet(r.Incorporates)
	return r
}

// differences names the parts in which two declarations of one version differ. Sources and notes
// may change and are ignored.
func (r *Release) differences(other *Release) []string {
	var parts []string
	add := func(part string, same bool) {
		if !same {
			parts = append(parts, part)
		}
	}
	add("type", r.Type == other.Type)
	add("base", r.Base == other.Base)
	for _, change := range Diff(r.items(), other.items()) {
		parts = append(parts, "components: "+change.String())
	}
	add("removes", sameSet(r.Removes, other.Removes))
	add("requires", maps.Equal(r.Requires, other.Requires))
	add("incorporates", sameSet(r.Incorporates, other.Incorporates))
	return parts
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
