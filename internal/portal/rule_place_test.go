package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestEvidenceBelongsToAPlace(t *testing.T) {
	elsewhere := portal.Target{Kind: "directory", Address: "directory:/elsewhere", Config: []byte(`{"path":"/elsewhere"}`)}
	judgeAll(t, []ruling{
		{
			name: "an environment that was emptied and given another target vouches for nothing", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.Empty("qa")
				moved := portaltest.RegularEnvironment("qa", "qa")
				moved.Target = elsewhere
				w.MustDo(portal.DeclareEnvironment{Environment: moved, Update: true})
			},
		},
		{
			name: "a redeployment that has not ended blocks", want: []portal.Rule{portal.StageOrder},
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.MustDo(portal.StartDeployment{Deploy: portal.Deploy{Environment: "qa", Release: "2.0.0", Redeploy: "again"}})
				w.Wait(time.Hour)
			},
		},
		{
			name: "the next release on its way to an environment does not",
			story: func(w *portaltest.World) {
				w.Travel("2.0.0", "dev", "qa")
				w.MustStart("dev", "3.0.0")
			},
		},
	})
}

func TestAnyEnvironmentOfAStageIsChosenByTheRulesThatRefuse(t *testing.T) {
	soak := func(level portal.Level) func(p *portal.Pipeline) {
		return func(p *portal.Pipeline) {
			qa := p.Stage("qa")
			qa.RequiredTests, qa.SoakTime = []string{"integration"}, time.Hour
			p.Rules = map[portal.Rule]portal.Level{portal.SoakTime: level}
		}
	}
	passedBesideSoaked := func(w *portaltest.World) {
		w.Environment("qa-2", "qa")
		w.Travel("2.0.0", "dev", "qa-2")
		w.Wait(2 * time.Hour)
		w.Deploy("qa", "2.0.0")
		w.Pass("qa", "2.0.0", "integration")
	}
	judgeAll(t, []ruling{
		{name: "one that passed its tests beats one that has soaked", pipeline: soak(portal.LevelOff), story: passedBesideSoaked},
		{name: "also where too short a soak time is warned of", pipeline: soak(portal.LevelWarn), story: passedBesideSoaked},
	})
}

// TestTheClosestEnvironmentChangesWithTime asks twice, with nothing recorded in between: one
// environment of qa lacks its tests, and the other one only the soak time.
func TestTheClosestEnvironmentChangesWithTime(t *testing.T) {
	w := worldOf(t, on("qa", func(s *portal.Stage) { s.RequiredTests, s.SoakTime = []string{"integration"}, time.Hour }))
	w.Environment("qa-2", "qa")
	w.Register("2.0.0")
	w.Travel("2.0.0", "dev", "qa")
	w.Wait(2 * time.Hour)
	w.Deploy("qa-2", "2.0.0")
	w.Pass("qa-2", "2.0.0", "integration")
	if w.Judge("production", "2.0.0").Allowed() {
		t.Error("no environment of qa has all that it asks for, and it is allowed")
	}
	w.Wait(time.Hour)
	if v := w.Judge("production", "2.0.0"); !v.Allowed() {
		t.Errorf("qa-2 has all that qa asks for, and it is refused by %v", v.Broken())
	}
}

func TestATargetIsKeptWhileSomethingRunsThere(t *testing.T) {
	w := worldOf(t, nil)
	here := portaltest.RegularEnvironment("dev", "dev")
	here.Target.Address, here.Target.Config = "directory:/dev", []byte(`{"path":"/dev"}`)
	w.MustDo(portal.DeclareEnvironment{Environment: here, Update: true})
	w.Register("1.0.0")
	w.Deploy("dev", "1.0.0")
	next := portaltest.RegularEnvironment("dev", "dev")
	next.Target = portal.Target{Kind: "directory", Address: "directory:/elsewhere", Config: []byte(`{"path":"/elsewhere"}`)}
	if _, err := w.Do(portal.DeclareEnvironment{Environment: next, Update: true}); err == nil {
		t.Error("a running release was left behind")
	} else if text := err.Error(); !strings.Contains(text, "at directory:/dev. Nothing was tested on the new target, directory:/elsewhere.") || strings.Contains(text, "working directory") {
		t.Errorf("it says %s", text)
	}
	moved := portaltest.RegularEnvironment("dev", "dev")
	moved.Target.Address, moved.Target.Config = "directory:/other/dev", []byte(`{"path":"/other/dev"}`)
	if _, err := w.Do(portal.DeclareEnvironment{Environment: moved, Update: true}); err == nil || !strings.Contains(err.Error(), "a relative path is below the working directory") {
		t.Errorf("in another working directory it says %v", err)
	}
	tuned := here
	tuned.Target.Config = []byte(`{"path":"/dev","keep":9}`)
	if _, err := w.Do(portal.DeclareEnvironment{Environment: tuned, Update: true}); err != nil {
		t.Errorf("how the target is worked on cannot be changed: %v", err)
	}
}

func TestADeclarationIsNotChangedFromAPlanThatIsStale(t *testing.T) {
	w := worldOf(t, nil)
	planned := w.State.Receipt
	changed := func(description string) portal.Pipeline {
		p := portaltest.Line("dev", "qa", "production")
		p.Name, p.Description = w.State.Name, description
		return p
	}
	w.MustDo(portal.DeclarePipeline{Pipeline: changed("theirs"), Update: true, Planned: planned})
	_, err := w.Do(portal.DeclarePipeline{Pipeline: changed("ours"), Update: true, Planned: planned})
	refusal, refused := err.(*portal.RefusalError) //nolint:errorlint // it is the error itself
	if !refused || !cmp.Equal(refusal.Rules(), []portal.Rule{portal.StalePlan}) {
		t.Errorf("it says %v", err)
	}
	if _, err := w.Do(portal.DeclarePipeline{Pipeline: changed("theirs"), Update: true, Planned: planned}); err != nil {
		t.Errorf("what is there already is refused: %v", err)
	}
}
