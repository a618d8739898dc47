//go:build !windows

package command

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// odd has what each encoding writes otherwise. It begins and ends with what none
// changes, so that the test sees what is left of it.
const odd = `pass-"w\ord's <a>&/é +%$(x)#😀-word`

func TestASecretIsMaskedInEveryFormThatProgramsPrintItIn(t *testing.T) {
	plain, err := json.Marshal(odd)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]string{
		"as it is":                      odd,
		"JSON by Go":                    string(plain),
		"JSON as most write it":         `{"password":"pass-\"w\\ord's <a>&/é +%$(x)#😀-word"}`,
		"JSON by Python":                `{"password": "pass-\"w\\ord's <a>&/\u00e9 +%$(x)#\ud83d\ude00-word"}`,
		"JSON by PHP":                   `{"password":"pass-\"w\\ord's <a>&\/\u00e9 +%$(x)#\ud83d\ude00-word"}`,
		"a form":                        "password=pass-%22w%5Cord%27s+%3Ca%3E%26%2F%C3%A9+%2B%25%24%28x%29%23%F0%9F%98%80-word",
		"a query":                       "pass-%22w%5Cord%27s%20%3Ca%3E%26%2F%C3%A9%20%2B%25%24%28x%29%23%F0%9F%98%80-word",
		"a query in lower case":         "pass-%22w%5cord%27s%20%3ca%3e%26%2f%c3%a9%20%2b%25%24%28x%29%23%f0%9f%98%80-word",
		"encodeURIComponent":            "pass-%22w%5Cord's%20%3Ca%3E%26%2F%C3%A9%20%2B%25%24(x)%23%F0%9F%98%80-word",
		"curl's address":                "https://deployer:pass-%22w%5Cord%27s%20%3Ca%3E&%2F%C3%A9%20+%25$%28x%29%23%F0%9F%98%80-word@host/",
		"HTML":                          "pass-&quot;w\\ord&#39;s &lt;a&gt;&amp;/é +%$(x)#😀-word",
		"HTML by Python":                "pass-&quot;w\\ord&#x27;s &lt;a&gt;&amp;/é +%$(x)#😀-word",
		"XML":                           "pass-&quot;w\\ord&apos;s &lt;a&gt;&amp;/é +%$(x)#😀-word",
		"XML's text":                    "pass-\"w\\ord's &lt;a&gt;&amp;/é +%$(x)#😀-word",
		"base64":                        base64.StdEncoding.EncodeToString([]byte(odd)),
		"base64 for URLs":               base64.RawURLEncoding.EncodeToString([]byte(odd)),
		"Basic authentication":          "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("deployer:"+odd)),
		"a shell's single quotes":       `curl -u 'deployer:pass-"w\ord'\''s <a>&/é +%$(x)#😀-word'`,
		"Python's shell quotes":         `'pass-"w\ord'"'"'s <a>&/é +%$(x)#😀-word'`,
		"quoted by Go":                  `"pass-\"w\\ord's <a>&/é +%$(x)#😀-word"`,
		"base64, in lines":              folded(base64.StdEncoding.EncodeToString([]byte(odd)), "\n"),
		"as it is, in lines":            folded(odd, "\n"),
		"as it is, in lines of Windows": folded(odd, "\r\n"),
	}
	forms["JSON within JSON"] = `{"body":"{\"password\":\"pass-\\\"w\\\\ord's <a>&/é +%$(x)#😀-word\"}"}`
	forms["JSON within JSON, by Go"] = `"\"pass-\\\"w\\\\ord's \\u003ca\\u003e\\u0026/é +%$(x)#😀-word\""`
	forms["HTML by PHP"] = "pass-&quot;w\\ord&#039;s &lt;a&gt;&amp;/é +%$(x)#😀-word"
	forms["a query within a query"] = "pass-%2522w%255Cord%2527s%2B%253Ca%253E%2526%252F%25C3%25A9%2B%252B%2525%2524%2528x%2529%2523%25F0%259F%2598%2580-word"
	forms["the bytes, in capital hexadecimal"] = strings.ToUpper(hex.EncodeToString([]byte(odd)))
	forms["the bytes, octal"] = `$'pass-"w\\ord\'s <a>&/\303\251 +%$(x)#\360\237\230\200-word'`
	forms["the bytes, in hexadecimal"] = hex.EncodeToString([]byte(odd))
	if out, err := exec.Command("bash", "-c", `printf %q "$1"`, "bash", odd).Output(); err == nil {
		forms["printf %q of bash"] = string(out)
	}
	m := newMasks(target.Credential{Username: "deployer", Password: odd}.Secrets())
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			for _, cut := range []int{0, len(form) / 3, len(form) / 2, len(form) - 1} {
				var got bytes.Buffer
				w := m.writer(&got)
				_, _ = w.Write([]byte(form[:cut]))
				_, _ = w.Write([]byte(form[cut:]))
				w.flush()
				left := strings.NewReplacer("\n", "", "\r", "").Replace(got.String())
				if !strings.Contains(left, "***") || strings.Contains(left, "pass-") || strings.Contains(left, "-word") || strings.Contains(left, base64.StdEncoding.EncodeToString([]byte(odd))[:12]) {
					t.Errorf("it shows %q of %q", got.String(), form)
				}
			}
		})
	}
}

// What comes before and after a secret in base64 changes how it is written. Up to two
// characters stay at either end, which are only partly the secret's.
func TestASecretWithinOtherTextInBase64IsMasked(t *testing.T) {
	for _, password := range []string{"correct-horse-battery", "correct-horse-batteries", "correct-horse-batteries!"} {
		m := newMasks(target.Credential{Password: password}.Secrets())
		for _, before := range []string{"", "a", "ab", "abc", `{"password":"`} {
			for _, after := range []string{"", "\n", "1", "12", `"}`} {
				for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
					whole := encoding.EncodeToString([]byte(before + password + after))
					shown, masked := m.clean(whole), false
					for _, part := range strings.SplitAfter(shown, "***") {
						masked = masked || strings.HasSuffix(part, "***")
					}
					if alone := (len(before)+len(after))*4/3 + 6; !masked || len(shown)-len("***") > alone {
						t.Errorf("%q + password + %q is shown as %q", before, after, shown)
					}
				}
			}
		}
	}
}

// folded breaks a text into lines of seven characters.
func folded(text, end string) string {
	var b strings.Builder
	for i, r := range []rune(text) {
		if i > 0 && i%7 == 0 {
			b.WriteString(end)
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestASecretOfSeveralLinesIsMasked(t *testing.T) {
	const key = "-----BEGIN KEY-----\nabc/def\nghi\n-----END KEY-----\n"
	m := newMasks(target.Credential{Token: key}.Secrets())
	for _, text := range []string{key, strings.ReplaceAll(key, "\n", "\r\n"), `{"key":"-----BEGIN KEY-----\nabc\/def\nghi\n-----END KEY-----\n"}`, strings.ReplaceAll(key, "\n", "%0A")} {
		if got := m.clean(text); strings.Contains(got, "abc") || strings.Contains(got, "ghi") {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestWhatIsNoSecretIsShown(t *testing.T) {
	m := newMasks(target.Credential{Username: "deployer", Password: "s3cret\nlines"}.Secrets())
	for _, text := range []string{"s3cre\n\n\n\nt", "s\n3\nc\nr\ne\nx", "deployer", "\n\n\n", "s3c ret"} {
		if got := m.clean(text); got != text {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}
