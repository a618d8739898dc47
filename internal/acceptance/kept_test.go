package acceptance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestARollbackToWhatATargetStillHasNeedsNoSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "production") + releases("2.4.0", "2.5.0")
	gone := func() { w.remove("files"); w.emptyCache() }
	damaged := func() {
		copies, err := filepath.Glob(w.path("env", "production", "releases", "2.5.0-*", "app"))
		if err != nil || len(copies) != 1 {
			t.Fatalf("production keeps %v of 2.5.0: %v", copies, err)
		}
		if err := os.WriteFile(copies[0], []byte("by hand"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.run(
		resource.TestStep{Config: w.config(base, chain("2.4.0", "development", "production"))},
		resource.TestStep{Config: w.config(base, chain("2.5.0", "development", "production"))},
		resource.TestStep{PreConfig: gone, Config: w.config(base, chain("2.4.0", "development", "production"))},
		resource.TestStep{Config: w.config(base, chain("2.4.0", "development", "production")), PlanOnly: true},
		resource.TestStep{
			PreConfig:   func() { damaged(); w.mustRun("production", "app", "app 2.4.0") },
			Config:      w.config(base, deploy("development", versionOf("2.4.0")), deployWith("production", versionOf("2.5.0"), `redeploy = "again"`)),
			ExpectError: says("digest-match: release 2.5.0 may not enter", "production", "no such file or directory"),
		},
	)
}
