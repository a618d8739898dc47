package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// record is a ledger in a file, who writes it, and its clock.
type record struct {
	*ledger.Ledger
	t        *testing.T
	path     string
	pipeline string
	now      time.Time
}

func newRecord(t *testing.T) *record {
	t.Helper()
	r := &record{t: t, path: filepath.Join(t.TempDir(), "ledger.db"), now: time.Date(2200, 1, 6, 9, 0, 0, 0, time.UTC)}
	engine, err := engines.Open(t.Context(), "sqlite:"+r.path, engines.WithClock(func() time.Time { return r.now }))
	if err != nil {
		t.Fatal(err)
	}
	ids := 0
	r.Ledger = ledger.New(engine, ledger.WithIDs(func() string { ids++; return fmt.Sprintf("id-%d", ids) }))
	t.Cleanup(func() { r.Close() })
	return r
}

// do records commands, a minute apart.
func (r *record) do(commands ...portal.Command) {
	r.t.Helper()
	for _, command := range commands {
		if _, err := r.try(command); err != nil {
			r.t.Fatalf("%T: %v", command, err)
		}
	}
}

func (r *record) try(command portal.Command) ([]portal.Meta, error) {
	r.now = r.now.Add(time.Minute)
	return r.Record(context.Background(), r.pipeline, portal.Actor{Name: "ann", Run: "https://ci.example/1"}, command)
}

// declare declares a pipeline with an environment on each of its stages.
func (r *record) declare(pipeline string) {
	r.pipeline = pipeline
	r.do(portal.DeclarePipeline{Pipeline: portal.Pipeline{
		Name:      pipeline,
		Stages:    []portal.Stage{{Name: "dev", RequiredTests: []string{"smoke"}, SoakTime: time.Hour}, {Name: "production", After: []string{"dev"}}},
		Emergency: portal.EmergencyPolicy{ReconcileWithin: 72 * time.Hour, ReviewWithin: 120 * time.Hour},
	}})
	for _, name := range []string{"dev", "production"} {
		r.do(portal.DeclareEnvironment{Environment: portal.Environment{
			Name: name, Stage: name, Lane: portal.LaneRegular, Target: portal.Target{Kind: "directory", Config: json.RawMessage(`{}`)},
		}})
	}
}

func (r *record) register(version string) {
	r.do(portal.RegisterRelease{Release: portal.Release{Version: version, Type: portal.Full, Components: map[string]portal.Component{
		"app": {Version: version, Kind: portal.DefaultKind, Source: "https://files.example/app-" + version, SHA256: portal.HashEntry([]byte(version))},
	}}})
}

func (r *record) deploy(environment, release string) {
	r.t.Helper()
	r.do(portal.StartDeployment{Deploy: portal.Deploy{Environment: environment, Release: release}})
	end := portal.EndDeployment{Environment: environment, Outcome: portal.Succeeded}
	err := r.View(context.Background(), r.pipeline, portal.Actor{}, portal.Subjects{}, func(f portal.Facts) error {
		end.Epoch = f.Sites[environment].Epoch
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.do(end)
}

// shop is a record in which 1.0.0 has reached production, and 1.1.0 was tested on
// dev and refused on production, because it had not run there for long.
func shop(t *testing.T) *record {
	t.Helper()
	r := newRecord(t)
	r.shop()
	return r
}

func (r *record) shop() {
	r.t.Helper()
	r.declare("shop")
	r.register("1.0.0")
	r.deploy("dev", "1.0.0")
	r.do(portal.RecordTest{Environment: "dev", Release: "1.0.0", Suite: "smoke", Passed: true})
	r.now = r.now.Add(2 * time.Hour)
	r.deploy("production", "1.0.0")
	r.register("1.1.0")
	r.deploy("dev", "1.1.0")
	r.do(portal.RecordTest{Environment: "dev", Release: "1.1.0", Suite: "smoke", Passed: true})
	_, err := r.try(portal.StartDeployment{Deploy: portal.Deploy{Environment: "production", Release: "1.1.0"}})
	var refusal *portal.RefusalError
	if !errors.As(err, &refusal) {
		r.t.Fatalf("1.1.0 was not refused: %v", err)
	}
	r.do(portal.RecordRefusal{Environment: "production", Release: "1.1.0", Refusal: refusal})
}

// twoPipelines has, besides the shop, the intranet, whose production breaks.
func twoPipelines(t *testing.T) *record {
	t.Helper()
	r := shop(t)
	r.declare("intranet")
	r.register("3.0.0")
	r.deploy("dev", "3.0.0")
	r.do(portal.RecordTest{Environment: "dev", Release: "3.0.0", Suite: "smoke", Passed: true})
	r.now = r.now.Add(2 * time.Hour)
	r.deploy("production", "3.0.0")
	r.do(
		portal.OpenFix{FixWish: portal.FixWish{Fix: portal.Fix{
			Name: "EF-1", Strategy: portal.StrategyAuto, Bypass: portal.BypassableRules(),
			Components: map[string]portal.Component{
				"app": {Version: "3.0.1", Kind: portal.DefaultKind, Source: "https://files.example/app-3.0.1", SHA256: portal.HashEntry([]byte("3.0.1"))},
			},
			Justification: portal.Justification{Reason: "logins fail", Incident: "INC-1", Severity: "1", RequestedBy: "dora", WhyNotNormalPath: "it takes a day"},
		}}},
		portal.StartStep{Fix: "EF-1", Round: 0, Stop: 100},
	)
	return r
}
