package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// problem asserts that exactly one problem is reported, with the wanted words, or none if nothing
// is wanted.
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
		{
			"a rule that cannot be bypassed",
			func(p *portal.Pipeline) { p.Emergency.BypassableRules = []portal.Rule{portal.DigestMatch} },
			`"digest-match" cannot be bypassed`,
		},
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
		{"a check of a program for a status", checked(portal.Check{Command: []string{"true"}, Status: []int{200}}), "need http"},
		{"a check for two lines", checked(portal.Check{HTTP: "https://intranet.example/", Contains: "a\nb"}), "write one line"},
		{"a check with neither", func(e *portal.Environment) { e.Checks = []portal.Check{{Name: "up"}} }, "exactly one of command and http"},
		{"a check twice", func(e *portal.Environment) {
			e.Checks = []portal.Check{{Name: "up", HTTP: "http://a"}, {Name: "up", HTTP: "http://b"}}
		}, `check "up" is there twice`},
		{"installed software with a suffix", func(e *portal.Environment) { e.Installed = map[string]string{"dx": "9.5.226-cf3"} }, ""},
		{
			"installed software without a number", func(e *portal.Environment) { e.Installed = map[string]string{"dx": "nine"} },
			`dx: the version "nine" cannot be compared`,
		},
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
