package ledgertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

var ann, bob = portal.Actor{Name: "ann", Run: "https://ci.example/1"}, portal.Actor{Name: "bob"}

// shop is one ledger with a pipeline in it: what most tests begin with.
type shop struct {
	*ledger.Ledger
	t        testing.TB
	pipeline string
}

// openShop declares pipeline "shop" with the environments "dev" and "prod".
func openShop(t testing.TB, engine ledger.Engine, options ...ledger.Option) *shop {
	t.Helper()
	s := &shop{ledger.New(engine, options...), t, "shop"}
	s.must(declarePipeline("shop"))
	s.must(declareEnvironment("dev", "dev"))
	s.must(declareEnvironment("prod", "prod"))
	return s
}

// beside is another ledger on the same engine, which has snapshots of its own.
func (s *shop) beside(engine ledger.Engine, options ...ledger.Option) *shop {
	return &shop{ledger.New(engine, options...), s.t, s.pipeline}
}

func (s *shop) record(command portal.Command) ([]portal.Meta, error) {
	return s.Record(s.t.Context(), s.pipeline, ann, command)
}

// must records what has to be recorded.
func (s *shop) must(command portal.Command) []portal.Meta {
	s.t.Helper()
	metas, err := s.record(command)
	if err != nil {
		s.t.Fatalf("%T: %v", command, err)
	}
	return metas
}

