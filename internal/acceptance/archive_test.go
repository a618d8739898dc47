package acceptance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// tgz is a tar.gz with the file main.css and, if it is bad, a link to it.
func tgz(t *testing.T, text string, bad bool) string {
	t.Helper()
	return tgzOf(t, "main.css", text, bad)
}

// tgzOf is a tar.gz of one file, and of a link to it if it is bad.
func tgzOf(t *testing.T, name, text string, bad bool) string {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	writer := tar.NewWriter(zipped)
	headers := []*tar.Header{{Name: name, Mode: 0o644, Size: int64(len(text))}}
	if bad {
		headers = append(headers, &tar.Header{Name: "latest.css", Typeflag: tar.TypeSymlink, Linkname: "main.css"})
	}
	for _, header := range headers {
		if err := writer.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if header.Size > 0 {
			if _, err := writer.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

// serving answers every request with these bytes.
func serving(t *testing.T, content string) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(content))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/theme.tgz"
}

const aLink = `"latest.css" is a symbolic link to "main.css": pack it again`

func TestAReleaseWithABadArchiveIsRefused(t *testing.T) {
	t.Parallel()
	bad := tgz(t, "body{}", true)
	address := serving(t, bad)
	release := func(source, more string) string {
		return simple("development", "production") + fmt.Sprintf(`
resource "portal_release" "v" {
  pipeline   = portal_pipeline.this.name
  version    = "2.4.0"
  components = { theme = { version = "1", source = %q, kind = "archive" %s } }
}`, source, more)
	}
	w := newWorld(t)
	w.write("files/bad.tgz", bad)
	still := w.still()
	w.run(
		resource.TestStep{Config: w.config(simple("development", "production"))},
		resource.TestStep{ // a path, at plan
			PreConfig: still.remember, Config: w.config(release("{dir}/files/bad.tgz", "")), PlanOnly: true,
			ExpectError: says(`digest-match: component theme of release 2.4.0 cannot be registered`,
				w.path("files/bad.tgz")+`: the archive is refused: `+aLink),
		},
		resource.TestStep{ // an address, when it is registered
			Config: w.config(release(address, fmt.Sprintf(", sha256 = %q", sum(bad)))),
			ExpectError: says(`digest-match: component theme of release 2.4.0 cannot be registered`,
				address+`: the archive is refused: `+aLink, `Nothing was registered.`),
		},
		resource.TestStep{PreConfig: still.compare, Config: w.config(simple("development", "production")), PlanOnly: true},
	)
}

func TestAnArchiveIsUnpackedWithoutItsOuterFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("files/theme.tgz", tgzOf(t, "theme-1/css/main.css", "body{}", false))
	release := func(version, kind string, strip int) string {
		return fmt.Sprintf(`
resource "portal_release" "v%[1]d" {
  pipeline   = portal_pipeline.this.name
  version    = %[2]q
  components = { theme = { version = "1", source = "{dir}/files/theme.tgz", kind = %[3]q, strip_components = %[4]d } }
}`, strip, version, kind, strip)
	}
	base := simple("development", "production")
	has := func(path string) func() {
		return func() {
			t.Helper()
			if _, err := os.ReadFile(w.path("env/development/current/theme/" + path)); err != nil {
				t.Error(err)
			}
		}
	}
	w.run(
		resource.TestStep{Config: w.config(base, release("2.4.0", "archive", 1), deploy("development", "portal_release.v1.version"))},
		resource.TestStep{
			PreConfig: has("css/main.css"),
			Config: w.config(base, release("2.4.0", "archive", 1), deploy("development", "portal_release.v1.version"), `
data "portal_environment" "development" {
  pipeline = "intranet"
  name     = "development"
}`),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue("data.portal_environment.development",
				tfjsonpath.New("content").AtMapKey("theme").AtMapKey("strip_components"), knownvalue.Int64Exact(1))},
		},
		// How it is unpacked is part of what a release is, and of its content.
		resource.TestStep{PreConfig: has("css/main.css"), Config: w.config(base, release("2.4.0", "archive", 2)), PlanOnly: true, ExpectError: says(`digest-match`, `2.4.0`)},
		resource.TestStep{
			Config: w.config(base, release("2.4.0", "archive", 1), release("2.5.0", "archive", 2), deploy("development", "portal_release.v2.version")),
			ConfigPlanChecks: preApply(plancheck.ExpectKnownValue(deployment("development"), tfjsonpath.New("changes"),
				knownvalue.ListExact([]knownvalue.Check{text("~ theme 1 (strip_components 1) -> 1 (strip_components 2)")}))),
		},
		resource.TestStep{
			PreConfig: has("main.css"),
			Config:    w.config(base, release("2.6.0", "archive", 3)), PlanOnly: true, // nothing would be left of the name
			ExpectError: says(`digest-match`, `theme-1/css/main.css`),
		},
		resource.TestStep{Config: w.config(base, release("2.6.0", "file", 1)), PlanOnly: true, ExpectError: says(`strip_components is for components of kind "archive"`)},
	)
}

