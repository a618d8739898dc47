package portal

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	namePattern      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	componentPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$`)
	versionPattern   = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?$`)
	digestPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

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

// ValidateVersion checks the version of a release: MAJOR.MINOR.PATCH with an optional prerelease,
// without a leading v and without build metadata, which names emergency fixes.
func ValidateVersion(field, v string) []Problem {
	if versionPattern.MatchString(v) && len(v) <= 127 {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%q is not a release version: write MAJOR.MINOR.PATCH or MAJOR.MINOR.PATCH-PRERELEASE, without a leading v and without +", v)}}
}

var userInfoPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*@`)

// secretPattern finds query parameters of an address that contain a secret, by the names that
// stores and servers use: token, access_token, api_key, sig, X-Amz-Signature …
var secretPattern = regexp.MustCompile(`(?i)^[A-Za-z][A-Za-z0-9+.-]*://[^?#]*\?(?:[^#]*&)?([^=&#]*(?:token|secret|passw|signature|credential|api[-_]?key)[^=&#]*|auth|sig|key)=[^&#]`)

// validateAddress refuses a secret in an address: addresses are shown in plans and recorded. The
// cure says what to do instead, if leaving it out is not enough.
func validateAddress(field, what, address, cure string) []Problem {
	if userInfoPattern.MatchString(address) {
		return []Problem{{field, what + " has a user name or password in its address, and addresses are recorded: leave it out"}}
	}
	if found := secretPattern.FindStringSubmatch(address); found != nil {
		return []Problem{{field, fmt.Sprintf("%s has %q in the query of its address, which looks like a secret, and addresses are shown in plans and recorded: leave it out%s", what, found[1], cure)}}
	}
	return nil
}

// validateHTTP checks the address of an http check: http or https, and a host.
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
	return validateAddress(field, what, address, ", and use a program (command) if a secret is needed")
}

// IsDigest reports whether text is a sha256 in the only stored form: 64 lower-case hexadecimal
// digits.
func IsDigest(text string) bool { return digestPattern.MatchString(text) }

// ValidateDigest checks a sha256 in lower-case hexadecimal.
func ValidateDigest(field, digest string) []Problem {
	if IsDigest(digest) {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%q is not a sha256: write 64 lower-case hexadecimal digits", digest)}}
}

// about names the part of a field that problems are about.
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

// ValidateText checks free text that is shown to people: at most 16,384 characters, no control
// characters other than line ends and tabs, and no characters that change the direction of writing
// or are invisible, which could mislead a terminal or a reviewer.
func ValidateText(field, text string) []Problem {
	const limit = 16 << 10
	n := 0
	for i, r := range text {
		n++
		if misleads(r) {
			return []Problem{{field, fmt.Sprintf("has the character %U at byte %d, which can mislead readers: remove it", r, i)}}
		}
	}
	if n > limit {
		return []Problem{{field, fmt.Sprintf("has %d characters; the limit is %d", n, limit)}}
	}
	return nil
}

// validateReason checks the reason for something unexpected.
func validateReason(reason string) []Problem {
	if strings.TrimSpace(reason) == "" {
		return []Problem{{"reason", "is blank: say why, for those who read the record later"}}
	}
	return ValidateText("reason", reason)
}

// ValidateLine checks text as ValidateText does, and that it is one line: it is shown within lists,
// where a second line could be mistaken for another entry.
func ValidateLine(field, text string) []Problem {
	if strings.ContainsAny(text, "\n\t\u2028\u2029") {
		return []Problem{{field, fmt.Sprintf("%q has more than one line, or a tab: write one line", text)}}
	}
	return ValidateText(field, text)
}
