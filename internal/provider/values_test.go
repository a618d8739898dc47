package provider_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"maps"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0vfzjvJ8CIFJDpbqjcS3VqAUgWR3BKZEkRNgHXzcPZ"

// A subject is a resource or a data source that can be configured as it stands.
type subject struct {
	config config
	first  config     // what is applied before it, of the same resource; nil: it is created
	before []resource // what is applied before that
}

// subjects are several of each type, so that every attribute, however deep, is
// configured in one.
func (p *place) subjects() map[string][]subject {
	justification := config{
		"reason": "logins fail", "incident": "INC-1", "severity": "sev1", "requested_by": "ann", "why_not_normal_path": "it takes a week", "security_impact": "none",
	}
	fix := config{
		"pipeline": "shop", "name": "EF-1", "components": p.components("fix"), "justification": justification, "approvals": nil,
		"bypass": []any{"stage-order", "tests-passed", "soak-time", "approvals", "representative-test", "fix-tested"}, "timeouts": config{"create": "5m", "update": "5m"},
	}
	rehearsal := maps.Clone(fix)
	delete(rehearsal, "timeouts")
	program := []any{"true"}
	release := config{
		"pipeline": "shop", "version": "2.0.0", "components": p.components("2.0.0"), "type": "full", "requires": config{"app": ">= 1"}, "incorporates": []any{"EF-9"}, "notes": "new",
	}
	result := config{"pipeline": "shop", "environment": "dev", "release": "1.0.0", "suite": "smoke", "outcome": "passed", "report_url": "https://ci.example/1", "summary": "fine", "run": "1"}
	reported := result.With("junit_report", p.path("report.xml")).With("outcome", nil).With("minimum_tests", 1).With("runner_exit", 0)
	approval := config{"pipeline": "shop", "release": "1.0.0", "stage": "dev", "approver": "ben", "comment": "fine", "content_digest": p.digest()}
	opened := resource{Address: "portal_emergency_fix.opened", Config: fix.With("name", "EF-0").With("advance_to", "staging")}
	configs := map[string][]config{
		"portal_pipeline": {{
			"name": "other", "description": "for tests", "rules": config{"soak-time": "warn"},
			"stages": []any{
				config{"name": "one", "required_tests": []any{"smoke"}, "soak_time": "1h", "required_approvals": 1, "quorum": "all", "exclusive": true},
				config{"name": "two", "after": []any{"one"}},
			},
			"emergency": config{
				"test_stages": []any{"one"}, "required_tests": []any{"smoke"}, "required_approvals": 1, "bypassable_rules": []any{"soak-time"}, "reconcile_within": "3d", "review_within": "5d",
			},
			"approvers": config{"bob": config{"public_key": publicKey, "may": []any{"release"}}},
		}},
		"portal_environment": {
			{
				"pipeline": "shop", "name": "extra", "stage": "dev", "lane": "regular", "installed": config{"hcl-dx": "9.5.226"}, "deletion_protection": false,
				"target": config{"directory": config{"path": p.path("env", "extra"), "keep": 3, "ignore_patterns": []any{"app/"}}},
				"checks": []any{config{"name": "smoke", "command": program, "timeout": "5s"}, config{
					"name": "http", "http": "http://localhost:1/", "status": []any{200}, "contains": "UP", "follow_redirects": true, "timeout": "1s",
				}},
			},
			{"pipeline": "shop", "name": "extra", "stage": "dev", "target": config{"command": config{
				"deploy": program, "observe": program, "working_directory": p.dir, "environment": config{"A": "b"}, "timeout": "5s", "credential": "c", "ignore_patterns": []any{"app/"},
			}}},
		},
		"portal_release": {
			release,
			release.With("type", "differential").With("base", "1.0.0").With("removes", []any{"old"}),
			release.With("components.app.kind", "file").With("components.app.sha256", sumOf("app 2.0.0")).With("components.app.strip_components", 0),
		},
		"portal_release_deployment": {{"pipeline": "shop", "environment": "spare", "release": "1.0.0", "redeploy": "again", "timeouts": config{"create": "5m", "update": "5m", "delete": "5m"}}},
		"portal_test_result": {
			result.With("content_digest", p.digest()),
			reported,
			result.With("outcome", nil).With("junit_reports", []any{p.path("report.xml")}),
		},
		"portal_approval": {approval},
		"portal_freeze":   {{"pipeline": "shop", "name": "summer", "starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-02-01T00:00:00Z", "reason": "holidays", "stages": []any{"production"}}},
		"portal_emergency_fix": {
			fix.With("environments", []any{"production"}).With("test_environments", []any{"staging"}).With("scope", "pipeline").With("strategy", "auto").
				With("advance_to", "production").With("approvals_expire_at", "2099-01-01T00:00:00Z").With("expect", nil),
			fix.With("components.app.kind", "file").With("components.app.sha256", sumOf("app fix")).With("components.app.strip_components", 0),
		},
		"data.portal_pipeline":        {{"name": "shop"}},
		"data.portal_environment":     {{"pipeline": "shop", "name": "dev"}},
		"data.portal_release":         {{"pipeline": "shop", "version": "1.0.0"}, {"pipeline": "shop", "eligible_for": "dev", "allow_none": true}},
		"data.portal_promotion_check": {{"pipeline": "shop", "release": "1.0.0", "environment": "dev"}},
		"data.portal_fast_path": {
			rehearsal.With("environments", []any{"production"}).With("test_environments", []any{"staging"}).With("scope", "pipeline").With("strategy", "auto").
				With("advance_to", "production").With("approvals_expire_at", "2099-01-01T00:00:00Z"),
			rehearsal.With("components.app.kind", "file").With("components.app.sha256", sumOf("app fix")).With("components.app.strip_components", 0),
		},
		"data.portal_metrics": {{"pipeline": "shop", "window": "30d"}},
	}
	all := map[string][]subject{}
	for address, of := range configs {
		for _, c := range of {
			all[address] = append(all[address], subject{config: c})
		}
	}
	add := func(address string, s subject) { all[address] = append(all[address], s) }
	add("portal_test_result", subject{config: result.With("release", nil).With("emergency_fix", "EF-0").With("environment", "staging"), before: []resource{opened}})
	add("portal_approval", subject{config: approval.With("revoke", config{"reason": "a mistake"}), first: approval})
	add("portal_emergency_fix", subject{config: fix.With("review", config{"reviewer": "eve", "outcome": "accepted", "notes": "fine"}), first: fix})
	add("portal_emergency_fix", subject{config: fix.With("withdraw", config{"reason": "it made it worse"}), first: fix})
	add("data.portal_fast_path", subject{config: rehearsal.With("name", "EF-0").With("advance_to", "staging").With("withdraw", config{"reason": "it made it worse"}), before: []resource{opened}})
	return all
}

