package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/cli"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestLogForPeople(t *testing.T) {
	shop(t).run("log").mustBe(t, cli.ExitDone, `    1  2200-01-06T09:01:00Z  ann                   pipeline.declared      shop: stages dev, production
    2  2200-01-06T09:02:00Z  ann                   environment.declared   dev: on stage dev, target directory
    3  2200-01-06T09:03:00Z  ann                   environment.declared   production: on stage production, target directory
    4  2200-01-06T09:04:00Z  ann                   release.registered     1.0.0: full, 1 component
    5  2200-01-06T09:05:00Z  ann                   deployment.started     dev: 1.0.0 (enter)
    6  2200-01-06T09:06:00Z  ann                   deployment.ended       dev: succeeded
    7  2200-01-06T09:07:00Z  ann                   test.recorded          dev: suite smoke passed for 1.0.0
    8  2200-01-06T11:08:00Z  ann                   deployment.started     production: 1.0.0 (enter)
    9  2200-01-06T11:09:00Z  ann                   deployment.ended       production: succeeded
   10  2200-01-06T11:10:00Z  ann                   release.registered     1.1.0: full, 1 component
   11  2200-01-06T11:11:00Z  ann                   deployment.started     dev: 1.1.0 (enter)
   12  2200-01-06T11:12:00Z  ann                   deployment.ended       dev: succeeded
   13  2200-01-06T11:13:00Z  ann                   test.recorded          dev: suite smoke passed for 1.1.0
   14  2200-01-06T11:15:00Z  ann                   deployment.refused     production: 1.1.0 is refused: soak-time
`, "")
}

func TestLogForPrograms(t *testing.T) {
	shop(t).run("log", "--json", "--kind", "test", "--limit", "1").mustBe(t, cli.ExitDone,
		`{"pipeline":"shop","number":13,"at":"2200-01-06T11:13:00Z","actor":"ann","run":"https://ci.example/1","kind":"test.recorded",`+
			`"text":"dev: suite smoke passed for 1.1.0","receipt":"13:SHA256",`+
			`"event":{"environment":"dev","release":"1.1.0","digest":"SHA256","suite":"smoke","passed":true}}`+"\n", "")
}

