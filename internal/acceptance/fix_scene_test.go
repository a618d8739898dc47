package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scene is a pipeline that an emergency fix is tried on: development, staging
// and production, whose releases have two components, app and web. A real
// Terraform applies it.
type scene struct {
	*world
	*root
	servers map[string]*commandTarget
	command bool   // the targets are programs, and else directories
	timeout string // more of each program
	policy  string // more of the pipeline
	stages  []string
	more    map[string]string // environment -> more of its declaration
	extra   []string          // more environments: name, stage, more
	bills   []string          // releases: version, components …
}

const onDirectories, onPrograms = false, true

func newScene(t *testing.T, command bool) *scene {
	t.Helper()
	w := newWorld(t)
	for _, component := range []string{"app", "web"} {
		for _, version := range []string{"1", "2", "3", "4", "1.f", "1.g", "1.bad"} {
			w.write("files/"+component+"-"+version, component+" "+version)
		}
	}
	return &scene{
		world: w, root: w.root("all"), servers: map[string]*commandTarget{}, command: command, more: map[string]string{},
		stages: []string{`name = "development"`, `name = "staging"`, `name = "production"`},
		bills:  []string{bill("1.0.0", "", "app 1", "web 1")},
	}
}

// bill registers a release with these components: "app 1", "web 2".
func bill(version, more string, components ...string) string {
	return fmt.Sprintf(`
resource "portal_release" %q {
  pipeline   = portal_pipeline.this.name
  version    = %q
  components = %s
  %s
}`, releaseName(version), version, componentsOf(components...), more)
}

