// Package cli has the commands for people and CI. They read the ledger and write
// nothing unless they say so, and they never create a ledger.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

//go:generate go run ./reference ../../templates/guides/commands.md

// The exit codes.
const (
	ExitDone      = 0
	ExitNo        = 1 // a rule or a check says no; the output says which
	ExitCannotRun = 2 // nothing can be said: bad flags, no ledger, an unknown pipeline
)

// Name is what the program is called when it is for people alone.
const Name = "portal"

// errNo ends a command whose output has said that a rule or a check says no.
var errNo = errors.New("a rule or a check says no")

// Program is the program that people have called.
type Program struct {
	Name    string
	Version string
	Clock   func() time.Time // of the ledger; nil: that of this machine
}

// Run runs a command and returns its exit code. Results go to stdout, what kept
// the command from running to stderr. getenv is where it looks for environment
// variables.
func (p Program) Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	a := &app{program: p, getenv: getenv, out: bufio.NewWriter(stdout)}
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // nil would be the arguments of the process
	root.SetOut(a.out)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if flushErr := a.out.Flush(); flushErr != nil {
		err = fmt.Errorf("writing the output: %w", flushErr)
	}
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, errNo):
		return ExitNo
	}
	_, _ = fmt.Fprintln(stderr, "Error: "+portal.Printable(explain(err))) // there is nowhere to say that this failed
	return ExitCannotRun
}

// Commands is the tree of all commands, for documentation.
func Commands() *cobra.Command {
	a := &app{program: Program{Name: Name}, getenv: func(string) string { return "" }, out: bufio.NewWriter(io.Discard)}
	root := a.root()
	root.InitDefaultCompletionCmd()
	return root
}

// app is one call of the program.
type app struct {
	program Program
	getenv  func(string) string
	out     *bufio.Writer // keeps its first error for the end
	url     string
	name    string // of the pipeline; "": not said
	json    bool
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   a.program.Name,
		Short: "Shows what the ledger records about pipelines and releases",
		Long: "Shows what the ledger records about pipelines and releases.\n\n" +
			"Results go to standard output, as text or, with --json, as JSON. Exit codes: 0 done,\n" +
			"1 a rule or a check failed, 2 the command could not run.",
		Version:           a.program.Version,
		Args:              cobra.ArbitraryArgs,
		RunE:              helpOrUnknown,
		PersistentPreRunE: refuseEmpty,
		SilenceErrors:     true,
		SilenceUsage:      true,

		SuggestionsMinimumDistance: 2,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w\nSee %s --help", err, cmd.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.url, "ledger", "", "`URL` of the ledger (default: the environment variable "+engines.Variable+", else "+engines.Default+")")
	flags.StringVar(&a.name, "pipeline", "", "`NAME` of the pipeline; may be left out if the ledger has only one")
	flags.BoolVar(&a.json, "json", false, "print JSON")
	a.completeFlag(root, "pipeline", a.completePipelines)
	root.AddCommand(a.logCommand(), a.checkCommand(), a.reportCommand(), a.ledgerCommand(), a.versionCommand())
	return root
}

// helpOrUnknown is what a command does that only has others below it.
func helpOrUnknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	text := fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0])
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		text += "; did you mean " + strings.Join(similar, " or ") + "?"
	}
	return fmt.Errorf("%s\nSee %s --help", text, cmd.CommandPath())
}

// refuseEmpty refuses flags with an empty value, which a script passes whose
// variable is not set: it would look at another ledger, or at all pipelines.
func refuseEmpty(cmd *cobra.Command, _ []string) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if value := f.Value.String(); value == "" || value == "[]" {
			err = fmt.Errorf("--%s is empty: give it a value, or leave it out", f.Name)
		}
	})
	return err
}

// For reports whether a command line, the program's name first, is for the
// commands. Otherwise it is Terraform, or somebody with a debugger, that starts
// the provider.
func For(commandLine []string) bool {
	switch len(commandLine) {
	case 0:
		return false
	case 1:
		return NameOf(commandLine[0]) == Name // nobody would start a provider under this name
	}
	return !debugFlag.MatchString(commandLine[1])
}

var debugFlag = regexp.MustCompile(`^--?debug(=.*)?$`)

// NameOf is the name that a program was called by.
func NameOf(path string) string { return strings.TrimSuffix(filepath.Base(path), ".exe") }
