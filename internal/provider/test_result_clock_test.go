package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// TestAReportIsDatedByTheLedgersClock: a file has the time of the machine that wrote
// it, and the deployment that of the ledger.
func TestAReportIsDatedByTheLedgersClock(t *testing.T) {
	for _, c := range []struct {
		name  string
		ahead time.Duration // of this machine
	}{{"one clock", 0}, {"a ledger that is ahead", time.Hour}, {"a ledger that is behind", -time.Hour}} {
		t.Run(c.name, func(t *testing.T) {
			p := &planner{newSession(variables{}.get), t}
			engine, err := engines.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"), engines.WithClock(func() time.Time { return time.Now().Add(c.ahead) }))
			if err != nil {
				t.Fatal(err)
			}
			p.ledger = ledger.New(engine)
			p.rollout, p.by = &rollout.Rollout{Ledger: p.ledger}, portal.Actor{Name: "ann"}
			t.Cleanup(func() { _ = p.close() })
			p.must(portal.DeclarePipeline{Pipeline: portaltest.Line("dev", "qa")}, portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment("dev", "dev")})
			p.register("0.9.0", "1.0.0")
			report := filepath.Join(t.TempDir(), "report.xml")
			if err := os.WriteFile(report, []byte(`<testsuite name="smoke" tests="1"><testcase name="a"/></testsuite>`), 0o600); err != nil {
				t.Fatal(err)
			}
			p.deployed("dev", "0.9.0")
			p.deployed("dev", "1.0.0")
			result := aResultForAFix()
			result.Environment, result.EmergencyFix, result.Release = types.StringValue("dev"), types.StringNull(), types.StringValue("1.0.0")
			result.Outcome, result.JUnitReport = types.StringUnknown(), types.StringValue(report)
			r := resourceOf[*testResultResource](newTestResultResource, p.session)
			if diags := r.enter(t.Context(), &result); !strings.Contains(lines(diags), "stale-report") {
				t.Errorf("a report of before the deployment gives %v", diags)
			}
			now := time.Now()
			if err := os.Chtimes(report, now, now); err != nil {
				t.Fatal(err)
			}
			if diags := r.enter(t.Context(), &result); diags.HasError() {
				t.Errorf("a report of after the deployment gives %v", diags)
			}
		})
	}
}
