package acceptance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// tgz is a tar.gz with the file main.css and, if it is bad, a link to it.
func tgz(t *testing.T, text string, bad bool) string {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	writer := tar.NewWriter(zipped)
	headers := []*tar.Header{{Name: "main.css", Mode: 0o644, Size: int64(len(text))}}
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
				`app 1.f`, s.path("files/bad.tgz") + `: the archive is refused: ` + aLink, `Nothing was begun.`,
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
