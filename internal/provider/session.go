package provider

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/check"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// session is one configured provider: the ledger, opened when it is first
// needed, and what was planned so far in this walk.
type session struct {
	unknown     bool // the configuration is not known yet
	url         string
	lease       time.Duration
	base        string // what relative paths of programs are relative to, absolute; "": the working directory
	cacheDir    string
	by          portal.Actor
	credentials map[string]target.Credential
	getenv      func(string) string
	clock       func() time.Time // of the ledger; nil: that of this machine
	walk        *walk
	adopted     map[string]bool // "portal_environment intranet/qa": created or adopted by this process
	phase       phase

	warnMu   sync.Mutex
	warnings []rollout.Warning

	mu      sync.Mutex
	planned *plannedFiles
	ledger  *ledger.Ledger
	rollout *rollout.Rollout
	absent  bool // ledger is an empty one that stands for one that is not there

	toldAbsent bool
}

func newSession(getenv func(string) string) *session {
	return &session{
		getenv: getenv, lease: ledger.DefaultLease, walk: newWalk(), adopted: map[string]bool{}, credentials: map[string]target.Credential{},
	}
}

// open opens the ledger and the cache, once. A ledger that is not there is an empty one
// until something is changed: a plan makes none, wherever a wrong address leads.
func (s *session) open(ctx context.Context) (*rollout.Rollout, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rollout != nil && !s.absent {
		return s.rollout, nil
	}
	if s.unknown {
		return nil, errors.New("the provider's ledger_url, artifact_cache or base_directory is not known yet. First apply what it depends on, or use a known value")
	}
	address, err := engines.Parse(s.url)
	if err != nil {
		return nil, err
	}
	absent := address.Absent() && !s.surelyApplies()
	if absent && s.absent {
		return s.rollout, nil
	}
	engine := ledger.Nothing(s.clock)
	if !absent {
		if engine, err = address.Open(context.WithoutCancel(ctx), engines.WithClock(s.clock)); err != nil {
			return nil, err
		}
	}
	cacheDir := s.cacheOf(address)
	cache, err := artifact.Open(cacheDir)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	if s.planned == nil {
		s.planned = newPlannedFiles(filepath.Join(cacheDir, "planned"), engine.ID())
		if absent {
			s.planned = newPlannedFiles(notesOfNoLedger(s.getenv), address.String())
		}
	}
	s.ledger, s.absent = ledger.New(engine, ledger.WithLease(s.lease)), absent
	s.rollout = &rollout.Rollout{Ledger: s.ledger, Artifacts: cache, Target: s.openTarget, Check: s.check, Warn: s.warn}
	return s.rollout, nil
}

// warn keeps a warning for the one who answers Terraform next.
func (s *session) warn(w rollout.Warning) {
	s.warnMu.Lock()
	defer s.warnMu.Unlock()
	s.warnings = append(s.warnings, w)
}

// giveWarnings gives out the warnings that were kept.
func (s *session) giveWarnings(diags *diagnostics) {
	s.warnMu.Lock()
	defer s.warnMu.Unlock()
	for _, w := range s.warnings {
		diags.AddWarning(w.Summary, w.Detail)
	}
	s.warnings = nil
}

// tellAbsent warns, once in a walk, if the state has something and there is no
// ledger that it could have been recorded in.
func (s *session) tellAbsent(ctx context.Context, diags *diagnostics) {
	if _, err := s.open(ctx); err != nil {
		return // the one who reads the ledger says so
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if address, err := engines.Parse(s.url); err == nil && s.absent && !s.toldAbsent {
		s.toldAbsent = true
		diags.AddWarning("There is no ledger at "+address.String(),
			"Terraform's state has resources that were recorded in a ledger, and Terraform plans to create all of them again. If the address is wrong, do not apply: correct ledger_url or "+engines.Variable+
				". If the ledger is lost, restore it from a backup. A plan does not create a ledger; an apply creates an empty one.")
	}
}

// check runs a check, its program in the base directory.
func (s *session) check(ctx context.Context, r check.Request) portal.CheckResult {
	r.Directory = s.base
	return check.Run(ctx, r)
}

// baseDirectory is the base, "" while the provider is not configured.
func (s *session) baseDirectory() string {
	if s == nil {
		return ""
	}
	return s.base
}

// cacheOf is the directory of the artifact cache that goes with a ledger.
func (s *session) cacheOf(ledger engines.Address) string {
	return first(s.cacheDir, ledger.ArtifactCache())
}

func (s *session) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ledger == nil {
		return nil
	}
	err := s.ledger.Close()
	s.ledger, s.rollout = nil, nil
	return err
}

// view gives the facts of a pipeline as the ledger has them now.
func (s *session) view(ctx context.Context, pipeline string, subjects portal.Subjects, read func(portal.Facts) error) error {
	r, err := s.open(ctx)
	if err != nil {
		return err
	}
	return r.Ledger.View(ctx, pipeline, s.by, subjects, read)
}

// record decides a command and records its events.
func (s *session) record(ctx context.Context, pipeline string, command portal.Command) ([]portal.Meta, error) {
	s.changing()
	r, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	return r.Ledger.Record(ctx, pipeline, s.by, command)
}
