package ledger

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// followAtMost is how many new entries a snapshot folds in before loading the
// stored state again is cheaper.
const followAtMost = 512

// snapshot is what one process knows of a pipeline.
type snapshot struct {
	mu     sync.RWMutex
	ledger string
	name   string
	fold   func(Tx) (*portal.State, error) // the state as the entries give it
	state  *portal.State                   // nil: nothing was loaded yet, or what was cannot be trusted
	open   map[string]bool                 // environments with a deployment that has not ended
}

func (l *Ledger) snapshot(pipeline string) *snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.snapshots[pipeline]
	if s == nil {
		s = &snapshot{ledger: l.engine.ID(), name: pipeline, fold: func(tx Tx) (*portal.State, error) { return l.fold(tx, pipeline) }}
		l.snapshots[pipeline] = s
	}
	return s
}

// serves reports whether the snapshot alone has all the facts at that head. The
// caller holds the lock.
func (s *snapshot) serves(head int64, subjects portal.Subjects) bool {
	if s.state == nil || s.state.Head != head || len(s.open) > 0 || len(subjects.Addresses) > 0 {
		return false
	}
	for _, release := range subjects.Releases {
		if !s.knows(release) {
			return false
		}
	}
	return s.state.KnowsReports(subjects.Reports)
}

// knows reports whether a release was loaded, and those it is based on.
func (s *snapshot) knows(release string) bool {
	known := true
	_ = s.chain(release, func(version string) error {
		known = known && s.state.Knows(version)
		return nil
	})
	return known
}

