package portal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// TestAdoption declares everything twice: the same declaration is adopted and records nothing;
// another one is rejected, or recorded as an update.
func TestAdoption(t *testing.T) {
	const (
		adopted  = "adopted"
		rejected = "rejected"
		refused  = "refused"
		recorded = "recorded"
	)
	freeze := portal.Freeze{Name: "night", Stages: []string{"qa", "production"}, StartsAt: at(0), EndsAt: at(time.Hour), Reason: "inventory"}
	pipeline := func() portal.Pipeline {
		p := portaltest.Line("dev", "qa", "production")
		p.Stages[1].RequiredTests = []string{"load", "smoke"}
		return p
	}
	environment := portaltest.RegularEnvironment("dev", "dev")
	release := portaltest.Delta("2.0.0", "1.0.0", "theme")
	release.Removes, release.Requires = []string{"a", "b"}, map[string]string{"dx": ">= 9"}
	for _, c := range []struct {
		name    string
		command func() portal.Command
		want    string
	}{
		{"the same pipeline", func() portal.Command { return portal.DeclarePipeline{Pipeline: pipeline()} }, adopted},
		{"the same pipeline as an update", func() portal.Command { return portal.DeclarePipeline{Pipeline: pipeline(), Update: true} }, adopted},
		{"its suites in another order", func() portal.Command {
			p := pipeline()
			p.Stages[1].RequiredTests = []string{"smoke", "load"}
			return portal.DeclarePipeline{Pipeline: p}
		}, adopted},
		{"another description", func() portal.Command {
			p := pipeline()
			p.Description = "new"
			return portal.DeclarePipeline{Pipeline: p}
		}, rejected},
		{"another description as an update", func() portal.Command {
			p := pipeline()
			p.Description = "new"
			return portal.DeclarePipeline{Pipeline: p, Update: true}
		}, recorded},
		{"no rule is bypassable any more", func() portal.Command {
			p := pipeline()
			p.Emergency.BypassableRules = []portal.Rule{}
			return portal.DeclarePipeline{Pipeline: p, Update: true}
		}, recorded},
		{"the same environment", func() portal.Command { return portal.DeclareEnvironment{Environment: environment} }, adopted},
		{"an empty map for none", func() portal.Command {
			e := environment
			e.Installed = map[string]string{}
			return portal.DeclareEnvironment{Environment: e}
		}, adopted},
		{"another stage", func() portal.Command {
			e := environment
			e.Stage = "qa"
			return portal.DeclareEnvironment{Environment: e}
		}, rejected},
		{"another stage as an update", func() portal.Command {
			e := environment
			e.Stage = "qa"
			return portal.DeclareEnvironment{Environment: e, Update: true}
		}, recorded},
		{"a stage that is not there", func() portal.Command {
			e := environment
			e.Stage = "uat"
			return portal.DeclareEnvironment{Environment: e, Update: true}
		}, rejected},
		{"the same freeze, its stages in another order, in another zone", func() portal.Command {
			z := freeze
			z.Stages, z.StartsAt = []string{"production", "qa"}, z.StartsAt.In(time.FixedZone("", 3600))
			return portal.DeclareFreeze{Freeze: z}
		}, adopted},
		{"another reason", func() portal.Command {
			z := freeze
			z.Reason = "holiday"
			return portal.DeclareFreeze{Freeze: z}
		}, rejected},
		{"a freeze of a stage that is not there", func() portal.Command {
			z := freeze
			z.Stages = []string{"uat"}
			return portal.DeclareFreeze{Freeze: z, Update: true}
		}, rejected},
		{"the same release", func() portal.Command { return portal.RegisterRelease{Release: release} }, adopted},
		{"what it removes in another order", func() portal.Command {
			r := release
			r.Removes = []string{"b", "a"}
			return portal.RegisterRelease{Release: r}
		}, adopted},
		{"other notes", func() portal.Command {
			r := release
			r.Notes = "new"
			return portal.RegisterRelease{Release: r}
		}, recorded},
		{"another source of the same bytes", func() portal.Command {
			r := release
			part := r.Components["theme"]
			part.Source = "https://example.com/theme"
			r.Components = map[string]portal.Component{"theme": part}
			return portal.RegisterRelease{Release: r}
		}, recorded},
		{"other bytes", func() portal.Command {
			r := release
			r.Components = map[string]portal.Component{"theme": portaltest.Part("theme", "9")}
			return portal.RegisterRelease{Release: r}
		}, refused},
		{"another base", func() portal.Command {
			r := release
			r.Base = "1.1.0"
			return portal.RegisterRelease{Release: r}
		}, refused},
		{"other requirements", func() portal.Command {
			r := release
			r.Requires = nil
			return portal.RegisterRelease{Release: r}
		}, refused},
		{"a fix that it incorporates after all", func() portal.Command {
			r := release
			r.Incorporates = []string{"EF-1"}
			return portal.RegisterRelease{Release: r}
		}, refused},
		{"a sha256 that is missing", func() portal.Command {
			r := release
			r.Version, r.Components = "2.0.1", map[string]portal.Component{"theme": {Version: "1", Kind: "file", Source: "x"}}
			return portal.RegisterRelease{Release: r}
		}, rejected},
		{"a base that leads back", func() portal.Command {
			return portal.RegisterRelease{Release: portaltest.Delta("1.0.0", "2.0.0", "theme")}
		}, rejected},
		{"a retired environment that is not there", func() portal.Command { return portal.RemoveEnvironment{Name: "uat"} }, adopted},
		{"a freeze removed that is not there", func() portal.Command { return portal.RemoveFreeze{Name: "noon"} }, adopted},
		{"a pipeline retired with environments", func() portal.Command { return portal.RetirePipeline{} }, rejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := portaltest.New(t, pipeline())
			w.MustDo(portal.RegisterRelease{Release: release})
			w.MustDo(portal.DeclareFreeze{Freeze: freeze})
			events, err := w.Do(c.command())
			var rejection *portal.RejectionError
			var refusal *portal.RefusalError
			got := recorded
			switch {
			case errors.As(err, &rejection):
				got = rejected
			case errors.As(err, &refusal):
				got = refused
				if rules := refusal.Rules(); len(rules) != 1 || rules[0] != portal.DigestMatch {
					t.Errorf("refused by %v, want digest-match", rules)
				}
			case err != nil:
				t.Fatal(err)
			case len(events) == 0:
				got = adopted
			}
			if got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
}

func TestAChangedReleaseIsToldWhatDiffers(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	other := portaltest.FullRelease("1.0.0")
	other.Components = map[string]portal.Component{"app": portaltest.Part("app", "1.0.1"), "theme": portaltest.Part("theme", "1.0.0")}
	_, err := w.Do(portal.RegisterRelease{Release: other})
	want := `digest-match: release 1.0.0 is registered with another declaration
A registered release never changes, so that its evidence stays valid. What differs:
    components: ~ app 1.0.0 -> 1.0.1
    components: + theme 1.0.0
Register a new version, or restore the declaration.`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("the message (-want +got):\n%s", diff)
	}
}

func TestOneTargetBelongsToOneEnvironment(t *testing.T) {
	w := worldOf(t, nil)
	w.Claims["ssh://taken"] = "intranet/production"
	e := portaltest.RegularEnvironment("dev-2", "dev")
	e.Target.Address = "ssh://taken"
	if _, err := w.Do(portal.DeclareEnvironment{Environment: e}); err == nil || !strings.Contains(err.Error(), `"intranet/production"`) {
		t.Errorf("a target that is taken: %v", err)
	}
	e.Target.Address = "ssh://free"
	w.MustDo(portal.DeclareEnvironment{Environment: e})
	if events := w.MustDo(portal.DeclareEnvironment{Environment: e}); len(events) != 0 {
		t.Error("its own target is in its way")
	}
	e.Name = "dev-3"
	if _, err := w.Do(portal.DeclareEnvironment{Environment: e}); err == nil {
		t.Error("another environment of the pipeline may have the same target")
	}
}

func TestStagesInUse(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *portal.Pipeline)
		want   []string
	}{
		{"nothing changes", func(*portal.Pipeline) {}, nil},
		{"a new stage in between", func(p *portal.Pipeline) {
			*p = portaltest.Line("dev", "uat", "qa", "production")
		}, nil},
		{"a removed stage", func(p *portal.Pipeline) { *p = portaltest.Line("dev", "production") }, []string{`stage "qa" is removed, but environment "qa" is on it`}},
		{"two stages swapped", func(p *portal.Pipeline) { *p = portaltest.Line("qa", "dev", "production") }, []string{
			`stage "dev" is moved, but environment "dev" is on it`, `stage "qa" is moved, but environment "qa" is on it`,
		}},
		{"other suites", required("qa", "smoke"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			next := portaltest.Line("dev", "qa", "production")
			c.change(&next)
			if diff := cmp.Diff(c.want, w.Facts().StagesInUse(&next)); diff != "" {
				t.Errorf("in use (-want +got):\n%s", diff)
			}
			if _, err := w.Do(portal.DeclarePipeline{Pipeline: next, Update: true}); (err != nil) != (c.want != nil) {
				t.Errorf("declaring it: %v", err)
			}
		})
	}
}

