package provider

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// A message says what happened, what is true now and what to do.
func TestMessages(t *testing.T) {
	w := portaltest.New(t, portaltest.Line("dev", "qa", "production"))
	w.Register("2.5.0")
	w.Deploy("dev", "2.5.0")
	var refusal *portal.RefusalError
	if err := w.TryDeploy(portal.Deploy{Environment: "production", Release: "2.5.0"}); !errors.As(err, &refusal) {
		t.Fatal(err)
	}
	failed := func(outcome portal.Outcome, untouched bool, detail string) error {
		return &rollout.FailedError{Environment: "shop/dev", Release: "2.5.0", Outcome: outcome, Untouched: untouched, Detail: detail}
	}
	halted := func(err error, recorded bool) error {
		return &rollout.HaltedError{Fix: "EF-1", Step: 3, Of: 11, Action: portal.StepDeploy, Where: "staging", Recorded: recorded, Err: err}
	}
	cases := []struct {
		name string
		err  error
		want string
	}{
		{"a refusal, as the domain words it", refusal, refusal.Summary() + "\n---\n" + refusal.Detail()},
		{"a refusal that could not be recorded", fmt.Errorf("%w\nThe refusal itself could not be recorded: %w", portal.RefuseDigest("dev", "2.5.0", []string{"app: gone"}), errors.New("disk full")), `digest-match: release 2.5.0 may not enter "dev"
---
Its bytes are not what was registered, or cannot be read:
    app: gone
The refusal itself could not be recorded: disk full`},
		{"a wish that cannot be", &portal.RejectionError{Summary: `environment "shop/uat" is not declared`, Detail: "Declare it. Declared are: dev."}, `Environment "shop/uat" is not declared
---
Declare it. Declared are: dev.`},
		{"a failed deployment", failed(portal.Failed, false, "the target says it is done, but it runs something else"), `Deployment of 2.5.0 to shop/dev failed
---
The target says it is done, but it runs something else.
The environment may be half-deployed: apply again to repeat the deployment, or set release back to the previous release to roll back.
It is recorded in the ledger.`},
		{"a failed program with its last words", failed(portal.Failed, true, "./deploy.sh failed with exit code 3:\nno space left"), `Deployment of 2.5.0 to shop/dev failed
---
./deploy.sh failed with exit code 3:
no space left
The environment still runs what it ran before. Apply again when the cause is gone.
It is recorded in the ledger.`},
		{"an interrupted deployment", failed(portal.Interrupted, true, "whoever started it has stopped it"), `Deployment of 2.5.0 to shop/dev was interrupted
---
Whoever started it has stopped it.
The environment still runs what it ran before. Apply again when the cause is gone.
It is recorded in the ledger.`},
		{"a deployment whose outcome is unknown", failed(portal.Unknown, false, "what the target runs now cannot be told: the target cannot be reached"), `Deployment of 2.5.0 to shop/dev: its outcome is unknown
---
What the target runs now cannot be told: the target cannot be reached.
Nothing can be promoted from this environment until a deployment there succeeds. Check the target, then apply again.
It is recorded in the ledger.`},
		{"a failed removal", &rollout.FailedError{Environment: "shop/dev", Outcome: portal.Failed, Detail: "permission denied"}, `Removal of what runs on shop/dev failed
---
Permission denied.
Some content may remain: apply again to remove the rest.
It is recorded in the ledger.`},
		{"a failed first deployment", &rollout.FailedError{Environment: "shop/dev", Release: "1.0.0", Outcome: portal.Failed, First: true, Detail: "permission denied"}, `Deployment of 1.0.0 to shop/dev failed
---
Permission denied.
The environment may be half-deployed: apply again to repeat the deployment. No earlier deployment succeeded there, so you cannot roll back.
It is recorded in the ledger.`},
		{"an end that could not be recorded", fmt.Errorf("%w: shop/dev was touched; apply again to finish it", rollout.ErrNotFinished), `Deploying 2.5.0 to shop/dev did not finish
---
The deployment is not finished: shop/dev was touched; apply again to finish it.`},
		{"a newer attempt", fmt.Errorf("%w: shop/dev is in another process's hands now", portal.ErrSuperseded), `Deploying 2.5.0 to shop/dev did not finish
---
A newer attempt has taken the environment over: shop/dev is in another process's hands now.`},
		{"a ledger that cannot be had", &ledger.UnavailableError{What: "writing the ledger /srv/ledger.db", Err: errors.New("disk full")}, `The ledger cannot be used
---
Deploying 2.5.0 to shop/dev needs it: writing the ledger /srv/ledger.db: disk full.
Nothing is deployed without its record.`},
		{"a fix that the ledger's own trouble has halted", halted(&ledger.UnavailableError{What: "writing the ledger /srv/ledger.db", Err: errors.New("the disk is full. Make room")}, false), `Emergency fix EF-1 is halted at step 3 of 11, deploy on staging
---
Writing the ledger /srv/ledger.db: the disk is full. Make room.
Completed steps stay, and the environments stay held. When the cause is gone, apply again: the fix continues with this step. Or correct the fix (its components may change until a deployment to a target has succeeded), or withdraw it (set withdraw).
The ledger does not record that the fix halted, but it records every completed step.`},
		{"a fix that a deployment has halted", halted(failed(portal.Failed, true, "permission denied"), true), `Emergency fix EF-1 is halted at step 3 of 11, deploy on staging
---
Permission denied.
Completed steps stay, and the environments stay held. When the cause is gone, apply again: the fix continues with this step. Or correct the fix (its components may change until a deployment to a target has succeeded), or withdraw it (set withdraw).
It is recorded in the ledger.`},
		{"a ledger that has lost its entries", &ledger.UnavailableError{What: "opening the ledger /srv/ledger.db", Err: &ledger.DamagedError{What: "its entries are gone. Restore it."}}, `The ledger is damaged
---
Deploying 2.5.0 to shop/dev needs it: opening the ledger /srv/ledger.db: its entries are gone. Restore it.`},
		{"an entry that was changed", &ledger.CorruptError{Pipeline: "shop", Number: 4, What: "its bytes hash to 12, recorded is 34"}, `The ledger of pipeline "shop" is inconsistent
---
Deploying 2.5.0 to shop/dev needs it, and entry 4 of pipeline "shop" is inconsistent: its bytes hash to 12, recorded is 34. It was damaged or changed. This run changed nothing, and other pipelines of the ledger still work.
Keep a copy of the ledger with its -wal file, run portal ledger verify, and restore the ledger from a backup. If all entries are consistent, portal ledger rebuild is enough: it rebuilds the derived state.`},
		{"anything else", errors.New("ärger"), `Deploying 2.5.0 to shop/dev failed
---
Ärger.`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			diags := explain("deploying 2.5.0 to shop/dev", c.err)
			if len(diags) != 1 {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(c.want, diags[0].Summary()+"\n---\n"+diags[0].Detail()); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		if diags := explain("deploying", nil); len(diags) > 0 {
			t.Error(diags)
		}
	})
}

func TestWarningsNameTheRuleInTheirSummary(t *testing.T) {
	v := portal.Ruled(
		portal.Gate{Rule: portal.SoakTime, Status: portal.Warned, Detail: "It ran for 1h of 24h.", Cure: "Wait."},
		portal.Gate{Rule: portal.TestsPassed, Status: portal.Warned, Detail: "No result."},
		portal.Gate{Rule: portal.StageOrder, Status: portal.Passed},
	)
	v.Release, v.Environment = "2.5.0", "production"
	var lines []string
	for _, d := range warnings(v) {
		lines = append(lines, d.Summary(), d.Detail())
	}
	want := []string{
		`soak-time: release 2.5.0 goes to "production" although it breaks this rule`, "It ran for 1h of 24h.\nWait.",
		`tests-passed: release 2.5.0 goes to "production" although it breaks this rule`, "No result.",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

// Terraform wraps what does not begin with a space and keeps the rest as it is.
func TestAMessagesParagraphsAreWrappedAndItsTablesAreNot(t *testing.T) {
	w := portaltest.New(t, portaltest.Line("dev", "qa", "production"))
	w.Register("2.5.0")
	err := w.TryDeploy(portal.Deploy{Environment: "production", Release: "2.5.0"})
	for line := range strings.Lines(explain("planning", err)[0].Detail()) {
		if aligned := strings.Contains(strings.TrimLeft(line, " "), "  "); aligned && !strings.HasPrefix(line, "    ") {
			t.Errorf("a line of a table would be wrapped: %q", line)
		}
	}
}
