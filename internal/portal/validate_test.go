package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestValidateName(t *testing.T) {
	for name, valid := range map[string]bool{
		"a": true, "intranet": true, "a-1": true, "a" + strings.Repeat("b", 62): true, "a-": true,
		"": false, "A": false, "1a": false, "-a": false, "a_b": false, "a/b": false, "a b": false, "é": false,
		"a\n": false, "a" + strings.Repeat("b", 63): false,
	} {
		if got := len(portal.ValidateName("name", name)) == 0; got != valid {
			t.Errorf("name %q valid: %v, want %v", name, got, valid)
		}
	}
}

func TestValidateComponentName(t *testing.T) {
	for name, valid := range map[string]bool{
		"theme": true, "Theme_2.war": true, "1": true,
		"": false, ".hidden": false, "..": false, "a/b": false, `a\b`: false, "a\x00": false, "a\n": false,
		strings.Repeat("a", 127): true, strings.Repeat("a", 128): false,
	} {
		if got := len(portal.ValidateComponentName("components", name)) == 0; got != valid {
			t.Errorf("component name %q valid: %v, want %v", name, got, valid)
		}
	}
}

func TestValidateVersion(t *testing.T) {
	for version, valid := range map[string]bool{
		"1.2.3": true, "0.0.0": true, "1.2.3-rc.1": true, "1.2.3-0": true, "1.2.3-a-b": true, "1.2.3-0a": true,
		"": false, "1": false, "1.2": false, "1.2.3.4": false, "v1.2.3": false, "1.2.3+EF-1": false, "01.2.3": false,
		"1.2.3-": false, "1.2.3-a..b": false, "1.2.3-a_b": false, "1.2.3\n": false, " 1.2.3": false,
		"1.2.3-01": false, "1.2.3-rc.007": false, // numbers have no leading zeros, or two versions would have the same precedence
		"99999999999999999999.0.0": true, "1.2.3-99999999999999999999": true,
		"1.2.3-" + strings.Repeat("a", 127): false,
		"2147483648.0.0":                    true,
	} {
		if got := len(portal.ValidateVersion("version", version)) == 0; got != valid {
			t.Errorf("version %q valid: %v, want %v", version, got, valid)
		}
	}
}

func TestComparePrecedence(t *testing.T) {
	rising := []string{
		"junk", "0.9.0", "1.0.0-0", "1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
		"1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "99999999999999999999.0.0", "100000000000000000000.0.0",
	}
	for i, a := range rising {
		for j, b := range rising {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := portal.ComparePrecedence(a, b); got != want {
				t.Errorf("%s against %s: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestValidateText(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		valid bool
	}{
		"empty":                    {"", true},
		"two lines":                {"one\n\ttwo", true},
		"other scripts":            {"日本語, עברית, ünïcode, 🚀", true},
		"a colour for terminals":   {"\x1b[31mred", false},
		"a one-byte sequence":      {"\u009b31m", false},
		"a carriage return":        {"approved\rrefused", false},
		"a backspace":              {"a\bb", false},
		"a null":                   {"a\x00", false},
		"an override of direction": {"access\u202etxt.exe", false},
		"an isolate":               {"a\u2066b", false},
		"a zero-width space":       {"a\u200bb", false},
		"a byte-order mark":        {"\ufeffa", false},
		"a soft hyphen":            {"a\u00adb", false},
		"joined signs":             {"👩\u200d🔧", true},
		"a mark":                   {"a\u200fb", false},
		"an Arabic mark":           {"a\u061cb", false},
		"no UTF-8":                 {"a\xffb", false},
		"just short enough":        {strings.Repeat("é", 16<<10), true},
		"too long":                 {strings.Repeat("é", 16<<10+1), false},
	} {
		if got := len(portal.ValidateText("notes", c.text)) == 0; got != c.valid {
			t.Errorf("%s valid: %v, want %v", name, got, c.valid)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "72h": 72 * time.Hour, "3d": 72 * time.Hour, "1d12h": 36 * time.Hour, "0d": 0, "0s": 0,
		"1d1h1m1s": 25*time.Hour + time.Minute + time.Second, "1.5h": 90 * time.Minute, "3650d": 3650 * 24 * time.Hour,
	} {
		if got, err := portal.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "d", "3", "3 d", " 3d", "3d ", "-3d", "-1h", "1d-1h", "1h1d", "1d1d", "1w", "3D", "3651d", "3650d1s", "99999999999999999999d",
		"9223372036854775807ns1d", "1d9223372036854775807ns", "junk", "1.5d", "٣d",
	} {
		if got, err := portal.ParseDuration(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 72 * time.Hour: "72h", 90 * time.Minute: "1h30m", time.Hour + time.Second: "1h0m1s", time.Minute: "1m", 10 * time.Minute: "10m",
		1500 * time.Millisecond: "1.5s", 1500 * time.Microsecond: "2ms", time.Minute + 400*time.Millisecond: "1m",
		time.Minute - time.Microsecond: "1m", 20*time.Hour + 10*time.Minute: "20h10m",
	} {
		if got := portal.FormatDuration(d); got != want {
			t.Errorf("%d is written %q, want %q", d, got, want)
		}
	}
}
