// Package portaltest is a world in memory to test the domain in: a pipeline's
// state, its recorded events, leases, claims and a clock that tests move.
//
// A test reads as what happened:
//
//	w := portaltest.New(t, portaltest.Line("dev", "qa", "production"))
//	w.Register("1.0.0")
//	w.Deploy("dev", "1.0.0")
//	w.Pass("dev", "1.0.0", "unit")
//	w.Wait(time.Hour)
//	verdict := w.Judge("production", "1.0.0")
package portaltest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// TB is what the world needs from a test; *testing.T, *testing.B and *rapid.T have it.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Start is when every world begins.
var Start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// LeaseTime is how long the process that carries out a deployment may be silent.
const LeaseTime = 15 * time.Second

// Recorded is one event with what was added when it was recorded.
type Recorded struct {
	Event portal.Event
	Meta  portal.Meta
}

// World is a pipeline in memory.
type World struct {
	State  *portal.State
	Now    time.Time
	Clock  time.Time // if it differs from Now, because the newest entry lies in the future
	By     portal.Actor
	Leases map[string]portal.Lease
	Claims map[string]string // of other pipelines; the world's own are added
	Log    []Recorded
	// Disks are the contents of the targets. A successful deployment changes them; a test says what
	// another one leaves.
	Disks map[string]portal.Content

	t TB
}

// Bare returns a world with a named pipeline and an empty record.
func Bare(t TB, name string) *World {
	return &World{
		State: portal.NewState("ledger-1", name, true), Now: Start, By: portal.Actor{Name: "deployer"},
		Leases: map[string]portal.Lease{}, Claims: map[string]string{}, Disks: map[string]portal.Content{}, t: t,
	}
}

// New returns a world with the pipeline, and on each stage one environment of
// the stage's name.
func New(t TB, pipeline portal.Pipeline) *World {
	t.Helper()
	w := Bare(t, pipeline.Name)
	w.MustDo(portal.DeclarePipeline{Pipeline: pipeline})
	for _, stage := range pipeline.Stages {
		w.Environment(stage.Name, stage.Name)
	}
	return w
}

// Line is the pipeline "shop" of stages one after the other.
func Line(stages ...string) portal.Pipeline {
	p := portal.Pipeline{Name: "shop", Emergency: portal.DefaultEmergencyPolicy()}
	for _, name := range stages {
		p.Stages = append(p.Stages, portal.Stage{Name: name})
	}
	portal.ResolveAfter(p.Stages, make([]bool, len(p.Stages)))
	return p
}

// Facts is what a decision is based on now.
func (w *World) Facts() portal.Facts {
	claims := maps.Clone(w.Claims)
	for _, site := range w.State.Sites {
		if site.Target.Address != "" {
			claims[site.Target.Address] = w.State.Name + "/" + site.Name
		}
	}
	return portal.Facts{State: w.State, Now: w.Now, Clock: w.Clock, By: w.By, Leases: w.Leases, Claims: claims}
}

// Do decides a command and records its events.
func (w *World) Do(command portal.Command) ([]portal.Event, error) {
	w.t.Helper()
	events, err := command.Decide(w.Facts())
	if err != nil {
		w.keepsNames(err.Error())
		w.beginsWell(err)
		return nil, err
	}
	for _, event := range events {
		w.record(event)
	}
	return events, nil
}

// keepsNames checks that no message changes the spelling of an environment's name, as capitalizing
// a sentence would.
func (w *World) keepsNames(message string) {
	w.t.Helper()
	for name := range w.State.Sites {
		if capital := portal.Capitalize(name); len(name) > 2 && capital != name && wordIn(message, capital) {
			w.t.Fatalf("a message calls %q %q:\n%s", name, capital, message)
		}
	}
}

// beginsWell checks that a message does not begin with the bare name of an environment: as the
// first word of a sentence its spelling would change.
func (w *World) beginsWell(err error) {
	w.t.Helper()
	var details []string
	var refusal *portal.RefusalError
	var rejection *portal.RejectionError
	switch {
	case errors.As(err, &refusal):
		for _, gate := range refusal.Verdict.Broken() {
			details = append(details, gate.Detail)
		}
	case errors.As(err, &rejection):
		details = []string{rejection.Detail}
	}
	for _, detail := range details {
		word, _, _ := strings.Cut(detail, " ")
		if w.State.Sites[word] != nil {
			w.t.Fatalf("a message begins with the bare name of environment %q:\n%s", word, detail)
		}
	}
}

func wordIn(text, word string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' }), word)
}

// MustDo is Do for what must not fail.
func (w *World) MustDo(command portal.Command) []portal.Event {
	w.t.Helper()
	events, err := w.Do(command)
	if err != nil {
		w.t.Fatalf("%T: %v", command, err)
	}
	return events
}

// record writes an event as the ledger does: a lease is given at a start and a takeover, and
// dropped at the end.
func (w *World) record(event portal.Event) {
	w.t.Helper()
	number := w.State.Head + 1
	_, bytes, err := portal.NewEntry(w.State.Ledger, w.State.Name, number, fmt.Sprint(number), w.Now, w.By, event)
	if err != nil {
		w.t.Fatalf("recording %s: %v", event.Kind(), err)
	}
	entry, read, err := portal.ReadEntry(bytes)
	if err != nil {
		w.t.Fatalf("reading %s back: %v", event.Kind(), err)
	}
	meta := entry.Meta(portal.HashEntry(bytes))
	w.Log = append(w.Log, Recorded{Event: read, Meta: meta})
	if e, is := event.(portal.DeploymentEnded); is && e.Outcome == portal.Succeeded {
		w.Disks[e.Environment] = w.State.Sites[e.Environment].Attempt.Content
	}
	w.State.Apply(read, meta)
	switch e := event.(type) {
	case portal.DeploymentStarted:
		w.Leases[e.Environment] = portal.Lease{Epoch: e.Epoch, Expires: w.Now.Add(LeaseTime)}
	case portal.DeploymentRecovering:
		w.Leases[e.Environment] = portal.Lease{Epoch: e.Epoch, Expires: w.Now.Add(LeaseTime)}
	case portal.DeploymentEnded:
		delete(w.Leases, e.Environment)
	}
}

// Wait lets time go by.
func (w *World) Wait(d time.Duration) { w.Now = w.Now.Add(d) }

// As does everything after it as another person.
func (w *World) As(name string) { w.By = portal.Actor{Name: name} }
