package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/cli"
)

// outcome is what came of a command.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs a command in an environment that has only these variables.
func run(t *testing.T, variables map[string]string, args ...string) outcome {
	t.Helper()
	return runAt(t, nil, variables, args...)
}

// runAt runs a command by a ledger's clock.
func runAt(t *testing.T, clock func() time.Time, variables map[string]string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	program := cli.Program{Name: "portal", Version: "1.2.3", Clock: clock}
	code := program.Run(t.Context(), args, func(name string) string { return variables[name] }, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// run runs a command on the record. Nobody writes it any more then.
func (r *record) run(args ...string) outcome {
	r.t.Helper()
	if err := r.Close(); err != nil {
		r.t.Fatal(err)
	}
	return runAt(r.t, func() time.Time { return r.now }, map[string]string{"PORTAL_LEDGER_URL": "sqlite:" + r.path, "PORTAL_ACTOR": "ann"}, args...)
}

var (
	sha256s   = regexp.MustCompile(`[0-9a-f]{64}`)
	ledgerIDs = regexp.MustCompile(`[0-9a-f]{32}`)
)

// masked hides what differs from one ledger to the next.
func masked(text string) string {
	return ledgerIDs.ReplaceAllString(sha256s.ReplaceAllString(text, "SHA256"), "LEDGER")
}

func (o outcome) mustBe(t *testing.T, code int, stdout, stderr string) {
	t.Helper()
	if o.code != code {
		t.Errorf("the exit code is %d, want %d", o.code, code)
	}
	if diff := cmp.Diff(stdout, masked(o.stdout)); diff != "" {
		t.Errorf("standard output: %s", diff)
	}
	if diff := cmp.Diff(stderr, o.stderr); diff != "" {
		t.Errorf("standard error: %s", diff)
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	const kinds = "approval.recorded, approval.revoked, clock.mended, deployment.ended, deployment.recovering, deployment.refused, deployment.started, environment.declared, " +
		"environment.removed, fix.amended, fix.finished, fix.opened, fix.reconciled, fix.restated, fix.reviewed, fix.step.ended, fix.step.started, " +
		"fix.withdrawing, fix.withdrawn, freeze.declared, freeze.removed, ledger.restored, pipeline.declared, pipeline.retired, release.registered, test.recorded"
	for _, c := range []struct {
		name   string
		record func(*testing.T) *record
		args   []string
		want   string
	}{
		{"a command that is not there", shop, []string{"logg"}, "portal has no command \"logg\"; did you mean log?\nSee portal --help\n"},
		{"a command below another that is not there", shop, []string{"ledger", "verfy"}, "portal ledger has no command \"verfy\"; did you mean verify?\nSee portal ledger --help\n"},
		{"a command that is like no other", shop, []string{"frobnicate"}, "portal has no command \"frobnicate\"\nSee portal --help\n"},
		{"a flag that is not there", shop, []string{"log", "--sinc", "3d"}, "unknown flag: --sinc\nSee portal log --help\n"},
		{"a flag before any command", shop, []string{"--frob", "log"}, "unknown flag: --frob\nSee portal --help\n"},
		{"a flag that needs a number", shop, []string{"log", "--limit", "few"}, "invalid argument \"few\" for \"--limit\" flag: strconv.ParseInt: parsing \"few\": invalid syntax\nSee portal log --help\n"},
		{"a flag whose variable was not set", shop, []string{"ledger", "verify", "--pipeline", ""}, "--pipeline is empty: give it a value, or leave it out\n"},
		{"a list whose variable was not set", shop, []string{"log", "--kind", ""}, "--kind is empty: give it a value, or leave it out\n"},
		{"arguments where none belong", shop, []string{"ledger", "verify", "shop"}, "unknown command \"shop\" for \"portal ledger verify\"\n"},
		{"a limit of nothing", shop, []string{"log", "--limit", "0"}, "--limit 0 shows nothing: give it 1 or more, or leave it out\n"},
		{"a time that is none", shop, []string{"log", "--since", "monday"}, "--since \"monday\" is not a time\nWrite a day (2026-11-20, which begins at midnight UTC), a time (2026-11-20T09:00:00Z) or how long ago (90m, 3d)\n"},
		{"a kind that is none", shop, []string{"log", "--kind", "deploy"}, "--kind \"deploy\" is not a kind of entry\nThe kinds are: " + kinds + "\n"},
		{"check without an environment", shop, []string{"check", "1.0.0"}, "check needs a release and an environment\nFor example: check 2.5.0 production\n"},
		{
			"a release that is not registered", shop,
			[]string{"check", "9.0.0", "production"},
			"release 9.0.0 of \"shop\" is not registered\nRegister it with portal_release and refer to it (release = portal_release.NAME.version) so that it is created first.\n",
		},
		{
			"an environment that is not declared", shop,
			[]string{"check", "1.0.0", "prod"},
			"environment \"shop/prod\" is not declared\nDeclare it with portal_environment and refer to it (environment = portal_environment.NAME.name) so that it is created first. Declared are: dev, production.\n",
		},
		{"a pipeline that is not there", shop, []string{"log", "--pipeline", "intranet"}, "the ledger has no pipeline \"intranet\"\nIt has: shop\n"},
		{"a pipeline that is not there, for all of them", shop, []string{"ledger", "verify", "--pipeline", "intranet"}, "the ledger has no pipeline \"intranet\"\nIt has: shop\n"},
		{"one pipeline of two, unnamed", twoPipelines, []string{"log"}, "the ledger has 2 pipelines\nChoose one with --pipeline. It has: intranet, shop\n"},
		{"the check in one pipeline of two, unnamed", twoPipelines, []string{"check", "1.0.0", "dev"}, "the ledger has 2 pipelines\nChoose one with --pipeline. It has: intranet, shop\n"},
		{"a ledger without a pipeline", newRecord, []string{"log"}, "the ledger has no pipeline\nIt has no entries: check --ledger and PORTAL_LEDGER_URL\n"},
		{"a ledger of no kind", shop, []string{"log", "--ledger", "ledger.db"}, "\"ledger.db\" is not the address of a ledger: write sqlite:PATH, for example sqlite:.portal/ledger.db\n"},
		{"JSON changes nothing about that", shop, []string{"log", "--json", "--pipeline", "intranet"}, "the ledger has no pipeline \"intranet\"\nIt has: shop\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.record(t).run(c.args...).mustBe(t, cli.ExitCannotRun, "", "Error: "+c.want)
		})
	}
}

func TestALedgerThatIsNotThereIsNotCreated(t *testing.T) {
	for _, c := range []struct {
		name      string
		variables map[string]string
		args      []string
		path      string
	}{
		{"by default", nil, nil, ".portal/ledger.db"},
		{"named by the environment", map[string]string{"PORTAL_LEDGER_URL": "sqlite:env/l.db"}, nil, "env/l.db"},
		{"named by the flag", map[string]string{"PORTAL_LEDGER_URL": "sqlite:env/l.db"}, []string{"--ledger", "sqlite:flag.db"}, "flag.db"},
	} {
		for _, command := range [][]string{{"ledger", "verify"}, {"ledger", "rebuild"}, {"ledger", "export"}, {"log"}, {"check", "1.0.0", "dev"}} {
			t.Run(c.name+": "+strings.Join(command, " "), func(t *testing.T) {
				dir, err := filepath.EvalSymlinks(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				t.Chdir(dir)
				run(t, c.variables, append(command, c.args...)...).mustBe(t, cli.ExitCannotRun, "", "Error: there is no ledger at "+filepath.Join(dir, c.path)+
					"\nNothing was created. Name the ledger with --ledger sqlite:PATH or in PORTAL_LEDGER_URL; without them it is .portal/ledger.db below the working directory\n")
				if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
					t.Errorf("there is now %v, %v", entries, err)
				}
			})
		}
	}
}

func TestAFileThatIsNoLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, nil, "ledger", "verify", "--ledger", "sqlite:"+path).mustBe(t, cli.ExitCannotRun, "", "Error: opening the ledger "+path+": the file is not a SQLite database. Nothing was changed. "+
		"If this is the wrong file, correct the URL of the ledger. If the ledger was here, the file has been damaged or overwritten: keep a copy of it, and restore the ledger, with its -wal file, from a backup (SQLite: file is not a database (26))\n")
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	r := shop(t)
	r.Close()
	for _, args := range [][]string{{"log"}, {"log", "--json"}, {"ledger", "verify"}, {"ledger", "verify", "--json"}, {"ledger", "export"}, {"check", "1.1.0", "production"}, {"version"}} {
		var stderr bytes.Buffer
		code := cli.Program{Name: "portal"}.Run(t.Context(), append(args, "--ledger", "sqlite:"+r.path), os.Getenv, full{}, &stderr)
		if code != cli.ExitCannotRun || stderr.String() != "Error: writing the output: no space left on device\n" {
			t.Errorf("%v: exit code %d, %s", args, code, stderr.String())
		}
	}
}

