package provider_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

var update = flag.Bool("update", false, "write the table of the guide on saved plans anew")

// saved is a change that is planned, before something moves.
type saved struct {
	name         string
	there, plans []resource // what is applied before, and what is planned; nil: it goes
}

func (p *place) saves() []saved {
	release, dev, spare := p.release("2.0.0"), deployment("dev", "1.0.0"), deployment("spare", "1.0.0")
	result := resource{Address: "portal_test_result.r", Config: config{"pipeline": "shop", "environment": "dev", "release": "1.0.0", "suite": "smoke", "junit_report": p.path("files", "report.xml")}}
	approval := resource{Address: "portal_approval.a", Config: config{"pipeline": "shop", "release": "1.0.0", "stage": "dev", "approver": "ben"}}
	freeze := resource{Address: "portal_freeze.f", Config: config{"pipeline": "shop", "name": "summer", "starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-02-01T00:00:00Z", "reason": "holidays"}}
	rehearsal := p.fix("EF-1", "data.portal_fast_path.f")
	fix, careful, staged := p.fix("EF-1", "portal_emergency_fix.f"), p.fix("EF-1", "portal_emergency_fix.f"), p.fix("EF-1", "portal_emergency_fix.f")
	careful.Config = careful.Config.With("expect", coretest.Ref{Address: rehearsal.Address, Attribute: "statement_digest"})
	staged.Config = staged.Config.With("advance_to", "staging")
	with := func(r resource, attribute string, value any) resource {
		r.Config = r.Config.With(attribute, value)
		return r
	}
	one := func(r ...resource) []resource { return r }
	return []saved{
		{"`portal_pipeline`, created", nil, one(pipeline("other"))},
		{"`portal_pipeline`, changed", one(pipeline("shop")), one(with(pipeline("shop"), "description", "all of it"))},
		{"`portal_pipeline`, destroyed", one(pipeline("other")), nil},
		{"`portal_environment`, created", nil, one(p.environment("extra", "dev"))},
		{"`portal_environment`, changed", one(p.environment("spare", "dev")), one(with(p.environment("spare", "dev"), "installed", config{"hcl-dx": "9.5"}))},
		{"`portal_environment`, destroyed", one(p.environment("spare", "dev")), nil},
		{"`portal_release`, created", nil, one(release)},
		{"`portal_release`, changed", one(release), one(with(release, "notes", "new"))},
		{"`portal_release`, destroyed", one(release), nil},
		{"`portal_release_deployment`, created", nil, one(spare)},
		{"`portal_release_deployment`, changed", one(dev), one(deployment("dev", "1.1.0"))},
		{"`portal_release_deployment`, destroyed", one(dev), nil},
		{"`portal_test_result`, created", nil, one(result)},
		{"`portal_test_result`, changed", one(result), one(with(result, "summary", "fine"))},
		{"`portal_test_result`, destroyed", one(result), nil},
		{"`portal_approval`, created", nil, one(approval)},
		{"`portal_approval`, changed", one(approval), one(with(approval, "comment", "fine"))},
		{"`portal_approval`, destroyed", one(approval), nil},
		{"`portal_freeze`, created", nil, one(freeze)},
		{"`portal_freeze`, changed", one(freeze), one(with(freeze, "reason", "longer holidays"))},
		{"`portal_freeze`, destroyed", one(freeze), nil},
		{"`portal_emergency_fix`, created", nil, one(fix)},
		{"`portal_emergency_fix`, created with `expect`", nil, one(rehearsal, careful)},
		{"`portal_emergency_fix`, going on", one(staged), one(fix)},
		{"`portal_emergency_fix`, reviewed", one(fix), one(with(fix, "review", config{"reviewer": "eve", "outcome": "accepted", "notes": "fine"}))},
		{"`portal_emergency_fix`, withdrawn", one(fix), one(with(fix, "withdraw", config{"reason": "it made it worse"}))},
		{"`portal_emergency_fix`, destroyed", one(fix), nil},
	}
}

// fix is a fix, or its rehearsal, of the component app.
func (p *place) fix(name, address string) resource {
	return resource{Address: address, Config: config{
		"pipeline": "shop", "name": name, "components": p.components("fix"),
		"bypass":        []any{"stage-order", "tests-passed", "soak-time", "stage-occupied", "representative-test", "freeze"},
		"justification": config{"reason": "logins fail", "incident": "INC-1", "severity": "sev1", "requested_by": "ann", "why_not_normal_path": "it takes a week"},
	}}
}

// move is something that happens between a plan and its apply, by somebody else.
type move struct {
	name string
	do   func(p *place, kim *coretest.Root) *coretest.Report // an error: it cannot happen then
}

