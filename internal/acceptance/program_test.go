package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// programArgument makes the test binary the program of a command target.
const programArgument = "command-target"

// A commandTarget is a server that a program deploys to and observes. What it
// has is in a file; how the program behaves is in another one, so that it can
// change while the configuration stays.
type commandTarget struct {
	t   testing.TB
	dir string
}

func newCommandTarget(t testing.TB, dir string) *commandTarget {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tests"), []byte(fmt.Sprint(os.Getpid())), 0o644); err != nil {
		t.Fatal(err)
	}
	return &commandTarget{t: t, dir: dir}
}

// hcl is the target attribute of an environment. more is added to the command.
func (c *commandTarget) hcl(more string) string {
	c.t.Helper()
	executable, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprintf(`{ command = {
    deploy  = [%[1]q, %[2]q, "deploy", %[3]q]
    observe = [%[1]q, %[2]q, "observe", %[3]q]
    %[4]s
  } }`, executable, programArgument, c.dir, more)
}

// The behaviours of the program.
const (
	behaves       = ""
	hangs         = "hangs"          // the deployment never ends
	lies          = "lies"           // it says that it is done and does nothing
	killsBefore   = "kills before"   // it kills the provider before it does its work
	killsAfter    = "kills after"    // it kills the provider after it did its work
	isSlow        = "is slow"        // it waits until the file go is there, for 30 s at most
	printsSecrets = "prints secrets" // it prints its credential and fails
	isUnreachable = "is unreachable" // observing fails
	isSilent      = "is silent"      // observing never ends
	halfWay       = "stays half-way" // it leaves something else there and kills the provider
	fails         = "fails"          // it does nothing and says so
	isDown        = "is down"        // it can neither be deployed to nor observed
	isStubborn    = "is stubborn"    // the deployment never ends, and does not heed SIGTERM
)

func (c *commandTarget) set(behaviour string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "behaviour"), []byte(behaviour), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// setFor is set for the deployments of one release.
func (c *commandTarget) setFor(release, behaviour string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "behaviour "+release), []byte(behaviour), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// goOn lets a slow deployment go on.
func (c *commandTarget) goOn() {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "go"), nil, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// deployed lists the releases that were deployed there, to the end, in order.
func (c *commandTarget) deployed() []string { return c.lines("done") }

// begun lists the releases whose deployment was begun, in order.
func (c *commandTarget) begun() []string { return c.lines("begun") }

func (c *commandTarget) lines(file string) []string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// program is what a command target runs.
func program(args []string) int {
	operation, dir := args[0], args[1]
	behaviour, _ := os.ReadFile(filepath.Join(dir, "behaviour"))
	contentFile := filepath.Join(dir, "content.json")
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if operation == "observe" {
		if string(behaviour) == isUnreachable || string(behaviour) == isDown {
			return fail(fmt.Errorf("no way to the server"))
		}
		if string(behaviour) == isSilent {
			time.Sleep(5 * time.Minute)
		}
		content, err := os.ReadFile(contentFile)
		if os.IsNotExist(err) {
			content, err = []byte("{}"), nil
		}
		if err != nil {
			return fail(err)
		}
		fmt.Printf(`{"version":1,"components":%s}`, content)
		return 0
	}
	var request struct {
		Release string          `json:"release"`
		To      json.RawMessage `json:"to"`
	}
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.Unmarshal(text, &request)
	}
	if err != nil {
		return fail(err)
	}
	name := request.Release
	if name == "" {
		name = "nothing"
	}
	note(filepath.Join(dir, "begun"), name)
	if own, err := os.ReadFile(filepath.Join(dir, "behaviour "+name)); err == nil {
		behaviour = own
	}
	killProvider := func() {
		if tests, _ := os.ReadFile(filepath.Join(dir, "tests")); string(tests) == fmt.Sprint(os.Getppid()) {
			fmt.Fprintln(os.Stderr, "the tests serve this provider: start the built one")
			os.Exit(1)
		}
		_ = kill(os.Getppid())
		time.Sleep(time.Minute) // killed with it
	}
	switch string(behaviour) {
	case hangs:
		note(filepath.Join(dir, "pid"), fmt.Sprint(os.Getpid()))
		time.Sleep(5 * time.Minute)
	case isStubborn:
		signal.Ignore(syscall.SIGTERM)
		note(filepath.Join(dir, "pid"), fmt.Sprint(os.Getpid()))
		time.Sleep(5 * time.Minute)
	case fails, isDown:
		return fail(fmt.Errorf("no way to the server"))
	case lies:
		return 0
	case killsBefore:
		killProvider()
	case halfWay:
		_ = os.WriteFile(contentFile, []byte(`{"app":{"version":"half"}}`), 0o644)
		killProvider()
	case isSlow:
		for range 600 {
			if _, err := os.Stat(filepath.Join(dir, "go")); err == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	case printsSecrets:
		for _, variable := range os.Environ() {
			fmt.Println(variable)
			fmt.Fprintln(os.Stderr, variable)
		}
		return 1
	}
	if err := os.WriteFile(contentFile+".new", request.To, 0o644); err != nil {
		return fail(err)
	}
	if err := os.Rename(contentFile+".new", contentFile); err != nil {
		return fail(err)
	}
	note(filepath.Join(dir, "done"), name)
	if string(behaviour) == killsAfter {
		killProvider()
	}
	return 0
}

func note(path, line string) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, err = fmt.Fprintln(file, line)
	if file.Close() != nil || err != nil {
		os.Exit(1)
	}
}
