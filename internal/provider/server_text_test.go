package provider

import (
	"strings"
	"testing"
)

func TestWhatIsSaidIsCutOnlyWhereItIsEndless(t *testing.T) {
	path := "/" + strings.Repeat("very/long/path/", 40) + "app.war"
	for name, c := range map[string]struct {
		text  string
		whole bool
	}{
		"a path":                             {"Restore " + path + " and apply again.", true},
		"text in a script that has no words": {strings.Repeat("障害のため凍結中。", 30), true},
		"an endless word":                    {strings.Repeat("x", 5000), false},
		"an endless text":                    {strings.Repeat("word ", 5000), false},
	} {
		if got := bounded(c.text, longestDetail); (got == c.text) != c.whole {
			t.Errorf("%s is shown as %q", name, got)
		}
	}
}
