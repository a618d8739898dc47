package targettest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// plan makes changes whose files lie in a directory of the test's.
type plan struct {
	t   *testing.T
	dir string
}

func newPlan(t *testing.T) *plan { return &plan{t, t.TempDir()} }

// component writes a component's bytes and adds it to a change.
func (p *plan) component(c *target.Change, name, version, kind string, bytes []byte) {
	sum := sha256.Sum256(bytes)
	c.To[name] = portal.Item{Version: version, Kind: kind, SHA256: hex.EncodeToString(sum[:])}
	c.Files[name] = p.file(name+"-"+version, bytes)
}

func (p *plan) file(name string, bytes []byte) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, bytes, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p *plan) archive(files map[string]string) []byte {
	p.t.Helper()
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file, err := writer.Create(name)
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := file.Write([]byte(files[name])); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		p.t.Fatal(err)
	}
	return buffer.Bytes()
}

func attempt(n int64, release string) target.Change {
	return target.Change{
		Key: fmt.Sprintf("attempt-%d", n), Epoch: n, Pipeline: "intranet", Environment: "production", Release: release,
		To: portal.Content{}, Files: map[string]string{},
	}
}

// first installs three components, one of them an archive.
func (p *plan) first() target.Change {
	c := attempt(1, "2.4.0")
	p.component(&c, "theme", "1.0.0", "file", []byte("theme 1.0.0"))
	p.component(&c, "old-skin", "0.9.0", "file", []byte("old skin"))
	p.component(&c, "pages", "3.0.0", "archive", p.archive(map[string]string{"index.html": "<p>hello</p>", "css/main.css": "p{}"}))
	return c
}

// second alters two of them, removes one and adds one; its release is one with
// emergency fixes.
func (p *plan) second() target.Change {
	c := attempt(2, "2.5.0+EF-1.EF-2")
	c.From = maps.Clone(p.first().To)
	p.component(&c, "theme", "1.1.0", "file", []byte("theme 1.1.0"))
	p.component(&c, "login.portlet_2", "3.2.0", "war", []byte("login portlet"))
	p.component(&c, "pages", "3.1.0", "archive", p.archive(map[string]string{"index.html": "<p>hello again</p>"}))
	return c
}

func (p *plan) empty(from target.Change, n int64) target.Change {
	c := attempt(n, "")
	c.From, c.To, c.Files = from.To, nil, nil
	return c
}

// large has components enough to be killed in the midst of.
func (p *plan) large(n int64) target.Change {
	c := attempt(n, fmt.Sprintf("3.%d.0", n))
	for i := range 20 {
		p.component(&c, fmt.Sprintf("part-%d", i), fmt.Sprint(n), "file", bytes.Repeat([]byte{byte(n), byte(i)}, 100_000))
	}
	return c
}
