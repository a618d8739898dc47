package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
)

// Item is one installed component: what it is, not where it came from.
type Item struct {
	Version string `json:"version"`
	Kind    string `json:"kind"`
	SHA256  string `json:"sha256"` // of the component's bytes, 64 lower-case hexadecimal digits
	// StripComponents is how many leading elements of each name in an archive are dropped when it
	// is unpacked.
	StripComponents int `json:"strip_components,omitempty"`
}

// sameAs reports whether both have the same effect on a target: the same bytes, handled and
// unpacked in the same way. A version is only a name for that.
func (i Item) sameAs(other Item) bool {
	return i.SHA256 == other.SHA256 && i.Kind == other.Kind && i.StripComponents == other.StripComponents
}

// Content is what an environment runs or will run: component name to item. The nil Content is
// empty: nothing is installed.
type Content map[string]Item

// Digest identifies a content: the sha256, in hexadecimal, over its entries sorted by name. Every
// field is written with its length, so that no two contents share an encoding. It covers name,
// version, kind and sha256, and how an archive is unpacked, if declared; the source of a component
// is not part of it.
func (c Content) Digest() string {
	h := sha256.New()
	writeField(h, "portal-content/v1")
	c.writeTo(h)
	return hex.EncodeToString(h.Sum(nil))
}

func (c Content) writeTo(h hash.Hash) {
	writeField(h, fmt.Sprint(len(c)))
	for _, name := range c.Names() {
		item := c[name]
		for _, field := range []string{name, item.Version, item.Kind, item.SHA256} {
			writeField(h, field)
		}
		if item.StripComponents > 0 { // no component's name has a "="
			writeField(h, fmt.Sprintf("strip_components=%d", item.StripComponents))
		}
	}
}

func writeField(h hash.Hash, s string) {
	fmt.Fprintf(h, "%d:%s\n", len(s), s)
}

// Names returns the component names in order.
func (c Content) Names() []string { return slices.Sorted(maps.Keys(c)) }

// Equal reports whether both contents have the same digest.
func (c Content) Equal(other Content) bool { return maps.Equal(c, other) }

// ChangeOp says what happens to one component.
type ChangeOp string

// The operations, as a reviewer reads them in a plan.
const (
	Add    ChangeOp = "+"
	Alter  ChangeOp = "~"
	Remove ChangeOp = "-"
)

// ItemChange is one line of the difference between two contents.
type ItemChange struct {
	Op   ChangeOp
	Name string
	From Item // zero for Add
	To   Item // zero for Remove
}

// String renders the change as plans show it: "+ theme 1.0.0", "~ login-portlet 3.1.4 -> 3.2.0", "-
// old-skin 0.9.0". If the version stays and only the bytes differ, it shows the first digits of
// both digests.
func (c ItemChange) String() string {
	switch c.Op {
	case Add:
		return fmt.Sprintf("+ %s %s", c.Name, c.To.Version)
	case Remove:
		return fmt.Sprintf("- %s %s", c.Name, c.From.Version)
	}
	from, to := c.From.Version, c.To.Version
	if from == to {
		switch {
		case c.From.SHA256 != c.To.SHA256:
			from, to = from+" ("+short(c.From.SHA256)+")", to+" ("+short(c.To.SHA256)+")"
		case c.From.Kind == c.To.Kind:
			from, to = fmt.Sprintf("%s (strip_components %d)", from, c.From.StripComponents), fmt.Sprintf("%s (strip_components %d)", to, c.To.StripComponents)
		default:
			from, to = from+" ("+c.From.Kind+")", to+" ("+c.To.Kind+")"
		}
	}
	return fmt.Sprintf("~ %s %s -> %s", c.Name, from, to)
}

func short(digest string) string { return digest[:min(len(digest), 12)] }

// Diff lists what turns one content into the other, ordered by component name.
func Diff(from, to Content) []ItemChange {
	var changes []ItemChange
	for name, item := range to {
		old, there := from[name]
		switch {
		case !there:
			changes = append(changes, ItemChange{Op: Add, Name: name, To: item})
		case old != item:
			changes = append(changes, ItemChange{Op: Alter, Name: name, From: old, To: item})
		}
	}
	for name, old := range from {
		if _, stays := to[name]; !stays {
			changes = append(changes, ItemChange{Op: Remove, Name: name, From: old})
		}
	}
	slices.SortFunc(changes, func(a, b ItemChange) int { return strings.Compare(a.Name, b.Name) })
	return changes
}
