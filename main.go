// Terraform-provider-portal takes releases through the stages of a pipeline. It
// serves Terraform, and with a command it serves people.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/releaseportal/terraform-provider-portal/internal/cli"
	"github.com/releaseportal/terraform-provider-portal/internal/orphan"
	"github.com/releaseportal/terraform-provider-portal/internal/provider"
)

// version is set when a release is built.
var version = "dev"

func main() {
	if cli.For(os.Args) {
		program := cli.Program{Name: cli.NameOf(os.Args[0]), Version: version}
		os.Exit(program.Run(context.Background(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
	}
	debug := flag.Bool("debug", false, "keep running, for a debugger to attach to")
	flag.Parse()
	if err := serve(*debug); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve serves the provider until Terraform ends it, and then closes the
// ledger: Terraform tells a provider nothing at its end.
func serve(debug bool) (err error) {
	if !debug { // a person looks on then
		if err := provider.SilenceTrace(os.Getenv, os.Setenv); err != nil {
			return err
		}
		go func() {
			orphan.Wait(os.Getppid)
			os.Exit(1) // nobody waits for an answer, and nothing but what is recorded counts
		}()
	}
	p := provider.New(version, os.Getenv)
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	err = tf6server.Serve(provider.Address, p.Server, options...)
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	return err
}
