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

// problem asserts that exactly one problem is told, with the words wanted in
// it, or none where nothing is wanted.
func problem(t *testing.T, problems []portal.Problem, want string) {
	t.Helper()
	switch {
	case want == "" && len(problems) > 0:
		t.Errorf("problems: %v", problems)
	case want != "" && (len(problems) != 1 || !strings.Contains(problems[0].Error(), want)):
		t.Errorf("problems: %v, want one with %q", problems, want)
	}
}

func TestPipelineValidation(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *portal.Pipeline)
		want   string
	}{
		{"a line", func(*portal.Pipeline) {}, ""},
		{"two branches that meet", branches(false), ""},
		{"two branches from the beginning", branches(true), ""},
		{"no stages", func(p *portal.Pipeline) { p.Stages = nil }, "two stages or more"},
		{"one stage", func(p *portal.Pipeline) { p.Stages = p.Stages[:1] }, "two stages or more"},
		{"a stage twice", func(p *portal.Pipeline) {
			p.Stages[1].Name = "dev"
			p.Stages[1].After = nil
			p.Stages[2].After = []string{"dev"}
		}, `stage "dev" is there twice`},
		{"a stage after one that is not there", func(p *portal.Pipeline) { p.Stages[1].After = []string{"test"} }, `"qa" comes after "test", which is not a stage`},
		{"a stage after itself", func(p *portal.Pipeline) { p.Stages[1].After = []string{"qa"} }, "comes after itself"},
		{"a circle", func(p *portal.Pipeline) { p.Stages[0].After = []string{"qa"} }, "circle: dev -> qa -> dev"},
		{"a circle beside a line", func(p *portal.Pipeline) {
			p.Stages[1].After = []string{"dev", "production"}
			p.Stages = append(p.Stages, portal.Stage{Name: "end"})
		}, "circle: qa -> production -> qa"},
		{"two final stages", func(p *portal.Pipeline) { p.Stages[2].After = []string{"dev"} }, "these are: qa, production"},
		{"a bad name", func(p *portal.Pipeline) { p.Name = "Shop" }, `"Shop" is not a name`},
		{"a description with colours", func(p *portal.Pipeline) { p.Description = "\x1b[31m" }, "description: has the character U+001B"},
		{"negative approvals", func(p *portal.Pipeline) { p.Stages[0].RequiredApprovals = -1 }, "required_approvals is -1"},
		{"a blank suite", func(p *portal.Pipeline) { p.Stages[0].RequiredTests = []string{" "} }, "not the name of a test suite"},
		{"a suite of two lines", func(p *portal.Pipeline) { p.Stages[0].RequiredTests = []string{"a\nb"} }, "line"},
		{"an unknown quorum", func(p *portal.Pipeline) { p.Stages[0].Quorum = "most" }, `"most" is not a quorum`},
		{"a rule that cannot be set", func(p *portal.Pipeline) {
			p.Rules = map[portal.Rule]portal.Level{portal.EnvironmentHeld: portal.LevelOff}
		}, `"environment-held" cannot be set`},
		{"a level that is none", func(p *portal.Pipeline) { p.Rules = map[portal.Rule]portal.Level{portal.SoakTime: "maybe"} }, `soak-time = "maybe"`},
		{"reconcile-overdue may be set", func(p *portal.Pipeline) {
			p.Rules = map[portal.Rule]portal.Level{portal.ReconcileOverdue: portal.LevelWarn}
		}, ""},
		{"a fix tested on a stage that is not there", func(p *portal.Pipeline) { p.Emergency.TestStages = []string{"uat"} }, `"uat" is not a stage`},
		{"a fix tested on the final stage", func(p *portal.Pipeline) { p.Emergency.TestStages = []string{"production"} }, "is the final stage"},
		{"a rule that cannot be bypassed", func(p *portal.Pipeline) { p.Emergency.BypassableRules = []portal.Rule{portal.DigestMatch} }, `"digest-match" cannot be bypassed`},
		{"a blank approver", func(p *portal.Pipeline) {
			p.Approvers = map[string]portal.Approver{" ": {PublicKey: "k", May: []string{"release"}}}
		}, "approvers"},
		{"an approver without a key", func(p *portal.Pipeline) { p.Approvers = map[string]portal.Approver{"ann": {May: []string{"release"}}} }, "public_key"},
		{"an approver who may do something else", func(p *portal.Pipeline) {
			p.Approvers = map[string]portal.Approver{"ann": {PublicKey: "k", May: []string{"deploy"}}}
		}, `"deploy"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := portaltest.Line("dev", "qa", "production")
			c.change(&p)
			problem(t, p.Validate(), c.want)
		})
	}
}

func TestAStageWithoutAfterComesAfterTheOneAbove(t *testing.T) {
	stages := []portal.Stage{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d", After: []string{"b", "c"}}}
	portal.ResolveAfter(stages, []bool{false, false, true, true})
	var got [][]string
	for _, s := range stages {
		got = append(got, s.After)
	}
	if diff := cmp.Diff([][]string{nil, {"a"}, nil, {"b", "c"}}, got); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
}

func TestReleaseValidation(t *testing.T) {
	for _, c := range []struct {
		name   string
		full   bool
		change func(r *portal.Release)
		want   string
	}{
		{"a full one", true, func(*portal.Release) {}, ""},
		{"a differential one", false, func(*portal.Release) {}, ""},
		{"one that only removes", false, func(r *portal.Release) { r.Components, r.Removes = nil, []string{"skin"} }, ""},
		{"a full one with a base", true, func(r *portal.Release) { r.Base = "1.0.0" }, "a full release has no base"},
		{"a full one that removes", true, func(r *portal.Release) { r.Removes = []string{"skin"} }, "lists everything it has"},
		{"a full one of nothing", true, func(r *portal.Release) { r.Components = nil }, "at least one component"},
		{"a differential one without base", false, func(r *portal.Release) { r.Base = "" }, "names the release it was built against"},
		{"its own base", false, func(r *portal.Release) { r.Base = r.Version }, "cannot be its own base"},
		{"a base that is no version", false, func(r *portal.Release) { r.Base = "v1" }, `"v1" is not a release version`},
		{"a differential one of nothing", false, func(r *portal.Release) { r.Components = nil }, "changes or removes at least one"},
		{"another type", true, func(r *portal.Release) { r.Type = "partial" }, `"partial" is not a type`},
		{"two names that differ in case", true, func(r *portal.Release) { r.Components["APP"] = portaltest.Part("APP", "1") }, "differ in case only"},
		{"removed and brought", false, func(r *portal.Release) { r.Removes = []string{"theme"} }, "is removed and among the components"},
		{"a version of two lines", true, func(r *portal.Release) { c := r.Components["app"]; c.Version = "1\n+ evil 2"; r.Components["app"] = c }, "line"},
		{"a blank version", true, func(r *portal.Release) { r.Components["app"] = portaltest.Part("app", " ") }, "1 to 127 characters"},
		{"a component that strips less than nothing", true, func(r *portal.Release) {
			c := r.Components["app"]
			c.Kind, c.StripComponents = portal.KindArchive, -1
			r.Components["app"] = c
		}, `"app": strip_components is -1`},
		{"no source", true, func(r *portal.Release) { c := r.Components["app"]; c.Source = ""; r.Components["app"] = c }, "source is empty"},
		{"a digest in capitals", true, func(r *portal.Release) {
			c := r.Components["app"]
			c.SHA256 = strings.ToUpper(c.SHA256)
			r.Components["app"] = c
		}, "is not a sha256"},
		{"a constraint that is none", true, func(r *portal.Release) { r.Requires = map[string]string{"dx": "new"} }, "not a version constraint"},
		{"notes that write backwards", true, func(r *portal.Release) { r.Notes = "\u202e" }, "notes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := portaltest.Delta("2.0.0", "1.0.0", "theme")
			if c.full {
				r = portaltest.FullRelease("2.0.0")
			}
			c.change(&r)
			problem(t, r.Validate(), c.want)
		})
	}
}

func TestEnvironmentValidation(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(e *portal.Environment)
		want   string
	}{
		{"a regular one", func(*portal.Environment) {}, ""},
		{"a lane that is none", func(e *portal.Environment) { e.Lane = "fast" }, `"fast" is not a lane`},
		{"a check with command and http", func(e *portal.Environment) {
			e.Checks = []portal.Check{{Name: "up", Command: []string{"true"}, HTTP: "http://localhost"}}
		}, "exactly one of command and http"},
		{"a check of a name without a scheme", checked(portal.Check{HTTP: "intranet.example/health"}), "is not an address that can be asked: write for example"},
		{"a check by another scheme", checked(portal.Check{HTTP: "ftp://intranet.example/"}), "is not an address that can be asked"},
		{"a check without a host", checked(portal.Check{HTTP: "https:///health"}), "is not an address that can be asked"},
		{"a check of a fragment", checked(portal.Check{HTTP: "https://intranet.example/#/health"}), "http has a fragment"},
		{"a check for a status that no answer has", checked(portal.Check{HTTP: "https://intranet.example/", Status: []int{200, 99}}), "status has 99"},
		{"a check of a program for a status", checked(portal.Check{Command: []string{"true"}, Status: []int{200}}), "about the answer to http"},
		{"a check for two lines", checked(portal.Check{HTTP: "https://intranet.example/", Contains: "a\nb"}), "write one line"},
		{"a check with neither", func(e *portal.Environment) { e.Checks = []portal.Check{{Name: "up"}} }, "exactly one of command and http"},
		{"a check twice", func(e *portal.Environment) {
			e.Checks = []portal.Check{{Name: "up", HTTP: "http://a"}, {Name: "up", HTTP: "http://b"}}
		}, `check "up" is there twice`},
		{"installed software with a suffix", func(e *portal.Environment) { e.Installed = map[string]string{"dx": "9.5.226-cf3"} }, ""},
		{"installed software without a number", func(e *portal.Environment) { e.Installed = map[string]string{"dx": "nine"} }, `dx: the version "nine" cannot be compared`},
		{"installed software with a bad name", func(e *portal.Environment) { e.Installed = map[string]string{"a/b": "1"} }, "not a component name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := portaltest.RegularEnvironment("dev", "dev")
			c.change(&e)
			problem(t, e.Validate(), c.want)
		})
	}
}

func TestFreezeValidation(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(z *portal.Freeze)
		want   string
	}{
		{"one hour", func(*portal.Freeze) {}, ""},
		{"of no time", func(z *portal.Freeze) { z.EndsAt = z.StartsAt }, "comes before starts_at, or is the same"},
		{"that ends before it begins", func(z *portal.Freeze) { z.EndsAt = z.StartsAt.Add(-1) }, "comes before starts_at"},
		{"without a reason", func(z *portal.Freeze) { z.Reason = " " }, "is blank"},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := portal.Freeze{Name: "night", StartsAt: at(0), EndsAt: at(time.Hour), Reason: "inventory"}
			c.change(&z)
			problem(t, z.Validate(), c.want)
		})
	}
}

// TestAdoption declares everything a second time: the same is adopted and
// records nothing, something else is rejected, or recorded as an update.
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
			var rejection *portal.Rejection
			var refusal *portal.Refusal
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
A registered release never changes, so that evidence for it stays true. What differs:
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
		{"a removed stage", func(p *portal.Pipeline) { *p = portaltest.Line("dev", "production") }, []string{`stage "qa" is removed while environment "qa" stands on it`}},
		{"two stages swapped", func(p *portal.Pipeline) { *p = portaltest.Line("qa", "dev", "production") }, []string{
			`stage "dev" is moved while environment "dev" stands on it`, `stage "qa" is moved while environment "qa" stands on it`,
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

func TestApproversAreNamedPlainly(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	for _, name := range []string{"", " ", " ann", "ann ", "ann\nbob", "\x1b[31mann", "ann\u202e"} {
		if _, err := w.Do(portal.RecordApproval{Release: "1.0.0", Stage: "dev", Approver: name}); err == nil {
			t.Errorf("%q is taken as an approver", name)
		}
	}
	w.Approve("1.0.0", "dev", "ann")
	if events := w.MustDo(portal.RecordApproval{Release: "1.0.0", Stage: "dev", Approver: "ann"}); len(events) != 0 {
		t.Error("the same approval is recorded twice")
	}
}

// checked gives an environment one check.
func checked(check portal.Check) func(*portal.Environment) {
	check.Name = "up"
	return func(e *portal.Environment) { e.Checks = []portal.Check{check} }
}
