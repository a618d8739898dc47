package provider

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// The bounds of what is said. Somebody else's text may be in it.
const (
	longestWord    = 1000 // a path may be long, and not every script parts its words
	longestSummary = 500
	longestDetail  = 20_000
)

// readable makes what is said fit for a terminal: what could mislead it is written as
// its code, what is endless is cut, and nothing is said twice.
func readable(diagnostics []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	type said struct {
		severity        tfprotov6.DiagnosticSeverity
		summary, detail string
	}
	at := map[said]int{}
	var kept []*tfprotov6.Diagnostic
	for _, d := range diagnostics {
		d.Summary, d.Detail = bounded(d.Summary, longestSummary), bounded(d.Detail, longestDetail)
		key := said{d.Severity, d.Summary, d.Detail}
		before, again := at[key]
		switch {
		case !again:
			at[key] = len(kept)
			kept = append(kept, d)
		case d.Attribute != nil && (kept[before].Attribute == nil || len(kept[before].Attribute.Steps()) < len(d.Attribute.Steps())):
			kept[before] = d // it says more exactly where
		}
	}
	return kept
}

var word = regexp.MustCompile(`\S{` + fmt.Sprint(longestWord) + `,}`)

func bounded(text string, longest int) string {
	text = portal.Printable(text)
	if len(text) > longestWord {
		text = word.ReplaceAllStringFunc(text, func(long string) string { return shorten(long, longestWord/2) })
	}
	return shorten(text, longest)
}

func shorten(text string, longest int) string {
	n := utf8.RuneCountInString(text)
	if n <= longest {
		return text
	}
	return fmt.Sprintf("%s… (%d characters)", string([]rune(text)[:longest]), n)
}
