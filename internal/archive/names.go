package archive

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RefusedError says why an archive is not unpacked.
type RefusedError struct {
	Entry  string // the entry's name, "" where it is about the whole
	Reason string
}

func (e *RefusedError) Error() string {
	if e.Entry == "" {
		return "the archive is refused: " + e.Reason + ": build it anew and register it as a new version"
	}
	return fmt.Sprintf("the archive is refused: entry %q %s: build it anew and register it as a new version", e.Entry, e.Reason)
}

// names holds the names taken so far, folded, so that an archive unpacks to the
// same files on a file system that ignores case.
type names struct {
	taken map[string]taken
}

type taken struct {
	name string
	dir  bool
}

// claim checks an entry's name and gives it cleaned. "" is the root itself.
func (n *names) claim(name string, dir bool) (string, error) {
	clean, err := cleanName(name)
	if err != nil || clean == "" {
		if err == nil && !dir {
			err = &RefusedError{Entry: name, Reason: "is a file without a name"}
		}
		return "", err
	}
	for i, c := range clean {
		if c == '/' {
			if _, err := n.take(clean[:i], true); err != nil {
				return "", err
			}
		}
	}
	known, err := n.take(clean, dir)
	if err != nil {
		return "", err
	}
	if known && !dir {
		return "", &RefusedError{Entry: name, Reason: "is there twice"}
	}
	return clean, nil
}

func (n *names) take(name string, dir bool) (known bool, err error) {
	folded := fold(name)
	before, known := n.taken[folded]
	switch {
	case !known:
		n.taken[folded] = taken{name, dir}
	case before.name != name:
		return false, &RefusedError{Entry: name, Reason: fmt.Sprintf("differs from %q in upper and lower case only", before.name)}
	case before.dir != dir:
		return false, &RefusedError{Entry: name, Reason: "is there as a file and as a directory"}
	}
	return known, nil
}

// fold maps every rune to the smallest one that Unicode's simple case folding
// takes for the same.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return unicode.ToUpper(r) // K and S have further equals, all of them larger
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}

// maxName is what common file systems allow for one element of a path.
const maxName = 255

func cleanName(name string) (string, error) {
	refuse := func(reason string) (string, error) { return "", &RefusedError{Entry: name, Reason: reason} }
	if !utf8.ValidString(name) {
		return refuse("is not UTF-8")
	}
	if strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return refuse("has control characters in its name")
	}
	if strings.Contains(name, `\`) {
		return refuse("has a backslash in its name")
	}
	if strings.HasPrefix(name, "/") {
		return refuse("has an absolute name")
	}
	if len(name) > 4096 {
		return refuse("has a name of more than 4096 bytes")
	}
	for element := range strings.SplitSeq(name, "/") {
		switch {
		case element == "..":
			return refuse("leads out of the archive")
		case len(element) > maxName:
			return refuse(fmt.Sprintf("has a part of more than %d bytes in its name", maxName))
		}
	}
	clean := path.Clean("./" + name)
	if clean == "." {
		return "", nil
	}
	if !filepath.IsLocal(filepath.FromSlash(clean)) {
		return refuse("has a name that the operating system reserves")
	}
	return clean, nil
}
