package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/terraformtest"
)

// root is a copy of an example.
type root struct {
	t        *testing.T
	dir      string
	env      []string // of the provider
	provider string   // see run
}

// copyOf copies an example's folder, below which the root module is.
func copyOf(t *testing.T, example string) *root {
	t.Helper()
	r := &root{t: t, dir: t.TempDir()}
	if err := os.CopyFS(r.dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	return r
}

// below is the root module in a folder of it.
func (r *root) below(folder string) *root {
	return &root{t: r.t, dir: filepath.Join(r.dir, folder), env: r.env}
}

// run runs a command and returns what it printed and its exit code. The provider
// works in the root module's folder, as the paths in an example are relative.
func (r *root) run(arguments ...string) (string, int) {
	r.t.Helper()
	if r.provider == "" {
		env := append([]string{"PORTAL_ACTOR=ci@example.com", "PORTAL_CREDENTIAL_UPLOAD_TOKEN=for-the-example"}, r.env...)
		r.provider = terraformtest.ServeIn(r.t, r.dir, env...).Attach("releaseportal/portal")
	}
	got := (&terraformtest.Root{T: r.t, Terraform: terraform, Dir: r.dir, Env: []string{r.provider}}).Run(arguments...)
	return got.Output(), got.Code
}

func (r *root) must(arguments ...string) string {
	r.t.Helper()
	output, code := r.run(arguments...)
	if code != 0 {
		r.t.Fatalf("%v ended with %d:\n%s", arguments, code, output)
	}
	return output
}

func (r *root) apply(arguments ...string) {
	r.t.Helper()
	r.must(append([]string{"apply", "-auto-approve", "-input=false"}, arguments...)...)
}

// settled checks that nothing is left to do.
func (r *root) settled(arguments ...string) {
	r.t.Helper()
	if output, code := r.run(append([]string{"plan", "-detailed-exitcode", "-input=false"}, arguments...)...); code != 0 {
		r.t.Fatalf("the plan after the apply is not empty:\n%s", output)
	}
}

func (r *root) destroy(arguments ...string) {
	r.t.Helper()
	r.must(append([]string{"destroy", "-auto-approve", "-input=false"}, arguments...)...)
}

func (r *root) runs(environment, component, content string) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "env", environment, "current", component))
	if err != nil || string(text) != content {
		r.t.Fatalf("%s of %s is %q (%v), not %q", component, environment, text, err, content)
	}
}

// copy copies a file of the root module to another name, with texts replaced.
func (r *root) copy(from, to string, replaced ...string) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, from))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(replaced); i += 2 {
		if !strings.Contains(string(text), replaced[i]) {
			r.t.Fatalf("%s does not have %q", from, replaced[i])
		}
	}
	if err := os.WriteFile(filepath.Join(r.dir, to), []byte(strings.NewReplacer(replaced...).Replace(string(text))), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *root) remove(name string) {
	r.t.Helper()
	if err := os.Remove(filepath.Join(r.dir, name)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *root) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// releases adds one to releases.auto.tfvars.
func (r *root) releases(line string) {
	r.t.Helper()
	name := filepath.Join(r.dir, "releases.auto.tfvars")
	text, err := os.ReadFile(name)
	if err != nil {
		r.t.Fatal(err)
	}
	text = append([]byte(strings.TrimSuffix(strings.TrimSpace(string(text)), "}")), "  "+line+"\n}\n"...)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// passing is what is different with every run: times, digests, and how long
// something ran.
var passing = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d+s of |\d+s\s+so\s+far|[0-9a-f]{64}|"\d+s"`)

// asDocumented checks that every line of the message that a page shows, from
// the one that begins so to the end of the block, is in the output.
func asDocumented(t *testing.T, page, begins, output string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, message, found := strings.Cut(string(text), "\n"+begins)
	message, _, closed := strings.Cut(begins+message, "```")
	if !found || !closed {
		t.Fatalf("%s does not show %q", page, begins)
	}
	said := strings.Join(strings.Fields(passing.ReplaceAllString(output, "…")), " ")
	for line := range strings.Lines(message) {
		if strings.TrimSpace(line) == "[…]" {
			continue // something is left out
		}
		if line = strings.Join(strings.Fields(passing.ReplaceAllString(line, "…")), " "); !strings.Contains(said, line) {
			t.Errorf("%s shows %q, and the run says:\n%s", page, line, output)
		}
	}
}
