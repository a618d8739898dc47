// Command reference writes the guide to the commands, from a hand-written
// beginning and what the commands say of themselves.
//
// usage: reference FILE
package main

import (
	_ "embed" // for the beginning
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/releaseportal/terraform-provider-portal/internal/cli"
)

//go:embed intro.md
var intro string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reference FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], []byte(page()), 0o644); err != nil { //nolint:gosec // documentation is for everybody
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// page is the whole guide.
func page() string {
	var b strings.Builder
	root := cli.Commands()
	b.WriteString(intro)
	b.WriteString("\n## Flags of every command\n\n")
	writeFlags(&b, root.PersistentFlags())
	for _, cmd := range root.Commands() {
		writeCommand(&b, cmd)
	}
	return b.String()
}

// writeCommand writes a command and those below it.
func writeCommand(b *strings.Builder, cmd *cobra.Command) {
	switch cmd.Name() {
	case "completion", "help": // every such program has them, and the beginning names the first
		return
	}
	if cmd.Runnable() && !cmd.HasSubCommands() {
		text := cmd.Long
		if text == "" {
			text = cmd.Short + "."
		}
		fmt.Fprintf(b, "\n## %s\n\n```\n%s\n```\n\n%s\n", cmd.CommandPath(), cmd.UseLine(), text)
		if flags := cmd.LocalNonPersistentFlags(); flags.HasAvailableFlags() {
			b.WriteString("\n")
			writeFlags(b, flags)
		}
	}
	for _, below := range cmd.Commands() {
		writeCommand(b, below)
	}
}

func writeFlags(b *strings.Builder, flags *pflag.FlagSet) {
	b.WriteString("| flag | |\n|---|---|\n")
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(flag)
		name := "--" + flag.Name
		if value != "" {
			name += " " + value
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, strings.ReplaceAll(usage, "|", `\|`))
	})
}
