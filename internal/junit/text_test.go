package junit

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// inUTF16 encodes text, with the high byte first or last.
func inUTF16(s string, highFirst bool) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		high, low := byte(unit>>8), byte(unit)
		if highFirst {
			b.Write([]byte{high, low})
		} else {
			b.Write([]byte{low, high})
		}
	}
	return b.String()
}

func TestReportsInAnyCharset(t *testing.T) {
	const (
		plain = `<testsuite><testcase name="ä"/><testcase name="b"><failure/></testcase></testsuite>`
		wide  = `<?xml version="1.0" encoding="UTF-16"?>` + plain
	)
	latin := strings.ReplaceAll(plain, "ä", "\xe4")
	cases := []struct{ name, content, want string }{
		{"with a declaration", `<?xml version="1.0" encoding="UTF-8" standalone='yes'?>` + "\n" + plain, "failed"},
		{"without a declaration", plain, "failed"},
		{"with a byte order mark", "\ufeff" + plain, "failed"},
		{"XML 1.1", `<?xml version="1.1" encoding="utf-8"?>` + plain, "failed"},
		{"XML 1.1 with a byte order mark", "\ufeff" + `<?xml version="1.1"?>` + plain, "failed"},
		{"after an empty line", "\n<?xml version='1.1'?>" + plain, "failed"},
		{"ISO-8859-1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + latin, "failed"},
		{"windows-1252, in single quotes", `<?xml version='1.0' encoding='windows-1252'?>` + latin, "failed"},
		{"an alias of the web", `<?xml version="1.0" encoding="cp1252"?>` + latin, "failed"},
		{"US-ASCII with other bytes", `<?xml version="1.0" encoding="US-ASCII"?>` + latin, "failed"},
		{"Shift_JIS", `<?xml version="1.0" encoding="Shift_JIS"?>` + strings.ReplaceAll(plain, "ä", "\x83\x5c"), "failed"},
		{"UTF-16 with a mark, high byte first", "\xfe\xff" + inUTF16(wide, true), "failed"},
		{"UTF-16 with a mark, low byte first", "\xff\xfe" + inUTF16(wide, false), "failed"},
		{"UTF-16 without a mark, high byte first", inUTF16(wide, true), "failed"},
		{"UTF-16 without a mark, low byte first", inUTF16(wide, false), "failed"},
		{"UTF-16 without a declaration", "\xff\xfe" + inUTF16(plain, false), "failed"},
		{"UTF-16 that declares UTF-8", "\xff\xfe" + inUTF16(`<?xml version="1.0" encoding="UTF-8"?>`+plain, false), "failed"},
		{"UTF-8 that declares UTF-16", wide, "failed"},
		{"UTF-8 with a mark that declares something else", "\ufeff" + `<?xml version="1.0" encoding="ISO-8859-1"?>` + plain, "failed"},
		{"a charset that nobody knows", `<?xml version="1.0" encoding="x-own"?>` + plain, "refused"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, v, err := judged(t, c.content)
			if got != c.want || err == nil && (v.Tests != 2 || v.Failures != 1) {
				t.Errorf("%s: %+v, %v", got, v, err)
			}
			if err != nil && !strings.Contains(err.Error(), `the unknown charset "x-own"`) {
				t.Error(err)
			}
		})
	}
}

func TestADeclaredCharsetIsDecoded(t *testing.T) {
	_, v, err := judged(t, `<?xml version="1.0" encoding="ISO-8859-1"?><testsuite><testcase name="gr`+"\xfc\xdf"+`e"><failure/></testcase></testsuite>`)
	if err != nil || !strings.Contains(v.Reason, "grüße") {
		t.Errorf("%q, %v", v.Reason, err)
	}
}

