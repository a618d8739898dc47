package portal

import "slices"

// Rebuilt is a component that has other bytes in one release than in another, under
// the same version.
type Rebuilt struct {
	Component, Version string
	Release            string // the other one
	SHA256             string // its bytes there
}

// RebuiltIn lists the components of a release whose bytes differ from those of the same version in
// another release that is loaded: what is on the pipeline now, and what was planned so far. It
// names the newest one. Nothing forbids it, but a reader of the versions thinks that they are the
// same.
func (s *State) RebuiltIn(release *Release) []Rebuilt {
	others := slices.DeleteFunc(s.Releases(), func(version string) bool { return version == release.Version })
	slices.SortFunc(others, func(a, b string) int { return ComparePrecedence(b, a) })
	var rebuilt []Rebuilt
	for _, name := range sortedKeys(release.Components) {
		component := release.Components[name]
		for _, version := range others {
			other, there := s.Release(version).Components[name]
			if !there || other.Version != component.Version {
				continue
			}
			if other.SHA256 != component.SHA256 && other.SHA256 != "" && component.SHA256 != "" {
				rebuilt = append(rebuilt, Rebuilt{name, component.Version, version, other.SHA256})
			}
			break
		}
	}
	return rebuilt
}
