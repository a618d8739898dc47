package portal

import (
	"fmt"
	"strings"
	"unicode"
)

// misleads reports whether a terminal or a reviewer could be misled by a
// character: control characters other than line ends and tabs, and those that
// change the direction of writing.
func misleads(r rune) bool {
	bidi := (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069') || r == '\u200e' || r == '\u200f' || r == '\u061c'
	control := unicode.IsControl(r) && r != '\n' && r != '\t'
	return bidi || control || r == unicode.ReplacementChar
}

// Printable writes what could mislead a terminal or a reader as its code,
// "\u001b". What people declare is refused with such characters (ValidateText);
// what programs have printed, and a record that was tampered with, may have them.
func Printable(text string) string {
	if !strings.ContainsFunc(text, misleads) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if misleads(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// OneLine is the first line of a text, printable; "…" says that there is more.
func OneLine(text string) string {
	text = strings.TrimSpace(text)
	line, more, _ := strings.Cut(strings.NewReplacer("\r\n", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n")
	line = Printable(strings.ReplaceAll(strings.TrimRight(line, " \t"), "\t", " "))
	if more != "" {
		line += " …"
	}
	return line
}
