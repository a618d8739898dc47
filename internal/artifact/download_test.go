package artifact

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func trusting(server *httptest.Server) HTTPOptions {
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return HTTPOptions{TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func serveTLS(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return server
}

func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func TestFetchOverHTTPS(t *testing.T) {
	server := serveTLS(t, answer("theme"))
	cache := mustOpen(t, WithHTTPClient(NewHTTPClient(trusting(server))))
	mustFetch(t, cache, Source{Location: server.URL + "/theme.zip", SHA256: sum("theme")}, "theme")
}

func TestConcurrentFetchesAskTheServerOnce(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte("theme"))
	})
	cache := mustOpen(t)
	done := make(chan error)
	for range 20 {
		go func() {
			_, err := cache.Fetch(t.Context(), Source{Location: server.URL, SHA256: sum("theme")})
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the server was asked %d times", asked.Load())
	}
}

func TestAServerThatFailsForAWhileIsAskedAgain(t *testing.T) {
	cases := map[string]func(w http.ResponseWriter){
		"503":                   func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"cut before the answer": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"cut within the answer": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "5")
			_, _ = w.Write([]byte("th"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	}
	for name, fail := range cases {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if asked.Add(1) == 1 {
					fail(w)
					return
				}
				_, _ = w.Write([]byte("theme"))
			})
			mustFetch(t, mustOpen(t), Source{Location: server.URL, SHA256: sum("theme")}, "theme")
		})
	}
}

// later answers that it cannot, for as long as it says.
func later(after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func TestDownloadsSayWhatIsWrong(t *testing.T) {
	cases := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"a login page answered with 200": {answer("<html>log in</html>"), sum("<html>log in</html>")},
		"404":                            {http.NotFound, "404 Not Found"},
		"503 for an hour":                {later("3600"), "the server answered 503 Service Unavailable and asks you to wait 1h; apply again then"},
		"503 until another day":          {later("Fri, 31 Dec 9999 23:59:59 GMT"), "the server answered 503 Service Unavailable and asks you to wait "},
		"204":                            {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "204 No Content"},
		"larger than it may, announced":  {answer(strings.Repeat("x", 1001)), "more than the 1000 bytes"},
		"larger than it may, streamed": {func(w http.ResponseWriter, _ *http.Request) {
			for range 2000 {
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
			}
		}, "more than the 1000 bytes"},
		"slower than it may": {func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "it took longer than 300ms"},
		"redirects without end": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "more than 10 redirects"},
		"a redirect to the metadata service": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		}, "link-local"},
		"a redirect to plain http elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		}, "plain http goes to loopback addresses only"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := serve(t, c.handler)
			cache := mustOpen(t, WithMaxSize(1000), WithTimeout(300*time.Millisecond))
			_, err := cache.Fetch(t.Context(), Source{Location: server.URL + "/theme?signature=SECRET", SHA256: sum("theme")})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the query is in the error: %v", err)
			}
		})
	}
}

func TestNoRedirectLeadsFromHTTPSToHTTP(t *testing.T) {
	plain := serve(t, answer("theme"))
	server := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) })
	cache := mustOpen(t, WithHTTPClient(NewHTTPClient(trusting(server))))
	_, err := cache.Fetch(t.Context(), Source{Location: server.URL, SHA256: sum("theme")})
	if err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("got %v", err)
	}
}

func TestARedirectDoesNotRepeatTheAddress(t *testing.T) {
	var referer atomic.Value
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			referer.Store(r.Referer())
			return
		}
		http.Redirect(w, r, "/there", http.StatusFound)
	})
	response, err := NewHTTPClient(HTTPOptions{}).Get(server.URL + "/?signature=SECRET")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := referer.Load(); got != "" {
		t.Errorf("the Referer was %q", got)
	}
}

func TestNoSecretOfAnAddressIsShown(t *testing.T) {
	cache := mustOpen(t, WithHTTPClient(NewHTTPClient(HTTPOptions{})))
	for _, location := range []string{
		"https://user:SECRET@127.0.0.1:1/theme",
		"https://SECRET@127.0.0.1:1/theme",
		"https://127.0.0.1:1/theme?token=SECRET#SECRET",
		"https://user:SECRET@[::1/theme",
		"https://user:SECRET%zz@host/theme",
		"ftp://user:SECRET@host/theme",
	} {
		_, err := cache.Fetch(t.Context(), Source{Location: location, SHA256: sum("theme")})
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", location, err)
		}
	}
}

func TestACancelledDownloadEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := mustOpen(t).Fetch(ctx, Source{Location: server.URL, SHA256: sum("theme")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

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
	open := NewHTTPClient(HTTPOptions{AllowPlainHTTP: true, Timeout: 100 * time.Millisecond})
	for _, address := range []string{"http://169.254.169.254/", "http://metadata.google.internal/", "http://[fd00:ec2::254]/", "http://0.0.0.0/", "file:///etc/passwd"} {
		var refused *AddressError
		if _, err := open.Get(address); !errors.As(err, &refused) { //nolint:bodyclose // there is none
			t.Errorf("%s: got %v", address, err)
		}
	}
	strict := NewHTTPClient(HTTPOptions{Timeout: 100 * time.Millisecond})
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
