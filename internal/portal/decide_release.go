package portal

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// RegisterRelease registers a release, or gives a registered one new sources
// and notes.
type RegisterRelease struct{ Release Release }

// Subjects implements Command.
func (c RegisterRelease) Subjects() Subjects {
	releases := []string{c.Release.Version}
	if c.Release.Base != "" {
		releases = append(releases, c.Release.Base)
	}
	return Subjects{Releases: releases}
}

// Decide implements Command. The same declaration again is adopted; another one
// under a registered version is refused by digest-match.
func (c RegisterRelease) Decide(f Facts) ([]Event, error) {
	r := c.Release
	problems := r.Validate()
	for _, name := range sortedKeys(r.Components) {
		if r.Components[name].SHA256 == "" {
			problems = append(problems, Problem{"components", name + ": sha256 is missing"})
		}
	}
	if err := invalid(fmt.Sprintf("release %q", f.Name+"/"+r.Version), problems); err != nil {
		return nil, err
	}
	if _, err := f.pipeline(); err != nil {
		return nil, err
	}
	r = r.canonical()
	old := f.Release(r.Version)
	if old == nil {
		if err := f.baseLeadsBack(&r); err != nil {
			return nil, err
		}
		if refusal := f.CheckIncorporates(&r); refusal != nil {
			return nil, refusal
		}
		return []Event{ReleaseRegistered{Release: r}}, nil
	}
	if refusal := f.CheckUnchanged(&r); refusal != nil {
		return nil, refusal
	}
	if same(old.Release, r) {
		return nil, nil
	}
	return []Event{ReleaseRegistered{Release: r}}, nil
}

// CheckUnchanged refuses, by digest-match, a declaration that differs from the one registered under
// its version in anything but sources and notes. It returns nil if the version is not registered or
// nothing differs.
func (f Facts) CheckUnchanged(r *Release) *RefusalError {
	old := f.Release(r.Version)
	if old == nil {
		return nil
	}
	parts := old.differences(r)
	if len(parts) == 0 {
		return nil
	}
	return refuseOtherDeclaration(r.Version, parts)
}

// CheckIncorporates refuses a release that declares it contains an emergency fix but has, byte for
// byte, what the fix replaced. It returns nil if nothing speaks against the release, or its content
// is not known yet.
func (f Facts) CheckIncorporates(r *Release) *RefusalError {
	content := r.items()
	if r.Type == Differential {
		base, err := f.ContentOf(r.Base)
		if err != nil {
			return nil //nolint:nilerr // nothing speaks against it yet
		}
		for _, name := range r.Removes {
			delete(base, name)
		}
		maps.Copy(base, content)
		content = base
	}
	lines := f.falselyIncorporated(r, content)
	if len(lines) == 0 {
		return nil
	}
	return incorporatesRefusal(r.Version, lines)
}

// baseLeadsBack refuses a base that, over other bases, leads back to the
// release itself.
func (f Facts) baseLeadsBack(r *Release) error {
	chain := []string{r.Version}
	for base := r.Base; base != ""; {
		chain = append(chain, base)
		if base == r.Version {
			return reject(fmt.Sprintf("release %s is based on itself", r.Version), "The bases go in a circle: %s.", strings.Join(chain, " -> "))
		}
		dossier := f.Release(base)
		if dossier == nil {
			break
		}
		base = dossier.Base
	}
	return nil
}

// errNoBase says that the content of a differential release is not known.
var errNoBase = errors.New("which is not registered")

// ContentOf computes the content of a release: its components, on top of the content of its base if
// it is differential. It fails if a base is not registered.
func (s *State) ContentOf(release string) (Content, error) {
	chain, err := s.chain(release)
	if err != nil {
		return nil, err
	}
	content := Content{}
	for _, r := range slices.Backward(chain) {
		for _, name := range r.Removes {
			delete(content, name)
		}
		for name, c := range r.Components {
			content[name] = c.Item()
		}
	}
	return content, nil
}

// Sources says where the bytes of a release, and of the emergency fixes that it may carry, come
// from: sha256 to source, the release's own declaration before that of its bases.
func (s *State) Sources(release string) map[string]string {
	sources := map[string]string{}
	for _, x := range s.Fixes {
		x.sources(sources)
	}
	chain, err := s.chain(release)
	if err != nil {
		return sources
	}
	for _, r := range slices.Backward(chain) {
		for _, c := range r.Components {
			sources[c.SHA256] = c.Source
		}
	}
	return sources
}

func (x *Fix) sources(sources map[string]string) {
	for _, c := range x.Components {
		sources[c.SHA256] = c.Source
	}
}

// chain lists a release and the ones it is based on, down to a full one.
func (s *State) chain(release string) ([]*Release, error) {
	var chain []*Release
	seen := map[string]bool{}
	for version := release; version != ""; {
		dossier := s.Release(version)
		if dossier == nil {
			if len(chain) == 0 {
				return nil, fmt.Errorf("release %s is not registered", version)
			}
			return nil, fmt.Errorf("release %s is based on %s, %w", chain[len(chain)-1].Version, version, errNoBase)
		}
		if seen[version] {
			return nil, fmt.Errorf("release %s is based on itself", version)
		}
		seen[version] = true
		chain = append(chain, &dossier.Release)
		version = dossier.Base
	}
	return chain, nil
}
