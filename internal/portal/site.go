package portal

import (
	"slices"
	"strings"
	"time"
)

// Installation is what a deployment left on an environment.
type Installation struct {
	Release  string    `json:"release"`
	Fixes    []string  `json:"fixes,omitempty"` // emergency fixes on top of the release, in order
	Content  Content   `json:"content"`
	Digest   string    `json:"digest"`
	Previous string    `json:"previous,omitempty"` // the release before it, if another
	Changes  []string  `json:"changes,omitempty"`
	At       time.Time `json:"at"`
	Receipt  string    `json:"receipt"`
	// LeftByFix says that an emergency fix deployed it to an environment where nothing ran, so that
	// no regular deployment will ever remove it.
	LeftByFix bool `json:"left_by_fix,omitempty"`
}

// Effective is the version with its fixes as build metadata: "2.4.0", "2.4.0+EF-1.EF-2"; "unknown"
// if it is not a release.
func (i *Installation) Effective() string {
	if i.Release == "" {
		return "unknown"
	}
	return Effective(i.Release, i.Fixes)
}

// Known reports whether its content is known. If not, Content is what was known before.
func (i *Installation) Known() bool { return i.Digest != "" }

// has reports whether it includes a fix.
func (i *Installation) has(fix string) bool { return i != nil && slices.Contains(i.Fixes, fix) }

// unknownContent stands for the digest of an unknown content.
const unknownContent = "unknown"

// digestOf is the digest of what is in service; nil: nothing is.
func digestOf(i *Installation) string {
	switch {
	case i == nil:
		return Content(nil).Digest()
	case !i.Known():
		return unknownContent
	}
	return i.Digest
}

// becomes describes the change from what is in service, or nothing, to another content.
func becomes(i *Installation, to Content) string {
	var there Content
	switch {
	case i != nil && !i.Known() && len(to) == 0:
		return "whatever runs there is removed"
	case i != nil && !i.Known():
		return "whatever runs there is replaced: " + strings.Join(DescribeChanges(nil, to), ", ")
	case i != nil:
		there = i.Content
	}
	if changes := DescribeChanges(there, to); len(changes) > 0 {
		return strings.Join(changes, ", ")
	}
	return "the same content again"
}

// Effective writes a release with its fixes.
func Effective(release string, fixes []string) string {
	if len(fixes) == 0 {
		return release
	}
	return release + "+" + strings.Join(fixes, ".")
}

