package acceptance

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// accepted is a pipeline whose qa runs a release and asks for approvals.
func accepted(approvals string) string {
	return pipeline(`name = "development"`, `name = "qa", required_approvals = `+approvals, `name = "production"`) + environments("development", "qa", "production") +
		releases("2.4.0") + chain("2.4.0", "development", "qa")
}

// approvalWith is an approval by bob with more in it.
func approvalWith(more string) string {
	return strings.Replace(approval("bob@example.com"), "\n}", "\n  "+more+"\n}", 1)
}

func TestApprovalsLetAReleaseLeaveAStage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := accepted("2")
	signed := strings.Replace(base, "  stages = [", `  approvers = { "bob@example.com" = { public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0vfzjvJ8CIFJDpbqjcS3VqAUgWR3BKZEkRNgHXzcPZ", may = ["release"] } }
  stages = [`, 1)
	production := `
resource "portal_release_deployment" "production" {
  pipeline    = portal_pipeline.this.name
  environment = portal_environment.production.name
  release     = "2.4.0"
  depends_on  = [portal_approval.bob, portal_approval.carol, portal_release_deployment.qa]
}`
	w.run(
		resource.TestStep{Config: w.config(base, approval("bob@example.com"), approval("carol@example.com"), production), ConfigStateChecks: []statecheck.StateCheck{
			has("portal_approval.bob", "statement", knownvalue.StringRegexp(says("2.4.0"))),
			has(deployment("production"), "running", text("2.4.0")),
		}},
		resource.TestStep{
			Config: w.config(signed, approval("dave@example.com")), ExpectError: says(`approv`, `signature`),
		},
	)
}

const revoke = `revoke = { reason = "seen something since" }`

func TestAnApprovalIsRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := accepted("1")
	bob := "portal_approval.bob"
	production := deploy("production", releaseOf("qa"))
	still := w.still()
	w.run(
		resource.TestStep{Config: w.config(base)},
		resource.TestStep{
			PreConfig: still.remember, Config: w.config(base, approvalWith(revoke)), PlanOnly: true,
			ExpectError: says(`There is no approval to revoke`, `Record the approval first, or import it`),
		},
		resource.TestStep{
			PreConfig: still.compare, Config: w.config(base, approvalWith("")),
			ConfigStateChecks: []statecheck.StateCheck{has(bob, "revoked_at", knownvalue.Null()), has(bob, "content_digest", knownvalue.NotNull())},
		},
		resource.TestStep{
			PreConfig: still.remember, Config: w.config(base, approvalWith(`comment = "no"`+"\n  "+revoke)), PlanOnly: true,
			ExpectError: says(`revoke must be the only change of an approval`, `revoke changes together with another attribute`),
		},
		resource.TestStep{
			Config: w.config(base, approvalWith(`revoke = { reason = " " }`)), PlanOnly: true,
			ExpectError: says(`reason is blank: say why the approval is withdrawn`),
		},
		resource.TestStep{
			PreConfig: still.compare, Config: w.config(base, approvalWith(revoke)),
			ConfigPlanChecks: preApply(
				actions(bob, plancheck.ResourceActionUpdate), plancheck.ExpectUnknownValue(bob, tfjsonpath.New("revoked_at")),
				planned(bob, "id", knownvalue.StringRegexp(says(`intranet/`))),
			),
			ConfigStateChecks: []statecheck.StateCheck{has(bob, "revoked_at", knownvalue.StringRegexp(says(`20`)))},
		},
		resource.TestStep{Config: w.config(base, approvalWith(revoke)), PlanOnly: true},
		resource.TestStep{
			PreConfig: still.remember, Config: w.config(base, approvalWith(revoke), production), PlanOnly: true,
			ExpectError: says(`approvals: release 2.4.0 may not enter "production"`, `1 approval required to leave qa (nobody approved it)`),
		},
		// It cannot be undone, nor by another comment; a new approval counts.
		resource.TestStep{
			Config: w.config(base, approvalWith(`comment = "again"`+"\n  "+revoke)), PlanOnly: true,
			ExpectError: says(`A revoked approval cannot change`, `would record a new approval, which counts`),
		},
		resource.TestStep{Config: w.config(base, approvalWith("")), PlanOnly: true, ExpectError: says(`A revoked approval stays revoked`, `Add this to its block again`, `revoke = { reason = "seen something since" }`, `add another portal_approval block`)},
		resource.TestStep{
			PreConfig: still.compare,
			Config: w.config(base, approvalWith(revoke), strings.Replace(approval("bob@example.com"), `"bob" {`, `"again" {`, 1),
				strings.Replace(production, "\n}", "\n  depends_on = [portal_approval.again]\n}", 1)),
			ConfigStateChecks: []statecheck.StateCheck{has(bob, "revoked_at", knownvalue.NotNull()), has("portal_approval.again", "revoked_at", knownvalue.Null())},
		},
		resource.TestStep{PreConfig: func() { w.mustRun("production", "app", "app 2.4.0") }, RefreshState: true},
	)
	entries := w.entries()
	if revoked := events[portal.ApprovalRevoked](t, entries); len(revoked) != 1 || revoked[0].Reason != "seen something since" {
		t.Errorf("revoked was %+v", revoked)
	}
}

func TestAnApprovalIsOfTheContentThatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	still := w.still()
	w.run(
		resource.TestStep{Config: w.config(accepted("1"))},
		resource.TestStep{
			PreConfig: still.remember, Config: w.config(accepted("1"), approvalWith(`content_digest = "`+strings.Repeat("0", 64)+`"`)), PlanOnly: true,
			ExpectError: says(`release 2.4.0 on stage "qa" is not what was approved`, `the content there is now`, `Look at what runs there now and approve that`),
		},
		resource.TestStep{
			PreConfig: still.compare, Config: w.config(accepted("1"), approvalWith(`content_digest = portal_release_deployment.qa.content_digest`)),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.CompareValuePairs("portal_approval.bob", tfjsonpath.New("content_digest"), deployment("qa"), tfjsonpath.New("content_digest"), compare.ValuesSame()),
			},
		},
	)
}

func TestRealDestroyingAnApprovalWarnsThatItGoesOnCounting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := accepted("1")
	r := w.root("all").write(base, approvalWith(""))
	r.apply()
	goesOn := says(`Warning: The approval of 2.4.0 by bob@example.com still counts`, `Destroying the resource only removes it from Terraform's state`, `set revoke = { reason = "…" } on it and apply`)
	if output := r.write(base).must("plan"); !goesOn.MatchString(output) {
		t.Errorf("it does not warn:\n%s", output)
	}
	other := says(`Warning: The approval by bob@example.com still counts`, `this adds an approval by carol@example.com`, `set revoke on it before you change anything else`)
	if output := r.write(base, strings.Replace(approvalWith(""), `"bob@example.com"`, `"carol@example.com"`, 1)).must("plan"); !other.MatchString(output) {
		t.Errorf("it does not warn of another approver:\n%s", output)
	}
	r.write(base, approvalWith(revoke)).apply()
	r.mustBeEmpty()
	if output := r.write(base).must("plan"); strings.Contains(output, "still counts") {
		t.Errorf("it warns of a revoked approval:\n%s", output)
	}
	r.apply()
	// What was forgotten did count, until it was revoked.
	r.write(base, deploy("production", releaseOf("qa"))).refuses([]string{"plan"}, `approvals: release 2.4.0 may not enter "production"`, `1 approval required to leave qa (nobody approved it)`)
}

// A release that was approved on staging, and got a fix there since, is not what
// was approved.
func TestRealAnApprovalDoesNotOutliveWhatWasApproved(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.stages[1] = `name = "staging", required_approvals = 1`
	s.bills = append(s.bills, bill("1.1.0", "", "app 1", "web 2"))
	yes := func(name, version, more string) string {
		return strings.NewReplacer(`"bob" {`, `"`+name+`" {`, releaseName("2.4.0"), releaseName(version), `"qa"`, `"staging"`).Replace(approvalWith(more))
	}
	first := yes("first", "1.0.0", "")
	s.declare(strings.Replace(stand(everywhere...), "depends_on = ["+deployment("staging")+"]", "depends_on = ["+deployment("staging")+", portal_approval.first]", 1), first).apply()
	places := stand("development 1.1.0", "staging 1.1.0", "production 1.0.0")
	onward := stand("development 1.1.0", "staging 1.1.0", "production 1.1.0")
	approved := yes("next", "1.1.0", "")
	s.declare(places, first).apply()
	s.declare(places, first, approved).apply()
	s.declare(onward, first, approved).must("plan")

	d := ef("").bypassing("stage-order", "approvals")
	s.declare(places, first, approved, d.hcl()).apply()
	s.has("staging", "app 1.f", "web 2")
	s.mustBeEmpty()
	s.declare(onward, first, approved, d.hcl()).planRefuses(`approvals: release 1.1.0+EF-1 may not enter "production"`, `1 approval required to leave staging (bob@example.com approved it with other content, before emergency fixes were added or withdrawn)`)
	again := yes("again", "1.1.0", `comment = "with the fix"`)
	s.declare(places, first, approved, again, d.hcl()).apply()
	s.declare(onward, first, approved, again, d.hcl()).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 2")
}