// chain visits a release and those it is based on, as far as they are known by
// the time they are visited.
func (s *snapshot) chain(release string, visit func(version string) error) error {
	var seen map[string]bool // most have no base
	for version := release; version != "" && !seen[version]; {
		if err := visit(version); err != nil {
			return err
		}
		dossier := s.state.Release(version)
		if dossier == nil || dossier.Base == "" {
			return nil
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[version] = true
		version = dossier.Base
	}
	return nil
}

// factsFrom gives the facts at the transaction's head. The caller holds the
// lock.
func (s *snapshot) factsFrom(tx Tx, by portal.Actor, subjects portal.Subjects) (portal.Facts, error) {
	if err := s.refreshFrom(tx, subjects); err != nil {
		s.state = nil // half of it may be there
		return portal.Facts{}, err
	}
	facts := portal.Facts{State: s.state, Now: notBefore(tx.Now(), s.state.HeadAt), Clock: wall(tx.Now()), By: by, Claims: map[string]string{}}
	if len(s.open) > 0 {
		var err error
		if facts.Leases, err = tx.Leases(s.name); err != nil {
			return facts, err
		}
	}
	for _, address := range subjects.Addresses {
		if err := addClaims(tx, address, facts.Claims); err != nil {
			return facts, err
		}
	}
	return facts, nil
}

// addClaims adds those on a place, on those that it lies in, and on those in it.
func addClaims(tx Tx, address string, claims map[string]string) error {
	for _, place := range append(portal.Enclosing(address), address) {
		owner, err := tx.Owner(place)
		if err != nil {
			return err
		}
		if owner != "" {
			claims[place] = owner
		}
	}
	within, err := tx.Claims(portal.Inside(address))
	maps.Copy(claims, within)
	return err
}

// refreshFrom brings the snapshot to the transaction's head, with the subjects.
func (s *snapshot) refreshFrom(tx Tx, subjects portal.Subjects) error {
	head, at, err := tx.Head(s.name)
	if err != nil {
		return err
	}
	if s.state == nil || s.state.Head != head {
		if err := s.move(tx, head, at); err != nil {
			return err
		}
	}
	for _, release := range subjects.Releases {
		if err := s.loadRelease(tx, release); err != nil {
			return err
		}
	}
	for _, report := range subjects.Reports {
		if err := s.loadReport(tx, report); err != nil {
			return err
		}
	}
	return nil
}

func (s *snapshot) loadReport(tx Tx, sha256 string) error {
	if s.state.KnowsReports([]string{sha256}) {
		return nil
	}
	body, err := tx.Entity(s.name, portal.EntityReport, sha256)
	if err != nil {
		return err
	}
	if body == nil {
		s.state.MarkReport(sha256)
		return nil
	}
	return s.take(portal.EntityKey{Kind: portal.EntityReport, Key: sha256}, body)
}

// move brings the state to another head. What runs is known afterwards: its
// evidence grows with every deployment.
func (s *snapshot) move(tx Tx, head int64, at time.Time) error {
	// Others have written: it may have been a newer build, and what this one knows
	// how to read is not all there is.
	old, err := outdated(tx, s.name)
	if err != nil {
		return err
	}
	if old {
		// Nobody has made the stored state again: this ledger is only read, or the
		// entries do not fit together, and folding them says so.
		if s.state, err = s.fold(tx); err != nil {
			return err
		}
		s.state.DiscardChanged()
		s.noteAllOpen()
		return nil
	}
	if s.state != nil {
		if err := s.follow(tx, head); err != nil {
			return err
		}
	}
	if s.state == nil || s.state.Head != head {
		if err := s.load(tx); err != nil {
			return err
		}
	}
	for _, release := range s.state.RunningReleases() {
		if err := s.loadRelease(tx, release); err != nil {
			return err
		}
	}
	s.state.Head, s.state.HeadAt = head, at
	s.noteAllOpen()
	return nil
}

func (s *snapshot) noteAllOpen() {
	s.open = map[string]bool{}
	for name := range s.state.Sites {
		s.noteOpen(name)
	}
}

// noteOpen notes whether an environment has a deployment that has not ended.
func (s *snapshot) noteOpen(environment string) {
	if site := s.state.Sites[environment]; site != nil && site.Attempt.Open() {
		s.open[environment] = true
	} else {
		delete(s.open, environment)
	}
}

// follow folds the entries that others have written. If there are too many,
// or the ledger is not the one it was, it stops short of the head.
func (s *snapshot) follow(tx Tx, head int64) error {
	if head < s.state.Head || head-s.state.Head > followAtMost {
		return nil
	}
	entries, err := tx.Entries(s.name, s.state.Head, followAtMost)
	if err != nil {
		return err
	}
	for _, stored := range entries {
		entry, event, err := portal.ReadEntry(stored.Bytes)
		if err != nil {
			return &CorruptError{Pipeline: s.name, Number: stored.Number, What: err.Error()}
		}
		if stored.Number != s.state.Head+1 {
			return nil
		}
		if _, mends := event.(portal.ClockMended); mends {
			s.state = nil // it changes what was made of earlier entries
			return nil
		}
		// A release that is not known is left out here, and loaded with all of
		// this once somebody asks for it.
		s.state.Apply(event, entry.Meta(stored.SHA256))
	}
	s.state.DiscardChanged()
	return nil
}

// take takes in something of the stored state.
func (s *snapshot) take(key portal.EntityKey, body []byte) error {
	if err := s.state.Load(key, body); err != nil {
		return &CorruptError{Pipeline: s.name, What: err.Error()}
	}
	return nil
}

// load reads what a state always has.
func (s *snapshot) load(tx Tx) error {
	s.state = portal.NewState(s.ledger, s.name, false)
	for _, kind := range portal.AlwaysLoaded() {
		err := tx.Entities(s.name, kind, "", func(key string, body []byte) error {
			return s.take(portal.EntityKey{Kind: kind, Key: key}, body)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// loadRelease reads everything about a release and the ones it is based on.
func (s *snapshot) loadRelease(tx Tx, release string) error {
	return s.chain(release, func(version string) error {
		if s.state.Knows(version) {
			return nil // but maybe not its base: it may have been registered since
		}
		if err := s.loadOne(tx, version); err != nil {
			return fmt.Errorf("loading release %s of %q: %w", version, s.name, err)
		}
		return nil
	})
}

func (s *snapshot) loadOne(tx Tx, version string) error {
	for _, kind := range []portal.EntityKind{portal.EntityRelease, portal.EntityApprovals} {
		body, err := tx.Entity(s.name, kind, version)
		if err != nil {
			return err
		}
		if body != nil {
			if err := s.take(portal.EntityKey{Kind: kind, Key: version}, body); err != nil {
				return err
			}
		}
	}
	err := tx.Entities(s.name, portal.EntityEvidence, version+"/", func(key string, body []byte) error {
		return s.take(portal.EntityKey{Kind: portal.EntityEvidence, Key: key}, body)
	})
	if err != nil {
		return err
	}
	s.state.MarkKnown(version)
	return nil
}
