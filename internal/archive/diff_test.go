package archive

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTreesAreComparedByPath(t *testing.T) {
	file := func(path, digest string) TreeEntry { return TreeEntry{Path: path, Type: 'f', Size: 1, SHA256: digest} }
	dir := func(path string) TreeEntry { return TreeEntry{Path: path, Type: 'd'} }
	put := Tree{dir("css"), file("css/print.css", "a"), file("css/site.css", "a"), file("index.html", "a")}
	cases := map[string]struct {
		found Tree
		want  Difference
	}{
		"nothing differs": {put, Difference{}},
		"other bytes": {
			Tree{dir("css"), file("css/print.css", "a"), file("css/site.css", "b"), file("index.html", "a")},
			Difference{Changed: []string{"css/site.css"}},
		},
		"a file that is a folder now": {
			Tree{dir("css"), file("css/print.css", "a"), file("css/site.css", "a"), dir("index.html")},
			Difference{Changed: []string{"index.html"}},
		},
		"a folder that went is told by its files": {
			Tree{file("index.html", "a")},
			Difference{Gone: []string{"css/print.css", "css/site.css"}},
		},
		"a folder that came is told by its files, an empty one by itself": {
			append(Tree{dir("a"), dir("a/b"), file("a/b/c", "x"), dir("empty")}, put...),
			Difference{Added: []string{"a/b/c", "empty"}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := put.Compare(c.found)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Empty() != (len(got.Changed)+len(got.Added)+len(got.Gone) == 0) {
				t.Error("Empty does not say so")
			}
		})
	}
}