func TestAnEnvironmentMovesOnlyWhenItIsEmpty(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	w.Deploy("dev", "1.0.0")
	moved := portaltest.RegularEnvironment("dev", "qa")
	if _, err := w.Do(portal.DeclareEnvironment{Environment: moved, Update: true}); err == nil {
		t.Error("it moved with what it runs")
	}
	w.Empty("dev")
	w.MustDo(portal.DeclareEnvironment{Environment: moved, Update: true})
}

func TestDeletionProtection(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	w.Deploy("dev", "1.0.0")
	e := portaltest.RegularEnvironment("dev", "dev")
	e.DeletionProtection = true
	w.MustDo(portal.DeclareEnvironment{Environment: e, Update: true})
	for name, command := range map[string]portal.Command{"removing": portal.RemoveEnvironment{Name: "dev"}, "emptying": portal.StartRemoval{Environment: "dev"}} {
		if _, err := w.Do(command); err == nil {
			t.Errorf("%s a protected environment is let pass", name)
		}
	}
}

func TestAPipelineDeclaredAgainKnowsItsReleases(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	w.Travel("1.0.0", "dev")
	for _, name := range []string{"dev", "qa", "production"} {
		w.Remove(name)
	}
	w.MustDo(portal.RetirePipeline{})
	if events := w.MustDo(portal.RetirePipeline{}); len(events) != 0 {
		t.Error("a retired pipeline is retired again")
	}
	if _, err := w.Do(portal.RegisterRelease{Release: portaltest.FullRelease("2.0.0")}); err == nil {
		t.Error("a release is registered on a retired pipeline")
	}
	w.MustDo(portal.DeclarePipeline{Pipeline: portaltest.Line("dev", "qa", "production")})
	if w.State.Release("1.0.0") == nil {
		t.Error("its releases are forgotten")
	}
}
