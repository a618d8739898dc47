package portal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Capitalize begins a sentence: the first letter becomes upper case. A first word that is quoted, a
// path, an option, a file or an address stays as it is. It cannot distinguish a name from a word,
// so no message begins with a bare name: write `environment "staging" …` or `program "deploy" …`.
func Capitalize(text string) string {
	word, _, _ := strings.Cut(strings.ReplaceAll(text, "\n", " "), " ")
	if strings.ContainsFunc(strings.TrimRight(word, ".,:;!?"), func(r rune) bool { return !unicode.IsLetter(r) }) {
		return text
	}
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + text[size:]
}

// Sentence capitalizes a sentence and ends it. Several lines, such as a program's output, end as
// they are.
func Sentence(text string) string {
	text = Capitalize(text)
	if text == "" || strings.Contains(text, "\n") || strings.ContainsAny(text[len(text)-1:], ".!?:") {
		return text
	}
	return text + "."
}

// joinAnd is a list in words: "dev, qa and uat".
func joinAnd(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

func quoted(items []string) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = fmt.Sprintf("%q", item)
	}
	return strings.Join(texts, ", ")
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// misleads reports whether a character could mislead a terminal or a reader: control characters
// other than line ends and tabs, characters that change the direction of writing, and invisible
// ones, with which two names look the same. Joiners, which some scripts and signs need, are refused
// within names only.
func misleads(r rune) bool {
	bidi := (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069') || r == '\u200e' || r == '\u200f' || r == '\u061c'
	control := unicode.IsControl(r) && r != '\n' && r != '\t'
	return bidi || control || isUnseen(r) || r == unicode.ReplacementChar
}

// unseen are characters that are invisible or have no width: U+200B is the zero-width space.
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1},
		{Lo: 0x034f, Hi: 0x034f, Stride: 1},
		{Lo: 0x115f, Hi: 0x1160, Stride: 1},
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1},
		{Lo: 0x180b, Hi: 0x180e, Stride: 1},
		{Lo: 0x200b, Hi: 0x200b, Stride: 1},
		{Lo: 0x2060, Hi: 0x2065, Stride: 1},
		{Lo: 0x206a, Hi: 0x206f, Stride: 1},
		{Lo: 0x3164, Hi: 0x3164, Stride: 1},
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1},
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1},
		{Lo: 0xfff9, Hi: 0xfffb, Stride: 1},
	},
	R32:         []unicode.Range32{{Lo: 0xe0000, Hi: 0xe007f, Stride: 1}},
	LatinOffset: 1,
}

func isUnseen(r rune) bool { return unicode.Is(unseen, r) }

// isJoiner reports whether a character only says how its neighbours are drawn.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// Printable writes what could mislead a terminal or a reader as its code, "\u001b". What people
// declare is refused with such characters (ValidateText); what programs have printed, and a record
// that was tampered with, may contain them.
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

// OneLine is the first line of a text, printable; "…" marks that there is more.
func OneLine(text string) string {
	text = strings.TrimSpace(text)
	line, more, _ := strings.Cut(strings.NewReplacer("\r\n", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n")
	line = Printable(strings.ReplaceAll(strings.TrimRight(line, " \t"), "\t", " "))
	if more != "" {
		line += " …"
	}
	return line
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
