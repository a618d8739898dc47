package portal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// EntityKind is a kind of thing whose current state is stored by itself.
type EntityKind string

// The kinds.
const (
	EntityPipeline    EntityKind = "pipeline"
	EntityEnvironment EntityKind = "environment"
	EntityFreeze      EntityKind = "freeze"
	EntityFix         EntityKind = "fix"
	EntityRelease     EntityKind = "release"
	EntityEvidence    EntityKind = "evidence"
	EntityApprovals   EntityKind = "approvals"
	EntityReport      EntityKind = "report"
)

// EntityKey names one stored entity of a pipeline.
type EntityKey struct {
	Kind EntityKind
	Key  string
}

// Entity is the stored form of one entity. A nil Body means that it is gone.
type Entity struct {
	EntityKey
	// Claim is a value that one entity of a ledger may have only, across its pipelines; "" if there
	// is none.
	Claim string
	Body  []byte
}

func (s *State) touch(kind EntityKind, key string) { s.changed[EntityKey{kind, key}] = struct{}{} }

// TakeChanged returns the stored form of every entity that was changed since it
// was last called.
func (s *State) TakeChanged() ([]Entity, error) {
	keys := slices.SortedFunc(maps.Keys(s.changed), func(a, b EntityKey) int {
		if c := strings.Compare(string(a.Kind), string(b.Kind)); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
	clear(s.changed)
	entities := make([]Entity, 0, len(keys))
	for _, key := range keys {
		entity, err := s.store(key)
		if err != nil {
			return nil, err
		}
		entities = append(entities, entity)
	}
	return entities, nil
}

type storedPipeline struct {
	Pipeline *Pipeline `json:"pipeline"`
	Receipt  string    `json:"receipt"`
}

func (s *State) store(key EntityKey) (Entity, error) {
	entity := Entity{EntityKey: key}
	var value any
	switch key.Kind {
	case EntityPipeline:
		if s.Pipeline != nil {
			value = storedPipeline{s.Pipeline, s.Receipt}
		}
	case EntityEnvironment:
		if site := s.Sites[key.Key]; site != nil {
			value, entity.Claim = site, site.Target.Address
		}
	case EntityFreeze:
		if freeze := s.Freezes[key.Key]; freeze != nil {
			value = freeze
		}
	case EntityFix:
		if fix := s.Fixes[key.Key]; fix != nil {
			value = fix
		}
	case EntityRelease:
		if dossier := s.releases[key.Key]; dossier != nil {
			value = dossier
		}
	case EntityEvidence:
		if evidence := s.evidenceOf(parseEvidenceKey(key.Key)); evidence != nil {
			value = evidence
		}
	case EntityApprovals:
		if approvals := s.approvals[key.Key]; approvals != nil {
			value = approvals
		}
	case EntityReport:
		if report := s.seenReports[key.Key]; report != nil {
			value = report
		}
	}
	if value == nil {
		return entity, nil
	}
	body, err := json.Marshal(value)
	if err != nil {
		return entity, fmt.Errorf("encoding %s %q: %w", key.Kind, key.Key, err)
	}
	entity.Body = body
	return entity, nil
}

// Load puts a stored entity into the state.
func (s *State) Load(key EntityKey, body []byte) error {
	var err error
	s.remembered.answers = nil
	switch key.Kind {
	case EntityPipeline:
		var stored storedPipeline
		err = json.Unmarshal(body, &stored)
		s.Pipeline, s.Receipt = stored.Pipeline, stored.Receipt
		s.forget()
	case EntityEnvironment:
		site := &Site{}
		err = json.Unmarshal(body, site)
		s.Sites[key.Key] = site
		s.forget()
	case EntityFreeze:
		freeze := &DeclaredFreeze{}
		err = json.Unmarshal(body, freeze)
		s.Freezes[key.Key] = freeze
	case EntityFix:
		fix := &FixState{}
		err = json.Unmarshal(body, fix)
		s.Fixes[key.Key] = fix
		s.forget()
	case EntityRelease:
		dossier := &RegisteredRelease{}
		err = json.Unmarshal(body, dossier)
		s.releases[key.Key] = dossier
	case EntityEvidence:
		evidence := &Evidence{}
		err = json.Unmarshal(body, evidence)
		s.setEvidence(parseEvidenceKey(key.Key), evidence)
	case EntityApprovals:
		var approvals []Approval
		err = json.Unmarshal(body, &approvals)
		s.approvals[key.Key] = approvals
	case EntityReport:
		report := &RecordedReport{}
		err = json.Unmarshal(body, report)
		s.seenReports[key.Key] = report
	default:
		return fmt.Errorf("an entity of kind %q: this version of the provider does not know it", key.Kind)
	}
	if err != nil {
		return fmt.Errorf("the stored %s %q does not read: %w", key.Kind, key.Key, err)
	}
	return nil
}

// MarkKnown says that everything about a release was loaded, so that a missing release is not
// registered.
func (s *State) MarkKnown(release string) {
	if _, there := s.releases[release]; !there {
		s.releases[release] = nil
	}
}

// AlwaysLoaded are the kinds of which a state has every entity.
func AlwaysLoaded() []EntityKind {
	return []EntityKind{EntityPipeline, EntityEnvironment, EntityFreeze, EntityFix}
}

// DiscardChanged forgets what was changed, for a state that only follows the record of others.
func (s *State) DiscardChanged() { clear(s.changed) }

// EntityKinds are all the kinds.
func EntityKinds() []EntityKind {
	return append(AlwaysLoaded(), EntityRelease, EntityEvidence, EntityApprovals, EntityReport)
}
