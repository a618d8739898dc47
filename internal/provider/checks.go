package provider

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target/command"
)

// runCheck runs one check of an environment after a deployment.
func (s *session) runCheck(ctx context.Context, check rollout.Check) portal.CheckResult {
	began := time.Now()
	timeout := check.Timeout
	if timeout == 0 {
		timeout = defaultCheckTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it took longer than %s", portal.FormatDuration(timeout)))
	defer cancel()
	err := checkHTTP(ctx, check.HTTP)
	if len(check.Command) > 0 {
		_, err = command.Run(ctx, command.Process{Argv: check.Command, Environment: map[string]string{
			"PORTAL_OPERATION": "check", "PORTAL_PIPELINE": check.Pipeline, "PORTAL_ENVIRONMENT": check.Environment,
			"PORTAL_RELEASE": check.Release, "PORTAL_CHECK": check.Name,
		}})
	}
	result := portal.CheckResult{Name: check.Name, Passed: err == nil, Took: time.Since(began)}
	if err != nil {
		result.Summary = err.Error()
	}
	return result
}

// checkHTTP passes when a GET is answered with 2xx.
func checkHTTP(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("%s is not an address", artifact.Redact(address))
	}
	response, err := artifact.NewHTTPClient(artifact.HTTPOptions{AllowPlainHTTP: true, Retries: 2}).Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("GET %s: %w", artifact.Redact(address), context.Cause(ctx))
		}
		return fmt.Errorf("GET %s: %w", artifact.Redact(address), artifact.HTTPCause(err))
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 1<<20)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		// Not in the server's words, which may be anything.
		return fmt.Errorf("GET %s is answered with %d %s", artifact.Redact(address), response.StatusCode, http.StatusText(response.StatusCode))
	}
	return nil
}
