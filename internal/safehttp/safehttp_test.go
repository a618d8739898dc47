package safehttp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

func TestAddressesThatAreRefused(t *testing.T) {
	cases := map[string]bool{
		"127.0.0.1": true, "::1": true, "10.1.2.3": true, "192.168.1.1": true, "93.184.216.34": true, "fd12::1": true, "64:ff9b::5db8:d822": true,
		"169.254.169.254": false, "169.254.0.1": false, "::ffff:169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false,
		"febf::1": false, "fd00:ec2::254": false, "100.100.100.200": false, "192.0.0.192": false, "168.63.129.16": false,
		"0.0.0.0": false, "0.1.2.3": false, "::": false, "224.0.0.1": false, "ff02::1": false, "255.255.255.255": false,
		"64:ff9b::a9fe:a9fe": false, "2002:a9fe:a9fe::1": false,
	}
	for text, allowed := range cases {
		if err := checkAddress(netip.MustParseAddr(text)); (err == nil) != allowed {
			t.Errorf("%s: got %v, allowed should be %v", text, err, allowed)
		}
	}
}

func TestPlainHTTPElsewhereNeedsLeaveAndMetadataNeverHasIt(t *testing.T) {
	open := NewClient(Options{AllowPlainHTTP: true, Timeout: 100 * time.Millisecond})
	for _, address := range []string{"http://169.254.169.254/", "http://metadata.google.internal/", "http://[fd00:ec2::254]/", "http://0.0.0.0/", "file:///etc/passwd"} {
		var refused *AddressError
		if _, err := open.Get(address); !errors.As(err, &refused) { //nolint:bodyclose // there is none
			t.Errorf("%s: got %v", address, err)
		}
	}
	strict := NewClient(Options{Timeout: 100 * time.Millisecond})
	var refused *AddressError
	if _, err := strict.Get("http://192.0.2.1/"); !errors.As(err, &refused) { //nolint:bodyclose // there is none
		t.Errorf("plain http without leave: got %v", err)
	}
	if _, err := open.Get("http://192.0.2.1/"); errors.As(err, &refused) { //nolint:bodyclose // there is none
		t.Errorf("plain http with leave: got %v", err)
	}
}

func TestRedact(t *testing.T) {
	cases := map[string]string{
		"dist/theme.zip":                  "dist/theme.zip",
		"/abs/a?b":                        "/abs/a?b",
		"https://host/a%20b":              "https://host/a%20b",
		"https://user:pw@host:8443/a?q=1": "https://…@host:8443/a?…",
		"https://host/a#fragment":         "https://host/a",
		"https://%zz":                     "https://…",
	}
	for location, want := range cases {
		if got := Redact(location); got != want {
			t.Errorf("%s: got %s, want %s", location, got, want)
		}
	}
}

func TestARedirectDoesNotRepeatTheAddress(t *testing.T) {
	var referer atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			referer.Store(r.Referer())
			return
		}
		http.Redirect(w, r, "/there", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	response, err := NewClient(Options{}).Get(server.URL + "/?signature=SECRET")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := referer.Load(); got != "" {
		t.Errorf("the Referer was %q", got)
	}
}
