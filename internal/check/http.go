package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/safehttp"
	"github.com/releaseportal/terraform-provider-portal/internal/wait"
)

const (
	firstPause = 200 * time.Millisecond // then twice as long each time
	lastPause  = 2 * time.Second
	// mostBody is how much of an answer is searched for a text.
	mostBody = 1 << 20
)

// firstAnswer bounds the first request, so that a connection that an application
// accepted while it started and never answers does not use up the check's time. A
// request that is not answered in time has the next one wait for twice as long: an
// address that takes up to half of the check's time is answered in the end.
var firstAnswer = 10 * time.Second

// answerError is an answer that does not pass, in our words: a server's may be
// anything.
type answerError struct{ what string }

func (e *answerError) Error() string { return e.what }

// askUntilItPasses asks until the answer passes or the context ends: after a
// deployment an application takes a while to start. The last answer is the error
// then.
func askUntilItPasses(ctx context.Context, c portal.Check) error {
	if _, err := url.Parse(c.HTTP); err != nil {
		return fmt.Errorf("%s is not an address", safehttp.Redact(c.HTTP))
	}
	client := safehttp.NewClient(safehttp.Options{AllowPlainHTTP: true, KeepRedirects: !c.FollowRedirects})
	defer client.CloseIdleConnections()
	began := time.Now()
	var answer *answerError
	within := firstAnswer
	for asked, pause := 1, firstPause; ; asked, pause = asked+1, min(2*pause, lastPause) {
		err := ask(ctx, client, c, within)
		if errors.Is(err, errNoAnswer) {
			within *= 2
		}
		var refused *safehttp.AddressError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &refused): // nor would it be sent later
			return err
		case errors.As(err, &answer), ctx.Err() == nil:
		case answer == nil:
			return fmt.Errorf("GET %s: %w", safehttp.Redact(c.HTTP), context.Cause(ctx))
		}
		if answer != nil {
			err = answer
		}
		if wait.For(ctx, pause) != nil {
			return fmt.Errorf("%w, asked %d times in %s", err, asked, time.Since(began).Round(time.Second))
		}
	}
}

// errNoAnswer says that one request was not answered in its time.
var errNoAnswer = errors.New("no answer")

// ask sends one request. It fails with an *answerError if the answer does not
// pass, and with errNoAnswer if there is none in that time.
func ask(ctx context.Context, client *http.Client, c portal.Check, within time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("%w within %s", errNoAnswer, portal.FormatDuration(within)))
	defer cancel()
	address := safehttp.Redact(c.HTTP)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.HTTP, nil)
	if err != nil {
		return fmt.Errorf("%s is not an address", address)
	}
	response, err := client.Do(request)
	if err != nil {
		cause := safehttp.Cause(err)
		if ctx.Err() != nil {
			cause = context.Cause(ctx)
		}
		return fmt.Errorf("GET %s: %w", address, cause)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostBody))
	status := response.StatusCode
	said := fmt.Sprintf("GET %s is answered with %d %s", address, status, http.StatusText(status))
	switch {
	case len(c.Status) > 0 && slices.Contains(c.Status, status), len(c.Status) == 0 && status >= 200 && status <= 299:
	case status >= 300 && status <= 399 && !c.FollowRedirects:
		return &answerError{said + ", a redirect; set follow_redirects, or the address that it leads to"}
	default:
		return &answerError{said}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("GET %s: the answer breaks off: %w", address, context.Cause(ctx))
	case err != nil:
		return fmt.Errorf("GET %s: the answer breaks off", address)
	case !bytes.Contains(body, []byte(c.Contains)):
		return &answerError{fmt.Sprintf("%s, without %q", said, c.Contains)}
	}
	return nil
}
