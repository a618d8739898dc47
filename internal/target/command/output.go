package command

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// keptBytes is how much of an output is kept, half of it from each end.
const keptBytes = 64 << 10

// kept keeps the beginning and the end of what is written to it.
type kept struct {
	whole   int // keep so many bytes whole instead, and nothing after them
	head    []byte
	end     []byte
	dropped int
}

func (k *kept) Write(p []byte) (int, error) {
	n := len(p)
	room := keptBytes/2 - len(k.head)
	if k.whole > 0 {
		room = k.whole - len(k.head)
	}
	take := min(max(room, 0), len(p))
	k.head = append(k.head, p[:take]...)
	p = p[take:]
	if k.whole > 0 {
		k.dropped += len(p)
		return n, nil
	}
	k.end = append(k.end, p...)
	// Trimmed now and then, not with every write.
	if over := len(k.end) - keptBytes/2; over > keptBytes/2 {
		k.trim()
	}
	return n, nil
}

func (k *kept) trim() {
	if over := len(k.end) - keptBytes/2; over > 0 {
		k.dropped += over
		k.end = append(k.end[:0], k.end[over:]...)
	}
}

func (k *kept) bytes() []byte {
	k.trim()
	if k.dropped == 0 || k.whole > 0 {
		return slices.Concat(k.head, k.end)
	}
	return slices.Concat(k.head, fmt.Appendf(nil, "\n… %d bytes left out …\n", k.dropped), k.end)
}

// escapes are the sequences by which terminals are told to do things: CSI, OSC
// and the short ones.
var escapes = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b[ -/]*[0-~]|\u009b[0-?]*[ -/]*[@-~]")

// clean makes text fit for an error: secrets masked, terminal sequences and
// control characters gone, also if a secret was cut up by them.
func (m *masks) clean(text string) string {
	text = escapes.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	var masked strings.Builder
	w := m.writer(&masked)
	_, _ = io.WriteString(w, text)
	w.flush()
	return masked.String()
}

func (w *maskWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }
