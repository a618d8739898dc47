// Package command is the kind of target that any tool can be: two programs, one
// that deploys and one that says what is installed.
//
// Both are lists of a program and its arguments; no shell is in between. They
// run in a process group of their own with a minimal environment: PATH, HOME,
// LANG, LC_ALL, TMPDIR, TZ, SSL_CERT_FILE and SSL_CERT_DIR where this process
// has them, the declared variables, and
//
//	PORTAL_OPERATION        deploy or observe
//	PORTAL_PIPELINE         the pipeline's name
//	PORTAL_ENVIRONMENT      the environment's name
//	PORTAL_IGNORE_PATTERNS  the patterns of what is not ours, one a line, if there are any
//	PORTAL_RELEASE          the effective version, such as 2.4.0+EF-1; empty if the environment is emptied (deploy)
//	PORTAL_ATTEMPT_KEY      the same for the same wish, also when it is tried again (deploy)
//	PORTAL_EPOCH            grows with every attempt at the environment (deploy)
//	PORTAL_CREDENTIAL_USERNAME, PORTAL_CREDENTIAL_PASSWORD, PORTAL_CREDENTIAL_TOKEN   where the credential has them
//
// Each gets a Request as JSON on standard input and need not read it. The
// program that observes prints an Answer as JSON on standard output and nothing
// else. Both may write what they like to standard error.
//
// Deploying must be repeatable: the same key comes again after a failure, and
// after a process that was killed half-way. Exit code 0 says that it is done,
// 79 that a newer epoch has been there (see StaleExitCode), anything else that it
// failed. Whether it really is done is then observed. Observing must exit with
// 0; anything else says that the target cannot be reached.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// Config is what a configuration says of a command target.
type Config struct {
	Deploy           []string          `json:"deploy"`
	Observe          []string          `json:"observe"`
	WorkingDirectory string            `json:"working_directory"` // "" is the working directory of this process
	Environment      map[string]string `json:"environment"`       // in addition to the minimal one
	Timeout          string            `json:"timeout"`           // of each run, a Go duration; "" is 15m

	// Components that match are taken out of what is observed. By default there are
	// none: the programs know what is theirs.
	target.Ignoring
}

// Kind is programs that deploy and observe.
var Kind = target.Definition[Config]{
	Name: "command",
	New: func(config Config, credential target.Credential, place target.Place) (target.Target, error) {
		return New(config, credential, place)
	},
	Resolve: Config.resolve,
}.Kind()

// resolve makes the working directory absolute.
func (c Config) resolve(base string) (Config, error) {
	if c.WorkingDirectory == "" || filepath.IsAbs(c.WorkingDirectory) {
		return c, nil
	}
	if base == "" {
		return c, fmt.Errorf("its programs run in %q, relative to the base_directory of its declaration: set base_directory of the provider, or PORTAL_BASE_DIRECTORY, to the same directory in this checkout", c.WorkingDirectory)
	}
	c.WorkingDirectory = filepath.Join(base, filepath.FromSlash(c.WorkingDirectory))
	return c, nil
}

// StaleExitCode is how a program that deploys says that a deployment of a newer
// epoch has been there, so that it has done nothing. It is above the codes that
// sysexits.h and shells give a meaning.
const StaleExitCode = 79

const (
	defaultTimeout = 15 * time.Minute
	maxAnswer      = 16 << 20
)

// Target runs programs to deploy and to observe.
type Target struct {
	config     Config
	credential target.Credential
	place      target.Place
	timeout    time.Duration
	grace      time.Duration // 0 is the default of Process
}

var _ target.Target = (*Target)(nil)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// New checks the configuration. It does not look for the programs. Place is the
// environment that the programs are told of when they observe.
func New(config Config, credential target.Credential, place target.Place) (*Target, error) {
	for name, argv := range map[string][]string{"deploy": config.Deploy, "observe": config.Observe} {
		if len(argv) == 0 || argv[0] == "" {
			return nil, fmt.Errorf("%s is empty: give a program and its arguments as a list", name)
		}
		for _, argument := range argv {
			if strings.ContainsRune(argument, 0) {
				return nil, fmt.Errorf("%s has a zero byte in an argument", name)
			}
		}
	}
	for name, value := range config.Environment {
		switch {
		case !variableName.MatchString(name):
			return nil, fmt.Errorf("environment: %q is not a name of a variable", name)
		case strings.HasPrefix(name, "PORTAL_"):
			return nil, fmt.Errorf("environment: %s is reserved, like all names that begin with PORTAL_: choose another name", name)
		case strings.ContainsRune(value, 0):
			return nil, fmt.Errorf("environment: %s contains a zero byte", name)
		}
	}
	if err := config.IgnorePatterns.Check(); err != nil {
		return nil, err
	}
	timeout := defaultTimeout
	if config.Timeout != "" {
		var err error
		if timeout, err = time.ParseDuration(config.Timeout); err != nil || timeout <= 0 {
			return nil, fmt.Errorf("timeout is %q: give a duration such as 90s or 15m", config.Timeout)
		}
	}
	return &Target{config: config, credential: credential, place: place, timeout: timeout}, nil
}

// Apply runs the program that deploys. Its exit code is believed where it says
// that it failed; success is for the caller to observe.
func (t *Target) Apply(ctx context.Context, change target.Change) error {
	if err := change.Check(); err != nil {
		return err
	}
	request := newRequest(change)
	request.IgnorePatterns = t.config.IgnorePatterns
	_, err := t.run(ctx, Process{Argv: t.config.Deploy, Inherit: change.Witness}, request, map[string]string{
		"PORTAL_RELEASE":     change.Release,
		"PORTAL_ATTEMPT_KEY": change.Key,
		"PORTAL_EPOCH":       strconv.FormatInt(change.Epoch, 10),
	})
	var failure *Error
	if errors.As(err, &failure) && failure.Err == nil && failure.Code == StaleExitCode {
		return fmt.Errorf("%w: %w", target.ErrStaleEpoch, err)
	}
	return err
}

// Observe runs the program that observes and reads its answer.
func (t *Target) Observe(ctx context.Context) (target.Observation, error) {
	request := Request{
		Version: Version, Operation: "observe", Pipeline: t.place.Pipeline, Environment: t.place.Environment,
		IgnorePatterns: t.config.IgnorePatterns,
	}
	output, err := t.run(ctx, Process{Argv: t.config.Observe, MaxStdout: maxAnswer}, request, nil)
	if err != nil {
		return target.Observation{}, fmt.Errorf("%w: %w", target.ErrUnreachable, err)
	}
	refuse := func(err error) (target.Observation, error) {
		return target.Observation{}, fmt.Errorf("%w: the answer of %s %w", target.ErrUnknownContent, t.config.Observe[0], err)
	}
	if output.Truncated {
		return refuse(fmt.Errorf("has more than %d bytes", maxAnswer))
	}
	answer, err := parseAnswer(output.Stdout)
	if err != nil {
		return refuse(err)
	}
	content := answer.content()
	maps.DeleteFunc(content, func(name string, _ portal.Item) bool {
		return t.config.IgnorePatterns.Match(name, true) // whether it is a folder is not told
	})
	return target.Observation{Content: content, Epoch: answer.Epoch}, nil
}

func (t *Target) run(ctx context.Context, process Process, request Request, variables map[string]string) (Output, error) {
	stdin, err := json.Marshal(request)
	if err != nil {
		return Output{}, err
	}
	environment := map[string]string{}
	maps.Copy(environment, t.config.Environment)
	maps.Copy(environment, variables)
	environment["PORTAL_OPERATION"] = request.Operation
	environment["PORTAL_PIPELINE"] = request.Pipeline
	environment["PORTAL_ENVIRONMENT"] = request.Environment
	if len(request.IgnorePatterns) > 0 {
		environment["PORTAL_IGNORE_PATTERNS"] = strings.Join(request.IgnorePatterns, "\n")
	}
	maps.Copy(environment, credentialVariables(t.credential))
	process.Dir, process.Environment, process.Stdin = t.config.WorkingDirectory, environment, stdin
	process.Timeout, process.Grace, process.Secrets = t.timeout, t.grace, t.credential.Secrets()
	return Run(ctx, process)
}

// credentialVariables are the variables that a process gets a credential in.
func credentialVariables(credential target.Credential) map[string]string {
	variables := map[string]string{}
	for name, value := range map[string]string{
		"PORTAL_CREDENTIAL_USERNAME": credential.Username,
		"PORTAL_CREDENTIAL_PASSWORD": credential.Password,
		"PORTAL_CREDENTIAL_TOKEN":    credential.Token,
	} {
		if value != "" {
			variables[name] = value
		}
	}
	return variables
}