// What XML does not allow becomes U+FFFD, and nothing else changes, wherever the
// pieces end in which a report is read.
func TestIllegalTextIsReplaced(t *testing.T) {
	long := strings.Repeat("a", 5000)
	cases := []struct{ name, in, want string }{
		{"nothing to replace", "a\tb\r\nä€😀 \u007f\u0085", "a\tb\r\nä€😀 \u007f\u0085"},
		{"control characters", "a\x00b\x1b[31m\x0b", "a\uFFFDb\uFFFD[31m\uFFFD"},
		{"characters that are none", "\uFFFE\uFFFF\uFFFD", "\uFFFD\uFFFD\uFFFD"},
		{"bytes that are no UTF-8", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		{"half a surrogate pair", "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
		{"references to control characters", "&#0;&#27;&#x1B;&#x0001;", "\uFFFD\uFFFD\uFFFD\uFFFD"},
		{"references to surrogates", "&#xD83D;&#xDE00;", "\uFFFD\uFFFD"},
		{"references beyond all characters", "&#x110000;&#99999999999999999999;", "\uFFFD\uFFFD"},
		{"references to what is allowed", "&#9;&#10;&#xD;&#x1F600;&#65;", "&#9;&#10;&#xD;&#x1F600;&#65;"},
		{"other references", "&lt;&amp;#0;&&&#;&#x;&#xyz;&#12", "&lt;&amp;#0;&&&#;&#x;&#xyz;&#12"},
		{"a reference without an end", "&#" + strings.Repeat("0", 100) + ";", "&#" + strings.Repeat("0", 100) + ";"},
		{"much text", long + "\x01" + long + "&#1;" + long + "ä", long + "\uFFFD" + long + "\uFFFD" + long + "ä"},
	}
	for _, c := range cases {
		for _, reader := range []struct {
			name string
			of   func(io.Reader) io.Reader
		}{
			{"whole", func(r io.Reader) io.Reader { return r }},
			{"byte by byte", iotest.OneByteReader},
			{"in halves", iotest.HalfReader},
		} {
			t.Run(c.name+", "+reader.name, func(t *testing.T) {
				decoded, err := text(reader.of(strings.NewReader(c.in)))
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(decoded); string(got) != c.want || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
	}
}

func TestReportsWithIllegalTextAreJudged(t *testing.T) {
	checkCounts(t, []countCase{
		{"in a name", "<testsuite><testcase name=\"a\x01\xff&#27;\"/></testsuite>", "passed", 1, 0, 0, ""},
		{"in what a case prints", "<testsuite><testcase name=\"a\"><system-out><![CDATA[\x1b[31m]]></system-out></testcase></testsuite>", "passed", 1, 0, 0, ""},
		{"in a failure", "<testsuite><testcase name=\"a\"><failure message=\"&#0;\">\x00</failure></testcase></testsuite>", "failed", 1, 1, 0, ""},
		{"in a comment", "<testsuite><testcase name=\"a\"/><!-- \x00 --></testsuite>", "passed", 1, 0, 0, ""},
		{"in a tag", "<testsuite><testcase\x00name=\"a\"/></testsuite>", "refused", 0, 0, 0, "cannot be read as a JUnit report"},
	})
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	laughs := `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>`
	whole := `<testsuites><testsuite><testcase name="a"><system-out><![CDATA[x]]></system-out></testcase></testsuite></testsuites>`
	cases := []countCase{
		{"empty", "", "refused", 0, 0, 0, "junit.xml is empty"},
		{"blank", " \n", "refused", 0, 0, 0, "it has no <testsuite>"},
		{"no XML", "all tests passed", "refused", 0, 0, 0, "it has no <testsuite>"},
		{"JSON", `{"tests": 1}`, "refused", 0, 0, 0, "it has no <testsuite>"},
		{"other XML", `<html><body/></html>`, "refused", 0, 0, 0, "it has no <testsuite>"},
		{"a case without a suite", `<testcase name="a"/>`, "refused", 0, 0, 0, "it has no <testsuite>"},
		{"ended twice", `<testsuite><testcase name="a"/></testsuite></fake-root>`, "refused", 0, 0, 0, "unexpected end element"},
		{"ended by another", `<testsuite><testcase name="a"></testsuite></testcase>`, "refused", 0, 0, 0, "closed by"},
		{"entities in entities", laughs, "refused", 0, 0, 0, "invalid character entity"},
		{"a file of the machine in it", `<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"/></testsuite>`, "refused", 0, 0, 0, "invalid character entity"},
		{"half a character of UTF-16", "\xff\xfe" + inUTF16(whole, false)[:41], "refused", 0, 0, 0, "truncated"},
	}
	checkCounts(t, cases)
	for n := 1; n < len(whole); n++ {
		if got, v, err := judged(t, whole[:n]); got != "refused" {
			t.Errorf("%q is %s: %+v, %v", whole[:n], got, v, err)
		}
	}
	for _, failing := range []string{
		`<testsuites><testsuite><testcase name="a"><failure/></testcase><testcase name="b">`,
		`<testsuites><testsuite failures="1"><testcase name="a"/>`,
		`<testsuite><testcase name="a"><error`,
	} {
		want := "failed" // what is missing could not make it pass
		if strings.HasSuffix(failing, "<error") {
			want = "refused"
		}
		if got, v, err := judged(t, failing); got != want {
			t.Errorf("%q is %s: %+v, %v", failing, got, v, err)
		}
	}
	if got, _, err := judged(t, whole); got != "passed" {
		t.Errorf("the whole report: %s, %v", got, err)
	}
	if _, _, err := judged(t, whole[:60]); !strings.Contains(err.Error(), "it is truncated at line 1, as if the runner had died while writing it") {
		t.Error(err)
	}
}
