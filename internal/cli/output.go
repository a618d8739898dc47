package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// printf writes text. The writer keeps its first error, and Run reports it.
func (a *app) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.out, format, args...)
}

// document writes one JSON document.
func (a *app) document(value any) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// line writes one line of JSON lines.
func (a *app) line(value any) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// hanging is a text of several lines, made printable, whose lines after the
// first are indented.
func hanging(text string, indent int) string {
	return strings.ReplaceAll(portal.Printable(strings.TrimSpace(text)), "\n", "\n"+strings.Repeat(" ", indent))
}
