package safehttp

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Redact is a location as it may be shown: a path as it is, and an address without the user
// information, the values of the query and the fragment, any of which may be a
// secret (a presigned address carries its signature in the query).
func Redact(location string) string {
	if !strings.Contains(location, "://") {
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

// Cause is why a request failed, without the address, which net/http
// repeats with its query and which may hold a secret.
func Cause(err error) error {
	for {
		var urlErr *url.Error
		if !errors.As(err, &urlErr) {
			break
		}
		err = urlErr.Err
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return fmt.Errorf("there is no host %s", dns.Name)
	}
	return err
}
