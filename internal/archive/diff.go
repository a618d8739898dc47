package archive

import (
	"slices"
	"strings"
)

// Difference is how a directory differs from what an archive was unpacked to, as
// ordered paths.
type Difference struct {
	Changed []string // other bytes, another type, or executable where it was not
	Added   []string
	Gone    []string
}

// Empty reports whether nothing differs.
func (d Difference) Empty() bool { return len(d.Changed)+len(d.Added)+len(d.Gone) == 0 }

// Compare says how found differs from t. A directory that came or went is reported by
// what is in it, and by itself only if it is empty.
func (t Tree) Compare(found Tree) Difference {
	was, is := t.byPath(), found.byPath()
	var d Difference
	for _, entry := range t {
		switch now, there := is[entry.Path]; {
		case !there:
			d.Gone = append(d.Gone, entry.Path)
		case now != entry:
			d.Changed = append(d.Changed, entry.Path)
		}
	}
	for _, entry := range found {
		if _, there := was[entry.Path]; !there {
			d.Added = append(d.Added, entry.Path)
		}
	}
	d.Added, d.Gone = deepest(d.Added), deepest(d.Gone)
	return d
}

func (t Tree) byPath() map[string]TreeEntry {
	entries := make(map[string]TreeEntry, len(t))
	for _, entry := range t {
		entries[entry.Path] = entry
	}
	return entries
}

// deepest leaves out the folders of other paths.
func deepest(paths []string) []string {
	folders := map[string]bool{}
	for _, path := range paths {
		for i := strings.LastIndexByte(path, '/'); i > 0; i = strings.LastIndexByte(path[:i], '/') {
			folders[path[:i]] = true
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool { return folders[path] })
}
