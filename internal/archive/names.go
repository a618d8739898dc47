package archive

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names holds the names taken so far, folded, so that an archive unpacks to the
// same files on a file system that ignores case.
type names struct {
	taken map[string]taken
}

type taken struct {
	name string
	dir  bool
}

// claim takes a clean name. above are the directories that it implies and that
// were not there yet, the outermost first; before reports whether it was taken
// already.
func (n *names) claim(name string, dir bool) (above []string, before bool, err error) {
	folded := fold(name)
	end, foldedEnd := strings.LastIndexByte(name, '/'), strings.LastIndexByte(folded, '/')
	if end > 0 && n.taken[folded[:foldedEnd]] != (taken{name[:end], true}) {
		if above, err = n.claimAbove(name, folded); err != nil {
			return nil, false, err
		}
	}
	before, err = n.take(name, folded, dir)
	return above, before, err
}

func (n *names) claimAbove(name, folded string) (above []string, err error) {
	for end, foldedEnd := 0, 0; ; end, foldedEnd = end+1, foldedEnd+1 {
		next := strings.IndexByte(name[end:], '/')
		if next < 0 {
			return above, nil
		}
		end += next
		foldedEnd += strings.IndexByte(folded[foldedEnd:], '/') // folding keeps slashes
		before, err := n.take(name[:end], folded[:foldedEnd], true)
		if err != nil {
			return nil, err
		}
		if !before {
			above = append(above, name[:end])
		}
	}
}

func (n *names) take(name, folded string, dir bool) (before bool, err error) {
	known, before := n.taken[folded]
	switch {
	case !before:
		n.taken[folded] = taken{name, dir}
	case known.name != name:
		reason := fmt.Sprintf("differs from %q only in upper and lower case", shown(known.name))
		return false, &RefusedError{Entry: name, Reason: reason, Cure: cureCase}
	case known.dir != dir:
		return false, &RefusedError{Entry: name, Reason: "occurs both as a file and as a directory", Cure: cureTwice}
	}
	return before, nil
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

// stripName drops leading elements from a name as it is in the archive, and
// cleans what is left. "" says that nothing is.
func stripName(name string, elements int) string {
	for range elements {
		slash := strings.IndexByte(name, '/')
		if slash < 0 {
			return ""
		}
		name = strings.TrimLeft(name[slash:], "/")
	}
	return relative(name)
}

// relative is a name without ".", doubled and trailing slashes; "" is the root.
func relative(name string) string {
	if clean := path.Clean("./" + name); clean != "." {
		return clean
	}
	return ""
}

const (
	// maxName is what common file systems allow for one element of a path.
	maxName = 255
	maxPath = 4096
)

// cleanName checks a name and returns it clean. "" is the root itself.
func cleanName(name string) (string, error) {
	refuse := func(cure, reason string, args ...any) (string, error) {
		return "", &RefusedError{Entry: name, Reason: fmt.Sprintf(reason, args...), Cure: cure}
	}
	switch {
	case len(name) > maxPath:
		return refuse(cureRename, "has a name of more than %d bytes", maxPath)
	case !utf8.ValidString(name):
		return refuse("pack it again with a tool that writes names as UTF-8, such as tar, zip or 7-Zip", "has a name that is not UTF-8")
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }):
		return refuse(cureRename, "has control characters in its name")
	case strings.Contains(name, `\`):
		return refuse("pack it again with a tool that separates folders by /, such as tar, zip, 7-Zip or PowerShell 7",
			"has a backslash in its name, which separates folders only on Windows")
	case strings.HasPrefix(name, "/"):
		return refuse(cureInside, "has an absolute name")
	}
	for element := range strings.SplitSeq(name, "/") {
		switch {
		case element == "..":
			return refuse(cureInside, "leads out of the archive")
		case len(element) > maxName:
			return refuse(cureRename, "has a part of more than %d bytes in its name", maxName)
		}
	}
	clean := relative(name)
	switch {
	case clean == "":
		return "", nil
	case strings.Count(clean, "/") > maxDepth:
		return refuse("flatten the folders in it and pack it again", "is more than %d folders deep", maxDepth)
	case !filepath.IsLocal(filepath.FromSlash(clean)):
		return refuse(cureRename, "has a name that the operating system reserves")
	}
	return clean, nil
}
