package target

import (
	"maps"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// UnknownVersion is the version a target reports for a component that is there
// but is not what was installed, as after a change by hand.
const UnknownVersion = "unknown"

// Matches reports whether what was observed is what is wanted. An observed
// component's empty version, kind or sha256, and 0 stripped off an archive, means
// that the target cannot tell it, and it is not compared; names always are.
func Matches(observed, want portal.Content) bool {
	if len(observed) != len(want) {
		return false
	}
	for name, item := range observed {
		if wanted, there := want[name]; !there || !agrees(item, wanted) {
			return false
		}
	}
	return true
}

// Resolve fills in what the target could not tell from what is wanted, for each
// component of that name whose other fields agree. So Resolve(observed, want)
// equals want exactly where Matches(observed, want). It changes neither.
func Resolve(observed, want portal.Content) portal.Content {
	resolved := maps.Clone(observed)
	for name, item := range resolved {
		if wanted, there := want[name]; there && agrees(item, wanted) {
			resolved[name] = wanted
		}
	}
	return resolved
}

func agrees(observed, wanted portal.Item) bool {
	return (observed.Version == "" || observed.Version == wanted.Version) &&
		(observed.Kind == "" || observed.Kind == wanted.Kind) &&
		(observed.StripComponents == 0 || observed.StripComponents == wanted.StripComponents) && // few targets can tell
		(observed.SHA256 == "" || observed.SHA256 == wanted.SHA256)
}
