package safehttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Options say how a client of NewClient differs from the strictest one.
type Options struct {
	// AllowPlainHTTP lets http:// go to any address that is not refused
	// anyway. Otherwise it goes to hosts only all of whose addresses are loopback.
	AllowPlainHTTP bool
	// Timeout bounds one exchange, retries and body included; 0 leaves it to
	// the request's context.
	Timeout time.Duration
	// Retries is how often a request is repeated that got no answer, or 429 or
	// a 5xx. Only use it if repeating does no harm.
	Retries int
	// KeepRedirects gives redirects as answers, instead of following them.
	KeepRedirects bool
	// TLS replaces the default TLS configuration, as for a private authority.
	TLS *tls.Config
}

// NewClient gives a client for addresses that somebody else wrote down. It
// refuses, after resolution and again at each redirect, link-local addresses,
// the metadata services of clouds, unspecified and multicast addresses; it
// follows at most ten redirects and none from https to http; and it repeats no
// address in a Referer header. Refusals are an *AddressError.
//
// https goes through the proxy that the environment names (HTTPS_PROXY,
// NO_PROXY), and so does plain http if AllowPlainHTTP is set. The check
// after resolution then is of the proxy's address: the proxy resolves the
// host, and only addresses written as such can be refused here.
func NewClient(options Options) *http.Client {
	guarded := &http.Client{Transport: newGuard(options), CheckRedirect: checkRedirect}
	if options.KeepRedirects {
		guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	if options.Retries <= 0 {
		guarded.Timeout = options.Timeout
		return guarded
	}
	retrying := retryablehttp.NewClient()
	retrying.HTTPClient = guarded
	retrying.Logger = nil // it would print addresses with their secrets
	retrying.RetryMax = options.Retries
	retrying.RetryWaitMin = 100 * time.Millisecond
	retrying.RetryWaitMax = 2 * time.Second
	retrying.ErrorHandler = retryablehttp.PassthroughErrorHandler
	retrying.CheckRetry = func(ctx context.Context, response *http.Response, err error) (bool, error) {
		var refused *AddressError
		if errors.As(err, &refused) {
			return false, err
		}
		if RetryAfter(response) > longestRetryAfter {
			return false, nil // nobody waits that long; the caller says so
		}
		return retryablehttp.DefaultRetryPolicy(ctx, response, err)
	}
	client := retrying.StandardClient()
	client.Timeout = options.Timeout
	return client
}

// longestRetryAfter is how long a server may ask to wait before a request is given
// up instead.
const longestRetryAfter = 30 * time.Second

// RetryAfter is how long a server that cannot answer now asks to wait (RFC 9110,
// section 10.2.3), 0 if it does not.
func RetryAfter(response *http.Response) time.Duration {
	if response == nil || (response.StatusCode != http.StatusServiceUnavailable && response.StatusCode != http.StatusTooManyRequests) {
		return 0
	}
	value := response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(time.Until(at), 0)
}

const maxRedirects = 10

func checkRedirect(request *http.Request, via []*http.Request) error {
	request.Header.Del("Referer")
	if len(via) > maxRedirects {
		return &AddressError{Address: request.URL.Host, Reason: fmt.Sprintf("it is behind more than %d redirects", maxRedirects)}
	}
	if via[len(via)-1].URL.Scheme == "https" && request.URL.Scheme != "https" {
		return &AddressError{Address: request.URL.Host, Reason: "a redirect leads there from https to " + request.URL.Scheme}
	}
	return nil
}

// guard sends each scheme through its own transport, since a dialer is not
// told which one it dials for.
type guard struct {
	https, http *http.Transport
}

func newGuard(options Options) *guard {
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 15 * time.Second, Control: refuseAddress}
	encrypted := newTransport(options)
	encrypted.Proxy = http.ProxyFromEnvironment
	encrypted.DialContext = dialer.DialContext
	plain := newTransport(options)
	if options.AllowPlainHTTP {
		plain.Proxy = http.ProxyFromEnvironment
		plain.DialContext = dialer.DialContext
	} else {
		plain.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialLoopback(ctx, dialer, network, address)
		}
	}
	return &guard{https: encrypted, http: plain}
}

func newTransport(options Options) *http.Transport {
	return &http.Transport{
		TLSClientConfig:       options.TLS.Clone(),
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   4,
		// A digest is over the bytes as they are kept, not as they travel.
		DisableCompression: true,
		ForceAttemptHTTP2:  true,
	}
}

func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := checkHost(request.URL.Hostname()); err != nil {
		return nil, err
	}
	switch request.URL.Scheme {
	case "https":
		return g.https.RoundTrip(request)
	case "http":
		return g.http.RoundTrip(request)
	}
	return nil, &AddressError{Address: request.URL.Host, Reason: "its scheme is " + request.URL.Scheme}
}

// CloseIdleConnections lets http.Client's method of that name work.
func (g *guard) CloseIdleConnections() {
	g.https.CloseIdleConnections()
	g.http.CloseIdleConnections()
}
