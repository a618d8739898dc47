package provider

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// TestMain lets the test binary be the program of a check: what is asked for
// follows its own name.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "check-program" {
		os.Exit(program(os.Args[2]))
	}
	os.Exit(m.Run())
}

func program(what string) int {
	switch what {
	case "fail":
		_, _ = os.Stderr.WriteString("no login page\n" + strings.Join(os.Environ(), "\n") + "\n")
		return 3
	case "hang":
		time.Sleep(time.Minute)
	case "told":
		for name, want := range map[string]string{
			"PORTAL_OPERATION": "check", "PORTAL_PIPELINE": "shop", "PORTAL_ENVIRONMENT": "dev", "PORTAL_RELEASE": "1.0.0", "PORTAL_CHECK": "health",
		} {
			if os.Getenv(name) != want {
				return 4
			}
		}
	}
	return 0
}

func run(t *testing.T, check portal.Check) portal.CheckResult {
	t.Helper()
	check.Name = "health"
	result := newSession(os.Getenv).runCheck(t.Context(), rollout.Check{Check: check, Pipeline: "shop", Environment: "dev", Release: "1.0.0"})
	if result.Name != "health" || result.Passed != (result.Summary == "") {
		t.Errorf("it says %+v", result)
	}
	return result
}

func TestACheckByHTTP(t *testing.T) {
	hang := make(chan struct{})
	mux := http.NewServeMux()
	answer := func(pattern string, status int) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	answer("/ok", http.StatusOK)
	answer("/empty", http.StatusNoContent)
	answer("/broken", http.StatusInternalServerError)
	answer("/missing", http.StatusNotFound)
	mux.Handle("/moved", http.RedirectHandler("/ok", http.StatusFound))
	mux.Handle("/moved-to-broken", http.RedirectHandler("/missing", http.StatusFound))
	mux.Handle("/moved-to-metadata", http.RedirectHandler("http://169.254.169.254/latest", http.StatusFound))
	mux.Handle("/circle", http.RedirectHandler("/circle", http.StatusFound))
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(hang)
	cases := []struct{ name, address, summary string }{
		{"passes with 200", server.URL + "/ok", ""},
		{"passes with 204", server.URL + "/empty", ""},
		{"passes where a redirect leads to 200", server.URL + "/moved", ""},
		{"fails with 500", server.URL + "/broken", "GET " + server.URL + "/broken is answered with 500 Internal Server Error"},
		{"fails with 404", server.URL + "/missing", "is answered with 404 Not Found"},
		{"fails where a redirect leads to 404", server.URL + "/moved-to-broken", "is answered with 404 Not Found"},
		{"fails where redirects do not end", server.URL + "/circle", "more than 10 redirects"},
		{"fails where nobody answers in time", server.URL + "/hang", "GET " + server.URL + "/hang: it took longer than 500ms"},
		{"does not ask link-local addresses", "http://169.254.169.254/latest/meta-data", "it is a link-local address"},
		{"does not follow a redirect there", server.URL + "/moved-to-metadata", "it is a link-local address"},
		{"does not ask a metadata service by name", "http://metadata.google.internal/", "it is a cloud's metadata service"},
		{"is by http or https", "file:///etc/passwd", "its scheme is file"},
		{"needs an address", "http://[", "is not an address"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			timeout := 10 * time.Second
			if strings.HasSuffix(c.address, "/hang") {
				timeout = 500 * time.Millisecond
			}
			if got := run(t, portal.Check{HTTP: c.address, Timeout: timeout}); got.Passed != (c.summary == "") || !strings.Contains(got.Summary, c.summary) {
				t.Errorf("passed %t: %s", got.Passed, got.Summary)
			}
		})
	}
	t.Run("tells no secret of its address", func(t *testing.T) {
		for _, address := range []string{"/missing", "/hang", "/moved-to-metadata"} {
			secret := strings.Replace(server.URL, "://", "://jane:s3cret@", 1) + address + "?token=s3cret"
			if got := run(t, portal.Check{HTTP: secret, Timeout: 500 * time.Millisecond}); got.Passed || strings.Contains(got.Summary, "s3cret") {
				t.Errorf("it says %s", got.Summary)
			}
		}
	})
}

// What a server says ends up in the ledger and on terminals.
func TestACheckDoesNotRepeatAServersWords(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte("HTTP/1.1 404 \x1b[2Jall is well\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			_ = conn.Close()
		}
	}()
	got := run(t, portal.Check{HTTP: "http://" + listener.Addr().String() + "/"})
	if got.Passed || !strings.HasSuffix(got.Summary, "is answered with 404 Not Found") {
		t.Errorf("it says %q", got.Summary)
	}
}

func TestACheckByProgram(t *testing.T) {
	t.Setenv("DATABASE_PASSWORD", "s3cret")
	t.Setenv("PORTAL_CREDENTIAL_HOOKS_TOKEN", "s3cret")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		argv    []string
		summary []string
	}{
		{"passes with exit code 0", []string{self, "check-program", "pass"}, nil},
		{"is told what it is run for", []string{self, "check-program", "told"}, nil},
		{"fails with any other, and its words are kept", []string{self, "check-program", "fail"}, []string{"failed with exit code 3", "no login page"}},
		{"fails where it takes too long", []string{self, "check-program", "hang"}, []string{"was ended: it took longer than 1s"}},
		{"fails where it is not there", []string{"no-such-program"}, []string{`program "no-such-program" could not be run`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			timeout := 20 * time.Second
			if c.argv[len(c.argv)-1] == "hang" {
				timeout = time.Second
			}
			got := run(t, portal.Check{Command: c.argv, Timeout: timeout})
			if got.Passed != (c.summary == nil) || strings.Contains(got.Summary, "s3cret") {
				t.Errorf("passed %t: %s", got.Passed, got.Summary)
			}
			for _, want := range c.summary {
				if !strings.Contains(got.Summary, want) {
					t.Errorf("it says %q, and nothing of %q", got.Summary, want)
				}
			}
		})
	}
}
