package acceptance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	portalprovider "github.com/releaseportal/terraform-provider-portal/internal/provider"
	"github.com/releaseportal/terraform-provider-portal/internal/terraformtest"
)

// world is a place of one test: a ledger, files to release and directories to
// deploy to.
type world struct {
	t      *testing.T
	dir    string
	attach string           // see served
	clock  func() time.Time // of the ledger, where the test serves the provider; nil: the real one
}

// versions are those whose files are there.
var versions = []string{"2.3.0", "2.4.0", "2.5.0", "2.6.0", "2.7.0"}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	for _, version := range versions {
		w.write("files/app-"+version, "app "+version)
	}
	return w
}

func (w *world) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := w.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.RemoveAll(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// emptyCache forgets the bytes of every component.
func (w *world) emptyCache() { w.remove("artifacts") }

// hcl puts parts of a configuration together. {dir} is the world's directory.
func (w *world) hcl(parts ...string) string {
	return strings.ReplaceAll(strings.Join(parts, "\n"), "{dir}", w.dir)
}

// config is a whole configuration, for a provider that jane runs.
func (w *world) config(parts ...string) string { return w.configOf("jane@example.com", parts...) }

func (w *world) configOf(actor string, parts ...string) string {
	return w.hcl(append([]string{fmt.Sprintf(`
provider "portal" {
  ledger_url = "sqlite:{dir}/ledger.db"
  actor      = %q
}`, actor)}, parts...)...)
}

// served is the environment variable with which Terraform uses the provider that
// the test serves.
func (w *world) served() string {
	w.t.Helper()
	if w.attach == "" {
		w.attach = terraformtest.Serve(w.t, func() terraformtest.Provider {
			return portalprovider.New("test", func(string) string { return "" }, portalprovider.WithClock(w.clock))
		}).Attach("hashicorp/portal", "releaseportal/portal")
	}
	return w.attach
}

// run takes a new root module through the steps and destroys what is left: see
// terraformtest.Run.
func (w *world) run(steps ...resource.TestStep) {
	w.t.Helper()
	dir, err := os.MkdirTemp(w.dir, "steps")
	if err != nil {
		w.t.Fatal(err)
	}
	terraformtest.Run(&terraformtest.Root{T: w.t, Terraform: terraformPath, Dir: dir, Env: []string{w.served()}}, steps...)
}

// entries reads the record of the pipeline intranet.
func (w *world) entries() []portal.Entry {
	w.t.Helper()
	return readEntries(w.t, w.path("ledger.db"))
}

func readEntries(t testing.TB, path string) []portal.Entry {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	engine, err := engines.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	record := ledger.New(engine)
	defer record.Close()
	stored, err := record.Entries(t.Context(), "intranet", 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	entries := make([]portal.Entry, len(stored))
	for i, s := range stored {
		if entries[i], _, err = portal.ReadEntry(s.Bytes); err != nil {
			t.Fatal(err)
		}
	}
	return entries
}

// events reads the events of one kind.
func events[E portal.Event](t testing.TB, entries []portal.Entry) []E {
	t.Helper()
	var found []E
	for _, entry := range entries {
		event, err := portal.DecodeEvent(entry.Kind, entry.Body)
		if err != nil {
			t.Fatal(err)
		}
		if e, is := event.(E); is {
			found = append(found, e)
		}
	}
	return found
}

// tree is every file below the environments' directories, with its content.
func (w *world) tree() map[string]string {
	w.t.Helper()
	return treeOf(w.t, w.path("env"))
}

func treeOf(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if entry.Type()&fs.ModeSymlink != 0 {
			files[name], err = os.Readlink(path)
			return err
		}
		text, err := os.ReadFile(path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// mustRun fails unless exactly these files are in service on the environment:
// name, content, name, content …
func (w *world) mustRun(environment string, pairs ...string) {
	w.t.Helper()
	want := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		want[pairs[i]] = pairs[i+1]
	}
	current := w.path("env", environment, "current")
	if resolved, err := filepath.EvalSymlinks(current); err == nil {
		current = resolved
	}
	if diff := cmp.Diff(want, treeOf(w.t, current)); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", environment, diff)
	}
}

// stillness remembers the ledger and the environments, and tells whether they
// are still the same.
type stillness struct {
	w     *world
	head  int
	files map[string]string
}

func (w *world) still() *stillness { return &stillness{w: w} }

func (s *stillness) remember() { s.head, s.files = len(s.w.entries()), s.w.tree() }

func (s *stillness) compare() {
	s.w.t.Helper()
	entries := s.w.entries()
	if len(entries) != s.head {
		s.w.t.Errorf("the ledger has moved: %v", kinds(entries[s.head:]))
	}
	if diff := cmp.Diff(s.files, s.w.tree()); diff != "" {
		s.w.t.Errorf("the environments have changed (-before +after):\n%s", diff)
	}
}

func kinds(entries []portal.Entry) []string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Kind
	}
	return list
}

