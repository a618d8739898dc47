package portal

import "reflect"

// Satisfies is how requires compares.
var Satisfies = satisfies

// Stored is the stored form of an entity, changed or not.
func (s *State) Stored(key EntityKey) (Entity, error) { return s.store(key) }

// StoredType is the type that entities of a kind are stored from.
func StoredType(kind EntityKind) reflect.Type {
	switch kind {
	case EntityPipeline:
		return reflect.TypeFor[storedPipeline]()
	case EntityEnvironment:
		return reflect.TypeFor[Site]()
	case EntityFreeze:
		return reflect.TypeFor[DeclaredFreeze]()
	case EntityFix:
		return reflect.TypeFor[FixState]()
	case EntityRelease:
		return reflect.TypeFor[RegisteredRelease]()
	case EntityEvidence:
		return reflect.TypeFor[Evidence]()
	case EntityApprovals:
		return reflect.TypeFor[[]Approval]()
	case EntityReport:
		return reflect.TypeFor[RecordedReport]()
	}
	return nil
}
