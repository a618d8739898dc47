package provider

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// sources completes each sha256 that the user left out of a declaration, from the
// file at its source. A file that is gone is left alone: what is known of the
// component stays. One that has other bytes than are known is a change of the
// component, for the one who asks to judge.
type sources struct {
	what string // names the declaration: "release 2.4.0"
	// known is what is known of the components already; the first that has one counts.
	known []map[string]portal.Component
	// keeps is whether what is known stays, whatever the file has become.
	keeps bool
	// needed is whether a file that nothing is known of has to be there. Else this
	// apply may make it.
	needed bool
	// planned is told of each file that was looked at, and reports whether it has refused
	// it; nil: nobody is told.
	planned func(component, source, known, now string) bool
}

// rebuilt is a component whose file has other bytes than are known.
type rebuilt struct{ component, source, known, found string }

// fill completes the components. It reports whether all are complete, and which have
// other bytes than are known.
func (s sources) fill(components map[string]portal.Component, diags *diagnostics) (complete bool, changed []rebuilt) {
	complete = true
	for _, name := range slices.Sorted(maps.Keys(components)) {
		c := components[name]
		if c.SHA256 != "" {
			continue
		}
		known := s.knownOf(name, c)
		if artifact.IsRemote(c.Source) {
			c.SHA256 = known // without any it was refused already
			components[name] = c
			continue
		}
		found, _, err := artifact.SumFile(c.Source)
		if c.SHA256 = found; err != nil {
			c.SHA256 = known
		}
		if err == nil && known != "" && found != known {
			changed = append(changed, rebuilt{name, c.Source, known, found})
			if s.keeps {
				c.SHA256 = known
			}
		}
		refused := s.planned != nil && s.planned(name, c.Source, known, c.SHA256)
		if c.SHA256 == "" {
			complete = false
			if !refused {
				s.missing(name, c.Source, err, diags)
			}
		}
		components[name] = c
	}
	return complete, changed
}

// knownOf is the sha256 that is known of a component in this version; "": none.
func (s sources) knownOf(name string, c portal.Component) string {
	for _, known := range s.known {
		if k := known[name]; k.Version == c.Version && k.SHA256 != "" {
			return k.SHA256
		}
	}
	return ""
}

func (s sources) missing(name, source string, err error, diags *diagnostics) {
	at := sourceOf(name)
	switch {
	case errors.Is(err, os.ErrNotExist) && s.needed:
		diags.AddAttributeError(at, "The source of component "+name+" of "+s.what+" does not exist", source+" does not exist. Correct the path, or build the file first.")
	case errors.Is(err, os.ErrNotExist):
		diags.AddAttributeWarning(at, "The source of component "+name+" of "+s.what+" does not exist yet",
			source+" does not exist. That is fine if this apply creates it; otherwise correct the path.")
	default:
		diags.AddAttributeError(at, "The source of component "+name+" cannot be read", portal.Sentence(err.Error()))
	}
}

// sourceOf is where a configuration has the source of a component.
func sourceOf(component string) path.Path {
	return path.Root("components").AtMapKey(component).AtName("source")
}

// forgetComputed empties each sha256 that the user left out: what a plan has there
// was computed once, and the file may have changed since.
func forgetComputed(ctx context.Context, configured types.Map, components map[string]portal.Component, diags *diagnostics) {
	var written map[string]componentModel
	diags.Append(configured.ElementsAs(ctx, &written, false)...)
	for name, c := range components {
		if written[name].SHA256.IsNull() {
			c.SHA256 = ""
			components[name] = c
		}
	}
}