// says matches text that has these parts, in this order, wherever Terraform has
// broken its lines.
func says(parts ...string) *regexp.Regexp {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		words := strings.Fields(part)
		for j, word := range words {
			words[j] = regexp.QuoteMeta(word)
		}
		quoted[i] = strings.Join(words, `\s+`)
	}
	return regexp.MustCompile(`(?is)` + strings.Join(quoted, `.*`))
}

// The parts that configurations are made of.

// pipeline declares the pipeline intranet; each stage is the inside of an
// object.
func pipeline(stages ...string) string { return pipelineWith("", stages...) }

func pipelineWith(more string, stages ...string) string {
	text := "resource \"portal_pipeline\" \"this\" {\n  name = \"intranet\"\n  stages = [\n"
	for _, stage := range stages {
		text += "    { " + stage + " },\n"
	}
	return text + "  ]\n" + more + "\n}\n"
}

// simple is a pipeline whose stages ask for nothing, and an environment on each.
func simple(stages ...string) string {
	bodies := make([]string, len(stages))
	for i, stage := range stages {
		bodies[i] = fmt.Sprintf("name = %q", stage)
	}
	return pipeline(bodies...) + environments(stages...)
}

// environments stand on the stages of their names.
func environments(names ...string) string { return environmentsWith("", names...) }

func environmentsWith(more string, names ...string) string {
	var text strings.Builder
	for _, name := range names {
		text.WriteString(environment(name, name, directoryOf(name), more))
	}
	return text.String()
}

// environment is one more environment, on a stage.
func environment(name, stage, target, more string) string {
	return fmt.Sprintf(`
resource "portal_environment" %q {
  pipeline = portal_pipeline.this.name
  name     = %[1]q
  stage    = %[2]q
  target   = %[3]s
  %[4]s
}`, name, stage, target, more)
}

func directoryOf(name string) string {
	return fmt.Sprintf(`{ directory = { path = "{dir}/env/%s" } }`, name)
}

// releases registers full releases of one component each.
func releases(versions ...string) string {
	var text strings.Builder
	for _, version := range versions {
		text.WriteString(releaseWith(version, ""))
	}
	return text.String()
}

func releaseWith(version, more string) string {
	return fmt.Sprintf(`
resource "portal_release" %q {
  pipeline   = portal_pipeline.this.name
  version    = %q
  components = { app = { version = %[2]q, source = "{dir}/files/app-%[2]s" } }
  %[3]s
}`, releaseName(version), version, more)
}

func releaseName(version string) string { return "v" + strings.ReplaceAll(version, ".", "_") }

// versionOf is the expression for the version of a release that is declared.
func versionOf(version string) string { return "portal_release." + releaseName(version) + ".version" }

// releaseOf is the expression for what is deployed to an environment.
func releaseOf(environment string) string {
	return "portal_release_deployment." + environment + ".release"
}

// deploy declares what an environment runs; release is an expression.
func deploy(environment, release string) string { return deployWith(environment, release, "") }

func deployWith(environment, release, more string) string {
	return fmt.Sprintf(`
resource "portal_release_deployment" %q {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.%[1]s.name
  release     = %[2]s
  %[3]s
}`, environment, release, more)
}

// chain deploys a release to one environment after the other.
func chain(version string, environments ...string) string {
	var text strings.Builder
	release := versionOf(version)
	for _, environment := range environments {
		text.WriteString(deploy(environment, release))
		release = releaseOf(environment)
	}
	return text.String()
}

func testResult(name, environment, suite, outcome, more string) string {
	return fmt.Sprintf(`
resource "portal_test_result" %q {
  pipeline    = portal_pipeline.this.name
  environment = %q
  release     = portal_release_deployment.%[2]s.release
  suite       = %[3]q
  outcome     = %[4]q
  %[5]s
}`, name, environment, suite, outcome, more)
}

// sum is the sha256 of a text.
func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}
