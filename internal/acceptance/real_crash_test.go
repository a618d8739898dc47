package acceptance

import (
	"fmt"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// points are those at which a provider process may die, in order.
var points = []rollout.Point{rollout.BeforeStart, rollout.AfterStart, rollout.BeforeApply, rollout.AfterApply, rollout.BeforeEnd, rollout.AfterEnd}

// leaseIsOver bounds how long an apply is repeated after a kill: the lease of a
// holder that cannot be seen to be dead lasts 15 s.
const leaseIsOver = 25 * time.Second

// applyAfterAKill applies until it works: where a holder cannot be seen to be
// dead, its lease has to be over first.
func (r *root) applyAfterAKill(args ...string) {
	r.w.t.Helper()
	for began, again := time.Now(), (pause{}); ; again.wait() {
		got := r.run(nil, args...)
		if got.code == 0 {
			return
		}
		if time.Since(began) > leaseIsOver || !says("environment-held:").MatchString(got.output) {
			r.w.t.Fatalf("%s after the kill:\n%s", time.Since(began), got.output)
		}
	}
}

// attempts lists, by what they were to run, the attempts that were started and
// how each has ended, in order; "nothing" is the removal.
func (w *world) attempts() []string {
	w.t.Helper()
	var list []string
	at := map[string]int{}
	entries := w.entries()
	for _, entry := range entries {
		event, err := portal.DecodeEvent(entry.Kind, entry.Body)
		if err != nil {
			w.t.Fatal(err)
		}
		switch e := event.(type) {
		case portal.DeploymentStarted:
			name := e.Release
			if name == "" {
				name = "nothing"
			}
			at[e.Key] = len(list)
			list = append(list, name)
		case portal.DeploymentEnded:
			list[at[e.Key]] += " " + string(e.Outcome)
		}
	}
	return list
}

func TestCrashAtEveryPoint(t *testing.T) {
	t.Parallel()
	base := func(version string) []string {
		text := []string{pipeline(`name = "development"`, `name = "production"`), environments("development", "production"), releases("2.4.0", "2.5.0")}
		if version != "" {
			text = append(text, deploy("development", versionOf(version)))
		}
		return text
	}
	type operation struct {
		name     string
		before   string // what runs already; "" is nothing
		wish     string // what is to run; "" is nothing
		files    []string
		attempts []string
	}
	operations := []operation{
		{"create", "", "2.4.0", []string{"app", "app 2.4.0"}, []string{"2.4.0 succeeded"}},
		{"update", "2.4.0", "2.5.0", []string{"app", "app 2.5.0"}, []string{"2.4.0 succeeded", "2.5.0 succeeded"}},
		{"destroy", "2.4.0", "", nil, []string{"2.4.0 succeeded", "nothing succeeded"}},
	}
	type crash struct {
		operation
		point rollout.Point
	}
	var crashes []crash
	for _, o := range operations {
		for _, point := range points {
			if o.wish == "" && point == rollout.BeforeStart {
				continue // a removal brings no bytes
			}
			crashes = append(crashes, crash{o, point})
		}
	}
	for _, c := range oneOfEach(crashes, func(c crash) string { return string(c.point) }) {
		t.Run(fmt.Sprintf("%s/%s", c.name, c.point), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.root("all").write(base(c.before)...)
			if c.before != "" {
				r.apply()
			}
			r.write(base(c.wish)...).mustBeKilled(string(c.point))
			r.applyAfterAKill("apply", "-auto-approve")
			r.mustNotBeTainted()
			w.mustRun("development", c.files...)
			if diff := cmp.Diff(c.attempts, w.attempts()); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
			r.mustBeEmpty()
		})
	}
}

