package portal

import (
	"maps"
	"slices"
	"strings"
)

// State is what is known about one pipeline: the fold of its entries.
//
// The pipeline, its environments and freezes are always complete. Releases, with their evidence,
// are present if they were loaded: a pipeline may have had thousands, and a decision needs a few.
// Knows says which.
type State struct {
	Ledger   string // the ledger's id
	Name     string // the pipeline's name
	Head     int64  // number of the newest entry; 0: nothing was ever recorded
	HeadAt   Time   // when it was recorded
	Pipeline *Pipeline
	Receipt  string // of the pipeline's declaration
	Sites    map[string]*Site
	Freezes  map[string]*DeclaredFreeze
	Fixes    map[string]*FixState // every emergency fix there ever was

	releases  map[string]*RegisteredRelease   // nil value: known not to be registered
	evidence  map[string]map[string]*Evidence // release -> environment
	approvals map[string][]Approval
	// seenReports are what reports were recorded for, by sha256; a nil value: known not to be
	// recorded.
	seenReports map[string]*RecordedReport
	complete    bool // every release is known: a fold from the first entry on

	changed    map[EntityKey]struct{}
	remembered *remembered
}

// DeclaredFreeze is a freeze with its receipt.
type DeclaredFreeze struct {
	Freeze
	Receipt string `json:"receipt"`
}

// Approval is one recorded approval of a release leaving a stage.
type Approval struct {
	Stage     string `json:"stage"`
	Approver  string `json:"approver"`
	Comment   string `json:"comment,omitempty"`
	Statement string `json:"statement"`
	Signature string `json:"signature,omitempty"`
	At        Time   `json:"at"`
	Receipt   string `json:"receipt"`
	// Digest and Fixes are what was approved; without them it is the release's own content.
	Digest  string   `json:"digest,omitempty"`
	Fixes   []string `json:"fixes,omitempty"`
	Revoked Time     `json:"revoked,omitzero"`
}

// NewState returns the state of a pipeline before its first entry. complete
// says that every entry will be applied, so that a release that was not seen is
// not registered.
func NewState(ledger, name string, complete bool) *State {
	return &State{
		Ledger: ledger, Name: name, complete: complete,
		Sites: map[string]*Site{}, Freezes: map[string]*DeclaredFreeze{}, Fixes: map[string]*FixState{},
		releases: map[string]*RegisteredRelease{}, evidence: map[string]map[string]*Evidence{}, approvals: map[string][]Approval{},
		seenReports: map[string]*RecordedReport{},
		changed:     map[EntityKey]struct{}{}, remembered: &remembered{},
	}
}

// Knows reports whether the release was loaded, registered or not.
func (s *State) Knows(release string) bool {
	_, known := s.releases[release]
	return known || s.complete
}

// Release returns a registered release, or nil. Asking for one that was not loaded is a bug in the
// caller.
func (s *State) Release(version string) *RegisteredRelease { return s.releases[version] }

// Releases lists the versions of the registered releases that were loaded, unordered.
func (s *State) Releases() []string {
	var versions []string
	for version, dossier := range s.releases {
		if dossier != nil {
			versions = append(versions, version)
		}
	}
	return versions
}

// Approvals lists the approvals of a release, in the order they were recorded.
func (s *State) Approvals(release string) []Approval { return s.approvals[release] }

// RunningReleases lists the releases on the pipeline now, those being deployed, and those that
// emergency fixes in progress will restore.
func (s *State) RunningReleases() []string {
	seen := map[string]bool{}
	for _, site := range s.Sites {
		if site.Running != nil {
			seen[site.Running.Release] = true
		}
		if site.Observed != nil && site.Observed.Release != "" {
			seen[site.Observed.Release] = true
		}
		if site.Attempt.Open() && site.Attempt.Release != "" {
			seen[site.Attempt.Release] = true
		}
		if site.Suspended != nil {
			seen[site.Suspended.Release] = true
		}
	}
	for _, x := range s.Fixes {
		if x.Active() {
			x.Plan.releases(seen)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// OnStage lists the environments of a stage, by name.
func (s *State) OnStage(stage string, lane Lane) []*Site {
	var sites []*Site
	for _, site := range s.Sites {
		if site.Stage == stage && site.Lane == lane {
			sites = append(sites, site)
		}
	}
	slices.SortFunc(sites, func(a, b *Site) int { return strings.Compare(a.Name, b.Name) })
	return sites
}

func (s *State) evidenceAt(key EvidenceKey) *Evidence {
	evidence := s.evidenceOf(key)
	if evidence == nil {
		evidence = &Evidence{}
		s.setEvidence(key, evidence)
	}
	return evidence
}

func (s *State) evidenceOf(key EvidenceKey) *Evidence {
	return s.evidence[key.Release][key.Environment]
}

func (s *State) setEvidence(key EvidenceKey, evidence *Evidence) {
	if s.evidence[key.Release] == nil {
		s.evidence[key.Release] = map[string]*Evidence{}
	}
	s.evidence[key.Release][key.Environment] = evidence
}
