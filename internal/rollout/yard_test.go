package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// leaseTime is long enough for a beat, a third of it, to get through on a busy machine. Nobody
// waits for its end: the tests move the clock.
const leaseTime = 900 * time.Millisecond

var ann, bob = portal.Actor{Name: "ann", Run: "https://ci.example/1"}, portal.Actor{Name: "bob"}

var errStaged = errors.New("staged by the test")

// yard is the pipeline "shop" on a ledger and a cache of its own, with the
// environments "dev" and "prod" on one target.
type yard struct {
	*rollout.Rollout
	t      *testing.T
	dir    string
	base   ledger.Engine
	engine *engine
	clock  *clock
	place  *place
	first  map[string]int64 // the epoch from which each environment counts
	checks []string         // the checks that were run, in order
	verify func(ctx context.Context, request check.Request) portal.CheckResult
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{t: t, dir: t.TempDir(), clock: &clock{now: portaltest.Start}, place: &place{}, first: map[string]int64{}}
	opened, err := engines.Open(t.Context(), "sqlite:"+filepath.Join(y.dir, "ledger.db"), engines.WithClock(y.clock.time))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	y.base, y.engine = opened, &engine{Engine: opened}
	y.verify = func(_ context.Context, request check.Request) portal.CheckResult {
		return portal.CheckResult{Name: request.Name, Passed: true}
	}
	y.Rollout = y.beside(y.engine)
	y.must(portal.DeclarePipeline{Pipeline: portaltest.Line("dev", "prod")})
	y.declare("dev")
	y.declare("prod")
	return y
}

// beside is another process on the same ledger, as far as leases are concerned.
func (y *yard) beside(engine ledger.Engine) *rollout.Rollout {
	y.t.Helper()
	cache, err := artifact.Open(filepath.Join(y.dir, "cache"))
	if err != nil {
		y.t.Fatal(err)
	}
	return &rollout.Rollout{
		Ledger: ledger.New(engine, ledger.WithLease(leaseTime)), Artifacts: cache,
		Target: func(string, portal.Environment) (target.Target, error) { return y.place, nil },
		Check: func(ctx context.Context, request check.Request) portal.CheckResult {
			y.checks = append(y.checks, request.Name)
			return y.verify(ctx, request)
		},
	}
}

func (y *yard) must(command portal.Command) {
	y.t.Helper()
	if _, err := y.Ledger.Record(y.t.Context(), "shop", ann, command); err != nil {
		y.t.Fatalf("%T: %v", command, err)
	}
}

// declare declares an environment of its stage's name, with these checks.
func (y *yard) declare(name string, checks ...string) {
	y.t.Helper()
	e := portaltest.RegularEnvironment(name, name)
	for _, check := range checks {
		e.Checks = append(e.Checks, portal.Check{Name: check, HTTP: "https://" + name + ".example/health"})
	}
	y.must(portal.DeclareEnvironment{Environment: e, Update: true})
	if _, declared := y.first[name]; !declared {
		y.first[name] = y.site(name).Epoch
	}
}

func (y *yard) source(version string) string { return filepath.Join(y.dir, "app-"+version) }

// register registers a release of the one component "app" and returns its
// content.
func (y *yard) register(version string) portal.Content {
	y.t.Helper()
	release := portaltest.FullRelease(version)
	app := release.Components["app"]
	app.Source = y.source(version)
	if err := os.WriteFile(app.Source, []byte("app "+version), 0o600); err != nil {
		y.t.Fatal(err)
	}
	release.Components["app"] = app
	y.must(portal.RegisterRelease{Release: release})
	return portal.Content{"app": app.Item()}
}

func wish(environment, release string) portal.Deploy {
	return portal.Deploy{Environment: environment, Release: release}
}

func (y *yard) deploy(environment, release string) error {
	return y.Deploy(y.t.Context(), "shop", ann, wish(environment, release))
}

func (y *yard) mustDeploy(environment, release string) {
	y.t.Helper()
	if err := y.deploy(environment, release); err != nil {
		y.t.Fatalf("deploying %s to %s: %v", release, environment, err)
	}
}

// abandon leaves an attempt like a process that dies after beginning it.
func (y *yard) abandon(command portal.Command) portal.Attempt {
	y.t.Helper()
	y.must(command)
	attempt := *y.site("dev").Attempt
	y.clock.advance(leaseTime)
	return attempt
}

func (y *yard) site(name string) portal.Site {
	y.t.Helper()
	var site portal.Site
	y.facts(portal.Subjects{}, func(f portal.Facts) {
		site = *f.Sites[name]
		if site.Attempt != nil {
			attempt := *site.Attempt
			site.Attempt = &attempt
		}
	})
	return site
}

func (y *yard) inService(environment string) *portal.Installation {
	y.t.Helper()
	site := y.site(environment)
	return site.InService()
}

// mustServe checks that what is in service is what the target runs, or that it is not known.
func (y *yard) mustServe(environment string, p *place, unknown bool) {
	y.t.Helper()
	site := y.site(environment)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch there := site.InService(); {
	case unknown != (there != nil && !there.Known()):
		y.t.Errorf("in service on %s is %+v, unknown: want %t", environment, there, unknown)
	case !unknown && !site.Content().Equal(p.content):
		y.t.Errorf("in service on %s is %v, and the target runs %v", environment, site.Content(), p.content)
	}
}

