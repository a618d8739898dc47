package artifact

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/safehttp"
)

func trusting(server *httptest.Server) safehttp.Options {
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return safehttp.Options{TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
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
	cache := mustOpen(t, withHTTPClient(safehttp.NewClient(trusting(server))))
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
			cache := mustOpen(t, withMaxSize(1000), WithTimeout(300*time.Millisecond))
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
	cache := mustOpen(t, withHTTPClient(safehttp.NewClient(trusting(server))))
	_, err := cache.Fetch(t.Context(), Source{Location: server.URL, SHA256: sum("theme")})
	if err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("got %v", err)
	}
}

func TestNoSecretOfAnAddressIsShown(t *testing.T) {
	cache := mustOpen(t, withHTTPClient(safehttp.NewClient(safehttp.Options{})))
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
