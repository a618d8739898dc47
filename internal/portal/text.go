package portal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Capitalize begins a sentence: the first letter becomes upper case. A first word
// that is quoted, a path, an option, a file or an address stays as it is. It
// cannot tell a name from a word, so no message begins with a bare name: write
// `environment "staging" …` or `program "deploy" …`.
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

// Sentence begins and ends a sentence. Several lines, such as a program's output,
// end as they are.
func Sentence(text string) string {
	text = Capitalize(text)
	if text == "" || strings.Contains(text, "\n") || strings.ContainsAny(text[len(text)-1:], ".!?:") {
		return text
	}
	return text + "."
}