func moves(backup string) []move {
	return []move{
		{"nothing", func(*place, *coretest.Root) *coretest.Report { return &coretest.Report{} }},
		{"a release is promoted", func(p *place, kim *coretest.Root) *coretest.Report {
			return p.attempt(kim, append(p.everything()[:6], p.release("1.1.0"), deployment("dev", "1.1.0"), deployment("staging", "1.1.0"), deployment("production", "1.1.0"), deployment("spare", "1.1.0"))...)
		}},
		{"a fix is applied", func(p *place, kim *coretest.Root) *coretest.Report {
			other := p.fix("EF-9", "portal_emergency_fix.other")
			other.Config = other.Config.With("components", config{"web": config{"version": "1", "source": p.path("files", "web")}})
			return p.attempt(kim, append(p.everything(), p.release("1.1.0"), other)...)
		}},
		{"a freeze begins", func(p *place, kim *coretest.Root) *coretest.Report {
			return p.attempt(kim, append(p.everything(), p.release("1.1.0"), resource{Address: "portal_freeze.now", Config: config{
				"pipeline": "shop", "name": "now", "stages": []any{"dev", "staging", "production"}, "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z", "reason": "an audit",
			}})...)
		}},
		{"the environment is moved", func(p *place, kim *coretest.Root) *coretest.Report {
			all := p.everything()
			without := slices.DeleteFunc(slices.Clone(all), func(r resource) bool { return r.Address == "portal_release_deployment.dev" })
			if report := p.attempt(kim, append(slices.Clone(without), p.release("1.1.0"))...); !report.OK() {
				return report
			}
			without[1], without[2] = p.environment("dev", "staging"), p.environment("spare", "staging")
			return p.attempt(kim, append(without, p.release("1.1.0"))...)
		}},
		{"files are rebuilt", func(p *place, _ *coretest.Root) *coretest.Report {
			for _, name := range []string{"app-1.0.0", "app-1.1.0", "app-2.0.0", "app-fix"} {
				p.write("files/"+name, "rebuilt")
			}
			p.write("files/report.xml", `<testsuite name="s" tests="2"><testcase name="a"/><testcase name="b"/></testsuite>`)
			return &coretest.Report{}
		}},
		{"files are gone", func(p *place, _ *coretest.Root) *coretest.Report {
			p.must(os.RemoveAll(p.path("files")))
			return &coretest.Report{}
		}},
		{"the ledger is restored", func(p *place, _ *coretest.Root) *coretest.Report {
			for _, name := range []string{"ledger.db", "ledger.db-wal", "ledger.db-shm"} {
				p.must(os.RemoveAll(p.path(name)))
			}
			p.copyFile(backup, p.path("ledger.db"))
			return &coretest.Report{}
		}},
	}
}

var ruleID = regexp.MustCompile(`^([a-z]+(?:-[a-z]+)+|freeze|approvals): `)

// outcome is what a report comes to, for the table.
func outcome(report *coretest.Report) string {
	if len(report.Errors) == 0 {
		return "applied"
	}
	m := report.Errors[0]
	if id := ruleID.FindStringSubmatch(m.Summary); id != nil {
		return "`" + id[1] + "`"
	}
	if strings.Contains(m.Detail, "stale-plan") {
		return "`stale-plan`"
	}
	return "refused: " + m.Summary
}

// TestASavedPlanWhenThingsHaveMoved plans every kind of change, has something happen, and
// applies the plan. Never does Terraform call what comes out a bug in the provider. The
// table of the guide is what this test has found.
func TestASavedPlanWhenThingsHaveMoved(t *testing.T) {
	oneWalkAfterTheOther(t)
	t.Parallel()
	p := newPlace(t)
	p.write("files/web", "web")
	p.write("files/report.xml", `<testsuite name="s" tests="1"><testcase name="a"/></testsuite>`)
	kim := p.root("kim")
	all := p.everything()
	p.apply(kim, all[:len(all)-1]...)
	backup := filepath.Join(t.TempDir(), "ledger.db")
	p.copyFile(p.path("ledger.db"), backup)
	p.apply(kim, append(slices.Clone(all), p.release("1.1.0"))...)
	start := p.snapshot(kim)
	happens := moves(backup)
	header := "| A plan in which … |"
	for _, m := range happens[1:] {
		header += " " + m.name + " |"
	}
	lines := []string{header, "|" + strings.Repeat("---|", len(happens))}
	for _, s := range p.saves() {
		start.restore()
		jane := p.root("jane")
		if s.there != nil {
			p.apply(jane, s.there...)
		}
		p.is = nil
		plan, report := jane.Plan(s.plans...)
		if plan == nil {
			t.Fatalf("%s cannot be planned:\n%s", s.name, report)
		}
		before := p.snapshot(jane) // with the files that the plan has put into the cache
		line := "| " + s.name + " |"
		for _, m := range happens {
			root := before.restore()
			p.is = nil
			if moved := m.do(p, start.root.Copy()); !moved.OK() {
				if len(moved.Faults) > 0 {
					t.Errorf("%s, and %s:\n%s", s.name, m.name, moved)
				}
				line += " cannot happen |"
				continue
			}
			report := root.Apply(plan)
			for _, fault := range report.Faults {
				t.Errorf("%s, and %s: %s", s.name, m.name, fault)
			}
			for _, e := range report.Errors {
				if foreign.MatchString(e.String()) {
					t.Errorf("%s, and %s: %s", s.name, m.name, e)
				}
			}
			if got := outcome(report); m.name != "nothing" {
				line += " " + got + " |"
			} else if got != "applied" {
				t.Errorf("%s: it cannot be applied though nothing has moved:\n%s", s.name, report)
			}
			if testing.Verbose() {
				t.Logf("%s, and %s:\n%s", s.name, m.name, report)
			}
		}
		lines = append(lines, line)
	}
	compareTable(t, strings.Join(lines, "\n"))
}

const guide = "../../templates/guides/saved-plans.md"

// compareTable holds the guide to the table.
func compareTable(t *testing.T, table string) {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- begin: made by TestASavedPlanWhenThingsHaveMoved -update -->\n", "\n<!-- end -->"
	before, rest, found := strings.Cut(string(text), begin)
	written, after, ends := strings.Cut(rest, end)
	if !found || !ends {
		t.Fatalf("%s has no place for the table", guide)
	}
	if written == table {
		return
	}
	if !*update {
		t.Errorf("%s has another table; with -update it is written anew. It should have\n%s", guide, table)
		return
	}
	if err := os.WriteFile(guide, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
