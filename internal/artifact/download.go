package artifact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/safehttp"
	"github.com/releaseportal/terraform-provider-portal/internal/wait"
)

// bodyAttempts is how often a transfer that was cut in the middle is begun;
// requests that fail before the first byte are the client's to repeat.
const bodyAttempts = 3

func parseRemote(source Source) (*url.URL, error) {
	refuse := func(reason string) error {
		return &UnavailableError{Location: safehttp.Redact(source.Location), Wanted: source.SHA256, Err: errors.New(reason)}
	}
	u, err := url.Parse(source.Location)
	switch {
	case err != nil || u.Host == "":
		return nil, refuse("it is not an address")
	case u.Scheme == "https":
	case u.Scheme == "http" && safehttp.IsLoopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, refuse("http:// is accepted only for loopback hosts, use https://")
	default:
		return nil, refuse("sources are paths or https:// addresses, and this is " + u.Scheme + "://")
	}
	return u, nil
}

func (c *Cache) download(ctx context.Context, source Source) error {
	address, err := parseRemote(source)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("it took longer than %s", c.timeout))
	defer cancel()
	unavailable := func(err error) error {
		return &UnavailableError{Location: safehttp.Redact(source.Location), Wanted: source.SHA256, Err: err}
	}
	for attempt := 1; ; attempt++ {
		found, err := c.transfer(ctx, address, source.SHA256)
		var broken *readError
		var cache *CacheError
		switch {
		case err == nil && found == source.SHA256:
			return nil
		case err == nil:
			return &MismatchError{Location: safehttp.Redact(source.Location), Wanted: source.SHA256, Found: found}
		case errors.As(err, &cache):
			return err
		case ctx.Err() != nil:
			return unavailable(context.Cause(ctx))
		case errors.Is(err, errTooLarge):
			return unavailable(fmt.Errorf("it has more than the %d bytes allowed", c.limit))
		case errors.As(err, &broken) && attempt < bodyAttempts:
			_ = wait.For(ctx, time.Duration(attempt)*100*time.Millisecond) // the next transfer says that it ended
		default:
			return unavailable(safehttp.Cause(err))
		}
	}
}

func (c *Cache) transfer(ctx context.Context, address *url.URL, wanted string) (found string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return "", safehttp.Cause(err)
	}
	request.Header.Set("Accept", "*/*")
	response, err := c.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said := fmt.Sprintf("the server answered %d %s", response.StatusCode, http.StatusText(response.StatusCode))
		if after := safehttp.RetryAfter(response); after > 0 {
			said += " and asks you to wait " + portal.FormatDuration(after.Round(time.Second)) + "; apply again then"
		}
		return "", errors.New(said)
	}
	if response.ContentLength > c.limit {
		return "", errTooLarge
	}
	return c.store(ctx, wanted, response.Body)
}
