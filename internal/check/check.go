// Package check runs the checks of an environment: a program, or a GET that is
// repeated until it passes.
package check

import (
	"context"
	"fmt"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target/command"
)

// defaultTimeout is how long a check may take if none is given.
const defaultTimeout = time.Minute

// Request is one check to run, and what it is run for.
type Request struct {
	portal.Check
	Pipeline    string
	Environment string
	Release     string // the effective version
	// Directory is where a program is started; "" is the working directory of this
	// process.
	Directory string
}

// Run runs a check and returns its result. A check that takes longer than its
// timeout has failed.
func Run(ctx context.Context, r Request) portal.CheckResult {
	began := time.Now()
	timeout := r.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it took longer than %s", portal.FormatDuration(timeout)))
	defer cancel()
	var err error
	if len(r.Command) > 0 {
		err = runCommand(ctx, r)
	} else {
		err = askUntilItPasses(ctx, r.Check)
	}
	result := portal.CheckResult{Name: r.Name, Passed: err == nil, Took: time.Since(began)}
	if err != nil {
		result.Summary = err.Error()
	}
	return result
}

func runCommand(ctx context.Context, r Request) error {
	_, err := command.Run(ctx, command.Process{Argv: r.Command, Dir: r.Directory, Environment: map[string]string{
		"PORTAL_OPERATION": "check", "PORTAL_PIPELINE": r.Pipeline, "PORTAL_ENVIRONMENT": r.Environment,
		"PORTAL_RELEASE": r.Release, "PORTAL_CHECK": r.Name,
	}})
	return err
}
