package portal

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	version "github.com/hashicorp/go-version"
)

var (
	namePattern      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	componentPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$`)
	versionPattern   = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?$`)
	digestPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Problem is one thing that is wrong with a declaration.
type Problem struct {
	Field string // the attribute it is about, as users write it
	Text  string // what is wrong and what would be right
}

func (p Problem) Error() string { return p.Field + ": " + p.Text }

// ValidateName checks the name of a pipeline, a stage, an environment or a
// freeze: a lower-case letter, then up to 62 lower-case letters, digits and
// hyphens.
func ValidateName(field, name string) []Problem {
	if namePattern.MatchString(name) {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%q is not a name: it begins with a lower-case letter and has up to 63 lower-case letters, digits and hyphens", name)}}
}

// ValidateComponentName checks the name of a component. It becomes a file name
// on targets, so it is one path element that is not hidden.
func ValidateComponentName(field, name string) []Problem {
	if componentPattern.MatchString(name) {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%q is not a component name: it begins with a letter or a digit and has up to 127 letters, digits, dots, underscores and hyphens", name)}}
}

// ValidateVersion checks the version of a release: MAJOR.MINOR.PATCH with an
// optional prerelease, without a leading v and without build metadata, which is
// where emergency fixes are written.
func ValidateVersion(field, v string) []Problem {
	if versionPattern.MatchString(v) && len(v) <= 127 {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%q is not a release version: write MAJOR.MINOR.PATCH or MAJOR.MINOR.PATCH-PRERELEASE, without a leading v and without +", v)}}
}

var userInfoPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*@`)

// secretPattern finds what bears a secret in the query of an address, by the names that
// stores and servers use: token, access_token, api_key, sig, X-Amz-Signature …
var secretPattern = regexp.MustCompile(`(?i)^[A-Za-z][A-Za-z0-9+.-]*://[^?#]*\?(?:[^#]*&)?([^=&#]*(?:token|secret|passw|signature|credential|api[-_]?key)[^=&#]*|auth|sig|key)=[^&#]`)

// validateAddress refuses a secret in an address: addresses are shown in plans and
// recorded. The cure says what to do instead where leaving it out is not enough.
func validateAddress(field, what, address, cure string) []Problem {
	if userInfoPattern.MatchString(address) {
		return []Problem{{field, what + " has a user name or password in its address, and addresses are recorded: leave it out"}}
	}
	if found := secretPattern.FindStringSubmatch(address); found != nil {
		return []Problem{{field, fmt.Sprintf("%s has %q in the query of its address, which looks like a secret, and addresses are shown in plans and recorded: leave it out%s", what, found[1], cure)}}
	}
	return nil
}

// validateHTTP checks the address that a check asks: http or https, and a host.
func validateHTTP(field, what, address string) []Problem {
	at, err := url.Parse(address)
	if err != nil || (at.Scheme != "http" && at.Scheme != "https") || at.Hostname() == "" || strings.ContainsAny(address, " \t\r\n") {
		return []Problem{{field, what + ": http is not an address that can be asked: write for example \"https://intranet.example/health\""}}
	}
	if at.Fragment != "" {
		return []Problem{{field, fmt.Sprintf("%s: http has a fragment (#%s), which no server is sent: leave it out", what, at.Fragment)}}
	}
	if port := at.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return []Problem{{field, fmt.Sprintf("%s: http has port %q, and ports are 1 to 65535", what, port)}}
		}
	}
	return validateAddress(field, what, address, ", and have a program (command) ask where one is needed")
}

// IsDigest reports whether text is a sha256 as it is kept everywhere: 64 lower-case
// hexadecimal digits.
func IsDigest(text string) bool { return digestPattern.MatchString(text) }

// ValidateDigest checks a sha256 in lower-case hexadecimal.
func ValidateDigest(field, digest string) []Problem {
	if IsDigest(digest) {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%q is not a sha256: write 64 lower-case hexadecimal digits", digest)}}
}

// about says of problems what within their field they are about.
func about(subject string, problems []Problem) []Problem {
	for i := range problems {
		problems[i].Text = subject + " " + problems[i].Text
	}
	return problems
}

// validateTime checks a time that is recorded: it has a year of four digits, in UTC too.
func validateTime(field string, at time.Time) []Problem {
	if year := at.UTC().Year(); year < 1 || year > 9999 {
		return []Problem{{field, fmt.Sprintf("is in the year %d by UTC: write a time in the years 1 to 9999", year)}}
	}
	return nil
}

// ValidateText checks free text that is shown to people: at most 16,384
// characters, no control characters other than line ends and tabs, and no
// characters that change the direction of writing or are not seen, with which a
// terminal or a reviewer could be misled.
func ValidateText(field, text string) []Problem {
	const limit = 16 << 10
	n := 0
	for i, r := range text {
		n++
		if misleads(r) {
			return []Problem{{field, fmt.Sprintf("has the character %U at byte %d, which can mislead whoever reads it: remove it", r, i)}}
		}
	}
	if n > limit {
		return []Problem{{field, fmt.Sprintf("has %d characters; the limit is %d", n, limit)}}
	}
	return nil
}

// validateReason checks why somebody does what nobody else would expect.
func validateReason(reason string) []Problem {
	if strings.TrimSpace(reason) == "" {
		return []Problem{{"reason", "is blank: say why, for those who read the record later"}}
	}
	return ValidateText("reason", reason)
}

// ValidateLine checks text as ValidateText does, and that it is one line: it is
// shown within lists, where a second line could pass for another entry.
func ValidateLine(field, text string) []Problem {
	if strings.ContainsAny(text, "\n\t\u2028\u2029") {
		return []Problem{{field, fmt.Sprintf("%q has more than one line, or a tab: write one line", text)}}
	}
	return ValidateText(field, text)
}

// ComparePrecedence orders two release versions by semantic-versioning
// precedence: -1, 0 or +1. Versions that do not parse order as text, below all
// that do. It is written out because go-version puts 1.0.0-alpha above
// 1.0.0-alpha.beta (semver.org, item 11, says below) and ends at 64 bits.
func ComparePrecedence(a, b string) int {
	va, vb := versionPattern.FindStringSubmatch(a), versionPattern.FindStringSubmatch(b)
	switch {
	case va == nil && vb == nil:
		return strings.Compare(a, b)
	case va == nil:
		return -1
	case vb == nil:
		return 1
	}
	if c := slices.CompareFunc(va[1:4], vb[1:4], compareNumbers); c != 0 {
		return c
	}
	preA, preB := va[4], vb[4]
	switch {
	case preA == preB:
		return 0
	case preA == "":
		return 1
	case preB == "":
		return -1
	}
	return slices.CompareFunc(strings.Split(preA, "."), strings.Split(preB, "."), compareIdentifiers)
}

// compareNumbers orders decimal numbers without leading zeros.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareIdentifiers orders the identifiers of a prerelease: numbers by value,
// below texts.
func compareIdentifiers(a, b string) int {
	numeric := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	switch {
	case numeric(a) && numeric(b):
		return compareNumbers(a, b)
	case numeric(a):
		return -1
	case numeric(b):
		return 1
	}
	return strings.Compare(a, b)
}

// satisfies reports whether a version meets a constraint such as ">= 9.5, < 10".
// Numbers are compared: 3.1.4-hotfix.1 is a 3.1.4. Only where the constraint has
// a suffix itself does that of the version count, by its precedence.
func satisfies(installed, constraint string) bool {
	want, err := version.NewConstraint(constraint)
	if err != nil {
		return false
	}
	have, err := version.NewVersion(installed)
	if err != nil {
		return false
	}
	for _, part := range want {
		asked := have.Core()
		if part.Prerelease() && slices.Equal(asked.Segments64(), numbersOf(part)) {
			asked = have
		}
		if !part.Check(asked) {
			return false
		}
	}
	return true
}

// numbersOf are the numbers that one part of a constraint compares with.
func numbersOf(part *version.Constraint) []int64 {
	v, err := version.NewVersion(strings.TrimLeft(part.String(), "=!<>~ "))
	if err != nil {
		return nil
	}
	return v.Segments64()
}

// readable reports whether a version can be compared with constraints.
func readable(v string) bool {
	_, err := version.NewVersion(v)
	return err == nil
}

// validateInstalled checks the version of software that is there without us. One
// that cannot be compared would satisfy no constraint.
func validateInstalled(field, name, v string) []Problem {
	if readable(v) {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%s: the version %q cannot be compared with what releases require: begin it with its numbers, "+
		"such as \"9.5.226\"; a suffix follows a hyphen, such as \"9.5.226-cf3\"", name, v)}}
}

