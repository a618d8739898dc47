package check_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
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

func run(t *testing.T, c portal.Check) portal.CheckResult {
	t.Helper()
	c.Name = "health"
	result := check.Run(t.Context(), check.Request{Check: c, Pipeline: "shop", Environment: "dev", Release: "1.0.0"})
	if result.Name != "health" || result.Passed != (result.Summary == "") {
		t.Errorf("it says %+v", result)
	}
	return result
}

func TestACheckByHTTP(t *testing.T) {
	hang := make(chan struct{})
	mux := http.NewServeMux()
	answer := func(pattern string, status int, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	answer("/ok", http.StatusOK, "status: UP")
	answer("/empty", http.StatusNoContent, "")
	answer("/broken", http.StatusInternalServerError, "status: UP")
	answer("/missing", http.StatusNotFound, "")
	answer("/login", http.StatusUnauthorized, "")
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
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hang) })
	const short = 300 * time.Millisecond
	cases := []struct {
		name    string
		check   portal.Check
		path    string
		summary string
	}{
		{"passes with 200", portal.Check{}, "/ok", ""},
		{"passes with 204", portal.Check{}, "/empty", ""},
		{"passes where a redirect leads to 200", portal.Check{FollowRedirects: true}, "/moved", ""},
		{"passes with a text", portal.Check{Contains: "status: UP"}, "/ok", ""},
		{"passes with a status", portal.Check{Status: []int{200, 401}}, "/login", ""},
		{"passes with a redirect that is wanted", portal.Check{Status: []int{302}}, "/moved", ""},
		{"fails with 500", portal.Check{}, "/broken", "GET " + server.URL + "/broken is answered with 500 Internal Server Error, asked "},
		{"fails with 404", portal.Check{}, "/missing", "is answered with 404 Not Found, asked "},
		{"fails with a status that is not wanted", portal.Check{Status: []int{401}}, "/ok", "is answered with 200 OK, asked "},
		{"fails without the text", portal.Check{Contains: "DOWN"}, "/ok", `is answered with 200 OK, without "DOWN"`},
		{"fails with the text and 500", portal.Check{Contains: "UP"}, "/broken", "is answered with 500"},
		{"fails with a redirect", portal.Check{}, "/moved", "is answered with 302 Found, a redirect; set follow_redirects"},
		{"fails where a redirect leads to 404", portal.Check{FollowRedirects: true}, "/moved-to-broken", "is answered with 404 Not Found"},
		{"fails where redirects do not end", portal.Check{FollowRedirects: true}, "/circle", "more than 10 redirects"},
		{"fails where nobody answers in time", portal.Check{}, "/hang", "GET " + server.URL + "/hang: it took longer than 300ms"},
		{"does not ask link-local addresses", portal.Check{HTTP: "http://169.254.169.254/latest/meta-data"}, "", "it is a link-local address"},
		{"does not follow a redirect there", portal.Check{FollowRedirects: true}, "/moved-to-metadata", "it is a link-local address"},
		{"does not ask a metadata service by name", portal.Check{HTTP: "http://metadata.google.internal/"}, "", "it is a cloud's metadata service"},
		{"is by http or https", portal.Check{HTTP: "file:///etc/passwd"}, "", "its scheme is file"},
		{"needs an address", portal.Check{HTTP: "http://["}, "", "is not an address"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.check.HTTP == "" {
				c.check.HTTP = server.URL + c.path
			}
			if c.check.Timeout = short; c.summary == "" {
				c.check.Timeout = 10 * time.Second
			}
			if got := run(t, c.check); got.Passed != (c.summary == "") || !strings.Contains(got.Summary, c.summary) {
				t.Errorf("passed %t: %s", got.Passed, got.Summary)
			}
		})
	}
	t.Run("tells no secret of its address", func(t *testing.T) {
		for _, address := range []string{"/missing", "/hang", "/moved-to-metadata", "/moved"} {
			secret := strings.Replace(server.URL, "://", "://jane:s3cret@", 1) + address + "?token=s3cret"
			if got := run(t, portal.Check{HTTP: secret, Timeout: short}); got.Passed || strings.Contains(got.Summary, "s3cret") {
				t.Errorf("it says %s", got.Summary)
			}
		}
	})
}

// TestACheckWaitsForAnApplicationThatStarts asks a server that goes through what an
// application does while it starts.
func TestACheckWaitsForAnApplicationThatStarts(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		summary string
	}{
		"until it is up":         {30 * time.Second, ""},
		"until its time is over": {500 * time.Millisecond, "is answered with 503 Service Unavailable, asked 2 times in "},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				switch asked.Add(1) {
				case 1, 2:
					w.Header().Set("Retry-After", "3600") // nobody has the time for that
					w.WriteHeader(http.StatusServiceUnavailable)
				case 3:
					panic(http.ErrAbortHandler) // it is restarted
				}
			}))
			defer server.Close()
			got := run(t, portal.Check{HTTP: server.URL, Timeout: c.timeout})
			if got.Passed != (c.summary == "") || !strings.Contains(got.Summary, c.summary) {
				t.Errorf("passed %t: %s", got.Passed, got.Summary)
			}
			if got.Passed && asked.Load() != 4 {
				t.Errorf("it was asked %d times", asked.Load())
			}
		})
	}
}

func TestACheckWaitsForAServerThatIsNotThereYet(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	go func() {
		time.Sleep(300 * time.Millisecond)
		if listener, err := net.Listen("tcp", address); err == nil {
			t.Cleanup(func() { listener.Close() })
			_ = http.Serve(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		}
	}()
	if got := run(t, portal.Check{HTTP: "http://" + address + "/", Timeout: 30 * time.Second}); !got.Passed {
		t.Error(got.Summary)
	}
}

// TestACheckWaitsForASlowAnswer asks an address that always takes longer than the
// first request waits, behind a connection that is never answered.
func TestACheckWaitsForASlowAnswer(t *testing.T) {
	t.Cleanup(check.SetFirstAnswer(20 * time.Millisecond))
	for name, slow := range map[string]func(http.ResponseWriter){
		"to answer": func(http.ResponseWriter) {},
		"to go on": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "status")
			w.(http.Flusher).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 {
					<-r.Context().Done()
					return
				}
				slow(w)
				time.Sleep(100 * time.Millisecond)
				_, _ = io.WriteString(w, ": UP")
			}))
			defer server.Close()
			if got := run(t, portal.Check{HTTP: server.URL, Contains: "UP", Timeout: 10 * time.Second}); !got.Passed {
				t.Error(got.Summary)
			}
		})
	}
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
	got := run(t, portal.Check{HTTP: "http://" + listener.Addr().String() + "/", Timeout: 300 * time.Millisecond})
	if got.Passed || !strings.Contains(got.Summary, "is answered with 404 Not Found, asked") {
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