func (y *yard) facts(subjects portal.Subjects, look func(portal.Facts)) {
	y.t.Helper()
	// Past the engine that tests act on.
	err := ledger.New(y.base).View(y.t.Context(), "shop", bob, subjects, func(f portal.Facts) error { look(f); return nil })
	if err != nil {
		y.t.Fatal(err)
	}
}

// events lists the entries about deployments, in order.
func (y *yard) events() []portal.Event {
	y.t.Helper()
	entries, err := ledger.New(y.base).Entries(y.t.Context(), "shop", 0, 1000)
	if err != nil {
		y.t.Fatal(err)
	}
	var events []portal.Event
	for _, stored := range entries {
		_, event, err := portal.ReadEntry(stored.Bytes)
		if err != nil {
			y.t.Fatal(err)
		}
		switch event.(type) {
		case portal.DeploymentStarted, portal.DeploymentRecovering, portal.DeploymentEnded, portal.DeploymentRefused, portal.TestRecorded:
			events = append(events, event)
		}
	}
	return events
}

// told is what the ledger records about deployments, a few words an entry. Epochs count from 1.
func (y *yard) told() []string {
	y.t.Helper()
	var lines []string
	for _, event := range y.events() {
		switch e := event.(type) {
		case portal.DeploymentStarted:
			lines = append(lines, fmt.Sprintf("started %s epoch %d", e.Release, e.Epoch-y.first[e.Environment]))
		case portal.DeploymentRecovering:
			lines = append(lines, fmt.Sprintf("recovering epoch %d", e.Epoch-y.first[e.Environment]))
		case portal.DeploymentEnded:
			line := fmt.Sprintf("%s epoch %d", e.Outcome, e.Epoch-y.first[e.Environment])
			if e.Untouched {
				line += " untouched"
			}
			lines = append(lines, line)
		case portal.DeploymentRefused:
			lines = append(lines, fmt.Sprintf("refused %s by %v", e.Release, e.Rules))
		case portal.TestRecorded:
			lines = append(lines, fmt.Sprintf("check %s passed=%t", e.Suite, e.Passed))
		}
	}
	return lines
}

// clock is the ledger's.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// engine is an engine whose writes the test can intercept.
type engine struct {
	ledger.Engine
	mu     sync.Mutex
	before func() error
	left   int // writes until after is called
	after  func()
}

// beforeWrites sets what happens before each write from now on, until it is called with nil. An
// error fails the write.
func (e *engine) beforeWrites(do func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.before = do
}

// beforeNextWrite is beforeWrites for one write.
func (e *engine) beforeNextWrite(do func()) {
	e.beforeWrites(func() error {
		e.beforeWrites(nil)
		do()
		return nil
	})
}

// afterWrite sets what happens after the n-th write from now on.
func (e *engine) afterWrite(n int, do func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.left, e.after = n, do
}

// fail makes every write fail from now on.
func (e *engine) fail() {
	e.beforeWrites(func() error { return &ledger.UnavailableError{What: "writing the ledger", Err: errStaged} })
}

func (e *engine) Write(ctx context.Context, write func(ledger.WriteTx) error) error {
	e.mu.Lock()
	before := e.before
	e.mu.Unlock()
	if before != nil {
		if err := before(); err != nil {
			return err
		}
	}
	err := e.Engine.Write(ctx, write)
	e.mu.Lock()
	e.left--
	now := e.left == 0
	e.mu.Unlock()
	if now {
		e.after()
	}
	return err
}

// place is a target that does what the test says.
type place struct {
	mu      sync.Mutex
	content portal.Content
	epoch   int64 // that it reports having seen
	changes []target.Change
	apply   func(ctx context.Context, change target.Change) error // nil: it does as requested
	observe func(ctx context.Context) error                       // nil: it can be observed
	vague   bool                                                  // it reports the names of what it runs, and no more
}

func (p *place) Apply(ctx context.Context, change target.Change) error {
	p.mu.Lock()
	p.changes = append(p.changes, change)
	apply := p.apply
	p.mu.Unlock()
	if apply != nil {
		return apply(ctx, change)
	}
	p.set(change.To)
	return nil
}

func (p *place) Observe(ctx context.Context) (target.Observation, error) {
	if err := ctx.Err(); err != nil { // a target whose time is up is not asked
		return target.Observation{}, err
	}
	if p.observe != nil {
		if err := p.observe(ctx); err != nil {
			return target.Observation{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.vague {
		names := portal.Content{}
		for name := range p.content {
			names[name] = portal.Item{StripComponents: target.UntoldStrip}
		}
		return target.Observation{Content: names, Epoch: p.epoch}, nil
	}
	return target.Observation{Content: p.content, Epoch: p.epoch}, nil
}

func (p *place) set(content portal.Content) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.content = content
}

// somethingElse is content that no release has.
var somethingElse = portal.Content{"app": {Version: "unknown", Kind: "file", SHA256: portaltest.SHA256("by hand")}}