// facts looks at the pipeline.
func (s *shop) facts(subjects portal.Subjects, look func(portal.Facts)) {
	s.t.Helper()
	err := s.View(s.t.Context(), s.pipeline, ann, subjects, func(f portal.Facts) error {
		look(f)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// head is the number of the newest entry.
func (s *shop) head() (head int64) {
	s.t.Helper()
	s.facts(portal.Subjects{}, func(f portal.Facts) { head = f.Head })
	return head
}

// entries returns the whole record.
func (s *shop) entries() []ledger.StoredEntry {
	s.t.Helper()
	entries, err := s.Entries(s.t.Context(), s.pipeline, 0, 1<<30)
	if err != nil {
		s.t.Fatal(err)
	}
	return entries
}

func (s *shop) verify() {
	s.t.Helper()
	if err := s.Verify(s.t.Context(), s.pipeline); err != nil {
		s.t.Error(err)
	}
}

func declarePipeline(name string) portal.DeclarePipeline {
	return portal.DeclarePipeline{Update: true, Pipeline: portal.Pipeline{
		Name:      name,
		Stages:    []portal.Stage{{Name: "dev"}, {Name: "prod", After: []string{"dev"}}},
		Emergency: portal.DefaultEmergencyPolicy(),
	}}
}

func declareEnvironment(name, stage string) portal.DeclareEnvironment {
	return portal.DeclareEnvironment{Update: true, Environment: portal.Environment{
		Name: name, Stage: stage, Lane: portal.LaneRegular,
		Target: portal.Target{Kind: "directory", Config: json.RawMessage(`{}`)},
	}}
}

// at gives the environment a target that nothing else may have.
func at(address string, c portal.DeclareEnvironment) portal.DeclareEnvironment {
	c.Environment.Target.Address = address
	return c
}

func register(version string) portal.RegisterRelease {
	return portal.RegisterRelease{Release: portal.Release{Version: version, Type: portal.Full, Components: component(version)}}
}

func registerOn(base, version string) portal.RegisterRelease {
	return portal.RegisterRelease{Release: portal.Release{Version: version, Type: portal.Differential, Base: base, Components: component(version)}}
}

func component(version string) map[string]portal.Component {
	return map[string]portal.Component{"app": {
		Version: version, Kind: portal.DefaultKind,
		Source: "https://files.example/app", SHA256: portal.HashEntry([]byte(version)),
	}}
}

func start(environment, release string) portal.StartDeployment {
	return portal.StartDeployment{Deploy: portal.Deploy{Environment: environment, Release: release}}
}

func end(environment string, epoch int64) portal.EndDeployment {
	return portal.EndDeployment{Environment: environment, Epoch: epoch, Outcome: portal.Succeeded}
}

func test(environment, release, run string) portal.RecordTest {
	return portal.RecordTest{Environment: environment, Release: release, Suite: "smoke", Passed: true, RunID: run}
}

// freeze is a command that always records one entry, for a name that was not
// used before.
func freeze(n int) portal.DeclareFreeze {
	return portal.DeclareFreeze{Freeze: portal.Freeze{Name: fmt.Sprintf("f%d", n), StartsAt: epoch, EndsAt: epoch.AddDate(0, 0, 1), Reason: "holidays"}}
}

// firstOnDev is the epoch of the first attempt at environment "dev" of openShop:
// epochs begin after the number of the entry that declares the environment.
const firstOnDev = 3

// epochOf is the epoch of an environment's newest attempt, 0 if there was
// none.
func epochOf(f portal.Facts, environment string) int64 {
	if site := f.Sites[environment]; site != nil {
		return site.Epoch
	}
	return 0
}

// madeUp is a command made up by a test.
type madeUp struct {
	portal.Command // none: it only makes it one
	decide         func(portal.Facts) ([]portal.Event, error)
}

func command(decide func(portal.Facts) ([]portal.Event, error)) portal.Command {
	return madeUp{decide: decide}
}

func (madeUp) Subjects() portal.Subjects { return portal.Subjects{} }

func (c madeUp) Decide(f portal.Facts) ([]portal.Event, error) { return c.decide(f) }

var errRefused = errors.New("refused by the test")

func refuse(portal.Facts) ([]portal.Event, error) { return nil, errRefused }

// describe writes down everything that a view shows of a pipeline and of some
// releases, so that two views can be compared.
func describe(ctx context.Context, l *ledger.Ledger, pipeline string, releases []string) (string, error) {
	var text []byte
	err := l.View(ctx, pipeline, ann, portal.Subjects{Releases: releases}, func(f portal.Facts) error {
		var err error
		text, err = json.MarshalIndent(describeState(f.State, releases), "", " ")
		return err
	})
	return string(text), err
}

func describeState(s *portal.State, releases []string) any {
	type release struct {
		Version           string
		RegisteredRelease *portal.RegisteredRelease
		Approvals         []portal.Approval
		Evidence          map[string]*portal.Evidence
	}
	var all []release
	for _, version := range releases {
		r := release{version, s.Release(version), s.Approvals(version), map[string]*portal.Evidence{}}
		for _, environment := range environmentNames {
			if evidence := s.Evidence(version, environment); evidence != nil {
				r.Evidence[environment] = evidence
			}
		}
		all = append(all, r)
	}
	return map[string]any{
		"head": s.Head, "head at": s.HeadAt, "pipeline": s.Pipeline, "receipt": s.Receipt,
		"sites": s.Sites, "freezes": s.Freezes, "releases": all,
	}
}

var environmentNames = []string{"dev", "dev-2", "prod", "prod-2"}

// fold is the state that all entries give, from the first on.
func (s *shop) fold() *portal.State {
	s.t.Helper()
	state := portal.NewState(s.ID(), s.pipeline, true)
	for _, stored := range s.entries() {
		entry, event, err := portal.ReadEntry(stored.Bytes)
		if err != nil {
			s.t.Fatal(err)
		}
		state.Apply(event, entry.Meta(stored.SHA256))
	}
	return state
}

// sameAsFold checks that a view shows what all entries give.
func (s *shop) sameAsFold(releases ...string) {
	s.t.Helper()
	got, err := describe(s.t.Context(), s.Ledger, s.pipeline, releases)
	if err != nil {
		s.t.Fatal(err)
	}
	want, err := json.MarshalIndent(describeState(s.fold(), releases), "", " ")
	if err != nil {
		s.t.Fatal(err)
	}
	if got != string(want) {
		s.t.Errorf("a view shows\n%s\nthe entries give\n%s", got, want)
	}
}
