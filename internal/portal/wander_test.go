package portal_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// The recorded histories miss much of the fold: nothing is withdrawn in them, frozen, moved or
// removed. So the fingerprint also covers what the fold makes of random events with a fixed seed:
// no decision was ever behind them, and the fold may rely on none.
const (
	wanderings = 32
	wandering  = 240 // events each
)

// wander folds random events and writes every entity that they change.
func wander(t *testing.T, to io.Writer) {
	kinds := portal.EventKinds()
	for seed := range uint64(wanderings) {
		g := guesser{rand.New(rand.NewPCG(seed, 7))}
		state := portal.NewState("l", "shop", true)
		for number := range int64(wandering) {
			at := goldenTime.Add(time.Duration(number) * time.Minute)
			event, fits := g.event(kinds, state)
			if !fits {
				continue
			}
			state.Apply(event, portal.Meta{Number: number + 1, At: at, By: portal.Actor{Name: g.of("ann", "eve")}, Hash: "h"})
			entities, err := state.TakeChanged()
			if err != nil {
				t.Fatal(err)
			}
			for _, entity := range entities {
				_, _ = fmt.Fprintf(to, "%s %q %q %s\n", entity.Kind, entity.Key, entity.Claim, entity.Body)
			}
		}
	}
}

// guesser makes random values. Its generator gives the same numbers for a seed in every version of
// Go.
type guesser struct{ *rand.Rand }

func (g guesser) of(texts ...string) string { return texts[g.IntN(len(texts))] }

// event is one that Apply accepts: of steps, mostly the one that is next.
func (g guesser) event(kinds []string, state *portal.State) (portal.Event, bool) {
	kind := kinds[g.IntN(len(kinds))]
	if g.IntN(4) > 0 { // most are about these
		kind = g.of("environment.declared", "deployment.started", "deployment.ended", "deployment.started", "deployment.ended", "fix.step.ended", "fix.step.ended")
	}
	zero, err := portal.DecodeEvent(kind, []byte(`{}`))
	if err != nil {
		panic(err)
	}
	event := g.value(reflect.TypeOf(zero), "", 0).Interface().(portal.Event)
	switch e := event.(type) {
	case portal.FixWithdrawn:
		x := state.Fixes[e.Fix]
		return event, x == nil || x.Withdrawal != nil
	case portal.FixStepEnded:
		x := state.Fixes[e.Fix]
		if x != nil && x.Active() && g.IntN(4) > 0 {
			step := x.Plan.Steps[x.Done]
			e.Round, e.Index, e.Action, e.Environment = x.Round, x.Done, step.Action, step.Environment
		}
		return e, true
	}
	return event, true
}

// value fills a type. Its texts are from the few that a field has, so that events are about the
// same things.
func (g guesser) value(typ reflect.Type, field string, depth int) reflect.Value {
	value := reflect.New(typ).Elem()
	switch {
	case typ == reflect.TypeFor[time.Time]():
		value.Set(reflect.ValueOf(goldenTime.Add(time.Duration(g.IntN(500)) * time.Minute)))
		return value
	case typ == reflect.TypeFor[json.RawMessage]():
		value.Set(reflect.ValueOf(json.RawMessage(`{}`)))
		return value
	}
	switch typ.Kind() {
	case reflect.String:
		value.SetString(g.text(typ, field))
	case reflect.Bool:
		value.SetBool(g.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		value.SetInt(int64(g.IntN(4)))
	case reflect.Pointer:
		if g.IntN(3) > 0 {
			value.Set(reflect.New(typ.Elem()))
			value.Elem().Set(g.value(typ.Elem(), field, depth+1))
		}
	case reflect.Slice:
		for range g.IntN(4) {
			value.Set(reflect.Append(value, g.value(typ.Elem(), field, depth+1)))
		}
	case reflect.Map:
		value.Set(reflect.MakeMap(typ))
		for range g.IntN(3) {
			value.SetMapIndex(g.value(typ.Key(), "Component", depth+1), g.value(typ.Elem(), field, depth+1))
		}
	case reflect.Struct:
		for inner := range fieldsIn(typ) {
			name := inner.Name
			if name == "Name" { // its owner's type says more
				name = typ.Name()
			}
			value.FieldByIndex(inner.Index).Set(g.value(inner.Type, name, depth+1))
		}
	}
	return value
}

func (g guesser) text(typ reflect.Type, field string) string {
	switch typ {
	case reflect.TypeFor[portal.Outcome]():
		return g.of("succeeded", "succeeded", "succeeded", "failed", "interrupted", "unknown")
	case reflect.TypeFor[portal.Mode]():
		return g.of("enter", "rollback", "redeploy", "repair", "remove", "fix", "fix", "fix")
	case reflect.TypeFor[portal.StepAction]():
		return g.of("hold", "suspend", "suspend", "suspend", "roll_back", "deploy", "deploy", "test", "restore", "resume", "unhold")
	}
	switch field {
	case "Environment", "Environments", "TestEnvironments":
		return g.of("dev", "qa")
	case "Stage":
		return g.of("first", "second")
	case "Release":
		return g.of("1.0.0", "2.0.0", "")
	case "Version", "Base":
		return g.of("1.0.0", "2.0.0", "3.0.0")
	case "Fix", "Fixes":
		return g.of("EF-1", "EF-2")
	case "Address":
		return g.of("/srv/a", "/srv/b")
	case "Redeploy", "Detail":
		return g.of("", "again")
	}
	return g.of("a", "b")
}