// attributePlace is an attribute of a configuration.
type attributePlace struct {
	path    string // "components.app.kind"
	generic string // "components.*.kind"
	schema  *tfprotov6.SchemaAttribute
	valid   any // what it is there
}

// configured lists every attribute that is in a configuration, however deep. A null that
// is written counts.
func configured(schema []*tfprotov6.SchemaAttribute, in any, path, generic string) []attributePlace {
	var found []attributePlace
	object := asConfig(in)
	for _, a := range schema {
		valid, there := object[a.Name]
		if !there {
			continue
		}
		at, of := path+a.Name, generic+a.Name
		found = append(found, attributePlace{at, of, a, valid})
		if a.NestedType == nil {
			continue
		}
		if list, is := valid.([]any); is {
			for i, element := range list {
				found = append(found, configured(a.NestedType.Attributes, element, fmt.Sprintf("%s.%d.", at, i), of+".*.")...)
			}
		} else if a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle {
			found = append(found, configured(a.NestedType.Attributes, valid, at+".", of+".")...)
		} else {
			for name, element := range asConfig(valid) {
				found = append(found, configured(a.NestedType.Attributes, element, at+"."+name+".", of+".*.")...)
			}
		}
	}
	return found
}

// namesOf lists the attributes of a schema that can be configured: "components.*.kind".
func namesOf(schema []*tfprotov6.SchemaAttribute, prefix string) []string {
	var all []string
	for _, a := range schema {
		if !a.Optional && !a.Required {
			continue
		}
		all = append(all, prefix+a.Name)
		if a.NestedType != nil {
			inner := prefix + a.Name + "."
			if a.NestedType.Nesting != tfprotov6.SchemaObjectNestingModeSingle {
				inner += "*."
			}
			all = append(all, namesOf(a.NestedType.Attributes, inner)...)
		}
	}
	return all
}