func componentsOf(components ...string) string {
	var parts []string
	for _, c := range components {
		name, version, _ := strings.Cut(c, " ")
		parts = append(parts, fmt.Sprintf(`%s = { version = %q, source = "{dir}/files/%s-%s" }`, name, version, name, version))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// server is the program that an environment's target runs.
func (s *scene) server(environment string) *commandTarget {
	if s.servers[environment] == nil {
		s.servers[environment] = newCommandTarget(s.t, s.path("env", environment))
	}
	return s.servers[environment]
}

func (s *scene) target(environment string) string {
	if s.command {
		return s.server(environment).hcl(s.timeout)
	}
	return directoryOf(environment)
}

// platform is everything but what runs where.
func (s *scene) platform() string {
	text := pipelineWith(s.policy, s.stages...)
	for _, stage := range s.stages {
		name := strings.Split(stage, `"`)[1]
		text += environment(name, name, s.target(name), s.more[name])
	}
	for i := 0; i < len(s.extra); i += 3 {
		text += environment(s.extra[i], s.extra[i+1], s.target(s.extra[i]), s.extra[i+2])
	}
	return text + strings.Join(s.bills, "\n")
}

// stand deploys to the environments, one after the other: "staging 1.1.0".
func stand(places ...string) string {
	text, before := "", ""
	for _, place := range places {
		environment, version, _ := strings.Cut(place, " ")
		text += deployWith(environment, versionOf(version), "depends_on = ["+before+"]")
		before = deployment(environment)
	}
	return text
}

var everywhere = []string{"development 1.0.0", "staging 1.0.0", "production 1.0.0"}

// declare makes the platform and these parts the configuration.
func (s *scene) declare(parts ...string) *scene {
	s.t.Helper()
	s.root.write(append([]string{s.platform()}, parts...)...)
	return s
}

// fixDecl is a declaration of an emergency fix.
type fixDecl struct {
	name       string
	components []string
	bypass     []string
	approvals  string
	by         string // who requests it
	more       string
}

// ef is a fix of the app that breaks what a fix on three plain stages breaks.
func ef(more string) fixDecl {
	return fixDecl{name: "EF-1", components: []string{"app 1.f"}, bypass: []string{"stage-order"}, approvals: `{ "bob@example.com" = "" }`, by: "ann@example.com", more: more}
}

func (d fixDecl) named(name string) fixDecl             { d.name = name; return d }
func (d fixDecl) bringing(components ...string) fixDecl { d.components = components; return d }
func (d fixDecl) bypassing(rules ...string) fixDecl     { d.bypass = rules; return d }
func (d fixDecl) with(more string) fixDecl              { d.more += "\n  " + more; return d }
func (d fixDecl) withdrawn() fixDecl                    { return d.with(`withdraw = { reason = "it made it worse" }`) }

func (d fixDecl) address() string {
	return "portal_emergency_fix." + strings.ToLower(strings.ReplaceAll(d.name, "-", "_"))
}

func (d fixDecl) hcl() string {
	var rules []string
	for _, rule := range d.bypass {
		rules = append(rules, fmt.Sprintf("%q", rule))
	}
	_, label, _ := strings.Cut(d.address(), ".")
	return fmt.Sprintf(`
resource "portal_emergency_fix" %q {
  pipeline      = "intranet"
  name          = %q
  components    = %s
  justification = {
    reason              = "nobody can log in"
    incident            = "INC-4711"
    severity            = "sev1"
    requested_by        = %q
    why_not_normal_path = "the next release needs two more weeks"
  }
  bypass    = [%s]
  approvals = %s
  %s
}`, label, d.name, componentsOf(d.components...), d.by, strings.Join(rules, ", "), d.approvals, d.more)
}

// shownFix is what Terraform shows of a fix, planned or in its state.
type shownFix struct {
	Status      string
	Steps       []struct{ Action, Environment, Release, Detail string }
	Bypassed    []struct{ Rule, Environment, Detail string } `json:"bypassed_rules"`
	Obligations []struct {
		What, Due string
		Met       bool
	}
	Strategy    string   `json:"resolved_strategy"`
	Baseline    string   `json:"baseline_release"`
	Interrupted []string `json:"interrupted_releases"`
	Statement   string
	Digest      string `json:"statement_digest"`
	AppliedAt   string `json:"applied_at"`
	ReconcileBy string `json:"reconcile_by"`
	Review      *struct{ Reviewer, Outcome, Notes string }
}

// did renders the steps, a line each: "deploy staging 1.0.0+EF-1".
func (f shownFix) did() []string {
	var lines []string
	for _, step := range f.Steps {
		lines = append(lines, strings.TrimSpace(step.Action+" "+step.Environment+" "+step.Release))
	}
	return lines
}

func (f shownFix) rules() []string {
	var rules []string
	for _, row := range f.Bypassed {
		rules = append(rules, row.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// owes lists what is not paid.
func (f shownFix) owes() []string {
	var owed []string
	for _, o := range f.Obligations {
		if !o.Met {
			owed = append(owed, o.What)
		}
	}
	return owed
}

// shownDeployment is what Terraform shows of a deployment.
type shownDeployment struct {
	Release, Running, Status string
	Fixes                    []string `json:"emergency_fixes"`
}

// plan saves a plan and reads what it shows of a fix; what is shown at plan must
// be known by then.
func (s *scene) plan(d fixDecl) shownFix {
	s.t.Helper()
	s.must("plan", "-out=saved")
	return s.saved(d)
}

// approved is the fix with bob's approval of the statement that its plan shows
// now, as an amended one needs it.
func (s *scene) approved(d fixDecl, places string) fixDecl {
	s.t.Helper()
	d.approvals = fmt.Sprintf(`{ "bob@example.com" = %q }`, s.declare(places, d.hcl()).plan(d).Digest)
	return d
}

func (s *scene) saved(d fixDecl) shownFix {
	s.t.Helper()
	var plan struct {
		Changes []struct {
			Address string
			Change  struct {
				After   json.RawMessage
				Unknown map[string]any `json:"after_unknown"`
			}
		} `json:"resource_changes"`
	}
	s.readJSON(s.must("show", "-json", "saved"), &plan)
	for _, change := range plan.Changes {
		if change.Address != d.address() {
			continue
		}
		for _, name := range []string{"steps", "bypassed_rules", "statement", "statement_digest", "resolved_strategy", "baseline_release", "interrupted_releases"} {
			if change.Change.Unknown[name] == true {
				s.t.Errorf("%s is not known at plan", name)
			}
		}
		var shown shownFix
		s.readJSON(string(change.Change.After), &shown)
		return shown
	}
	s.t.Fatalf("%s is not in the plan", d.address())
	return shownFix{}
}

// state reads a resource from the state into shown.
func (s *scene) state(address string, shown any) {
	s.t.Helper()
	bytes, err := os.ReadFile(filepath.Join(s.root.dir, "terraform.tfstate"))
	if err != nil {
		s.t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct{ Attributes json.RawMessage }
		}
	}
	s.readJSON(string(bytes), &state)
	for _, resource := range state.Resources {
		if resource.Type+"."+resource.Name == address && len(resource.Instances) == 1 {
			s.readJSON(string(resource.Instances[0].Attributes), shown)
			return
		}
	}
	s.t.Fatalf("%s is not in the state", address)
}

func (s *scene) fix(d fixDecl) shownFix {
	s.t.Helper()
	var shown shownFix
	s.state(d.address(), &shown)
	return shown
}

func (s *scene) readJSON(text string, into any) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		s.t.Fatalf("%v in\n%s", err, text)
	}
}

// has fails unless exactly these components are in service on the environment.
func (s *scene) has(environment string, components ...string) {
	s.t.Helper()
	var got []string
	if s.command {
		text, err := os.ReadFile(s.path("env", environment, "content.json"))
		if err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
		content := map[string]struct{ Version string }{}
		if len(text) > 0 {
			s.readJSON(string(text), &content)
		}
		for name, item := range content {
			got = append(got, name+" "+item.Version)
		}
	} else {
		current := s.path("env", environment, "current")
		if resolved, err := filepath.EvalSymlinks(current); err == nil {
			current = resolved
		}
		for _, text := range treeOf(s.t, current) {
			got = append(got, text)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(components, got); diff != "" && len(components)+len(got) > 0 {
		s.t.Errorf("%s (-want +got):\n%s", environment, diff)
	}
}

// equal compares what is shown with what is wanted, a line each.
func (s *scene) equal(what string, got []string, want ...string) {
	s.t.Helper()
	if len(got)+len(want) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// runsAs tells what Terraform shows of a deployment: release, version, status.
func (s *scene) runsAs(environment, release, running, status string) {
	s.t.Helper()
	var shown shownDeployment
	s.state(deployment(environment), &shown)
	if shown.Release != release || shown.Running != running || shown.Status != status {
		s.t.Errorf("%s shows %+v, want %s, %s, %s", environment, shown, release, running, status)
	}
}

// refreshed brings what the state shows up to date.
func (s *scene) refreshed() {
	s.t.Helper()
	s.must("apply", "-refresh-only", "-auto-approve")
}

// planRefuses fails unless the plan is refused, and says all this, with nothing
// changed.
func (s *scene) planRefuses(parts ...string) string {
	s.t.Helper()
	return s.unmoved(func() string { return s.refuses([]string{"plan"}, parts...) })
}

// savedRefuses fails unless the saved plan is refused and changes no environment.
func (s *scene) savedRefuses(parts ...string) string {
	s.t.Helper()
	files := s.tree()
	output := s.refuses([]string{"apply", "saved"}, parts...)
	if diff := cmp.Diff(files, s.tree()); diff != "" {
		s.t.Errorf("the environments have changed (-before +after):\n%s", diff)
	}
	return output
}

// unmoved fails where the ledger or an environment changes.
func (s *scene) unmoved(do func() string) string {
	s.t.Helper()
	still := s.still()
	still.remember()
	output := do()
	still.compare()
	return output
}
