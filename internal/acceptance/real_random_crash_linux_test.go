package acceptance

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// victim is who dies.
type victim string

const (
	theProvider  victim = "provider"
	theTerraform victim = "terraform"
	theTwo       victim = "both"
	theGroup     victim = "group"
)

// An act is something that Terraform does in one apply, and what is there afterwards.
type act struct {
	name string
	// begin makes a world in which everything is as before the act, and the root that
	// does it.
	begin func(t *testing.T) (r *root, mustBeDone func())
}

func promoteOn(name string, target func(w *world, stage string) string, mustHave func(w *world, stage string)) act {
	return act{name, func(t *testing.T) (*root, func()) {
		w := newWorld(t)
		config := []string{pipeline(`name = "development"`, `name = "production"`), releases("2.4.0", "2.5.0"), deploy("production", releaseOf("development"))}
		for _, stage := range []string{"development", "production"} {
			config = append(config, environment(stage, stage, target(w, stage), ""))
		}
		r := w.root("all").write(append(config, deploy("development", versionOf("2.4.0")))...)
		r.apply()
		r.write(append(config, deploy("development", versionOf("2.5.0")))...)
		return r, func() {
			w.t.Helper()
			for _, stage := range []string{"development", "production"} {
				mustHave(w, stage)
			}
			w.mustVerify(func(f portal.Facts) {
				for name, site := range f.Sites {
					if !site.Runs("2.5.0") || site.Attempt.Open() || !site.Intact() {
						w.t.Errorf("%s: runs %+v, attempted was %+v", name, site.Running, site.Attempt)
					}
				}
			})
		}
	}}
}

func repairOn(name string, productionIsADirectory bool) act {
	return act{name, func(t *testing.T) (*root, func()) {
		o := newOutage(t, productionIsADirectory)
		return o.root("fix").write(emergencyFix("2.4.1", "")), func() {
			o.t.Helper()
			o.mustStand("staging", "2.5.0+EF-1", "app-2.4.1", "theme-1.1")
			o.mustStand("production", "2.4.0+EF-1", "app-2.4.1", "theme-1.0")
			o.mustBeOver(portal.StatusApplied)
			o.mustVerify(func(portal.Facts) {})
		}
	}}
}

var acts = []act{
	promoteOn("promotion to directories", func(_ *world, stage string) string { return directoryOf(stage) }, func(w *world, stage string) {
		w.mustRun(stage, "app", "app 2.5.0")
	}),
	repairOn("fix of a directory", directories),
	promoteOn("promotion by programs", func(w *world, stage string) string { return newCommandTarget(w.t, w.path(stage)).hcl("") }, func(w *world, stage string) {
		content, err := os.ReadFile(w.path(stage, "content.json"))
		if err != nil || !strings.Contains(string(content), sum("app 2.5.0")) {
			w.t.Errorf("%s has %s (%v)", stage, content, err)
		}
	}),
	repairOn("fix by programs", !directories),
}

// lasts is how long each act lasts that nobody kills: where kills are of any use.
var lasts [4]func(t *testing.T) time.Duration

func init() {
	for i := range acts {
		var once sync.Once
		var took time.Duration
		lasts[i] = func(t *testing.T) time.Duration {
			once.Do(func() {
				r, _ := acts[i].begin(t)
				providerDir(t)
				began := time.Now()
				if got := r.start(nil, "apply", "-auto-approve").wait(); got.code != 0 {
					t.Fatal(got.output)
				}
				took = time.Since(began)
			})
			return took
		}
	}
}

// randomKills is how many times something is killed: a handful for every day.
func randomKills() int {
	if everyCase() {
		return 104
	}
	return 4
}

// crashSeed is of all instants: PORTAL_TEST_SEED, or a new one where every crash is
// asked for.
func crashSeed(t *testing.T) uint64 {
	t.Helper()
	if seed, err := strconv.ParseUint(os.Getenv("PORTAL_TEST_SEED"), 10, 64); err == nil {
		return seed
	}
	if everyCase() {
		return uint64(time.Now().UnixNano())
	}
	return 1
}

