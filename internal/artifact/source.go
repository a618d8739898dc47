package artifact

import (
	"fmt"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/safehttp"
)

// maxSize is how large a component may be if nothing else is said: 4 GiB.
const maxSize = 4 << 30

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
	if !portal.IsDigest(s.SHA256) {
		return fmt.Errorf("the sha256 of %s is %q, which is not 64 lower-case hexadecimal digits", safehttp.Redact(s.Location), s.SHA256)
	}
	return nil
}