func TestCrashDuringTheTargetsWork(t *testing.T) {
	t.Parallel()
	for _, o := range []struct {
		behaviour string
		before    string
		begun     []string
		deployed  []string
		attempts  []string
	}{
		{killsBefore, "", []string{"2.5.0", "2.5.0"}, []string{"2.5.0"}, []string{"2.5.0 succeeded"}},
		{killsBefore, "2.4.0", []string{"2.4.0", "2.5.0", "2.5.0"}, []string{"2.4.0", "2.5.0"}, []string{"2.4.0 succeeded", "2.5.0 succeeded"}},
		{killsAfter, "", []string{"2.5.0"}, []string{"2.5.0"}, []string{"2.5.0 succeeded"}},
		{killsAfter, "2.4.0", []string{"2.4.0", "2.5.0"}, []string{"2.4.0", "2.5.0"}, []string{"2.4.0 succeeded", "2.5.0 succeeded"}},
	} {
		t.Run(fmt.Sprintf("%s/after %s", o.behaviour, o.before), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			server := newCommandTarget(t, w.path("server"))
			config := func(version string) []string {
				return []string{pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(""), ""), releases("2.4.0", "2.5.0"), deploy("development", versionOf(version))}
			}
			r := w.root("all")
			if o.before != "" {
				r.write(config(o.before)...).apply()
			}
			server.set(o.behaviour)
			if killed := r.write(config("2.5.0")...).start(nil, "apply", "-auto-approve").wait(); killed.code == 0 {
				t.Fatalf("it was not killed:\n%s", killed.output)
			}
			server.set(behaves)
			r.mustNotBeTainted()
			r.applyAfterAKill("apply", "-auto-approve")
			r.mustNotBeTainted()
			if diff := cmp.Diff(o.begun, server.begun()); diff != "" {
				t.Errorf("begun (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(o.deployed, server.deployed()); diff != "" {
				t.Errorf("deployed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(o.attempts, w.attempts()); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
			r.mustBeEmpty()
		})
	}
}

func TestCrashThatLeavesATargetHalfWayIsToldAndThenPutRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	config := []string{pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(""), ""), environments("production"), releases("2.4.0"), deploy("development", versionOf("2.4.0"))}
	r := w.root("all").write(config...)
	server.set(halfWay)
	if killed := r.start(nil, "apply", "-auto-approve").wait(); killed.code == 0 {
		t.Fatalf("it was not killed:\n%s", killed.output)
	}
	server.set(behaves)
	var told result
	eventually(t, "the lease is over", leaseIsOver, func() bool {
		told = r.run(nil, "apply", "-auto-approve")
		return !says("environment-held:").MatchString(told.output)
	})
	w.mustRefuse(told, `deployment of 2.4.0 to intranet/development: its outcome is unknown`, `Nothing can be promoted from this environment until a deployment there succeeds`)
	r.write(append(config, deploy("production", releaseOf("development")))...)
	r.apply()
	if diff := cmp.Diff([]string{"2.4.0 unknown", "2.4.0 succeeded", "2.4.0 succeeded"}, w.attempts()); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	r.mustBeEmpty()
}

func TestCrashOfEverythingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	r := w.root("all").write(pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(""), ""), releases("2.4.0"), deploy("development", versionOf("2.4.0")))
	r.built = true // where the programs start is recorded, and follows the process
	server.set(hangs)
	applying := r.prepare(nil, "apply", "-auto-approve")
	applying.cmd.SysProcAttr = inOwnGroup()
	applying.begin()
	eventually(t, "the deployment hangs", time.Minute, func() bool { return len(server.lines("pid")) == 1 })
	if err := killGroup(applying.cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if got := applying.wait(); got.code == 0 {
		t.Fatal(got.output)
	}
	server.set(behaves)
	r.applyAfterAKill("apply", "-auto-approve")
	if got := w.attempts(); !slices.Equal(got, []string{"2.4.0 succeeded"}) {
		t.Errorf("attempts: %v", got)
	}
	if got := fmt.Sprint(server.deployed()); got != "[2.4.0]" {
		t.Errorf("deployed: %s", got)
	}
	r.mustBeEmpty()
}

func TestRealCtrlCEndsTheDeploymentAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	r := w.root("all").write(pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(""), ""), releases("2.4.0"), deploy("development", versionOf("2.4.0")))
	server.set(hangs)
	applying := r.start(nil, "apply", "-auto-approve")
	eventually(t, "the deployment hangs", time.Minute, func() bool { return len(server.lines("pid")) == 1 })
	if err := applying.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	w.mustRefuse(applying.wait(), `deployment of 2.4.0 to intranet/development was interrupted`, `It is recorded in the ledger.`)
	var pid int
	if _, err := fmt.Sscan(server.lines("pid")[0], &pid); err != nil {
		t.Fatal(err)
	}
	if exists(pid) {
		t.Errorf("the target's program goes on")
	}
	if got := w.attempts(); !slices.Equal(got, []string{"2.4.0 interrupted"}) {
		t.Errorf("attempts: %v", got)
	}
	server.set(behaves)
	r.mustNotBeTainted()
	r.apply()
	if got := w.attempts(); !slices.Equal(got, []string{"2.4.0 interrupted", "2.4.0 succeeded"}) {
		t.Errorf("attempts: %v", got)
	}
	r.mustBeEmpty()
}

// What was begun is not recorded as ended yet, but what the target runs can be seen.
func TestCrashAfterTheTargetHasChangedShowsWhatItRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(version string) []string {
		return []string{simple("development", "production"), releases("2.4.0", "2.5.0"), deploy("development", versionOf(version))}
	}
	r := w.root("all").write(config("2.4.0")...)
	r.apply()
	r.write(config("2.5.0")...).mustBeKilled(string(rollout.AfterApply))
	r.must("apply", "-refresh-only", "-auto-approve")
	if shown := r.must("state", "show", deployment("development")); !regexp.MustCompile(`(?s)\srunning\s+= "2.5.0"\n.*\sstatus\s+= "interrupted"\n`).MatchString(shown) {
		t.Errorf("after the kill it shows\n%s", shown)
	}
	r.applyAfterAKill("apply", "-auto-approve")
	r.mustBeEmpty()
}
