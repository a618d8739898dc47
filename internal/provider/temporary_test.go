package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/releaseportal/terraform-provider-portal/internal/provider"
	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

func TestWhatToolsThrowAwayIsWarnedOf(t *testing.T) {
	cases := []struct {
		below  string
		env    map[string]string
		warned string
	}{
		{"cdktf.out/stacks/shop", nil, "below cdktf.out, which cdktf recreates"},
		{".terragrunt-cache/abc/def/shop", nil, "below .terragrunt-cache, which Terragrunt recreates"},
		{"checkout", map[string]string{"GITHUB_ACTIONS": "true"}, "GitHub Actions is running this"},
		{"my-cdktf.outputs", nil, ""},
	}
	for _, c := range cases {
		t.Run(c.below, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), c.below)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			x := coretest.New(t, func() (tfprotov6.ProviderServer, func() error) {
				p := provider.New("test", func(name string) string { return c.env[name] })
				return p.Server(), p.Close
			})
			root := x.Root(config{"actor": "jane"})
			environment := func(path string) resource {
				return resource{Address: "portal_environment.dev", Config: config{"pipeline": "shop", "name": "dev", "stage": "dev", "target": config{"directory": config{"path": path}}}}
			}
			warnings := func(path string) (ledger, target int) {
				_, report := root.Plan(pipeline("shop"), environment(path))
				if !report.OK() {
					t.Fatal(report)
				}
				for _, w := range report.Warnings {
					if c.warned == "" || !strings.Contains(w.Detail, c.warned) {
						t.Errorf("it says %s", w)
					}
					if w.Address == "provider" {
						ledger++
					} else {
						target++
					}
				}
				return ledger, target
			}
			want := map[bool]int{true: 1}[c.warned != ""]
			if ledger, target := warnings("env/dev"); ledger != want || target != want {
				t.Errorf("%d warnings of the ledger, %d of the target, and %d of each are due", ledger, target, want)
			}
			if _, target := warnings(t.TempDir()); target != 0 {
				t.Error("a target elsewhere is warned of")
			}
		})
	}
}

func TestTwoAddressesOfTheLedgerAreWarnedOf(t *testing.T) {
	t.Parallel()
	const there, here = "sqlite:/there/ledger.db", "sqlite:/here/ledger.db"
	for _, c := range []struct {
		name, written, variable string
		warned                  bool
	}{
		{"they differ", here, there, true},
		{"they are the same", here, here, false},
		{"the same, written in another way", "sqlite:/here/../here/ledger.db", here, false},
		{"only the variable", "", there, false},
		{"only the block", here, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := coretest.New(t, func() (tfprotov6.ProviderServer, func() error) {
				p := provider.New("test", func(name string) string { return map[string]string{"PORTAL_LEDGER_URL": c.variable}[name] })
				return p.Server(), p.Close
			})
			block := config{"actor": "jane"}
			if c.written != "" {
				block["ledger_url"] = c.written
			}
			_, report := x.Root(block).Plan()
			if warned := len(report.Warnings) > 0; warned != c.warned {
				t.Errorf("it is warned of: %t\n%s", warned, report)
			}
			if c.warned && (!strings.Contains(report.String(), here) || !strings.Contains(report.String(), there)) {
				t.Errorf("it does not name both:\n%s", report)
			}
		})
	}
}
