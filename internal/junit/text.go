package junit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	bufferSize        = 64 << 10 // of the readers before and after decoding
	longestBeginning  = 1 << 10  // in which an XML declaration has to end
	longestCharacter  = 32       // bytes of a reference to a character
	replacement       = "\uFFFD"
	byteOrderMarkUTF8 = "\xef\xbb\xbf"
	byteOrderMarkBE   = "\xfe\xff"
	byteOrderMarkLE   = "\xff\xfe"
)

var (
	declaration     = regexp.MustCompile(`^\s*<\?xml\s[^<>]*?\?>`)
	declaredCharset = regexp.MustCompile(`\sencoding\s*=\s*["']([A-Za-z0-9._:+-]+)["']`)
)

// text returns the text of a report as UTF-8 that encoding/xml accepts: decoded,
// without the XML declaration, and with U+FFFD for what XML does not allow.
// Runners copy what tests print, terminal colours and broken bytes included.
func text(in io.Reader) (*bufio.Reader, error) {
	raw := bufio.NewReaderSize(in, bufferSize)
	charset, err := charsetOf(raw)
	if err != nil {
		return nil, err
	}
	var decoded io.Reader = raw
	if charset != nil {
		decoded = transform.NewReader(raw, charset.NewDecoder())
	}
	out := bufio.NewReaderSize(transform.NewReader(decoded, legal{}), bufferSize)
	start, err := peek(out)
	if err != nil {
		return nil, err
	}
	// The decoder would refuse version 1.1 and any other charset than UTF-8.
	_, err = out.Discard(len(declaration.Find(start)))
	return out, err
}

func peek(in *bufio.Reader) ([]byte, error) {
	start, err := in.Peek(longestBeginning)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return start, err
}

// charsetOf returns the charset in which a report is written, nil for UTF-8,
// and skips its byte order mark. The mark counts more than what is declared:
// files are converted and their declarations are not.
func charsetOf(raw *bufio.Reader) (encoding.Encoding, error) {
	start, err := peek(raw)
	if err != nil {
		return nil, err
	}
	big, little := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	for _, mark := range []struct {
		bytes   string
		charset encoding.Encoding
	}{{byteOrderMarkUTF8, nil}, {byteOrderMarkBE, big}, {byteOrderMarkLE, little}} {
		if bytes.HasPrefix(start, []byte(mark.bytes)) {
			_, err := raw.Discard(len(mark.bytes))
			return mark.charset, err
		}
	}
	switch { // UTF-16 without a mark
	case bytes.HasPrefix(start, []byte("\x00<")):
		return big, nil
	case bytes.HasPrefix(start, []byte("<\x00")):
		return little, nil
	}
	declared := declaredCharset.FindSubmatch(declaration.Find(start))
	if declared == nil {
		return nil, nil
	}
	return charsetNamed(string(declared[1]))
}

func charsetNamed(name string) (encoding.Encoding, error) {
	// A declaration that can be read as ASCII is in none of the wide charsets.
	lower := strings.ToLower(name)
	for _, unicode := range []string{"utf", "ucs-", "iso-10646-"} {
		if strings.HasPrefix(lower, unicode) && !strings.HasPrefix(lower, "utf-7") {
			return nil, nil
		}
	}
	charset, err := ianaindex.IANA.Encoding(name)
	if err != nil || charset == nil {
		charset, err = htmlindex.Get(name)
	}
	if err != nil {
		return nil, fmt.Errorf("it declares the unknown charset %q; write the report in UTF-8", name)
	}
	return charset, nil
}

// legal is a transformer that puts U+FFFD in the place of broken UTF-8, of
// characters that XML does not allow and of references to them.
type legal struct{ transform.NopResetter }

// plain are the bytes that stand for themselves.
var plain = func() (table [256]bool) {
	for b := range table {
		table[b] = b >= ' ' && b < utf8.RuneSelf && b != '&'
	}
	table['\t'], table['\n'], table['\r'] = true, true, true
	return table
}()

// Transform implements transform.Transformer.
func (legal) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		n := nSrc
		for n < len(src) && plain[src[n]] {
			n++
		}
		if n > nSrc {
			copied := copy(dst[nDst:], src[nSrc:n])
			nDst, nSrc = nDst+copied, nSrc+copied
			if nSrc < n {
				return nDst, nSrc, transform.ErrShortDst
			}
			continue
		}
		size, allowed := next(src[nSrc:], atEOF)
		if size == 0 {
			return nDst, nSrc, transform.ErrShortSrc
		}
		out := src[nSrc : nSrc+size]
		if !allowed {
			out = []byte(replacement)
		}
		if len(dst)-nDst < len(out) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst, nSrc = nDst+copy(dst[nDst:], out), nSrc+size
	}
	return nDst, nSrc, nil
}

// next returns the size of the character or reference at the beginning of src,
// and whether XML allows it. Size 0: more is needed to know.
func next(src []byte, atEOF bool) (size int, allowed bool) {
	if src[0] == '&' {
		return reference(src, atEOF)
	}
	if !atEOF && !utf8.FullRune(src) {
		return 0, false
	}
	r, size := utf8.DecodeRune(src)
	return size, (r != utf8.RuneError || size > 1) && isXML(r)
}

// reference does what next does for a reference to a character, such as "&#27;".
// Of anything else it returns the "&" alone.
func reference(src []byte, atEOF bool) (size int, allowed bool) {
	for i, b := range src[1:min(len(src), longestCharacter)] {
		switch {
		case i == 0 && b == '#', i == 1 && b == 'x', i > 0 && isHex(b):
			continue
		case i > 1 && b == ';':
			return i + 2, refersToXML(string(src[2 : i+1]))
		}
		return 1, true
	}
	if !atEOF && len(src) < longestCharacter {
		return 0, false
	}
	return 1, true
}

// refersToXML reports whether the number of a reference is that of a character
// which XML allows. What is not a number is left to the XML decoder to refuse.
func refersToXML(number string) bool {
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(number, base, 32)
	if err != nil {
		return !errors.Is(err, strconv.ErrRange)
	}
	return n <= utf8.MaxRune && isXML(rune(n))
}

func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

// isXML reports whether XML allows a character.
func isXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}
