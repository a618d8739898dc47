package ledger

import (
	"context"
	"sync"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// followAtMost is how many new entries a snapshot folds in before loading the
// stored state anew is cheaper.
const followAtMost = 512

// snapshot is what one process knows of a pipeline.
type snapshot struct {
	mu     sync.RWMutex
	ledger string
	name   string
	state  *portal.State // nil: nothing was loaded yet, or what was cannot be trusted
}

func (l *Ledger) snapshot(pipeline string) *snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.snapshots[pipeline]
	if s == nil {
		s = &snapshot{ledger: l.engine.ID(), name: pipeline}
		l.snapshots[pipeline] = s
	}
	return s
}

// serves reports whether the snapshot is as new as the head and has the
// subjects. The caller holds the lock.
func (s *snapshot) serves(head int64, subjects portal.Subjects) bool {
	if s.state == nil || s.state.Head < head {
		return false
	}
	for _, release := range subjects.Releases {
		if !s.knows(release) {
			return false
		}
	}
	return true
}

// knows reports whether a release was loaded, and those it is based on.
func (s *snapshot) knows(release string) bool {
	seen := map[string]bool{}
	for version := release; version != "" && !seen[version]; {
		if !s.state.Knows(version) {
			return false
		}
		seen[version] = true
		dossier := s.state.Release(version)
		if dossier == nil {
			return true
		}
		version = dossier.Base
	}
	return true
}

func (s *snapshot) refresh(ctx context.Context, engine Engine, subjects portal.Subjects) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return engine.Read(ctx, func(tx Tx) error { return s.refreshFrom(tx, subjects) })
}

// refreshFrom brings the snapshot to the transaction's head, with the subjects.
// The caller holds the lock.
func (s *snapshot) refreshFrom(tx Tx, subjects portal.Subjects) error {
	head, at, err := tx.Head(s.name)
	if err != nil {
		return err
	}
	if s.state != nil && s.state.Head != head {
		if err := s.follow(tx, head); err != nil {
			return err
		}
	}
	if s.state == nil {
		if err := s.load(tx); err != nil {
			s.state = nil
			return err
		}
		s.state.Head, s.state.HeadAt = head, at
	}
	for _, release := range append(s.state.RunningReleases(), subjects.Releases...) {
		if err := s.loadRelease(tx, release); err != nil {
			return err
		}
	}
	return nil
}

// follow folds the entries that others have written. Where there are too many,
// or the ledger is not the one it was, it forgets the state instead.
func (s *snapshot) follow(tx Tx, head int64) error {
	if head < s.state.Head || head-s.state.Head > followAtMost {
		s.state = nil
		return nil
	}
	entries, err := tx.Entries(s.name, s.state.Head, followAtMost)
	if err != nil {
		return err
	}
	for _, stored := range entries {
		entry, event, err := portal.ReadEntry(stored.Bytes)
		if err != nil {
			s.state = nil
			return err
		}
		// What runs has to be known before it can be folded on.
		for _, release := range s.state.RunningReleases() {
			if !s.state.Knows(release) {
				s.state = nil
				return nil
			}
		}
		s.state.Apply(event, entry.Meta(stored.SHA256))
	}
	s.state.DiscardChanged()
	return nil
}

// load reads what a state always has.
func (s *snapshot) load(tx Tx) error {
	s.state = portal.NewState(s.ledger, s.name, false)
	for _, kind := range portal.AlwaysLoaded() {
		err := tx.Entities(s.name, kind, "", func(key string, body []byte) error {
			return s.state.Load(portal.EntityKey{Kind: kind, Key: key}, body)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// loadRelease reads everything about a release and the ones it is based on.
func (s *snapshot) loadRelease(tx Tx, release string) error {
	for version := release; version != "" && !s.state.Knows(version); {
		if err := s.loadOne(tx, version); err != nil {
			return err
		}
		dossier := s.state.Release(version)
		if dossier == nil {
			return nil
		}
		version = dossier.Base
	}
	return nil
}

func (s *snapshot) loadOne(tx Tx, version string) error {
	for _, kind := range []portal.EntityKind{portal.EntityRelease, portal.EntityApprovals} {
		body, err := tx.Entity(s.name, kind, version)
		if err != nil {
			return err
		}
		if body != nil {
			if err := s.state.Load(portal.EntityKey{Kind: kind, Key: version}, body); err != nil {
				return err
			}
		}
	}
	err := tx.Entities(s.name, portal.EntityEvidence, version+"/", func(key string, body []byte) error {
		return s.state.Load(portal.EntityKey{Kind: portal.EntityEvidence, Key: key}, body)
	})
	if err != nil {
		return err
	}
	s.state.MarkKnown(version)
	return nil
}