// Attempt is one try at a deployment.
type Attempt struct {
	Key       string    `json:"key"`
	Mode      Mode      `json:"mode"`
	Release   string    `json:"release,omitempty"`
	Fixes     []string  `json:"fixes,omitempty"`
	Content   Content   `json:"content,omitempty"`
	Digest    string    `json:"digest"`
	Redeploy  string    `json:"redeploy,omitempty"`
	Changes   []string  `json:"changes,omitempty"`
	Epoch     int64     `json:"epoch"`
	Step      *FixStep  `json:"step,omitempty"` // of the emergency fix that it belongs to
	By        Actor     `json:"by"`
	StartedAt time.Time `json:"started_at"`
	Outcome   Outcome   `json:"outcome,omitempty"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Detail    string    `json:"detail,omitempty"` // why it did not succeed
	Untouched bool      `json:"untouched,omitempty"`
}

// Open reports whether the attempt was started and has not ended.
func (a *Attempt) Open() bool { return a != nil && a.Outcome == "" }

// settled reports whether the target now runs what it ran before the attempt, or what the attempt
// deployed.
func (a *Attempt) settled() bool {
	return a == nil || a.Outcome == Succeeded || (a.Outcome != "" && a.Untouched)
}

// Empties reports whether the attempt leaves nothing on the environment: a removal,
// or a fix that gives back an environment it found empty.
func (a *Attempt) Empties() bool { return a.Release == "" }

// Effective is the version that the attempt deploys.
func (a *Attempt) Effective() string { return Effective(a.Release, a.Fixes) }

// Site is an environment with what is on it.
type Site struct {
	Environment
	Receipt string        `json:"receipt"`
	Running *Installation `json:"running,omitempty"` // what last succeeded; nil: nothing
	Attempt *Attempt      `json:"attempt,omitempty"` // the newest one
	// Observed is what the target was last seen to run, if that is not what last succeeded: since
	// an attempt touched it and did not succeed.
	Observed   *Installation     `json:"observed,omitempty"`
	Epoch      int64             `json:"epoch,omitempty"`      // of the newest attempt; grows with each holder
	Since      int64             `json:"since"`                // the entry that gave it its target
	Generation int64             `json:"generation,omitempty"` // grows with each attempt that ends
	Redeploy   string            `json:"redeploy,omitempty"`
	RolledBack map[string]string `json:"rolled_back,omitempty"` // release -> redeploy as it was then
	Suspended  *Suspension       `json:"suspended,omitempty"`   // the release that waits for an emergency fix
	Behind     bool              `json:"behind,omitempty"`      // the target has seen a newer deployment than the ledger knows of
	Took       time.Duration     `json:"took,omitempty"`        // what the newest successful deployment took, in nanoseconds
}

// Suspension is a release whose test waits for an emergency fix.
type Suspension struct {
	Installation
	Fix   string    `json:"fix"`
	Since time.Time `json:"since"`
}

// Declared is what the environment runs when no emergency fix is in progress there: what is
// suspended, or else what runs; nil: nothing.
func (s *Site) Declared() *Installation {
	if s.Suspended != nil {
		return &s.Suspended.Installation
	}
	return s.Running
}

// first reports whether only one deployment to the environment has ever ended. If that is unknown
// because its target has moved, it returns false.
func (s *Site) first() bool { return s.Generation == s.Since+1 }

// Place is where the environment is now.
func (s *Site) Place() Place { return Place{Stage: s.Stage, Since: s.Since} }

// Intact reports whether the environment certainly runs what last succeeded: no attempt since then
// is open, and none touched the target without succeeding.
func (s *Site) Intact() bool { return s.Observed == nil && s.Attempt.settled() }

// InService is what the target was last observed to run; nil: nothing. It equals Running if the
// site is intact. Otherwise it may be what an unsuccessful attempt deployed, something that is not
// a release, or not Known. While an attempt is open it is what ran before.
func (s *Site) InService() *Installation {
	seen := s.Observed
	switch {
	case seen == nil:
		return s.Running
	case seen.Known() && seen.Release == "" && len(seen.Content) == 0:
		return nil
	}
	return seen
}

// serving is the receipt of what is in service; "": nothing is. It shows whether what a plan was
// based on has changed.
func (s *Site) serving() string {
	if there := s.InService(); there != nil {
		return there.Receipt
	}
	return ""
}

// sighted is what the end of an attempt says about what the target runs; nil: what last succeeded.
func (s *Site) sighted(e DeploymentEnded, meta Meta) *Installation {
	seen := &Installation{At: meta.At, Receipt: meta.Receipt()}
	switch e.Observed {
	case ObservedNew:
		a := s.Attempt
		seen.Release, seen.Fixes, seen.Content, seen.Digest, seen.Changes = a.Release, a.Fixes, a.Content, a.Digest, a.Changes
	case ObservedOther:
		seen.Content, seen.Digest, seen.Changes = e.Found, e.Found.Digest(), DescribeChanges(s.Content(), e.Found)
		if s.Running != nil && s.Running.Digest == seen.Digest {
			seen.Release, seen.Fixes = s.Running.Release, s.Running.Fixes
		}
	case ObservedUnknown:
		seen.Content = s.Content()
	default: // an earlier build did not record it
		return nil
	}
	return seen
}

// Runs reports whether the environment certainly runs the release.
func (s *Site) Runs(release string) bool {
	return s.Running != nil && s.Running.Release == release && s.Intact()
}

// FixLeftovers reports whether what runs here is only a leftover of an emergency fix: on a lane, or
// on an environment that was empty.
func (s *Site) FixLeftovers() bool { return s.Running != nil && s.Running.LeftByFix }

// Content is what is in service here; if that is not known, what was before.
func (s *Site) Content() Content {
	if there := s.InService(); there != nil {
		return there.Content
	}
	return nil
}

// succeeded is the content that last succeeded here. Rules judge by it, whatever is in service.
func (s *Site) succeeded() Content {
	if s.Running == nil {
		return nil
	}
	return s.Running.Content
}

// Blank reports whether the ledger knows nothing of the environment's content, and of no attempt
// there.
func (s *Site) Blank() bool { return s.Running == nil && !s.Attempt.Open() }
