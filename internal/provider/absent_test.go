package provider_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/releaseportal/terraform-provider-portal/internal/provider"
	"github.com/releaseportal/terraform-provider-portal/internal/provider/coretest"
)

// filesBelow lists everything below a directory.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		found = append(found, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAPlanMakesNoLedger(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	jane := p.Root(config{"ledger_url": "sqlite:" + p.path("some", "where", "ledger.db"), "actor": "jane"})
	all := p.everything()
	resources := append(slices.Clone(all[:5]), p.release("1.0.0"), deployment("dev", "1.0.0"),
		resource{Address: "data.portal_metrics.m", Config: config{"pipeline": "shop"}})
	before := filesBelow(t, p.dir)
	plan, report := jane.Plan(resources[:len(resources)-1]...)
	if !report.OK() {
		t.Fatalf("it cannot be planned:\n%s", report)
	}
	if _, report := jane.Plan(resources...); report.OK() || strings.Contains(report.String(), "read-only") {
		t.Errorf("figures of a pipeline that is not there:\n%s", report)
	}
	if after := filesBelow(t, p.dir); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("the plan has made files:\n%s\nthere were\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	if report := jane.Apply(plan); !report.OK() {
		t.Fatal(report)
	}
	if _, err := os.Stat(p.path("some", "where", "ledger.db")); err != nil {
		t.Error("the apply has made no ledger")
	}
	if plan := p.mustPlan(jane, resources...); !plan.Empty() {
		t.Error("the next plan is not empty")
	}
	moved := p.Root(config{"ledger_url": "sqlite:" + p.path("ledgr.db"), "actor": "jane"})
	moved.Adopt(jane)
	before = filesBelow(t, p.dir)
	_, report = moved.Plan(all[:5]...)
	if told := report.String(); !strings.Contains(told, "There is no ledger at "+p.path("ledgr.db")) || strings.Count(told, "There is no ledger") != 1 {
		t.Errorf("a wrong address beside a state is told so:\n%s", told)
	}
	if after := filesBelow(t, p.dir); len(after) != len(before) {
		t.Error("that plan has made files")
	}
}

// A file that is rebuilt between the first plan of all and its apply is told as such,
// though there was no ledger to note anything beside.
func TestAFileThatIsRebuiltBeforeThereIsALedger(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	x := coretest.New(t, func() (tfprotov6.ProviderServer, func() error) {
		p := provider.New("test", func(name string) string {
			if name == "XDG_CACHE_HOME" {
				return home
			}
			return ""
		})
		return p.Server(), p.Close
	})
	p := newPlace(t)
	p.Terraform = x
	jane := p.root("jane")
	resources := append(slices.Clone(p.everything()[:5]), p.release("1.0.0"))
	resources[5].Config["pipeline"] = coretest.Ref{Address: "portal_pipeline.shop", Attribute: "name"}
	plan := p.mustPlan(jane, resources...)
	p.write("files/app-1.0.0", "rebuilt")
	report := jane.Apply(plan)
	if len(report.Faults) > 0 || len(report.Errors) != 1 || !strings.HasPrefix(report.Errors[0].Summary, "digest-match: component app of release 1.0.0 was rebuilt") {
		t.Errorf("it is told\n%s", report)
	}
}
