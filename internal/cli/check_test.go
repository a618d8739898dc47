package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/cli"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"what would be refused", []string{"1.1.0", "production"}, cli.ExitNo, `1.1.0 may not be deployed to production (enter)

refused   soak-time            It has not run long enough: it ran less than 1h on dev (3m so far, complete at 2200-01-06T12:12:00Z).
                               Wait until 2200-01-06T12:12:00Z.
passed    stage-order          It has been on every stage before.
passed    tests-passed         Every required suite has passed on the stages before.
passed    approvals            Every stage before has the approvals it requires.
passed    freeze               No freeze is in force.
passed    stage-occupied       No other release is under test on the stage.
passed    rolled-back          This environment was not rolled back from it.
passed    reconcile-overdue    No emergency fix is overdue.
passed    differential-base    The environment runs what the release was built against, or it is a full release.
passed    emergency-lane       It is a regular environment.
passed    fix-regression       No emergency fix in force would be lost.
passed    prerequisites        Everything it requires is there.
passed    environment-held     Nobody else changes the environment.

Stages before:
  dev  ran from 2200-01-06T11:12:00Z, tests passed: smoke, soaked 3m of 1h

It would change:
  ~ app 1.0.0 -> 1.1.0

It will be allowed from 2200-01-06T12:12:00Z, if nothing else changes.
`},
		{"what would be allowed", []string{"1.0.0", "dev"}, cli.ExitDone, `1.0.0 may be deployed to dev (rollback)

passed    freeze               No freeze is in force.
passed    emergency-lane       It is a regular environment.
passed    fix-regression       No emergency fix in force would be lost.
passed    prerequisites        Everything it requires is there.
passed    environment-held     Nobody else changes the environment.

It would change:
  ~ app 1.1.0 -> 1.0.0
`},
		{"what is there already, as JSON", []string{"1.0.0", "production", "--json"}, cli.ExitDone, `{
  "pipeline": "shop",
  "environment": "production",
  "release": "1.0.0",
  "mode": "repair",
  "allowed": true,
  "gates": [
    {
      "rule": "freeze",
      "status": "passed",
      "detail": "No freeze is in force."
    },
    {
      "rule": "emergency-lane",
      "status": "passed",
      "detail": "It is a regular environment."
    },
    {
      "rule": "fix-regression",
      "status": "passed",
      "detail": "No emergency fix in force would be lost."
    },
    {
      "rule": "prerequisites",
      "status": "passed",
      "detail": "Everything it requires is there."
    },
    {
      "rule": "environment-held",
      "status": "passed",
      "detail": "Nobody else changes the environment."
    }
  ],
  "changes": [],
  "statement": "portal-approval/v1 release\nledger: LEDGER\npipeline: shop\nrelease: 1.0.0\nrelease digest: SHA256\ncontent digest: SHA256\nmay leave stage: dev\n"
}
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			shop(t).run(append([]string{"check"}, c.args...)...).mustBe(t, c.code, c.want, "")
		})
	}
}

// verdict is what scripts read of a check.
type verdict struct {
	Allowed    bool   `json:"allowed"`
	EligibleAt string `json:"eligible_at"`
	Gates      []struct {
		Rule, Status, Detail, Cure string
	} `json:"gates"`
	Way []struct{ Stage, Text string } `json:"way"`
}

func (o outcome) verdict(t *testing.T) verdict {
	t.Helper()
	var v verdict
	if err := json.Unmarshal([]byte(o.stdout), &v); err != nil {
		t.Fatalf("%v: %+v", err, o)
	}
	return v
}

func (v verdict) broken() (rules []string) {
	for _, gate := range v.Gates {
		if gate.Status != "passed" {
			rules = append(rules, gate.Status+" "+gate.Rule)
		}
	}
	return rules
}

func TestARefusalIsJSONToo(t *testing.T) {
	got := shop(t).run("check", "1.1.0", "production", "--json")
	v := got.verdict(t)
	if got.code != cli.ExitNo || got.stderr != "" || v.Allowed || v.EligibleAt != "2200-01-06T12:12:00Z" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"refused soak-time"}, v.broken()); diff != "" {
		t.Error(diff)
	}
	for _, gate := range v.Gates {
		if refused := gate.Rule == "soak-time"; (gate.Cure != "") != refused || gate.Detail == "" {
			t.Errorf("%+v", gate)
		}
	}
	if len(v.Way) != 1 || v.Way[0].Stage != "dev" {
		t.Errorf("the stages before are %+v", v.Way)
	}
}

// asking is a shop whose releases need an approval to leave dev.
func asking(t *testing.T) *record {
	r := shop(t)
	pipeline := portal.Pipeline{
		Name: "shop", Emergency: portal.DefaultEmergencyPolicy(), Rules: map[portal.Rule]portal.Level{portal.SoakTime: portal.LevelWarn},
		Stages: []portal.Stage{{Name: "dev", RequiredApprovals: 1}, {Name: "production", After: []string{"dev"}}},
	}
	r.do(portal.DeclarePipeline{Pipeline: pipeline, Update: true}, portal.RecordApproval{Release: "1.1.0", Stage: "dev", Approver: "carl"})
	return r
}

func TestTheApprovalsOfWhoWouldDeployDoNotCount(t *testing.T) {
	for _, c := range []struct {
		name      string
		variables map[string]string
		args      []string
		code      int
	}{
		{"the approver, by our variable", map[string]string{"PORTAL_ACTOR": "carl"}, nil, cli.ExitNo},
		{"the approver, by the CI system", map[string]string{"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "carl"}, nil, cli.ExitNo},
		{"the approver, by the flag", map[string]string{"PORTAL_ACTOR": "ann"}, []string{"--actor", "carl"}, cli.ExitNo},
		{"somebody else", map[string]string{"PORTAL_ACTOR": "ann"}, nil, cli.ExitDone},
		{"somebody else, by the flag", map[string]string{"PORTAL_ACTOR": "carl"}, []string{"--actor", "ann"}, cli.ExitDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := asking(t)
			r.Close()
			got := run(t, c.variables, append([]string{"check", "1.1.0", "production", "--json", "--ledger", "sqlite:" + r.path}, c.args...)...)
			if got.code != c.code {
				t.Errorf("exit code %d: %v", got.code, got.verdict(t).broken())
			}
		})
	}
}

func TestACheckRecordsNothing(t *testing.T) {
	r := shop(t)
	r.run("check", "1.1.0", "production")
	r.run("ledger", "verify").mustBe(t, cli.ExitDone, "shop  entries: 14  14:SHA256  ok\n", "")
}