func TestLogShowsWhatIsAskedFor(t *testing.T) {
	intranet := func(args ...string) []string { return append([]string{"--pipeline", "intranet"}, args...) }
	for _, c := range []struct {
		name   string
		record func(*testing.T) *record
		args   []string
		want   []int
	}{
		{"since a time", shop, []string{"--since", "2200-01-06T11:12:00Z"}, []int{12, 13, 14}},
		{"since a time in another zone", shop, []string{"--since", "2200-01-06T12:12:00+01:00"}, []int{12, 13, 14}},
		{"since a day", shop, []string{"--since", "2200-01-06", "--limit", "100"}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}},
		{"since a day to come", shop, []string{"--since", "2200-01-07"}, nil},
		{"since some minutes", shop, []string{"--since", "2m"}, []int{13, 14}},
		{"since more than there is", shop, []string{"--since", "3d", "--kind", "pipeline"}, []int{1}},
		{"of a kind", shop, []string{"--kind", "deployment.ended"}, []int{6, 9, 12}},
		{"of a family of kinds", shop, []string{"--kind", "deployment"}, []int{5, 6, 8, 9, 11, 12, 14}},
		{"of several kinds", shop, []string{"--kind", "release,test.recorded"}, []int{4, 7, 10, 13}},
		{"of several kinds, one by one", shop, []string{"--kind", "release", "--kind", "test.recorded"}, []int{4, 7, 10, 13}},
		{"about a release, with the ends of its deployments", shop, []string{"--release", "1.0.0"}, []int{4, 5, 6, 7, 8, 9}},
		{"about a release, since a time at which it was under way", shop, []string{"--release", "1.0.0", "--since", "2200-01-06T11:09:00Z"}, []int{9}},
		{"about a release that is there, and never on that environment", shop, []string{"--release", "1.1.0", "--environment", "production", "--kind", "test"}, nil},
		{"about an environment, since a day to come", shop, []string{"--environment", "dev", "--since", "2200-01-07"}, nil},
		{"about an environment", shop, []string{"--environment", "production"}, []int{3, 8, 9, 14}},
		{"about an environment, since a time", shop, []string{"--environment", "production", "--since", "2200-01-06T11:09:00Z"}, []int{9, 14}},
		{"about a release on an environment, of a kind", shop, []string{"--environment", "dev", "--release", "1.1.0", "--kind", "deployment.ended"}, []int{12}},
		{"the newest", shop, []string{"--limit", "2"}, []int{13, 14}},
		{"the newest of a kind", shop, []string{"--kind", "deployment.ended", "--limit", "2"}, []int{9, 12}},
		{"the newest about a release", shop, []string{"--release", "1.0.0", "--limit", "1"}, []int{9}},
		{"more than there is", shop, []string{"--kind", "release", "--limit", "50"}, []int{4, 10}},
		{"about a fix", twoPipelines, intranet("--fix", "EF-1"), []int{10, 11, 12}},
		{"of one pipeline", twoPipelines, intranet("--kind", "release"), []int{4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.record(t).run(append([]string{"log", "--json"}, c.args...)...)
			if got.code != cli.ExitDone || got.stderr != "" {
				t.Errorf("exit code %d, %s", got.code, got.stderr)
			}
			var numbers []int
			for line := range strings.Lines(got.stdout) {
				var entry struct{ Number int }
				if err := json.Unmarshal([]byte(line), &entry); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				numbers = append(numbers, entry.Number)
			}
			if diff := cmp.Diff(c.want, numbers, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLogOfWhatNobodyKnows: an empty log would read as if nothing had happened to it.
func TestLogOfWhatNobodyKnows(t *testing.T) {
	for _, c := range []struct {
		name   string
		record func(*testing.T) *record
		args   []string
		says   string
	}{
		{"a release", shop, []string{"--release", "9.0.0"}, `release "9.0.0" does not occur in the ledger of pipeline "shop"`},
		{"a release, of the newest entry", shop, []string{"--release", "9.0.0", "--limit", "1"}, `release "9.0.0" does not occur in the ledger`},
		{"an environment", shop, []string{"--environment", "live", "--since", "2200-01-07"}, `environment "live" does not occur in the ledger`},
		{"an environment, for programs", shop, []string{"--json", "--environment", "live", "--release", "1.0.0"}, `environment "live" does not occur in the ledger`},
		{"a fix of another pipeline", twoPipelines, []string{"--pipeline", "shop", "--fix", "EF-1"}, `emergency fix "EF-1" does not occur in the ledger of pipeline "shop"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.record(t).run(append([]string{"log"}, c.args...)...)
			if got.code != cli.ExitCannotRun || got.stdout != "" || !strings.Contains(got.stderr, c.says) {
				t.Errorf("exit code %d, %q, %s", got.code, got.stdout, got.stderr)
			}
		})
	}
}

func TestALogCannotMisleadATerminal(t *testing.T) {
	r := shop(t)
	r.do(portal.StartDeployment{Deploy: portal.Deploy{Environment: "dev", Release: "1.1.0"}})
	end := portal.EndDeployment{Environment: "dev", Outcome: portal.Failed, Detail: "\x1b[2Jno space left\n   17  succeeded"}
	err := r.View(t.Context(), "shop", portal.Actor{}, portal.Subjects{}, func(f portal.Facts) error {
		end.Epoch = f.Sites["dev"].Epoch
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.do(end)
	got := r.run("log", "--limit", "1")
	if !strings.HasSuffix(got.stdout, `dev: failed: \u001b[2Jno space left …`+"\n") || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("%q", got.stdout)
	}
}
