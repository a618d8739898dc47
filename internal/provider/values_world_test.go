package provider_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/releaseportal/terraform-provider-portal/internal/provider"
	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

type (
	config   = coretest.Config
	resource = coretest.Resource
)

// serve starts the provider, without any environment variable.
func serve() (tfprotov6.ProviderServer, func() error) {
	p := provider.New("test", func(string) string { return "" })
	return p.Server(), p.Close
}

// place is a directory with a ledger, files to release and directories to deploy to:
// the pipeline shop with an environment on each of dev, staging and production, and
// spare on dev. All but spare run release 1.0.0.
type place struct {
	*coretest.Terraform
	t   testing.TB
	dir string
	is  *snapshot // what it is now; nil: something was done since
}

func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{Terraform: coretest.New(t, serve), t: t, dir: t.TempDir()}
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0", "fix"} {
		p.write("files/app-"+version, "app "+version)
	}
	return p
}

func (p *place) path(parts ...string) string {
	return filepath.Join(append([]string{p.dir}, parts...)...)
}

func (p *place) write(name, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// root is a root module of a person's.
func (p *place) root(actor string) *coretest.Root {
	return p.Root(config{"ledger_url": "sqlite:" + p.path("ledger.db"), "actor": actor})
}

// apply plans and applies, and fails where that is not possible.
func (p *place) apply(r *coretest.Root, resources ...resource) *coretest.Report {
	p.t.Helper()
	report := p.attempt(r, resources...)
	if !report.OK() {
		p.t.Fatalf("it cannot be applied:\n%s", report)
	}
	return report
}

// attempt plans and applies.
func (p *place) attempt(r *coretest.Root, resources ...resource) *coretest.Report {
	p.t.Helper()
	p.is = nil
	plan, report := r.Plan(resources...)
	if report.OK() {
		report = r.Apply(plan)
	}
	return report
}

// components are one component, in a version whose file is there.
func (p *place) components(version string) config {
	return config{"app": config{"version": version, "source": p.path("files", "app-"+version)}}
}

func (p *place) directory(name string) config {
	return config{"directory": config{"path": p.path("env", name)}}
}

func (p *place) environment(name, stage string) resource {
	return resource{Address: "portal_environment." + name, Config: config{"pipeline": "shop", "name": name, "stage": stage, "target": p.directory(name)}}
}

func (p *place) release(version string) resource {
	return resource{Address: "portal_release.r" + version, Config: config{"pipeline": "shop", "version": version, "components": p.components(version)}}
}

func deployment(environment, version string) resource {
	return resource{Address: "portal_release_deployment." + environment, Config: config{"pipeline": "shop", "environment": environment, "release": version}}
}

func pipeline(name string) resource {
	return resource{Address: "portal_pipeline." + name, Config: config{"name": name, "stages": []any{config{"name": "dev"}, config{"name": "staging"}, config{"name": "production"}}, "emergency": config{"required_approvals": 0}}}
}

// everything is what stands at the beginning.
func (p *place) everything() []resource {
	return []resource{
		pipeline("shop"), p.environment("dev", "dev"), p.environment("spare", "dev"), p.environment("staging", "staging"), p.environment("production", "production"),
		p.release("1.0.0"), deployment("dev", "1.0.0"), deployment("staging", "1.0.0"), deployment("production", "1.0.0"),
	}
}

// snapshot is a place as it was, with the state of a root module.
type snapshot struct {
	place *place
	kept  string
	root  *coretest.Root
}

// snapshot keeps the place as it is.
func (p *place) snapshot(root *coretest.Root) *snapshot {
	p.t.Helper()
	s := &snapshot{p, filepath.Join(p.t.TempDir(), "kept"), root.Copy()}
	p.must(os.CopyFS(s.kept, os.DirFS(p.dir)))
	p.is = s
	return s
}

// restore brings the place back, unless nothing was done since.
func (s *snapshot) restore() *coretest.Root {
	p := s.place
	p.t.Helper()
	if p.is == s {
		return s.root.Copy()
	}
	entries, err := os.ReadDir(p.dir)
	p.must(err)
	for _, e := range entries {
		p.must(os.RemoveAll(p.path(e.Name())))
	}
	p.must(os.CopyFS(p.dir, os.DirFS(s.kept)))
	p.is = s
	return s.root.Copy()
}

func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// digest is that of what runs on dev.
func (p *place) digest() string {
	p.t.Helper()
	r := p.root("jane")
	p.apply(r, deployment("dev", "1.0.0"))
	var text string
	if err := r.State("portal_release_deployment.dev", "content_digest").As(&text); err != nil {
		p.t.Fatal(err)
	}
	return text
}

func (p *place) copyFile(from, to string) {
	p.t.Helper()
	bytes, err := os.ReadFile(from)
	p.must(err)
	p.must(os.WriteFile(to, bytes, 0o644))
}

// oneWalkAfterTheOther leaves a long test without concurrency out of the run under the
// race detector, which is -short.
func oneWalkAfterTheOther(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("one walk after the other")
	}
}
