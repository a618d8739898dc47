package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestARecordThatIsAheadOfTheClockIsToldOnceInAWalk(t *testing.T) {
	for name, c := range map[string]struct {
		back time.Duration
		want string
	}{
		"a year":                      {8760 * time.Hour, `Warning: The record of pipeline "shop" is ahead of the clock`},
		"an hour":                     {time.Hour, `Warning: The record of pipeline "shop" is ahead of the clock`},
		"no more than clocks are off": {30 * time.Second, ""},
		"the other way":               {-8760 * time.Hour, ""},
	} {
		t.Run(name, func(t *testing.T) {
			now := portaltest.Start
			p := newPlanner(t, nil)
			p.restart(func() time.Time { return now })
			p.register("1.0.0")
			now = now.Add(-c.back)
			p.walk.suppose("shop", portal.ReleaseRegistered{Release: portaltest.FullRelease("1.0.0")})
			resp := plan(t, &deploymentResource{configured{p.session}}, nil, aDeployment(t, "dev", "1.0.0"))
			if got := lines(resp.Diagnostics); got != c.want {
				t.Errorf("it says %q, want %q", got, c.want)
			}
			again := plan(t, &deploymentResource{configured{p.session}}, nil, aDeployment(t, "dev", "1.0.0"))
			if got := lines(again.Diagnostics); got != "" {
				t.Errorf("it says a second time %q", got)
			}
		})
	}
}

// restart opens the ledger again, with another clock.
func (p *planner) restart(clock func() time.Time) {
	p.t.Helper()
	if err := p.close(); err != nil {
		p.t.Fatal(err)
	}
	// What was declared before is of the real time.
	if err := os.RemoveAll(filepath.Dir(strings.TrimPrefix(p.url, "sqlite:"))); err != nil {
		p.t.Fatal(err)
	}
	p.clock = clock
	p.must(portal.DeclarePipeline{Pipeline: portaltest.Line("dev", "qa", "production")})
	for _, name := range []string{"dev", "qa", "production"} {
		p.must(portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment(name, name)})
	}
}

func TestARefreshTellsThatTheLedgerIsOlderThanItsTarget(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0")
	p.deployed("dev", "1.0.0")
	r := &deploymentResource{configured{p.session}}
	m := aDeployment(t, "dev", "1.0.0")
	for _, c := range []struct {
		name, ledger string
		epoch        int64
		want         string
	}{
		{"of the same ledger", "", 1 << 40, "Warning: The ledger is older than the target of shop/dev"},
		{"as far as the ledger", "", 1, ""},
		{"of another ledger", "another", 1 << 40, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			opened, err := p.open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			writeEpoch(t, p, first(c.ledger, opened.Ledger.ID()), c.epoch)
			resp := resource.ReadResponse{State: stateOf(t, r, m)}
			r.Read(t.Context(), resource.ReadRequest{State: stateOf(t, r, m)}, &resp)
			var got []string
			for _, d := range resp.Diagnostics {
				if strings.Contains(d.Summary(), "older") {
					got = append(got, lines(diagnostics{d}))
					if !strings.Contains(d.Detail(), "ledger restored --reason TEXT --pipeline shop") {
						t.Errorf("it says %s", d.Detail())
					}
				}
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

// writeEpoch notes at the target of dev which deployment it has seen.
func writeEpoch(t *testing.T, p *planner, ledger string, epoch int64) {
	t.Helper()
	var config struct{ Path string }
	err := p.view(t.Context(), "shop", portal.Subjects{}, func(f portal.Facts) error {
		return json.Unmarshal(f.Sites["dev"].Target.Config, &config)
	})
	if err == nil {
		err = os.MkdirAll(config.Path, 0o755)
	}
	if err == nil {
		text := fmt.Sprintf(`{"format":1,"key":"k","epoch":%d,"ledger":%q,"pipeline":"shop","environment":"dev"}`, epoch, ledger)
		err = os.WriteFile(filepath.Join(config.Path, ".portal.json"), []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What was true before an apply is not what to end it with: the plan has said it.
func TestAnApplyDoesNotRepeatWhatItsPlanHasWarnedOf(t *testing.T) {
	p := newPlanner(t, nil)
	p.register("1.0.0")
	p.deployed("dev", "1.0.0")
	process := func(reads bool) *session {
		s := newSession(variables{}.get)
		s.url, s.by = p.url, p.by
		t.Cleanup(func() { _ = s.close() })
		if reads {
			s.reading()
		}
		return s
	}
	for _, c := range []struct {
		name  string
		reads bool // as a plan does and an apply does not
		text  string
		told  bool
	}{
		{"a first plan without a sign", false, "EF-1", false},
		{"its apply", false, "EF-1", true},
		{"a plan without a sign", false, "EF-1", false},
		{"the next plan", true, "EF-1", false},
		{"an apply that finds something else", false, "EF-1, EF-2", false},
	} {
		if told := process(c.reads).toldAtPlan(t.Context(), "shop", "obligations", c.text); told != c.told {
			t.Errorf("%s: %t", c.name, told)
		}
	}
}