func validateConstraint(field, constraint string) []Problem {
	if _, err := version.NewConstraint(constraint); err != nil {
		return []Problem{{field, fmt.Sprintf("%q is not a version constraint: write for example \">= 9.5, < 10\"", constraint)}}
	}
	return nil
}

var dayPattern = regexp.MustCompile(`^(\d+)d(.*)$`)

// ParseDuration reads a Go duration that may begin with days of 24 hours:
// "90m", "72h", "3d", "1d12h". Negative durations are refused.
func ParseDuration(text string) (time.Duration, error) {
	const longest = 10 * 365 * 24 * time.Hour
	wrong := fmt.Errorf("%q is not a duration: write for example \"90m\", \"72h\" or \"3d\", up to ten years", text)
	rest, total := text, time.Duration(0)
	if m := dayPattern.FindStringSubmatch(text); m != nil {
		days := 0
		if _, err := fmt.Sscanf(m[1], "%d", &days); err != nil || days > 3650 {
			return 0, wrong
		}
		total, rest = time.Duration(days)*24*time.Hour, m[2]
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 || d > longest {
			return 0, wrong
		}
		total += d
	} else if text == "" {
		return 0, wrong
	}
	if total > longest {
		return 0, wrong
	}
	return total, nil
}

// FormatDuration writes a duration for people, without zero parts: "72h",
// "1h30m". Fractions of a second below a minute are kept to milliseconds;
// longer durations are rounded to seconds.
func FormatDuration(d time.Duration) string {
	if rounded := d.Round(time.Millisecond); rounded < time.Minute {
		return rounded.String()
	}
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// FormatTime writes a time as users see it everywhere: RFC 3339 in UTC, to the
// second.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