// At whatever instant whoever dies: the next applies bring what was asked for, the
// ledger fits together, and then there is nothing left to plan.
func TestCrashAtRandomInstants(t *testing.T) {
	t.Parallel()
	seed := crashSeed(t)
	var mu sync.Mutex
	fates := map[string]int{}
	t.Cleanup(func() { t.Logf("PORTAL_TEST_SEED=%d: %v", seed, fates) })
	victims := []victim{theProvider, theTerraform, theTwo, theGroup}
	for n := range randomKills() {
		i, whom := n%len(acts), victims[(n+n/len(acts))%len(victims)]
		t.Run(fmt.Sprintf("%d/%s/%s", n, acts[i].name, whom), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			whole := lasts[i](t)
			r, mustBeDone := acts[i].begin(t)
			for done := 0; done <= random.IntN(2); {
				after := time.Duration((0.15 + 0.8*random.Float64()) * float64(whole))
				began := time.Now()
				fate := r.killAfter(whom, after) + r.mendState()
				t.Logf("PORTAL_TEST_SEED=%d: after %s of %s: %s", seed, after, whole, fate)
				mu.Lock()
				fates[fate]++
				mu.Unlock()
				if fate == cameTooLate && done == 0 {
					// It was faster than the one that was measured.
					whole = min(whole, time.Since(began))
					r, mustBeDone = acts[i].begin(t)
					continue
				}
				done++
			}
			r.settle()
			mustBeDone()
			r.mustBeEmpty()
			r.mustNotBeTainted()
		})
	}
}

// cameTooLate is the fate of an apply that was done before anybody died.
const cameTooLate = "came too late"

// killAfter applies, kills after a while, and says what came of it.
func (r *root) killAfter(whom victim, after time.Duration) string {
	r.w.t.Helper()
	applying := r.prepare(nil, "apply", "-auto-approve")
	applying.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	applying.begin()
	group := applying.cmd.Process.Pid
	r.w.t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL) }) // whom a dead Terraform has left
	select {
	case <-applying.done:
		return cameTooLate
	case <-time.After(after):
	}
	providers := childrenOf(group)
	if whom == theProvider && len(providers) == 0 {
		applying.wait()
		return cameTooLate // or too early: there is none between two walks
	}
	if whom == theProvider || whom == theTwo {
		for _, pid := range providers {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	switch whom {
	case theTerraform, theTwo:
		_ = syscall.Kill(group, syscall.SIGKILL)
	case theGroup:
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
	if got := applying.wait(); got.code == 0 {
		return cameTooLate
	}
	return string(whom) + " killed"
}

// mendState puts the backup of a state back that Terraform was just writing: it writes
// over the file, so that a kill leaves the beginning of it. It says so. A first state
// is an empty file until it is written, which is none.
func (r *root) mendState() string {
	r.w.t.Helper()
	path := filepath.Join(r.dir, "terraform.tfstate")
	written, err := os.ReadFile(path)
	if err != nil || json.Valid(written) {
		return ""
	}
	backup, err := os.ReadFile(path + ".backup")
	if errors.Is(err, os.ErrNotExist) {
		backup, err = nil, nil
	}
	if err == nil && backup == nil {
		err = os.Remove(path)
	} else if err == nil {
		err = os.WriteFile(path, backup, 0o600)
	}
	if err != nil {
		r.w.t.Fatal(err)
	}
	if backup == nil {
		return ""
	}
	return ", while it wrote its state"
}

// childrenOf lists the processes that a process has started.
func childrenOf(pid int) []int {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var children []int
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

// mustVerify fails where the ledger does not fit together, and shows what it has.
func (w *world) mustVerify(look func(portal.Facts)) {
	w.t.Helper()
	engine, err := engines.Open(w.t.Context(), "sqlite:"+w.path("ledger.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer engine.Close()
	l := ledger.New(engine)
	if err := l.Verify(w.t.Context(), "intranet"); err != nil {
		w.t.Error(err)
	}
	if err := l.View(w.t.Context(), "intranet", portal.Actor{Name: "test"}, portal.Subjects{}, func(f portal.Facts) error { look(f); return nil }); err != nil {
		w.t.Error(err)
	}
}
