// Command rulesguide writes the guide to the rules: a page written by hand, with the
// table of the rules and their messages as the domain has them.
//
// usage: rulesguide FILE
package main

import (
	"bytes"
	_ "embed" // for the page
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

//go:generate go run . ../../templates/guides/rules.md

//go:embed page.md
var page string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rulesguide FILE")
		os.Exit(2)
	}
	guide, err := write()
	if err == nil {
		err = os.WriteFile(os.Args[1], guide, 0o644) //nolint:gosec // documentation is for everybody
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write makes the guide. It fails if a story does not end as it should, or a rule is
// left out.
func write() ([]byte, error) {
	guide, err := template.New("rules").Delims("[[", "]]").Funcs(template.FuncMap{
		"table":      table,
		"bypassable": func() string { return list(portal.BypassableRules()) },
		"message":    message,
	}).Parse(page)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := guide.Execute(&b, nil); err != nil {
		return nil, err
	}
	for _, rule := range portal.Rules() {
		if !bytes.Contains(b.Bytes(), []byte("\n## "+string(rule.ID)+"\n")) {
			return nil, fmt.Errorf("the guide does not explain %s", rule.ID)
		}
	}
	return b.Bytes(), nil
}

// table lists every rule.
func table() string {
	var b strings.Builder
	b.WriteString("| rule | refuses | deployment | fix | `bypass` | `rules` |\n|---|---|---|---|---|---|\n")
	for _, r := range portal.Rules() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s | %s | %s |\n", r.ID, r.ID, r.Refuses, orDash(r.Deployments), orDash(r.Fixes), yes(r.Bypassable), yes(r.Tunable))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func list(rules []portal.Rule) string {
	texts := make([]string, len(rules))
	for i, rule := range rules {
		texts[i] = "`" + string(rule) + "`"
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " and " + texts[len(texts)-1]
}

// message is what Terraform prints of the error that a story ends with.
func message(story string) (string, error) {
	tell := stories[story]
	if tell == nil {
		return "", fmt.Errorf("there is no story %q", story)
	}
	refusal, err := tell()
	if err != nil {
		return "", fmt.Errorf("%s: %w", story, err)
	}
	return "```\n" + wrapped("Error: "+refusal.Summary()+"\n\n"+refusal.Detail()) + "\n```", nil
}

// wrapped breaks lines as Terraform does in a terminal of 80 columns: not those that
// begin with a space.
func wrapped(text string) string {
	const width = 78
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, " ") || len(line) <= width {
			b.WriteString(line + "\n")
			continue
		}
		column := 0
		for _, word := range strings.Fields(line) {
			switch {
			case column == 0:
			case column+1+len(word) > width:
				b.WriteString("\n")
				column = 0
			default:
				b.WriteString(" ")
				column++
			}
			b.WriteString(word)
			column += len(word)
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n")
}
