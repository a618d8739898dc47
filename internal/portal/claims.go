package portal

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Enclosing lists the addresses of the places that contain the place with this address:
// directory:/srv and directory:/ for directory:/srv/intranet.
func Enclosing(address string) []string {
	var places []string
	root := strings.IndexByte(address, '/')
	for address = strings.TrimSuffix(address, "/"); root >= 0; {
		at := strings.LastIndexByte(address, '/')
		if at < root {
			return places
		}
		if address = address[:at]; at == root {
			return append(places, address+"/")
		}
		places = append(places, address)
	}
	return places
}

// Inside is the prefix of the addresses of all places in a place.
func Inside(address string) string { return strings.TrimSuffix(address, "/") + "/" }

// Nested reports whether one of two places lies in the other. A place does not lie in
// itself.
func Nested(a, b string) bool {
	return a != b && (slices.Contains(Enclosing(a), b) || slices.Contains(Enclosing(b), a))
}

// Overlap returns the owner, other than the given one, of a claim on the same place as this
// address, a place that contains it, or one that lies in it; "" if there is none.
func Overlap(claims map[string]string, address, owner string) (other, place string) {
	for _, place := range slices.Sorted(maps.Keys(claims)) {
		if other := claims[place]; other != owner && address != "" && (place == address || Nested(place, address)) {
			return other, place
		}
	}
	return "", ""
}

// TargetTaken refuses a target that another environment has, or that overlaps with another one's.
func TargetTaken(id, address, other, place string) *RejectionError {
	if place == address {
		return &RejectionError{
			Summary: fmt.Sprintf("the target of environment %q belongs to environment %q", id, other),
			Detail:  address + " can be the target of one environment of a ledger only: two would undo each other's work. Give this environment another target.",
		}
	}
	return &RejectionError{
		Summary: fmt.Sprintf("the targets of environments %q and %q overlap", id, other),
		Detail: fmt.Sprintf("%s and %s cannot both be targets: one is inside the other. "+
			"Give this environment a place outside the other one's.", address, place),
	}
}
