package artifact

import (
	"fmt"
	"net/url"
	"strings"
)

// MaxSize is how large a component may be where nothing else is said: 4 GiB.
const MaxSize = 4 << 30

// Source says where a component is and which bytes are meant.
type Source struct {
	// Location is a path, absolute or relative to the working directory, or an
	// https:// address; http:// is taken for loopback hosts only.
	Location string
	// SHA256 is what the bytes must have: 64 lower-case hexadecimal digits.
	SHA256 string
	// Kind is what the component is. An archive is looked into whenever its bytes
	// are at hand; "" looks into nothing.
	Kind string
	// StripComponents is how an archive will be unpacked.
	StripComponents int
}

// IsRemote reports whether a location is an address rather than a path, so
// that its bytes cannot be known before they are fetched.
func IsRemote(location string) bool { return strings.Contains(location, "://") }

func (s Source) check() error {
	if s.Location == "" {
		return fmt.Errorf("the source is empty: give a path or an https:// address")
	}
	if !IsDigest(s.SHA256) {
		return fmt.Errorf("the sha256 of %s is %q, which is not 64 lower-case hexadecimal digits", Redact(s.Location), s.SHA256)
	}
	return nil
}

// IsDigest reports whether s is a sha256 as this package writes it: 64
// lower-case hexadecimal digits.
func IsDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Redact is a location as it may be shown: of an address without the user
// information, the values of the query and the fragment, any of which may be a
// secret (a presigned address carries its signature in the query).
func Redact(location string) string {
	if !IsRemote(location) {
		return location
	}
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		// What cannot be taken apart is shown up to its scheme only.
		scheme, _, _ := strings.Cut(location, "://")
		return scheme + "://…"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	text := shown.String()
	if u.User != nil {
		text = strings.Replace(text, "://", "://…@", 1)
	}
	if u.RawQuery != "" {
		text += "?…"
	}
	return text
}