func TestAReleaseWithAnArchiveThatIsMadeByTheApplyIsJudgedThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("files/bad.tgz", tgz(t, "body{}", true))
	text := simple("development", "production") + `
resource "portal_release" "v" {
  pipeline   = portal_pipeline.this.name
  version    = "2.4.0"
  components = { theme = { version = "1", source = "{dir}/files/late.tgz", kind = "archive" } }
  depends_on = [terraform_data.build]
}
resource "terraform_data" "build" {
  provisioner "local-exec" { command = "cp '{dir}/files/bad.tgz' '{dir}/files/late.tgz'" }
}`
	root := w.root("all").write(text)
	root.refuses([]string{"apply", "-auto-approve"}, `digest-match: component theme of release 2.4.0 cannot be registered`, aLink)
	if registered := events[portal.ReleaseRegistered](t, w.entries()); len(registered) != 0 {
		t.Error("it was registered")
	}
}

// withArchive is a fix of the app that is an archive.
func withArchive(d fixDecl, source, more string) string {
	return strings.Replace(d.hcl(), `source = "{dir}/files/app-1.f"`, fmt.Sprintf(`source = %q, kind = "archive" %s`, source, more), 1)
}

func TestRealAFixWithABadArchiveIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]bool{"directories": onDirectories, "programs": onPrograms} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, command)
			s.world.write("files/bad.tgz", tgz(t, "body{}", true))
			s.declare(stand(everywhere...)).apply()
			places := stand(everywhere...)

			bad := withArchive(ef(""), "{dir}/files/bad.tgz", "")
			refusal := []string{
				`digest-match: emergency fix EF-1 may not go ahead`,
				`app 1.f`, s.path("files/bad.tgz") + `: the archive is refused: ` + aLink, `Nothing was started.`,
			}
			s.declare(places, bad).planRefuses(refusal...)

			// Neither what is not known yet nor missing approvals hide it.
			later := strings.Replace(bad, `bypass `, `expect = terraform_data.later.output`+"\n  bypass ", 1) + `
resource "terraform_data" "later" { input = "statement" }`
			s.declare(places, later).planRefuses(refusal...)
			s.declare(places, strings.Replace(bad, `"bob@example.com" = ""`, ``, 1)).planRefuses(refusal...)

			// The rehearsal says so, and refuses nothing.
			rehearsal := strings.Replace(bad, `resource "portal_emergency_fix"`, `data "portal_fast_path"`, 1) + `
output "rehearsal" {
  value = {
    allowed = data.portal_fast_path.ef_1.allowed
    gates   = [for g in data.portal_fast_path.ef_1.gates : g if g.rule == "digest-match"]
  }
}`
			output := s.declare(places, rehearsal).must("plan")
			shown := says(`allowed = false`, `detail`, `bad.tgz: the archive is refused`, `rule = "digest-match"`, `status = "refused"`)
			if !shown.MatchString(output) {
				t.Errorf("the rehearsal does not say so:\n%s", output)
			}
		})
	}
}

func TestRealAFixFetchesAnArchiveBeforeAnythingIsHeld(t *testing.T) {
	t.Parallel()
	content := tgz(t, "body{}", true)
	s := newScene(t, onDirectories)
	s.declare(stand(everywhere...)).apply()
	d := withArchive(ef(""), serving(t, content), fmt.Sprintf(", sha256 = %q", sum(content)))
	s.declare(stand(everywhere...), d).must("plan", "-out=saved")
	s.savedRefuses(`digest-match: emergency fix EF-1 may not go ahead`, `theme.tgz: the archive is refused: `+aLink)
	if opened := events[portal.FixOpened](t, s.entries()); len(opened) != 0 {
		t.Error("it was opened")
	}
	s.planRefuses(`digest-match`, aLink) // it is in the cache now
}

func TestRealAFixWithAGoodArchiveIsUnpacked(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.world.write("files/good.tgz", tgz(t, "body{}", false))
	s.declare(stand(everywhere...)).apply()
	s.declare(stand(everywhere...), withArchive(ef(""), "{dir}/files/good.tgz", "")).apply()
	s.has("production", "body{}", "web 1")
}
