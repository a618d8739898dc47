package command

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// masks knows the secrets that may not be shown.
type masks struct {
	secrets []secret
	starts  [256][]start // by the first byte, so that text with no secret in it costs little
}

// start is a form of a secret's first character.
type start struct {
	secret int // its place in secrets
	form   string
}

// secret has, for each character, every form that a program may print it in.
type secret [][]string

func newMasks(secrets []string) *masks {
	m := &masks{}
	for _, text := range secrets {
		var s secret
		for _, r := range strings.TrimSpace(text) {
			s = append(s, formsOf(r))
		}
		if len(s) == 0 {
			continue
		}
		for _, form := range s[0] {
			m.starts[form[0]] = append(m.starts[form[0]], start{len(m.secrets), form})
		}
		m.secrets = append(m.secrets, s)
	}
	return m
}

// controls are the characters that have a letter behind a backslash.
var controls = map[rune]string{'\n': "n", '\r': "r", '\t': "t", '\b': "b", '\f': "f"}

// formsOf lists how JSON, URLs, HTML, shells and programming languages write a
// character.
func formsOf(r rune) []string {
	forms := []string{string(r)}
	add := func(format string, args ...any) { forms = append(forms, fmt.Sprintf(format, args...)) }
	if r < utf8.RuneSelf && !isAlphanumeric(r) {
		add(`\%c`, r)
		add(`\\\%c`, r) // JSON within JSON
	}
	if letter := controls[r]; letter != "" {
		add(`\%s`, letter)
		add(`\\%s`, letter)
	}
	var unicode string
	if high, low := utf16.EncodeRune(r); r > 0xFFFF {
		unicode = fmt.Sprintf(`\u%04x\u%04x`, high, low)
	} else {
		unicode = fmt.Sprintf(`\u%04x`, r)
	}
	for _, form := range []string{unicode, strings.ReplaceAll(strings.ToUpper(unicode), "U", "u")} {
		forms = append(forms, form, strings.ReplaceAll(form, `\`, `\\`)) // JSON within JSON
	}
	add("&#%d;", r)
	add("&#%03d;", r)
	add("&#x%x;", r)
	add("&#x%X;", r)
	for _, format := range []string{"%%%02X", "%%%02x", "%%25%02X", "%%25%02x", `\x%02x`, `\%03o`} { // of each byte
		var form strings.Builder
		for _, b := range []byte(string(r)) {
			fmt.Fprintf(&form, format, b)
		}
		forms = append(forms, form.String())
	}
	switch r {
	case ' ':
		forms = append(forms, "+", "%2B", "%2b") // the last two: twice over
	case '"':
		forms = append(forms, "&quot;", `""`)
	case '\'':
		forms = append(forms, "&apos;", `'\''`, `'"'"'`, "''")
	case '&':
		forms = append(forms, "&amp;")
	case '<':
		forms = append(forms, "&lt;")
	case '>':
		forms = append(forms, "&gt;")
	}
	return forms
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func (m *masks) writer(to io.Writer) *maskWriter { return &maskWriter{masks: m, to: to} }

// maskWriter replaces secrets by *** also if one comes in several writes: it
// holds back what may be the beginning of one.
type maskWriter struct {
	*masks
	to   io.Writer
	held []byte
}

func (w *maskWriter) Write(p []byte) (int, error) {
	w.held = append(w.held, p...)
	w.pass(false)
	return len(p), nil
}

func (w *maskWriter) flush() { w.pass(true) }

func (w *maskWriter) pass(final bool) {
	from := 0 // of what has not been written
	at := 0
	for at < len(w.held) {
		if len(w.starts[w.held[at]]) == 0 {
			at++
			continue
		}
		length, more := w.match(w.held[at:])
		if more && !final {
			break
		}
		if length == 0 {
			at++
			continue
		}
		_, _ = w.to.Write(w.held[from:at])
		_, _ = w.to.Write([]byte("***"))
		at += length
		from = at
	}
	_, _ = w.to.Write(w.held[from:at])
	w.held = append(w.held[:0], w.held[at:]...)
}

// match is the length of the longest secret that text begins with, and whether
// a longer one could still come of it.
func (m *masks) match(text []byte) (length int, more bool) {
	tried := -1
	for _, start := range m.starts[text[0]] {
		n := min(len(start.form), len(text))
		if start.secret == tried || start.form[:n] != string(text[:n]) {
			continue
		}
		tried = start.secret
		n, begun := m.secrets[tried].begins(text)
		length, more = max(length, n), more || begun
	}
	return length, more
}

// begins is how much of a text is the secret that it begins with, 0 if it begins
// with none, and whether it may still come of all of the text. The program may have
// broken it into lines.
func (s secret) begins(text []byte) (length int, begun bool) {
	ends := []int{0} // where what has been found so far may end
	for i, forms := range s {
		var next []int
		for _, at := range ends {
			for breaks := 0; ; breaks++ {
				for _, form := range forms {
					switch left := text[at:]; {
					case len(left) < len(form):
						begun = begun || form[:len(left)] == string(left)
					case form == string(left[:len(form)]):
						next = append(next, at+len(form))
					}
				}
				if i == 0 || breaks == 2 || at == len(text) || (text[at] != '\n' && text[at] != '\r') {
					break
				}
				at++
			}
		}
		if len(next) == 0 {
			return 0, begun
		}
		slices.Sort(next)
		ends = slices.Compact(next)
	}
	return ends[len(ends)-1], begun
}
