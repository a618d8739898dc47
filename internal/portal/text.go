package portal

import (
	"fmt"
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
