package acceptance

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// outcomes lists how the deployments to an environment ended, in order.
func outcomes(t testing.TB, entries []portal.Entry, environment string) []portal.Outcome {
	t.Helper()
	var list []portal.Outcome
	for _, event := range events[portal.DeploymentEnded](t, entries) {
		if event.Environment == environment {
			list = append(list, event.Outcome)
		}
	}
	return list
}

func TestADeploymentThatGoesWrong(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		behaviour string
		timeouts  string
		check     string // the program of a check
		says      []string
		outcome   portal.Outcome
		deployed  []string // with the next apply
	}{
		"one that hangs is ended when its time is up": {
			behaviour: hangs, timeouts: `timeouts = { create = "2s" }`,
			says:    []string{`deployment of 2.4.0 to`, `still runs what it ran before`, `It is recorded in the ledger.`},
			outcome: portal.Interrupted, deployed: []string{"2.4.0"},
		},
		"one that lies is found out": {
			behaviour: lies,
			says:      []string{`deployment of 2.4.0 to intranet/development failed`, `the target says it is done, but it runs something else`},
			outcome:   portal.Failed, deployed: []string{"2.4.0"},
		},
		"one whose check fails has failed": {
			check:   `["test", "-e", "{dir}/healthy"]`,
			says:    []string{`deployment of 2.4.0 to intranet/development failed`, `check "up" failed`, `with exit code 1`},
			outcome: portal.Failed, deployed: []string{"2.4.0", "2.4.0"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			server := newCommandTarget(t, w.path("server"))
			server.set(c.behaviour)
			checks := ""
			if c.check != "" {
				checks = `checks = [{ name = "up", command = ` + c.check + ` }]`
			}
			config := w.config(pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(""), checks),
				environments("production"), releases("2.4.0"), deployWith("development", versionOf("2.4.0"), c.timeouts))
			onward := config + w.hcl(deploy("production", releaseOf("development")))
			w.run(
				resource.TestStep{Config: onward, ExpectError: says(c.says...)},
				resource.TestStep{
					PreConfig: func() {
						if got := outcomes(t, w.entries(), "development"); !slices.Equal(got, []portal.Outcome{c.outcome}) {
							t.Errorf("it is recorded as %v", got)
						}
						w.mustRun("production")
						server.set(behaves)
						w.write("healthy", "")
					},
					Config: onward,
					ConfigPlanChecks: preApply(
						actions(deployment("development"), plancheck.ResourceActionCreate), // nothing is tainted
					),
					ConfigStateChecks: []statecheck.StateCheck{
						has(deployment("development"), "status", text("running")), has(deployment("production"), "running", text("2.4.0")),
					},
				},
			)
			if diff := cmp.Diff(append(slices.Clone(c.deployed), "nothing"), server.deployed()); diff != "" {
				t.Errorf("deployed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFailedUpdateShowsAndIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	config := func(version string) string {
		return w.config(pipeline(`name = "development"`, `name = "production"`),
			environment("development", "development", server.hcl(""), `checks = [{ name = "up", command = ["test", "!", "-e", "{dir}/ill"] }]`), releases("2.4.0", "2.5.0"), deploy("development", versionOf(version)))
	}
	development := deployment("development")
	w.run(
		resource.TestStep{Config: config("2.4.0")},
		resource.TestStep{
			PreConfig: func() { w.write("ill", "") },
			Config:    config("2.5.0"), ExpectError: says(`deployment of 2.5.0 to intranet/development failed`, `check "up" failed`),
		},
		resource.TestStep{
			RefreshState: true, ExpectNonEmptyPlan: true,
			ConfigStateChecks: []statecheck.StateCheck{has(development, "status", text("failed")), has(development, "release", text("2.4.0")), has(development, "running", text("2.5.0"))},
		},
		resource.TestStep{
			PreConfig: func() { w.remove("ill") },
			Config:    config("2.5.0"), ConfigPlanChecks: preApply(actions(development, plancheck.ResourceActionUpdate)),
			ConfigStateChecks: []statecheck.StateCheck{has(development, "status", text("running")), has(development, "running", text("2.5.0"))},
		},
		resource.TestStep{
			PreConfig: func() { server.set(lies) },
			Config:    config("2.4.0"), ExpectError: says(`deployment of 2.4.0 to intranet/development failed`, `it runs something else`),
		},
		resource.TestStep{
			PreConfig: func() { server.set(behaves) },
			Config:    config("2.5.0"), ConfigPlanChecks: emptyPlan(), // nothing was touched
			ConfigStateChecks: []statecheck.StateCheck{has(development, "status", text("running")), has(development, "running", text("2.5.0"))},
		},
	)
	want := []portal.Outcome{portal.Succeeded, portal.Failed, portal.Succeeded, portal.Failed, portal.Succeeded}
	if diff := cmp.Diff(want, outcomes(t, w.entries(), "development")); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if got := fmt.Sprint(server.deployed()); got != "[2.4.0 2.5.0 2.5.0 nothing]" {
		t.Errorf("deployed %s", got)
	}
}
