package portal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// TestProjection compares what is stored, and the fold of recorded histories, with the results of
// this version of the projection so far.
//
// If it fails, ledgers have a stored state that this build would compute differently: raise
// portal.Projection and add the new fingerprint. The old ones stay, and nobody has to migrate
// anything.
func TestProjection(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "projections.json"))
	if err != nil {
		t.Fatal(err)
	}
	var known []string // of version 1, 2 and so on
	if err := json.Unmarshal(text, &known); err != nil {
		t.Fatal(err)
	}
	now := fingerprint(t)
	switch {
	case len(known) < portal.Projection:
		t.Fatalf("testdata/projections.json has no fingerprint of version %d: add %q", portal.Projection, now)
	case len(known) > portal.Projection:
		t.Fatalf("testdata/projections.json has %d fingerprints, and portal.Projection is %d", len(known), portal.Projection)
	case known[portal.Projection-1] != now:
		t.Errorf("what is stored has changed since version %d of the projection: raise portal.Projection and add %q to testdata/projections.json",
			portal.Projection, now)
	case slices.Index(known, now) != portal.Projection-1:
		t.Error("version", portal.Projection, "is the same as an earlier one")
	}
}

// fingerprint covers the fields of everything that is stored, and every entity stored during the
// recorded histories and random events.
func fingerprint(t *testing.T) string {
	hash := sha256.New()
	for _, kind := range storedKinds() {
		fmt.Fprintln(hash, kind.name, fieldsOf(kind.typ, "", nil))
	}
	for _, story := range stories(t) {
		state := portal.NewState(story[0].entry.Ledger, story[0].entry.Pipeline, true)
		for _, recorded := range story {
			state.Apply(recorded.event, recorded.entry.Meta(recorded.hash))
			entities, err := state.TakeChanged()
			if err != nil {
				t.Fatal(err)
			}
			for _, entity := range entities {
				fmt.Fprintf(hash, "%s %q %q %s\n", entity.Kind, entity.Key, entity.Claim, entity.Body)
			}
		}
	}
	wander(t, hash)
	return hex.EncodeToString(hash.Sum(nil))
}

type storyEntry struct {
	entry portal.Entry
	event portal.Event
	hash  string
}

// stories are histories recorded by earlier builds, as exact bytes.
func stories(t *testing.T) [][]storyEntry {
	files, err := filepath.Glob(filepath.Join("testdata", "stories", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no stories: %v", err)
	}
	var all [][]storyEntry
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var story []storyEntry
		for line := range bytes.Lines(text) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			entry, event, err := portal.ReadEntry(line)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			story = append(story, storyEntry{entry, event, portal.HashEntry(line)})
		}
		all = append(all, story)
	}
	return all
}

// TestStoriesAreEncodedAgainAsTheyWereRecorded holds for every entry of recorded
// histories what golden files hold for each kind.
func TestStoriesAreEncodedAgainAsTheyWereRecorded(t *testing.T) {
	kinds := map[string]bool{}
	for _, story := range stories(t) {
		for _, recorded := range story {
			kinds[recorded.entry.Kind] = true
			e := recorded.entry
			_, formed, err := portal.NewEntry(e.Ledger, e.Pipeline, e.Number, e.ID, e.At, e.By, recorded.event)
			if err != nil || portal.HashEntry(formed) != recorded.hash {
				t.Errorf("entry %d of %s is encoded otherwise: %s, %v", e.Number, e.Pipeline, formed, err)
			}
		}
	}
	if len(kinds) < 10 {
		t.Errorf("the stories have only %s", strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
}