func TestAnInterruptedCommandSaysSo(t *testing.T) {
	r := shop(t)
	r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := cli.Program{Name: "portal"}.Run(ctx, []string{"log", "--ledger", "sqlite:" + r.path}, os.Getenv, &stdout, &stderr)
	outcome{code, stdout.String(), stderr.String()}.mustBe(t, cli.ExitCannotRun, "", "Error: interrupted\n")
}

func TestHelpAndVersion(t *testing.T) {
	for _, c := range []struct {
		name  string
		args  []string
		parts []string
	}{
		{"nothing asked for", nil, []string{"Usage:", "check", "ledger", "log", "--pipeline NAME"}},
		{"help", []string{"--help"}, []string{"Usage:", "check", "ledger", "log", "0 done"}},
		{"a command that has others", []string{"ledger"}, []string{"verify", "export", "rebuild"}},
		{"help of a command", []string{"log", "-h"}, []string{"--since TIME", "oldest first"}},
		{"the version by a flag", []string{"--version"}, []string{"portal 1.2.3\n"}},
		{"the version by a command", []string{"version"}, []string{"portal 1.2.3\n"}},
		{"the version as JSON", []string{"version", "--json"}, []string{"{\n  \"version\": \"1.2.3\"\n}\n"}},
		{"completions", []string{"completion", "bash"}, []string{"complete -o default -F __start_portal portal"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := run(t, nil, c.args...)
			if got.code != cli.ExitDone || got.stderr != "" {
				t.Errorf("exit code %d, %s", got.code, got.stderr)
			}
			for _, part := range c.parts {
				if !strings.Contains(got.stdout, part) {
					t.Errorf("%q is missing in\n%s", part, got.stdout)
				}
			}
			if strings.Contains(got.stdout, "\x1b") {
				t.Error("it has colours")
			}
		})
	}
}

