package target

import (
	"maps"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// UnknownVersion is the version a target reports for a component that is there
// but is not what was installed, as after a change by hand.
const UnknownVersion = "unknown"

// UntoldStrip is the StripComponents of an observed component whose target cannot
// tell how its archive was unpacked. 0 is an answer: nothing was stripped off.
const UntoldStrip = -1

// Matches reports whether what was observed is what is wanted. An observed
// component's empty version, kind or sha256, and UntoldStrip, mean that the target
// cannot tell, and are not compared; names always are.
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

// Resolve fills in what the target could not report from the contents it may be, for
// each component of that name whose other fields agree, the first that does. So
// Resolve(observed, want) equals want exactly where Matches(observed, want). What
// agrees with none is as it was observed, and of an UntoldStrip nothing is said. It
// changes none of them.
func Resolve(observed portal.Content, candidates ...portal.Content) portal.Content {
	resolved := maps.Clone(observed)
	for name, item := range resolved {
		resolved[name] = resolve(name, item, candidates)
	}
	return resolved
}

func resolve(name string, item portal.Item, candidates []portal.Content) portal.Item {
	for _, candidate := range candidates {
		if wanted, there := candidate[name]; there && agrees(item, wanted) {
			return wanted
		}
	}
	if item.StripComponents == UntoldStrip {
		item.StripComponents = 0
	}
	return item
}

func agrees(observed, wanted portal.Item) bool {
	return (observed.Version == "" || observed.Version == wanted.Version) &&
		(observed.Kind == "" || observed.Kind == wanted.Kind) &&
		(observed.StripComponents == UntoldStrip || observed.StripComponents == wanted.StripComponents) &&
		(observed.SHA256 == "" || observed.SHA256 == wanted.SHA256)
}
