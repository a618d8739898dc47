package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Process is a program to run to its end.
type Process struct {
	// Argv is the program and its arguments, given to it as they are: there is
	// no shell in between. A program without a slash is looked up in PATH.
	Argv []string
	// Dir is where it runs; "" is the working directory of this process.
	Dir string
	// Environment is added to a minimal one: of this process's variables only
	// those that programs need to work at all are passed on.
	Environment map[string]string
	Stdin       []byte
	// Inherit is a file that the process gets as descriptor 3; nil: none. It
	// is not passed on Windows.
	Inherit *os.File
	// Timeout ends the process; 0 leaves it to the context.
	Timeout time.Duration
	// Secrets are replaced by *** in everything that is kept of the output.
	Secrets []string
	// MaxStdout is how many bytes of standard output are kept whole; 0 keeps
	// beginning and end as of standard error, 64 KiB together.
	MaxStdout int
	// Grace is how long the process may take to end itself after SIGTERM,
	// before it and its group are killed; 0 is two seconds.
	Grace time.Duration
}

// Output is what a process left. Secrets are masked in it.
type Output struct {
	Stdout    []byte
	Stderr    []byte
	Truncated bool // standard output was longer than what is kept
	ExitCode  int  // -1 if it did not exit by itself
}

// Error says how a process failed. It holds the end of what the process
// printed, masked and without control characters.
type Error struct {
	Program string
	Reason  string
	Tail    string // the last lines of standard error, or else of standard output
	Code    int    // the exit code, -1 if it did not exit by itself
	Err     error  // the context's cause or why it did not start; nil if it failed by itself
}

func (e *Error) Error() string {
	text := fmt.Sprintf("program %q %s", e.Program, e.Reason)
	if e.Program == "" {
		text = "the command " + e.Reason
	}
	if e.Tail != "" {
		text += ":\n" + e.Tail
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// errTimeout is wrapped by the Error of a process that took longer than its
// Timeout. It is a context.DeadlineExceeded: what became of it is not known.
var errTimeout error = timeoutError{}

type timeoutError struct{}

func (timeoutError) Error() string { return "it took too long" }

func (timeoutError) Is(other error) bool { return other == context.DeadlineExceeded }

const (
	defaultGrace = 2 * time.Second
	// pipeDelay is how long a daemon that left the group may hold the output open.
	pipeDelay = time.Second
)

// Run runs a process in its own group and returns when all of the group is
// gone: what it left running in the background is ended with it. When ctx is
// done or Timeout is over the group gets SIGTERM and, after Grace, SIGKILL. An
// error is an *Error; the output is there in any case.
//
// On Linux the process is killed when this one dies. Its own children, and
// processes on other systems, then go on.
func Run(ctx context.Context, p Process) (Output, error) {
	if len(p.Argv) == 0 || p.Argv[0] == "" {
		return Output{ExitCode: -1}, &Error{Reason: "is empty: give a program and its arguments as a list", Code: -1}
	}
	if p.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.Timeout, fmt.Errorf("%w, more than %s", errTimeout, p.Timeout))
		defer cancel()
	}
	if p.Grace <= 0 {
		p.Grace = defaultGrace
	}
	masks := newMasks(p.Secrets)
	stdout, stderr := &kept{whole: p.MaxStdout}, &kept{}
	maskedOut, maskedErr := masks.writer(stdout), masks.writer(stderr)

	cmd := exec.Command(p.Argv[0], p.Argv[1:]...) //nolint:noctx // ended by supervise, with its group
	cmd.Dir = p.Dir
	cmd.Env = environment(p.Environment)
	cmd.Stdin = bytes.NewReader(p.Stdin)
	cmd.Stdout, cmd.Stderr = maskedOut, maskedErr
	cmd.WaitDelay = pipeDelay
	if p.Inherit != nil && runtime.GOOS != "windows" {
		cmd.ExtraFiles = []*os.File{p.Inherit}
	}
	ownGroup(cmd)

	err := supervise(ctx, cmd, p.Grace)
	maskedOut.flush()
	maskedErr.flush()
	output := Output{Stdout: stdout.bytes(), Stderr: stderr.bytes(), Truncated: stdout.dropped > 0, ExitCode: -1}
	if cmd.ProcessState != nil {
		output.ExitCode = cmd.ProcessState.ExitCode()
	}
	if err == nil {
		return output, nil
	}
	failure := &Error{Program: masks.clean(p.Argv[0]), Tail: tail(masks, output), Code: output.ExitCode}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		failure.Err = context.Cause(ctx)
		failure.Code = -1
		failure.Reason = "was ended: " + masks.clean(failure.Err.Error())
	case errors.As(err, &exit) && exit.Exited():
		failure.Reason = fmt.Sprintf("failed with exit code %d", exit.ExitCode())
	case errors.As(err, &exit):
		failure.Reason = "was ended by " + exit.String()
	default:
		failure.Err = err
		failure.Reason = "could not be run: " + masks.clean(err.Error())
	}
	return output, failure
}

// supervise starts the process and returns when its group is gone.
func supervise(ctx context.Context, cmd *exec.Cmd, grace time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	started := make(chan error, 1)
	ended := make(chan error, 1)
	go func() {
		// Linux kills the process when the thread that started it ends, so the
		// thread must stay until the process is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	pid := cmd.Process.Pid
	var err error
	select {
	case err = <-ended:
		endGroup(pid, grace)
	case <-ctx.Done():
		interruptGroup(cmd)
		deadline := time.Now().Add(grace)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case err = <-ended:
			endGroup(pid, time.Until(deadline))
		case <-timer.C:
			killGroup(cmd)
			err = <-ended
			endGroup(pid, 0)
		}
		if err == nil {
			// It did what it was asked to all the same, but too late for anyone
			// to rely on: what counts is then observed.
			err = context.Cause(ctx)
		}
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // somebody else holds the output open; the process itself succeeded
	}
	return err
}

// environment is minimal so that a program works the same on every machine and
// gets none of the secrets that a build has in its variables.
func environment(declared map[string]string) []string {
	variables := map[string]string{}
	for _, name := range passedOn {
		if value, there := os.LookupEnv(name); there {
			variables[name] = value
		}
	}
	maps.Copy(variables, declared)
	list := make([]string, 0, len(variables))
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, name+"="+variables[name])
	}
	return list
}

// tail is what an error quotes.
func tail(m *masks, output Output) string {
	text := strings.TrimSpace(m.clean(string(output.Stderr)))
	if text == "" {
		text = strings.TrimSpace(m.clean(string(output.Stdout)))
	}
	const maxLines, maxBytes = 20, 4000
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-maxLines):]
	text = strings.Join(lines, "\n")
	if len(text) > maxBytes {
		text = "…" + strings.ToValidUTF8(text[len(text)-maxBytes:], "")
	}
	return text
}