func TestWhoACommandLineIsFor(t *testing.T) {
	for _, c := range []struct {
		name string
		line []string
		want bool
	}{
		{"Terraform starts the provider", []string{"/plugins/terraform-provider-portal_v1.2.3"}, false},
		{"somebody debugs the provider", []string{"terraform-provider-portal", "-debug"}, false},
		{"somebody debugs the provider, in the other spelling", []string{"./terraform-provider-portal", "--debug"}, false},
		{"somebody does not debug the provider", []string{"terraform-provider-portal", "-debug=false"}, false},
		{"a command", []string{"terraform-provider-portal", "log"}, true},
		{"a command behind a flag", []string{"terraform-provider-portal", "--json", "log"}, true},
		{"help", []string{"terraform-provider-portal", "-h"}, true},
		{"the version", []string{"terraform-provider-portal", "--version"}, true},
		{"the name of people's program alone", []string{"/usr/local/bin/portal"}, true},
		{"the name of people's program on Windows", []string{"portal.exe"}, true},
		{"the provider under the name of people's program", []string{"portal", "-debug"}, false},
		{"no command line at all", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := cli.For(c.line); got != c.want {
				t.Errorf("for people: %t", got)
			}
		})
	}
}

func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		name   string
		record func(*testing.T) *record
		args   []string
		want   []string
	}{
		{"releases, the newest first", shop, []string{"check", ""}, []string{"1.1.0", "1.0.0"}},
		{"environments", shop, []string{"check", "1.0.0", ""}, []string{"dev", "production"}},
		{"nothing more", shop, []string{"check", "1.0.0", "dev", ""}, nil},
		{"pipelines", twoPipelines, []string{"log", "--pipeline", ""}, []string{"intranet", "shop"}},
		{"fixes of the pipeline", twoPipelines, []string{"log", "--pipeline", "intranet", "--fix", ""}, []string{"EF-1"}},
		{"releases of which pipeline", twoPipelines, []string{"log", "--release", ""}, nil},
		{"environments of the pipeline", twoPipelines, []string{"log", "--pipeline", "shop", "--environment", ""}, []string{"dev", "production"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.record(t).run(append([]string{"__complete"}, c.args...)...)
			lines := strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n")
			if offered := lines[:len(lines)-1]; got.code != cli.ExitDone || !slices.Equal(offered, c.want) {
				t.Errorf("exit code %d, offered is %q, want %q", got.code, offered, c.want)
			}
		})
	}
	t.Run("without a ledger", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if got := run(t, nil, "__complete", "check", ""); got.code != cli.ExitDone || strings.Count(got.stdout, "\n") != 1 {
			t.Errorf("%+v", got)
		}
		if _, err := os.Stat(".portal"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the folder of the ledger: %v", err)
		}
	})
}
