package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
)

func TestATargetIsNotWhereTheProviderKeepsItsFiles(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := &session{url: "sqlite:" + filepath.Join(dir, "portal", "ledger.db")}
	elsewhere := &session{url: s.url, cacheDir: filepath.Join(dir, "cache")}
	for _, c := range []struct {
		session *session
		path    string
		want    string
	}{
		{s, "portal", "The ledger"},
		{s, "", "The ledger"},
		{s, "link/portal", "The ledger"},
		{s, "portal/artifacts", "The artifact cache"},
		{s, "link/portal/artifacts/below", "The artifact cache"},
		{s, "portal/qa", ""},
		{s, "srv", ""},
		{s, "portal-qa", ""},
		{elsewhere, "portal/artifacts", ""},
		{elsewhere, "cache/qa", "The artifact cache"},
	} {
		address, err := directory.Config{Path: filepath.Join(dir, c.path)}.Address()
		if err != nil {
			t.Fatal(err)
		}
		if got := c.session.reserved(address); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: it says %q, want %q", c.path, got, c.want)
		}
	}
}