// odd are values that somebody may give to an attribute, by what they are. valid is what
// it has in a configuration that is right.
func odd(a *tfprotov6.SchemaAttribute, valid any) map[string]any {
	values := map[string]any{"null": nil, "known when applied": coretest.Later{Value: valid}}
	if valid == nil {
		delete(values, "known when applied")
	}
	if a.NestedType != nil {
		switch a.NestedType.Nesting {
		case tfprotov6.SchemaObjectNestingModeMap:
			values["empty"], values["a null element"] = config{}, config{"app": nil}
			for name, element := range asConfig(valid) {
				values["an element known when applied"] = config{name: coretest.Later{Value: element}}
				values["an element without a name"], values["an element with an odd name"] = config{"": element}, config{"A b\n": element}
			}
		case tfprotov6.SchemaObjectNestingModeList, tfprotov6.SchemaObjectNestingModeSet:
			values["empty"], values["a null element"] = []any{}, []any{nil}
			if list, is := valid.([]any); is && len(list) > 0 {
				later := slices.Clone(list)
				later[0] = coretest.Later{Value: list[0]}
				values["an element known when applied"], values["an element twice"] = later, append(slices.Clone(list), list[0])
			}
		default:
			values["empty"] = config{}
		}
		return values
	}
	switch typ := a.Type.(type) {
	case tftypes.List, tftypes.Set:
		values["empty"], values["a null element"] = []any{}, []any{nil}
		list, _ := valid.([]any)
		if len(list) > 0 {
			values["an element twice"], values["an element known when applied"] = []any{list[0], list[0]}, []any{coretest.Later{Value: list[0]}}
			values["an element that turns out null"] = []any{coretest.Later{}}
		}
		if typ.Equal(tftypes.List{ElementType: tftypes.Number}) {
			values["a negative element"], values["a large element"] = []any{-1}, []any{1 << 40}
			return values
		}
		values["an empty element"], values["a blank element"] = []any{""}, []any{" "}
		values["an element with a zero-width space"], values["a very long element"] = []any{"a\u200bb"}, []any{strings.Repeat("x", 20_000)}
		if len(list) > 0 {
			values["an element that turns out empty"] = []any{coretest.Later{Value: ""}}
		}
	case tftypes.Map:
		values["empty"], values["a null element"], values["an empty element"], values["a blank element"] = config{}, config{"app": nil}, config{"app": ""}, config{"app": " "}
		values["an element without a name"], values["an element with an odd name"] = config{"": "1"}, config{"A b\n": "1"}
		for name, element := range asConfig(valid) {
			values["an element known when applied"] = config{name: coretest.Later{Value: element}}
		}
	default:
		switch {
		case typ.Is(tftypes.Bool):
			values["true"], values["false"] = true, false
		case typ.Is(tftypes.Number):
			values["negative"], values["nought"], values["large"] = -1, 0, 1<<40
			huge, _ := new(big.Float).SetString("1e30")
			values["huge"], values["a fraction"] = huge, big.NewFloat(0.5)
		default:
			for name, text := range map[string]string{
				"empty": "", "blank": " ", "lines of Windows": "one\r\ntwo", "very long": strings.Repeat("x", 20_000), "control characters": "\x1b[31mred",
				"a zero-width space": "a\u200bb", "negative": "-1", "nought": "0s", "a path": "../..",
				"a password in it": "https://user:secret@host.example/x", "a year far off": "9999-12-31T23:59:59-10:00", "something else": "something-else",
			} {
				values[name] = text
			}
			if text, is := valid.(string); is {
				values["with spaces around"], values["turns out empty"], values["turns out null"] = " "+text+" ", coretest.Later{Value: ""}, coretest.Later{}
			}
		}
	}
	return values
}

func asConfig(value any) config {
	c, _ := value.(config)
	return c
}

// TestEveryAttributeTakesOrRefusesEveryValue gives every attribute of every resource and
// data source values that somebody may give it. Each is taken, or refused when it is
// planned with a message that names the attribute; never does Terraform call it a bug in
// the provider, and what was applied is not planned again.
func TestEveryAttributeTakesOrRefusesEveryValue(t *testing.T) {
	oneWalkAfterTheOther(t)
	t.Parallel()
	schemas := coretest.New(t, serve)
	all := map[string]*tfprotov6.Schema{}
	maps.Copy(all, schemas.Resources())
	for name, schema := range schemas.DataSources() {
		all["data."+name] = schema
	}
	for name, schema := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.apply(p.root("jane"), p.everything()...)
			p.write("report.xml", `<testsuite name="s" tests="1"><testcase name="a"/></testsuite>`)
			subjects, missing := p.subjects()[name], namesOf(schema.Block.Attributes, "")
			start := p.snapshot(p.root("jane"))
			for i, s := range subjects {
				start.restore()
				life := p.newLife(t, fmt.Sprintf("%s.s%d", name, i), s)
				for _, place := range configured(schema.Block.Attributes, s.config, "", "") {
					if !slices.Contains(missing, place.generic) {
						continue // another subject has had it
					}
					missing = slices.DeleteFunc(missing, func(name string) bool { return name == place.generic })
					values := odd(place.schema, place.valid)
					for _, what := range slices.Sorted(maps.Keys(values)) {
						life.try(place, what, values[what])
					}
				}
			}
			if len(missing) > 0 {
				t.Errorf("no subject configures %v", missing)
			}
		})
	}
}

// everyValue asks for every value of every attribute, which takes minutes, and which
// "make test-values" does. Else those that every attribute has to stand are tried, and
// some of the others, the same ones in every run.
var everyValue = os.Getenv("PORTAL_TEST_EVERY_VALUE") != ""

