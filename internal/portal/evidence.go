package portal

import (
	"slices"
	"strings"
	"time"
)

// EvidenceKey says which release evidence is about and which environment it is from.
type EvidenceKey struct{ Release, Environment string }

// String is the key as it is stored: a version has no slash.
func (k EvidenceKey) String() string { return k.Release + "/" + k.Environment }

func parseEvidenceKey(text string) EvidenceKey {
	release, environment, _ := strings.Cut(text, "/")
	return EvidenceKey{release, environment}
}

// Evidence is what one environment proves about one release. All of it belongs to a content digest,
// so that it never counts for another content, and to the stage of the environment at that time: an
// environment that moves loses its evidence.
type Evidence struct {
	Runs  []Run  `json:"runs,omitempty"`  // one for each content digest and place
	Tests []Test `json:"tests,omitempty"` // the newest of each suite, content digest and place
}

// Place is where an environment was when something was proven there: its stage and its target.
// Evidence from elsewhere does not count, even if the environment has kept its name.
type Place struct {
	Stage string `json:"stage"`
	Since int64  `json:"since"` // the entry that gave the environment its target
}

// is reports whether both are the same place. The number distinguishes most places.
func (p Place) is(other Place) bool { return p.Since == other.Since && p.Stage == other.Stage }

// Run is the time the release ran with one content.
type Run struct {
	Digest string        `json:"digest"`
	Place  Place         `json:"place"`
	Fixes  []string      `json:"fixes,omitempty"`
	First  Time          `json:"first"`          // its first arrival
	Since  Time          `json:"since,omitzero"` // running now, since then; zero: it is not
	Ran    time.Duration `json:"ran,omitempty"`  // before Since, in nanoseconds
}

// Test is a result of a suite.
type Test struct {
	Digest       string `json:"digest"`
	Place        Place  `json:"place"`
	Suite        string `json:"suite"`
	Passed       bool   `json:"passed"`
	Tests        int    `json:"tests,omitempty"`
	Failures     int    `json:"failures,omitempty"`
	At           Time   `json:"at"`
	By           Actor  `json:"by"`
	ReportSHA256 string `json:"report_sha256,omitempty"`
	ReportURL    string `json:"report_url,omitempty"`
	Summary      string `json:"summary,omitempty"`
	RunID        string `json:"run_id,omitempty"`
	Fix          string `json:"fix,omitempty"`
	Receipt      string `json:"receipt"`
	Skipped      int    `json:"skipped,omitempty"`
	RunnerExit   *int   `json:"runner_exit,omitempty"`
	Walk         string `json:"walk,omitempty"` // the Terraform walk that recorded it
}

func (e *Evidence) start(digest string, place Place, fixes []string, at Time) {
	i := slices.IndexFunc(e.Runs, func(r Run) bool { return r.Digest == digest && r.Place == place })
	if i < 0 {
		e.Runs = append(e.Runs, Run{Digest: digest, Place: place, Fixes: fixes, First: at})
		i = len(e.Runs) - 1
	}
	if e.Runs[i].Since.IsZero() {
		e.Runs[i].Since = at
	}
}

func (e *Evidence) stop(at Time) {
	for i := range e.Runs {
		if run := &e.Runs[i]; !run.Since.IsZero() {
			run.Ran += at.Sub(run.Since)
			run.Since = Time{}
		}
	}
}

// record keeps the newest result of a suite for a content at a place.
func (e *Evidence) record(test Test) {
	e.Tests = slices.DeleteFunc(e.Tests, func(t Test) bool { return t.Digest == test.Digest && t.Suite == test.Suite && t.Place == test.Place })
	e.Tests = append(e.Tests, test)
}

// soaked is how long the run has lasted at a point in time.
func (r *Run) soaked(now Time) time.Duration {
	if r.Since.IsZero() || now.Before(r.Since) {
		return r.Ran
	}
	return r.Ran + now.Sub(r.Since)
}

// Evidence returns what an environment proves about a release, or nil.
func (s *State) Evidence(release, environment string) *Evidence {
	return s.evidence[release][environment]
}

// NewestTest returns the newest result of a suite for a content at a place, or
// nil.
func (e *Evidence) NewestTest(place Place, digest, suite string) *Test {
	if e == nil {
		return nil
	}
	for i, test := range slices.Backward(e.Tests) {
		if test.Digest == digest && test.Suite == suite && test.Place == place {
			return &e.Tests[i]
		}
	}
	return nil
}

// ranAt reports whether the release succeeded at the place, with any content.
func (e *Evidence) ranAt(place Place) bool {
	return e != nil && slices.ContainsFunc(e.Runs, func(r Run) bool { return r.Place == place })
}

// tally sums up the runs of a release on an environment that count.
type tally struct {
	ran     bool
	first   Time
	soaked  time.Duration
	running bool
	since   Time // running, since then
}

// addUp adds up the runs at the place that count.
func (e *Evidence) addUp(t *tally, h *history, place Place, stage int) {
	if e == nil {
		return
	}
	for i := range e.Runs {
		run := &e.Runs[i]
		if !run.Place.is(place) || !h.takes(stage, run) {
			continue
		}
		if !t.ran || run.First.Before(t.first) {
			t.first = run.First
		}
		t.ran = true
		t.soaked += run.soaked(h.f.Now) // a fix added by redeploy does not restart it
		if since := run.Since; !since.IsZero() && (!t.running || since.Before(t.since)) {
			t.running, t.since = true, since
		}
	}
}

// result returns the newest result of a suite at the place whose content counts and
// ran there, or nil.
func (e *Evidence) result(h *history, place Place, stage int, suite string) *Test {
	if e == nil {
		return nil
	}
	var newest *Test
	for i := range e.Tests {
		test := &e.Tests[i]
		if !test.Place.is(place) || test.Suite != suite || (newest != nil && test.At.Before(newest.At)) {
			continue
		}
		if e.proves(h, test, stage) {
			newest = test
		}
	}
	return newest
}

// proves reports whether the content that was tested ran where it was tested, and
// counts.
func (e *Evidence) proves(h *history, test *Test, stage int) bool {
	for i := range e.Runs {
		if run := &e.Runs[i]; run.Place.is(test.Place) && run.Digest == test.Digest && h.takes(stage, run) {
			return true
		}
	}
	return false
}