var (
	always  = map[string]bool{"null": true, "known when applied": true}
	often   = map[string]bool{"empty": true, "an element known when applied": true, "a null element": true, "turns out empty": true, "turns out null": true}
	changes = map[string]bool{"null": true, "known when applied": true, "an element known when applied": true}
)

// tried reports whether a sample has a value of an attribute: every third of those that
// break an attribute often, and every ninth of the others.
func tried(path, what string) bool {
	digest := crc32.ChecksumIEEE([]byte(path + " " + what))
	return everyValue || always[what] || often[what] && digest%3 == 0 || digest%9 == 0
}

// life is that of one subject.
type life struct {
	*place
	t       *testing.T
	address string
	subject
	fresh, there *snapshot // where it is not, and where it is
}

func (p *place) newLife(t *testing.T, address string, s subject) *life {
	l := &life{place: p, t: t, address: address, subject: s}
	root := p.root("jane")
	p.apply(root, s.before...)
	l.fresh = p.snapshot(root)
	first := s.first
	if first == nil {
		first = s.config
	}
	if !strings.HasPrefix(address, "data.") {
		p.apply(root, append(slices.Clone(s.before), resource{Address: address, Config: first})...)
		l.there = p.snapshot(root)
	}
	return l
}

// try creates the subject with a value, and changes it to the value.
func (l *life) try(at attributePlace, what string, value any) {
	with := resource{Address: l.address, Config: l.config.With(at.path, value)}
	if !tried(at.path, what) {
		return
	}
	if l.first == nil {
		taken := l.live(l.fresh.restore(), with, at, value, at.path+" "+what)
		if !taken && strings.HasSuffix(what, "known when applied") {
			l.t.Errorf("%s %s is refused, though it is right", at.path, what)
		}
		if !taken && value != nil && with.Config.Known() {
			return // what is refused is refused of a change too
		}
	}
	if l.there != nil && (everyValue || l.first != nil || changes[what] && tried(at.path, what+", a change")) {
		l.live(l.there.restore(), with, at, value, "a change to "+at.path+" "+what)
	}
}

// live plans and applies a configuration, and plans it again. It reports whether it was
// taken.
func (l *life) live(root *coretest.Root, with resource, at attributePlace, value any, what string) bool {
	plan, report := root.Plan(append(slices.Clone(l.before), with)...)
	l.judge(report, at, value, what+", planned")
	if plan == nil {
		return false
	}
	l.is = nil
	report = root.Apply(plan)
	l.judge(report, at, value, what+", applied")
	if !report.OK() {
		if with.Config.Known() && !files[at.schema.Name] {
			l.t.Errorf("%s is planned and then refused:\n%s", what, report)
		}
		return false
	}
	with.Config = with.Config.Settled()
	plan, report = root.Plan(append(slices.Clone(l.before), with)...)
	l.judge(report, at, value, what+", planned again")
	if plan != nil && !plan.Empty() {
		l.t.Errorf("%s: what was applied is planned again", what)
	}
	return true
}

// judge fails where no refusal names the attribute, or one is not ours, or is endless.
func (l *life) judge(report *coretest.Report, at attributePlace, value any, what string) {
	l.t.Helper()
	if len(report.Faults) > 0 {
		l.t.Errorf("%s:\n%s", what, report)
	}
	named := len(report.Errors) == 0
	for _, m := range report.Errors {
		text := m.Summary + "\n" + m.Detail
		if len(text) > 3000 {
			l.t.Errorf("%s: the refusal has %d characters: %.200s", what, len(text), text)
		}
		if foreign.MatchString(text) {
			l.t.Errorf("%s: the refusal is not ours:\n%s", what, text)
		}
		named = named || names(m.Attribute+text, at, value)
	}
	if !named {
		l.t.Errorf("%s: no refusal names it:\n%s", what, report)
	}
}

// names reports whether a refusal names the attribute, or what it is part of, or quotes
// the value.
func names(text string, at attributePlace, value any) bool {
	for _, step := range strings.Split(at.generic, ".") {
		if step != "*" && strings.Contains(strings.ToLower(text), step) {
			return true
		}
	}
	if later, is := value.(coretest.Later); is {
		value = later.Value
	}
	if list, is := value.([]any); is && len(list) > 0 {
		value = list[0]
	}
	quoted, is := value.(string)
	if len(quoted) > 100 {
		quoted = quoted[:90]
	}
	return is && strings.Contains(text, strings.Trim(strconv.Quote(quoted), `"`))
}

// files may be made by the same apply, so that they are missed only then.
var files = map[string]bool{"source": true, "junit_report": true, "junit_reports": true}

// foreign is what the framework says where a provider has forgotten something.
var foreign = regexp.MustCompile(`(?i)report .*provider developer|bug in the provider|error in the provider|unhandled|unexpected error|panic`)

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
